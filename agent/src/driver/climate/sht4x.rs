//! Sensirion SHT40, SHT41, SHT45: turns six bytes into temperature and humidity; never uses the
//! heater, whose warmth would be measured too.
//!
//! Datasheet: <https://sensirion.com/resource/datasheet/sht4x>. The crate `sht4x` is not used: it
//! computes in the fixed-point crate `fixed`, six crates more for two divisions.

use embedded_hal::{delay::DelayNs, i2c::I2c};

use crate::driver::{Chip, Context, Error, Kind, Measured, Quantity, Sits, plain::Make, sensirion, simulated};

/// SHT40, SHT41 and SHT45. The letter in the part number tells the address: A 0x44, B 0x45, C 0x46.
pub static KIND: Kind = Kind {
    word: "sht4x",
    parts: ["Sensirion SHT40, SHT41, SHT45"; 2],
    measures: ["temperature, humidity", "温度、湿度"],
    sits: Sits::I2c(ADDRESSES),
    period: None,
    period_min: None,
    read: |table| MAKE.read(table),
    at: Some(|seat| MAKE.at(seat)),
};
const ADDRESSES: &[u8] = &[0x44, 0x45, 0x46];

/// It has no keys of its own.
pub static MAKE: Make = Make {
    kind: &KIND,
    quantities: || QUANTITIES.to_vec(),
    start: |address| Box::new(Sht4x::new(address)),
    twin: || Box::new(simulated::sht4x::Sht4x::new()),
};

/// What it gives. Limits are the chip's, table 1 and 2 of the datasheet.
pub const QUANTITIES: [Quantity; 2] = [
    Quantity::moving("temperature_celsius", "Cel", -40.0, 125.0, 2),
    Quantity::moving("humidity_percent", "%RH", 0.0, 100.0, 1),
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

    /// The serial number: two words with checksums, which no other chip at this address gives.
    fn identify<B: I2c + ?Sized>(&self, bus: &mut B, delay: &mut dyn DelayNs) -> Result<u32, Error> {
        let wrong = |found: String| Error::WrongDevice { address: self.address, expected: "SHT4x", found };
        match self.ask(bus, delay, READ_SERIAL, SERIAL_MS) {
            Ok([0, 0] | [0xFFFF, 0xFFFF]) => Err(wrong("its serial number is blank".into())),
            Ok([high, low]) => Ok(u32::from(high) << 16 | u32::from(low)),
            Err(error @ Error::Crc { .. }) => Err(wrong(format!("serial number: {error}"))),
            Err(error) => Err(error),
        }
    }

    fn ask<B: I2c + ?Sized>(
        &self,
        bus: &mut B,
        delay: &mut dyn DelayNs,
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

impl Chip for Sht4x {
    fn read<B: I2c + ?Sized>(&mut self, bus: &mut B, context: &mut Context<'_>) -> Result<Vec<Measured>, Error> {
        if self.serial.is_none() {
            self.serial = Some(self.identify(bus, context.delay)?);
        }
        let words = match self.ask(bus, context.delay, MEASURE_HIGH_PRECISION, MEASURE_MS) {
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

    fn identity(&self) -> Option<String> {
        self.serial.map(|serial| format!("SHT4x {serial:08x}"))
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
