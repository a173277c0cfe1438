//! An SHT4x as its data sheet describes it, seen from the bus.

use std::time::Duration;

use super::{Device, Moment, Truth};
use crate::driver::{bus::BusError, sensirion};

/// Typical times of table 5; the driver waits for the longest that is allowed.
const MEASURE: [(u8, Duration); 3] =
    [(0xFD, Duration::from_micros(6_900)), (0xF6, Duration::from_micros(3_700)), (0xE0, Duration::from_micros(1_300))];
const SERIAL: u32 = 0x0F4A_11C7;

/// One chip.
pub struct Sht4x {
    /// The answer, and when it can be read.
    answer: Option<([u16; 2], Duration, Duration)>,
}

impl Sht4x {
    /// A chip that was asked nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self { answer: None }
    }
}

impl Default for Sht4x {
    fn default() -> Self {
        Self::new()
    }
}

impl Device for Sht4x {
    fn write(&mut self, bytes: &[u8], at: &Moment<'_>) -> Result<(), BusError> {
        let now = at.now;
        // While it measures it acknowledges nothing, 4.3.
        if matches!(self.answer, Some((_, since, takes)) if now < since + takes) {
            return Err(BusError::nack());
        }
        if bytes.is_empty() {
            return Ok(());
        }
        let &[command] = bytes else { return Err(BusError::nack()) };
        if let Some((_, takes)) = MEASURE.iter().find(|(c, _)| *c == command) {
            self.answer = Some((words(at.truth), now, *takes));
            return Ok(());
        }
        self.answer = match command {
            0x89 => Some(([(SERIAL >> 16) as u16, SERIAL as u16], now, Duration::from_micros(500))),
            0x94 => None,
            _ => return Err(BusError::nack()),
        };
        Ok(())
    }

    fn read(&mut self, bytes: &mut [u8], at: &Moment<'_>) -> Result<(), BusError> {
        let Some((words, since, takes)) = self.answer else { return Err(BusError::nack()) };
        if at.now < since + at.takes(takes) {
            return Err(BusError::nack());
        }
        self.answer = None;
        let stream = words.into_iter().flat_map(sensirion::pack);
        // A master that reads on gets the idle level of the data line.
        for (byte, value) in bytes.iter_mut().zip(stream.chain(std::iter::repeat(0xFF))) {
            *byte = value;
        }
        Ok(())
    }

    fn power_on(&mut self, _now: Duration) {
        *self = Self::new();
    }
}

/// Datasheet 4.6 read backwards.
fn words(truth: &Truth) -> [u16; 2] {
    let ticks = |share: f64| (share * 65535.0).round().clamp(0.0, 65535.0) as u16;
    [ticks((truth.temperature_celsius + 45.0) / 175.0), ticks((truth.humidity_percent + 6.0) / 125.0)]
}
