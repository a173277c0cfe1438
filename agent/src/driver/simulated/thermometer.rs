//! Thermometers of the LM75 kind as their data sheets describe them, seen from the bus: a pointer, a
//! temperature, a configuration and two limits.

use std::time::Duration;

use super::{Device, Moment};
use crate::driver::bus::BusError;

/// A conversion of twelve bits of a TMP105, 6.5; of eleven bits of an LM75B, table 1.
const CONVERSION_TMP105: Duration = Duration::from_millis(220);
const CONVERSION_LM75: Duration = Duration::from_millis(100);

/// What tells the parts apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Tmp105,
    Lm75,
}

/// One chip.
pub struct Thermometer {
    part: Part,
    pointer: u8,
    configuration: u8,
    limits: [u16; 2],
    /// When its supply came up.
    since: Duration,
}

impl Thermometer {
    /// A TMP105 that was powered long ago.
    #[must_use]
    pub fn tmp105() -> Self {
        Self::new(Part::Tmp105, Duration::ZERO)
    }

    /// An LM75B that was powered long ago.
    #[must_use]
    pub fn lm75() -> Self {
        Self::new(Part::Lm75, Duration::ZERO)
    }

    fn new(part: Part, since: Duration) -> Self {
        Self { part, pointer: 0, configuration: 0, limits: [0x4B00, 0x5000], since }
    }

    /// 0 before the first conversion.
    fn temperature(&self, at: &Moment<'_>) -> u16 {
        let (conversion, step, bits) = match self.part {
            // 9 bits after power-on, one more for each step of R1 and R0: TMP105 table 7.
            Part::Tmp105 => (CONVERSION_TMP105, 16.0, 9 + (self.configuration >> 5 & 0b11)),
            Part::Lm75 => (CONVERSION_LM75, 8.0, 11),
        };
        if at.now < self.since + at.takes(conversion) {
            return 0;
        }
        let counts = (at.truth.temperature_celsius * step).round().clamp(-55.0 * step, 127.0 * step) as i16;
        let shift = if self.part == Part::Tmp105 { 4 } else { 5 };
        (counts << shift).cast_unsigned() & (0xFFFF << (16 - bits))
    }
}

impl Device for Thermometer {
    fn write(&mut self, bytes: &[u8], _at: &Moment<'_>) -> Result<(), BusError> {
        let Some((&pointer, data)) = bytes.split_first() else { return Ok(()) };
        self.pointer = pointer & 0b11;
        match (self.pointer, data) {
            // An LM75's upper three bits are reserved and stay 0; OS starts one conversion and reads 0.
            (1, &[value, ..]) if self.part == Part::Lm75 => self.configuration = value & 0x1F,
            (1, &[value, ..]) => self.configuration = value & 0x7F,
            (2 | 3, &[high, low, ..]) => {
                self.limits[usize::from(self.pointer - 2)] = u16::from_be_bytes([high, low]);
            }
            _ => {}
        }
        Ok(())
    }

    fn read(&mut self, bytes: &mut [u8], at: &Moment<'_>) -> Result<(), BusError> {
        let word = match self.pointer {
            0 => self.temperature(at).to_be_bytes(),
            1 => [self.configuration; 2],
            pointer => self.limits[usize::from(pointer - 2)].to_be_bytes(),
        };
        // Read on, it repeats itself.
        for (byte, value) in bytes.iter_mut().zip(word.into_iter().cycle()) {
            *byte = value;
        }
        Ok(())
    }

    fn power_on(&mut self, now: Duration) {
        *self = Self::new(self.part, now);
    }

    /// It has no checksum.
    fn spoil(&self, _bytes: &mut [u8]) {}
}
