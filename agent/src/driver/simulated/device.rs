//! What every chip of a simulated room is: something that takes bytes, gives bytes, and sees the
//! room's truth. The files beside this one are chips.

use std::{any::Any, time::Duration};

use super::physics::Truth;
use crate::driver::bus::BusError;

/// How much longer a slow chip takes.
pub const SLOW_FACTOR: u32 = 10;

/// The moment of a transaction, as a chip feels it.
#[derive(Debug, Clone, Copy)]
pub struct Moment<'a> {
    /// CLOCK_BOOTTIME.
    pub now: Duration,
    /// What a perfect sensor would read; stands still while the sensing element is stuck.
    pub truth: &'a Truth,
    /// Measurements take [`SLOW_FACTOR`] times as long as the data sheet says.
    pub slow: bool,
}

impl Moment<'_> {
    /// How long something takes that typically takes `typical`.
    #[must_use]
    pub fn takes(&self, typical: Duration) -> Duration {
        if self.slow { typical * SLOW_FACTOR } else { typical }
    }
}

/// A register-level chip.
pub trait Device: Any + Send {
    /// Bytes written to it; an error is a byte that it did not acknowledge.
    fn write(&mut self, bytes: &[u8], at: &Moment<'_>) -> Result<(), BusError>;
    /// Bytes read from it.
    fn read(&mut self, bytes: &mut [u8], at: &Moment<'_>) -> Result<(), BusError>;
    /// As after its supply came up.
    fn power_on(&mut self, now: Duration);
    /// Makes the checksums of what was read wrong; a chip without checksums leaves the bytes alone.
    /// Words of 16 bits, each with its CRC-8, unless a chip says otherwise.
    fn spoil(&self, bytes: &mut [u8]) {
        for word in bytes.chunks_mut(3) {
            if let [_, _, crc] = word {
                *crc ^= 1;
            }
        }
    }
}

/// What a 1-Wire thermometer of the room says in the kernel's file, given the truth.
pub type OneWireTwin = Box<dyn Fn(&Truth) -> String + Send>;
