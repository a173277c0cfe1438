//! An SHT3x as its data sheet describes it, seen from the bus.

use std::time::Duration;

use super::{Device, Moment, Truth};
use crate::driver::{bus::BusError, sensirion};

/// A typical measurement of high repeatability, table 4; the driver waits for the longest.
const MEASURE: Duration = Duration::from_micros(12_500);
/// Status after power-on: an alert is pending and a reset was seen, table 18.
const STATUS_AFTER_POWER_ON: u16 = 0x8010;

/// One chip.
pub struct Sht3x {
    /// Words to give, and from when on.
    answer: Option<(Vec<u16>, Duration)>,
}

impl Sht3x {
    /// A chip that was asked nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self { answer: None }
    }
}

impl Default for Sht3x {
    fn default() -> Self {
        Self::new()
    }
}

impl Device for Sht3x {
    fn write(&mut self, bytes: &[u8], at: &Moment<'_>) -> Result<(), BusError> {
        if bytes.is_empty() {
            return Ok(());
        }
        let &[high, low] = bytes else { return Err(BusError::nack()) };
        self.answer = match u16::from_be_bytes([high, low]) {
            0x2400 => Some((words(at.truth).to_vec(), at.now + at.takes(MEASURE))),
            0xF32D => Some((vec![STATUS_AFTER_POWER_ON], at.now)),
            _ => return Err(BusError::nack()),
        };
        Ok(())
    }

    fn read(&mut self, bytes: &mut [u8], at: &Moment<'_>) -> Result<(), BusError> {
        // Read too early, it acknowledges nothing, 4.4, and goes on measuring.
        let Some((words, _)) = self.answer.take_if(|(_, from)| at.now >= *from) else { return Err(BusError::nack()) };
        let stream = words.into_iter().flat_map(sensirion::pack);
        for (byte, value) in bytes.iter_mut().zip(stream.chain(std::iter::repeat(0xFF))) {
            *byte = value;
        }
        Ok(())
    }

    fn power_on(&mut self, _now: Duration) {
        *self = Self::new();
    }
}

/// Datasheet 4.13 read backwards.
fn words(truth: &Truth) -> [u16; 2] {
    let ticks = |share: f64| (share * 65535.0).round().clamp(0.0, 65535.0) as u16;
    [ticks((truth.temperature_celsius + 45.0) / 175.0), ticks(truth.humidity_percent / 100.0)]
}
