//! The chips of a simulated room behind one face: what is written to them, what they answer, and
//! when they do not acknowledge.

use std::{collections::BTreeMap, time::Duration};

use super::{physics::Truth, sht4x::Sht4x};
use crate::driver::bus::BusError;

/// One chip.
pub(super) enum Chip {
    /// Sensirion SHT4x.
    Sht4x(Sht4x),
}

/// The chips of a new room, by address.
pub(super) fn soldered() -> BTreeMap<u8, Chip> {
    BTreeMap::from([(0x44, Chip::Sht4x(Sht4x::new()))])
}

impl Chip {
    /// Bytes written to it.
    pub(super) fn write(&mut self, bytes: &[u8], now: Duration, truth: &Truth) -> Result<(), BusError> {
        match self {
            Self::Sht4x(chip) => chip.write(bytes, now, truth),
        }
    }

    /// Bytes read from it; `slow` stretches its measurements.
    pub(super) fn read(&mut self, bytes: &mut [u8], now: Duration, slow: bool) -> Result<(), BusError> {
        match self {
            Self::Sht4x(chip) => chip.read(bytes, now, slow),
        }
    }

    /// Freezes the sensing element at `truth`, or lets it live again.
    pub(super) fn freeze(&mut self, frozen: bool, truth: &Truth) {
        match self {
            Self::Sht4x(chip) => chip.frozen = frozen.then_some(*truth),
        }
    }

    /// As after the supply came up.
    pub(super) fn power_on(&mut self, _now: Duration) {
        match self {
            Self::Sht4x(chip) => *chip = Sht4x::new(),
        }
    }
}

/// How much longer a slow chip takes.
pub(super) const SLOW_FACTOR: u32 = 10;
