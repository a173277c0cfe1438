//! Sensirion SHT40, SHT41, SHT45: turns six bytes into temperature and humidity; never uses the
//! heater, whose warmth would be measured too.
//!
//! Datasheet: <https://sensirion.com/resource/datasheet/sht4x>. The crate `sht4x` is not used: it
//! computes in the fixed-point crate `fixed`, six crates more for two divisions.

use embedded_hal::{delay::DelayNs, i2c::I2c};

use super::{Error, Measured, Quantity, sensirion};

/// What it gives. Limits are the chip's, table 1 and 2 of the datasheet.
pub const QUANTITIES: [Quantity; 2] = [
    Quantity { name: "temperature_celsius", unit: "Cel", low: -40.0, high: 125.0, precision: 2, moves: true },
    Quantity { name: "humidity_percent", unit: "%RH", low: 0.0, high: 100.0, precision: 1, moves: true },
];

/// "Measure T and RH with high precision", table 8.
const MEASURE_HIGH_PRECISION: u8 = 0xFD;
/// "Read serial", table 8.
const READ_SERIAL: u8 = 0x89;
/// A high-precision measurement takes at most 8.3 ms, table 5.
const MEASURE_MS: u32 = 10;
/// No time is given for the serial number; read at once, it is not acknowledged.
const SERIAL_MS: u32 = 1;

/// One chip.
#[derive(Debug)]
pub struct Sht4x {
    address: u8,
    /// The serial number, once the chip has shown that it is one of these.
    serial: Option<u32>,
}

impl Sht4x {
    /// The chip at `address`; no traffic yet.
    #[must_use]
    pub fn new(address: u8) -> Self {
        Self { address, serial: None }
    }

    /// What it is, once it said so.
    #[must_use]
    pub fn identity(&self) -> Option<String> {
        self.serial.map(|serial| format!("SHT4x {serial:08x}"))
    }

    /// Measures once, after making sure that the chip is what it should be.
    pub fn read<B: I2c + ?Sized, D: DelayNs>(&mut self, bus: &mut B, delay: &mut D) -> Result<Vec<Measured>, Error> {
        if self.serial.is_none() {
            self.serial = Some(self.identify(bus, delay)?);
        }
        let words = match self.ask(bus, delay, MEASURE_HIGH_PRECISION, MEASURE_MS) {
            // It may have been swapped while it did not answer.
            Err(error @ Error::NoAnswer { .. }) => {
                self.serial = None;
                return Err(error);
            }
            other => other?,
        };
        let [temperature, humidity] = QUANTITIES;
        Ok(vec![
            Measured::new(temperature.name, temperature_celsius(words[0]), words[0].into()),
            Measured::new(humidity.name, humidity_percent(words[1]), words[1].into()),
        ])
    }

    /// The serial number: two words with checksums, which no other chip at this address gives.
    fn identify<B: I2c + ?Sized, D: DelayNs>(&self, bus: &mut B, delay: &mut D) -> Result<u32, Error> {
        let wrong = |found: String| Error::WrongDevice { address: self.address, expected: "SHT4x", found };
        match self.ask(bus, delay, READ_SERIAL, SERIAL_MS) {
            Ok([0, 0] | [0xFFFF, 0xFFFF]) => Err(wrong("its serial number is blank".into())),
            Ok([high, low]) => Ok(u32::from(high) << 16 | u32::from(low)),
            Err(error @ Error::Crc { .. }) => Err(wrong(format!("serial number: {error}"))),
            Err(error) => Err(error),
        }
    }

    fn ask<B: I2c + ?Sized, D: DelayNs>(
        &self,
        bus: &mut B,
        delay: &mut D,
        command: u8,
        wait_ms: u32,
    ) -> Result<[u16; 2], Error> {
        let failed = |error: B::Error| Error::from_bus(self.address, &error);
        bus.write(self.address, &[command]).map_err(failed)?;
        delay.delay_ms(wait_ms);
        let mut b = [0; 6];
        bus.read(self.address, &mut b).map_err(failed)?;
        Ok([sensirion::unpack(self.address, [b[0], b[1], b[2]])?, sensirion::unpack(self.address, [b[3], b[4], b[5]])?])
    }
}

/// Datasheet 4.6: −45 + 175 · raw / (2^16 − 1).
#[must_use]
pub fn temperature_celsius(raw: u16) -> f64 {
    -45.0 + 175.0 * f64::from(raw) / 65535.0
}

/// Datasheet 4.6: −6 + 125 · raw / (2^16 − 1), cropped to what a humidity can be, as it says.
#[must_use]
pub fn humidity_percent(raw: u16) -> f64 {
    (-6.0 + 125.0 * f64::from(raw) / 65535.0).clamp(0.0, 100.0)
}
