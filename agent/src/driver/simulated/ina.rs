//! An INA219 or INA226 on the room's low-voltage rail as its data sheet describes it, seen from the
//! bus: a pointer and registers of two bytes.

use std::time::Duration;

use super::{Device, Moment};
use crate::driver::bus::BusError;

/// What tells the parts apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Ina219,
    Ina226,
}

/// A conversion with the averaging that the drivers ask for: INA219 table 5, INA226 table 7-3.
const CONVERSION_INA219: Duration = Duration::from_micros(136_200);
const CONVERSION_INA226: Duration = Duration::from_micros(140_800);

/// One chip.
pub struct Ina {
    part: Part,
    milliohm: f64,
    pointer: u8,
    configuration: u16,
    calibration: u16,
    /// Since when it has converted without a change of its configuration.
    since: Duration,
    /// When the conversion that is ready was taken; none where it was not.
    taken: Option<Duration>,
}

impl Ina {
    /// An INA219 with a shunt of `milliohm`.
    #[must_use]
    pub fn ina219(milliohm: f64) -> Self {
        Self::new(Part::Ina219, milliohm, Duration::ZERO)
    }

    /// An INA226 with a shunt of `milliohm`.
    #[must_use]
    pub fn ina226(milliohm: f64) -> Self {
        Self::new(Part::Ina226, milliohm, Duration::ZERO)
    }

    fn new(part: Part, milliohm: f64, since: Duration) -> Self {
        let configuration = if part == Part::Ina219 { 0x399F } else { 0x4127 };
        Self { part, milliohm, pointer: 0, configuration, calibration: 0, since, taken: None }
    }

    fn conversion(&self, at: &Moment<'_>) -> Duration {
        at.takes(if self.part == Part::Ina219 { CONVERSION_INA219 } else { CONVERSION_INA226 })
    }

    /// Whether a conversion was ever finished.
    fn converted(&self, at: &Moment<'_>) -> bool {
        at.now >= self.since + self.conversion(at)
    }

    /// Whether one was finished since the flag was cleared.
    fn fresh(&self, at: &Moment<'_>) -> bool {
        self.converted(at) && self.taken.is_none_or(|taken| at.now >= taken + self.conversion(at))
    }

    fn shunt(&self, at: &Moment<'_>) -> i32 {
        let (count_volt, most) = match self.part {
            // The gain bits choose 40 to 320 mV.
            Part::Ina219 => (10e-6, 4000 << (self.configuration >> 11 & 0b11)),
            Part::Ina226 => (2.5e-6, 32_767),
        };
        let counts = (at.truth.rail_ampere * self.milliohm / 1000.0 / count_volt).round() as i32;
        counts.clamp(-most, most)
    }

    fn rail(&self, at: &Moment<'_>) -> u32 {
        let count_volt = if self.part == Part::Ina219 { 4e-3 } else { 1.25e-3 };
        (at.truth.rail_volt / count_volt).round().clamp(0.0, 32_767.0) as u32
    }

    fn current(&self, at: &Moment<'_>) -> i32 {
        let scale = if self.part == Part::Ina219 { 4096 } else { 2048 };
        (i64::from(self.shunt(at)) * i64::from(self.calibration) / scale) as i32
    }

    fn power(&self, at: &Moment<'_>) -> u64 {
        let scale = if self.part == Part::Ina219 { 5000 } else { 20_000 };
        u64::from(self.current(at).unsigned_abs()) * u64::from(self.rail(at)) / scale
    }

    fn overflows(&self, at: &Moment<'_>) -> bool {
        i16::try_from(self.current(at)).is_err() || u16::try_from(self.power(at)).is_err()
    }

    fn register(&mut self, at: &Moment<'_>) -> u16 {
        let (converted, fresh) = (self.converted(at), self.fresh(at));
        match (self.part, self.pointer) {
            (_, 0) => self.configuration,
            (_, 5) => self.calibration,
            (Part::Ina219, 2) if converted => {
                let rail = (self.rail(at) << 3) as u16;
                rail | u16::from(fresh) << 1 | u16::from(self.overflows(at))
            }
            (Part::Ina226, 6) => {
                if fresh {
                    self.taken = Some(at.now);
                }
                u16::from(fresh) << 3 | u16::from(converted && self.overflows(at)) << 2
            }
            (Part::Ina226, 0xFE) => 0x5449,
            (Part::Ina226, 0xFF) => 0x2260,
            _ if !converted => 0,
            (_, 1) => (self.shunt(at) as i16).cast_unsigned(),
            (Part::Ina226, 2) => self.rail(at) as u16,
            (_, 3) => {
                if self.part == Part::Ina219 {
                    self.taken = Some(at.now);
                }
                self.power(at) as u16
            }
            (_, 4) => (self.current(at) as i16).cast_unsigned(),
            _ => 0,
        }
    }
}

impl Device for Ina {
    fn write(&mut self, bytes: &[u8], at: &Moment<'_>) -> Result<(), BusError> {
        let Some((&pointer, data)) = bytes.split_first() else { return Ok(()) };
        self.pointer = pointer;
        let &[high, low, ..] = data else { return Ok(()) };
        let word = u16::from_be_bytes([high, low]);
        match pointer {
            0 if word & 0x8000 != 0 => self.power_on(at.now),
            0 => {
                // An INA219's bit 14 does not exist; an INA226's bits 14 to 12 are 100.
                self.configuration = if self.part == Part::Ina219 { word & 0x3FFF } else { word & 0x0FFF | 0x4000 };
                (self.since, self.taken) = (at.now, None);
            }
            5 => self.calibration = word & if self.part == Part::Ina219 { 0xFFFE } else { 0x7FFF },
            _ => {}
        }
        Ok(())
    }

    fn read(&mut self, bytes: &mut [u8], at: &Moment<'_>) -> Result<(), BusError> {
        let word = self.register(at).to_be_bytes();
        for (byte, value) in bytes.iter_mut().zip(word.into_iter().cycle()) {
            *byte = value;
        }
        Ok(())
    }

    fn power_on(&mut self, now: Duration) {
        *self = Self::new(self.part, self.milliohm, now);
    }

    /// It has no checksum.
    fn spoil(&self, _bytes: &mut [u8]) {}
}
