//! A BH1750 as its data sheet describes it, seen from the bus.

use std::time::Duration;

use super::{chip::SLOW_FACTOR, physics::Truth};
use crate::driver::bus::BusError;

/// A typical measurement in the finer mode at the register's default, page 2.
const MEASURE: Duration = Duration::from_millis(120);

pub(super) struct Bh1750 {
    powered: bool,
    mtreg: u8,
    /// The last measurement.
    raw: u16,
    /// The one that runs, and when it began.
    next: Option<(u16, Duration)>,
    /// What a frozen sensing element sees for ever.
    pub(super) frozen: Option<Truth>,
}

impl Bh1750 {
    pub(super) fn new() -> Self {
        Self { powered: false, mtreg: 69, raw: 0, next: None, frozen: None }
    }

    pub(super) fn write(&mut self, bytes: &[u8], now: Duration, truth: &Truth) -> Result<(), BusError> {
        for &command in bytes {
            match command {
                0b0000_0000 => self.powered = false,
                0b0000_0001 => self.powered = true,
                0b0000_0111 if self.powered => self.raw = 0,
                0b0100_0000..=0b0100_0111 => self.mtreg = self.mtreg & 0x1F | command << 5,
                0b0110_0000..=0b0111_1111 => self.mtreg = self.mtreg & 0xE0 | command & 0x1F,
                0b0001_0001 | 0b0010_0001 if self.powered => {
                    let seen = self.frozen.as_ref().unwrap_or(truth);
                    let counts = seen.illuminance_lux * 1.2 * 2.0 * f64::from(self.mtreg) / 69.0;
                    self.next = Some((counts.round().clamp(0.0, 65535.0) as u16, now));
                }
                // Takes any byte, as the chip does, and does nothing.
                _ => {}
            }
        }
        Ok(())
    }

    pub(super) fn read(&mut self, bytes: &mut [u8], now: Duration, slow: bool) {
        let takes = MEASURE * u32::from(self.mtreg) / 69 * if slow { SLOW_FACTOR } else { 1 };
        if let Some((raw, since)) = self.next
            && now >= since + takes
        {
            (self.raw, self.next, self.powered) = (raw, None, false);
        }
        // Read too early, it gives what it had before.
        let stream = self.raw.to_be_bytes();
        for (byte, value) in bytes.iter_mut().zip(stream.into_iter().chain(std::iter::repeat(0xFF))) {
            *byte = value;
        }
    }
}
