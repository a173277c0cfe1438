//! A BH1750 as its data sheet describes it, seen from the bus.

use std::time::Duration;

use super::{Device, Moment};
use crate::driver::bus::BusError;

/// A typical measurement in the finer mode at the register's default, page 2.
const MEASURE: Duration = Duration::from_millis(120);

/// One chip.
pub struct Bh1750 {
    powered: bool,
    mtreg: u8,
    /// The last measurement.
    raw: u16,
    /// The one that runs, and when it began.
    next: Option<(u16, Duration)>,
}

impl Bh1750 {
    /// A chip as after power-on.
    #[must_use]
    pub fn new() -> Self {
        Self { powered: false, mtreg: 69, raw: 0, next: None }
    }
}

impl Default for Bh1750 {
    fn default() -> Self {
        Self::new()
    }
}

impl Device for Bh1750 {
    fn write(&mut self, bytes: &[u8], at: &Moment<'_>) -> Result<(), BusError> {
        for &command in bytes {
            match command {
                0b0000_0000 => self.powered = false,
                0b0000_0001 => self.powered = true,
                0b0000_0111 if self.powered => self.raw = 0,
                0b0100_0000..=0b0100_0111 => self.mtreg = self.mtreg & 0x1F | command << 5,
                0b0110_0000..=0b0111_1111 => self.mtreg = self.mtreg & 0xE0 | command & 0x1F,
                0b0001_0001 | 0b0010_0001 if self.powered => {
                    let counts = at.truth.illuminance_lux * 1.2 * 2.0 * f64::from(self.mtreg) / 69.0;
                    self.next = Some((counts.round().clamp(0.0, 65535.0) as u16, at.now));
                }
                // Takes any byte, as the chip does, and does nothing.
                _ => {}
            }
        }
        Ok(())
    }

    fn read(&mut self, bytes: &mut [u8], at: &Moment<'_>) -> Result<(), BusError> {
        let takes = at.takes(MEASURE * u32::from(self.mtreg) / 69);
        if let Some((raw, since)) = self.next
            && at.now >= since + takes
        {
            (self.raw, self.next, self.powered) = (raw, None, false);
        }
        // Read too early, it gives what it had before.
        let stream = self.raw.to_be_bytes();
        for (byte, value) in bytes.iter_mut().zip(stream.into_iter().chain(std::iter::repeat(0xFF))) {
            *byte = value;
        }
        Ok(())
    }

    fn power_on(&mut self, _now: Duration) {
        *self = Self::new();
    }

    /// It has none.
    fn spoil(&self, _bytes: &mut [u8]) {}
}
