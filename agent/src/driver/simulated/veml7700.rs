//! A VEML7700 as its data sheet describes it, seen from the bus.

use std::time::Duration;

use super::{Device, Moment};
use crate::driver::{
    bus::BusError,
    light::veml7700::{RANGES, linear_lux},
};

/// One chip. Its measuring never ends and never hurries: its clock is its own.
pub struct Veml7700 {
    conf: u16,
    saving: u16,
    /// Since when it integrates with these settings.
    since: Duration,
    /// The count of the integration before.
    count: u16,
    /// The register that the next read gives.
    code: Option<u8>,
    id: u16,
}

impl Veml7700 {
    /// A chip as after power-on: shut down.
    #[must_use]
    pub fn new() -> Self {
        Self { conf: 1, saving: 0, since: Duration::ZERO, count: 0, code: None, id: 0xC481 }
    }

    /// A part of before it had an id.
    #[must_use]
    pub fn old() -> Self {
        Self { id: 0, ..Self::new() }
    }

    fn count(&mut self, at: &Moment<'_>) -> u16 {
        let range = RANGES.iter().find(|range| range.bits == self.conf);
        if let Some(range) = range
            && at.now >= self.since + Duration::from_millis(range.integration_ms.into())
        {
            let counts = linear_lux(at.truth.illuminance_lux) / range.lux_per_count;
            self.count = counts.round().clamp(0.0, 65535.0) as u16;
        }
        self.count
    }

    fn register(&mut self, code: u8, at: &Moment<'_>) -> u16 {
        match code {
            0x00 => self.conf,
            0x03 => self.saving,
            // The white channel sees more of the lamps than the eye does.
            0x04 => self.count(at),
            0x05 => self.count(at).saturating_mul(2),
            0x07 => self.id,
            _ => 0,
        }
    }
}

impl Default for Veml7700 {
    fn default() -> Self {
        Self::new()
    }
}

impl Device for Veml7700 {
    fn write(&mut self, bytes: &[u8], at: &Moment<'_>) -> Result<(), BusError> {
        match *bytes {
            [] => {}
            [code] => self.code = Some(code),
            [0x00, low, high] => (self.conf, self.since) = (u16::from_le_bytes([low, high]), at.now),
            [0x03, low, high] => self.saving = u16::from_le_bytes([low, high]),
            [_, _, _] => {}
            _ => return Err(BusError::nack()),
        }
        Ok(())
    }

    fn read(&mut self, bytes: &mut [u8], at: &Moment<'_>) -> Result<(), BusError> {
        // Without a repeated start before it, it has forgotten which register was meant.
        let word = self.code.take().map_or(0, |code| self.register(code, at));
        for (byte, value) in bytes.iter_mut().zip(word.to_le_bytes().into_iter().chain(std::iter::repeat(0xFF))) {
            *byte = value;
        }
        Ok(())
    }

    fn power_on(&mut self, _now: Duration) {
        *self = Self { id: self.id, ..Self::new() };
    }

    /// It has no checksums.
    fn spoil(&self, _bytes: &mut [u8]) {}
}
