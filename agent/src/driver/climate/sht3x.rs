//! Sensirion SHT30, SHT31, SHT35, SHT85: turns six bytes into temperature and humidity; never stretches
//! the clock, which a Raspberry Pi does not bear, and never uses the heater.
//!
//! Datasheet: <https://sensirion.com/resource/datasheet/sht3x-dis>. The crate `sht31` is not used: it
//! believes whatever chip answers, and `sht3x` is for the embedded-hal before 1.0.

use embedded_hal::{delay::DelayNs, i2c::I2c};

use crate::driver::{Chip, Context, Error, Kind, Measured, Quantity, Sits, plain::Make, sensirion, simulated};

/// SHT3x at 0x44 (ADDR low) or 0x45 (ADDR high), SHT85 at 0x44.
pub static KIND: Kind = Kind {
    word: "sht3x",
    parts: ["Sensirion SHT30, SHT31, SHT35, SHT85"; 2],
    measures: ["temperature, humidity", "温度、湿度"],
    sits: Sits::I2c(ADDRESSES),
    period: None,
    period_min: None,
    read: |table| MAKE.read(table),
    at: Some(|seat| MAKE.at(seat)),
};
const ADDRESSES: &[u8] = &[0x44, 0x45];

/// It has no keys of its own.
pub static MAKE: Make = Make {
    kind: &KIND,
    quantities: || QUANTITIES.to_vec(),
    start: |address| Box::new(Sht3x::new(address)),
    twin: || Box::new(simulated::sht3x::Sht3x::new()),
};

/// What it gives. Limits are the chip's, tables 1 and 2 of the datasheet.
pub const QUANTITIES: [Quantity; 2] = [
    Quantity::moving("temperature_celsius", "Cel", -40.0, 125.0, 2),
    Quantity::moving("humidity_percent", "%RH", 0.0, 100.0, 1),
];

/// "Single shot, high repeatability, clock stretching disabled", table 9.
const MEASURE_HIGH_REPEATABILITY: u16 = 0x2400;
/// "Read out of status register", table 17.
const READ_STATUS: u16 = 0xF32D;
/// A measurement of high repeatability takes at most 15.5 ms, table 4.
const MEASURE_MS: u32 = 16;
/// Between a command and its answer, table 4.
const COMMAND_MS: u32 = 1;
/// Bits 14, 12, 9 to 5, 3 and 2 of the status register are reserved and read 0, table 18.
const STATUS_RESERVED: u16 = 0b0101_0011_1110_1100;
/// Heater on, table 18: its warmth would be measured.
const STATUS_HEATER: u16 = 1 << 13;

/// One chip.
#[derive(Debug)]
pub struct Sht3x {
    address: u8,
    /// Its status register showed what it is.
    proven: bool,
}

impl Sht3x {
    /// The chip at `address`; no traffic yet.
    #[must_use]
    pub fn new(address: u8) -> Self {
        Self { address, proven: false }
    }

    fn send<B: I2c + ?Sized>(&self, bus: &mut B, command: u16) -> Result<(), Error> {
        bus.write(self.address, &command.to_be_bytes()).map_err(|e| Error::from_bus(self.address, &e))
    }

    /// The status register: a word with a checksum and nine bits that must be 0.
    fn prove<B: I2c + ?Sized>(&mut self, bus: &mut B, delay: &mut dyn DelayNs) -> Result<(), Error> {
        let wrong = |found: String| Error::WrongDevice { address: self.address, expected: "SHT3x", found };
        self.send(bus, READ_STATUS)?;
        delay.delay_ms(COMMAND_MS);
        let mut bytes = [0; 3];
        bus.read(self.address, &mut bytes).map_err(|e| Error::from_bus(self.address, &e))?;
        let status = match sensirion::unpack(self.address, bytes) {
            Ok(status) => status,
            Err(error) => return Err(wrong(format!("status register: {error}"))),
        };
        if status & STATUS_RESERVED != 0 {
            return Err(wrong(format!("its status register reads {status:#06x}, reserved bits and all")));
        }
        if status & STATUS_HEATER != 0 {
            let text = "its heater is on and warms the sensor: switch its supply off and on".to_owned();
            return Err(Error::Other { fault: wire::Fault::OutOfRange, text });
        }
        self.proven = true;
        Ok(())
    }

    fn measure<B: I2c + ?Sized>(&self, bus: &mut B, delay: &mut dyn DelayNs) -> Result<[u16; 2], Error> {
        self.send(bus, MEASURE_HIGH_REPEATABILITY)?;
        delay.delay_ms(MEASURE_MS);
        let mut b = [0; 6];
        bus.read(self.address, &mut b).map_err(|e| Error::from_bus(self.address, &e))?;
        Ok([sensirion::unpack(self.address, [b[0], b[1], b[2]])?, sensirion::unpack(self.address, [b[3], b[4], b[5]])?])
    }
}

impl Chip for Sht3x {
    fn read<B: I2c + ?Sized>(&mut self, bus: &mut B, context: &mut Context<'_>) -> Result<Vec<Measured>, Error> {
        if !self.proven {
            self.prove(bus, context.delay)?;
        }
        let words = match self.measure(bus, context.delay) {
            // It may have been swapped while it did not answer.
            Err(error @ Error::NoAnswer { .. }) => {
                self.proven = false;
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
        self.proven.then(|| "SHT3x".to_owned())
    }
}

/// Datasheet 4.13: −45 + 175 · raw / (2^16 − 1).
#[must_use]
pub fn temperature_celsius(raw: u16) -> f64 {
    -45.0 + 175.0 * f64::from(raw) / 65535.0
}

/// Datasheet 4.13: 100 · raw / (2^16 − 1).
#[must_use]
pub fn humidity_percent(raw: u16) -> f64 {
    100.0 * f64::from(raw) / 65535.0
}
