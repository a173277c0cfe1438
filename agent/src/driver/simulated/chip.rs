//! The chips of a simulated room behind one face: what is written to them, what they answer, and
//! when they do not acknowledge.

use std::{collections::BTreeMap, time::Duration};

use super::{bh1750::Bh1750, physics::Truth, scd4x::Scd4x, sht4x::Sht4x};
use crate::driver::bus::BusError;

/// How much longer a slow chip takes.
pub(super) const SLOW_FACTOR: u32 = 10;

/// One chip.
pub(super) enum Chip {
    /// Sensirion SHT4x.
    Sht4x(Sht4x),
    /// Sensirion SCD4x.
    Scd4x(Scd4x),
    /// ROHM BH1750.
    Bh1750(Bh1750),
}

/// The chips of a new room, by address.
pub(super) fn soldered() -> BTreeMap<u8, Chip> {
    BTreeMap::from([
        (super::SHT4X, Chip::Sht4x(Sht4x::new())),
        (super::SCD4X, Chip::Scd4x(Scd4x::settled())),
        (super::BH1750, Chip::Bh1750(Bh1750::new())),
    ])
}

impl Chip {
    /// Bytes written to it.
    pub(super) fn write(&mut self, bytes: &[u8], now: Duration, truth: &Truth) -> Result<(), BusError> {
        match self {
            Self::Sht4x(chip) => chip.write(bytes, now, truth),
            Self::Scd4x(chip) => chip.write(bytes, now, truth),
            Self::Bh1750(chip) => chip.write(bytes, now, truth),
        }
    }

    /// Bytes read from it; `slow` stretches its measurements.
    pub(super) fn read(&mut self, bytes: &mut [u8], now: Duration, slow: bool) -> Result<(), BusError> {
        match self {
            Self::Sht4x(chip) => chip.read(bytes, now, slow),
            Self::Scd4x(chip) => {
                chip.slow = slow;
                chip.read(bytes, now)
            }
            Self::Bh1750(chip) => {
                chip.read(bytes, now, slow);
                Ok(())
            }
        }
    }

    /// Freezes the sensing element at `truth`, or lets it live again.
    pub(super) fn freeze(&mut self, frozen: bool, truth: &Truth) {
        let frozen = frozen.then_some(*truth);
        match self {
            Self::Sht4x(chip) => chip.frozen = frozen,
            Self::Scd4x(chip) => chip.frozen = frozen,
            Self::Bh1750(chip) => chip.frozen = frozen,
        }
    }

    /// As after the supply came up.
    pub(super) fn power_on(&mut self, now: Duration) {
        match self {
            Self::Sht4x(chip) => *chip = Sht4x::new(),
            Self::Scd4x(chip) => *chip = Scd4x::new(now),
            Self::Bh1750(chip) => *chip = Bh1750::new(),
        }
    }
}
