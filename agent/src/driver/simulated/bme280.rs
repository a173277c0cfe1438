//! A BME280 as its data sheet describes it, seen from the bus. Its counts are found by asking the
//! formulas which count gives the truth.

use std::time::Duration;

use super::{Device, Moment, Truth};
use crate::driver::{bus::BusError, climate::bosch::Calibration};

/// A typical forced measurement with the oversampling of the driver, 9.1.
const MEASURE: Duration = Duration::from_micros(14_000);
/// Calibration of the example in the BMP280's data sheet, with humidity words of a usual chip.
const FIRST: [u8; 26] = [
    0x70, 0x6B, 0x43, 0x67, 0x18, 0xFC, 0x7D, 0x8E, 0x43, 0xD6, 0xD0, 0x0B, 0x27, 0x0B, 0x8C, 0x00, 0xF9, 0xFF, 0x8C,
    0x3C, 0xF8, 0xC6, 0x70, 0x17, 0x00, 0x4B,
];
const SECOND: [u8; 7] = [0x6D, 0x01, 0x00, 0x13, 0x29, 0x03, 0x1E];

/// One chip.
pub struct Bme280 {
    pointer: u8,
    /// Registers 0xF7 to 0xFE.
    data: [u8; 8],
    /// What the running measurement will give, and when.
    next: Option<([u8; 8], Duration)>,
    humidity_on: bool,
}

impl Bme280 {
    /// A chip as after power-on.
    #[must_use]
    pub fn new() -> Self {
        Self { pointer: 0, data: [0x80, 0, 0, 0x80, 0, 0, 0x80, 0], next: None, humidity_on: false }
    }

    fn register(&self, address: u8, busy: bool) -> u8 {
        let within = |first: u8, bytes: &[u8]| bytes.get(usize::from(address.wrapping_sub(first))).copied();
        match address {
            0x88..=0xA1 => within(0x88, &FIRST).unwrap_or(0),
            0xE1..=0xE7 => within(0xE1, &SECOND).unwrap_or(0),
            0xD0 => 0x60,
            0xF3 => u8::from(busy) << 3,
            0xF7..=0xFE => within(0xF7, &self.data).unwrap_or(0),
            _ => 0,
        }
    }
}

impl Default for Bme280 {
    fn default() -> Self {
        Self::new()
    }
}

impl Device for Bme280 {
    fn write(&mut self, bytes: &[u8], at: &Moment<'_>) -> Result<(), BusError> {
        match *bytes {
            [] => {}
            [pointer] => self.pointer = pointer,
            [0xF2, value, ..] => self.humidity_on = value & 0b111 != 0,
            // Forced mode.
            [0xF4, value, ..] if matches!(value & 0b11, 0b01 | 0b10) => {
                self.next = Some((counts(at.truth, self.humidity_on), at.now + at.takes(MEASURE)));
            }
            _ => {}
        }
        Ok(())
    }

    fn read(&mut self, bytes: &mut [u8], at: &Moment<'_>) -> Result<(), BusError> {
        if let Some((data, _)) = self.next.take_if(|(_, from)| at.now >= *from) {
            self.data = data;
        }
        let busy = self.next.is_some();
        for (offset, byte) in bytes.iter_mut().enumerate() {
            *byte = self.register(self.pointer.wrapping_add(offset as u8), busy);
        }
        Ok(())
    }

    fn power_on(&mut self, _now: Duration) {
        *self = Self::new();
    }

    /// It has no checksum.
    fn spoil(&self, _bytes: &mut [u8]) {}
}

/// The least count below `limit` for which `is_past` holds; counts only ever grow past it once.
fn search(limit: u32, is_past: impl Fn(u32) -> bool) -> u32 {
    let (mut low, mut high) = (0, limit);
    while low < high {
        let middle = low + (high - low) / 2;
        if is_past(middle) { high = middle } else { low = middle + 1 }
    }
    low.min(limit - 1)
}

fn counts(truth: &Truth, humidity_on: bool) -> [u8; 8] {
    let calibration = Calibration::parse(&FIRST, &SECOND).expect("the twin's own calibration is not blank");
    let temperature =
        search(1 << 20, |count| Calibration::celsius(calibration.fine(count)) >= truth.temperature_celsius);
    let fine = calibration.fine(temperature);
    // Pressure falls as its count grows.
    let pressure = search(1 << 20, |count| calibration.pressure_hpa(count, fine) <= truth.pressure_hpa);
    let humidity = search(1 << 16, |count| {
        calibration.humidity_percent(u16::try_from(count).unwrap_or(u16::MAX), fine) >= truth.humidity_percent
    });
    let humidity = if humidity_on { humidity } else { 0x8000 };
    let long = |count: u32| [(count >> 12) as u8, (count >> 4) as u8, (count << 4) as u8];
    let [p, t] = [long(pressure), long(temperature)];
    [p[0], p[1], p[2], t[0], t[1], t[2], (humidity >> 8) as u8, humidity as u8]
}
