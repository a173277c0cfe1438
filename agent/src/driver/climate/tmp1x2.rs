//! TI TMP105, TMP102, TMP112: turns two bytes into a temperature; never passes on the 0 °C that the
//! register holds before the first conversion.
//!
//! Datasheets: <https://www.ti.com/lit/ds/symlink/tmp105.pdf>, <https://www.ti.com/lit/ds/symlink/tmp102.pdf>.
//! None has a name or a checksum, so each reading begins with the configuration, which must read as it
//! was written, and a new chip must show the limits that these parts have after power-on. The crate
//! `tmp1x2` is not used: it reads neither back.

use embedded_hal::i2c::I2c;

use crate::driver::{Chip, Context, Error, Kind, Measured, Quantity, Sits, plain::Make, simulated};

/// TMP105 at 0x48 to 0x4f, TMP102 and TMP112 at 0x48 to 0x4b, by their address pins.
pub static KIND: Kind = Kind {
    word: "tmp1x2",
    parts: ["TI TMP105, TMP102, TMP112"; 2],
    measures: ["temperature", "温度"],
    sits: Sits::I2c(ADDRESSES),
    period: None,
    period_min: None,
    read: |table| MAKE.read(table),
    at: Some(|seat| MAKE.at(seat)),
};
const ADDRESSES: &[u8] = &[0x48, 0x49, 0x4A, 0x4B, 0x4C, 0x4D, 0x4E, 0x4F];

/// It has no keys of its own.
pub static MAKE: Make = Make {
    kind: &KIND,
    quantities: || vec![TEMPERATURE],
    start: |address| Box::new(Tmp1x2::new(address)),
    twin: || Box::new(simulated::thermometer::Thermometer::tmp105()),
};

/// What it gives. The range in which the parts are specified, TMP105 7.1. At a sixteenth of a degree a
/// quiet room may well give the same count for ten minutes.
pub const TEMPERATURE: Quantity = Quantity::resting("temperature_celsius", "Cel", -40.0, 125.0, 2);

/// Pointers, TMP105 table 2.
const TEMPERATURE_REGISTER: u8 = 0b00;
const CONFIGURATION_REGISTER: u8 = 0b01;
const T_LOW_REGISTER: u8 = 0b10;
const T_HIGH_REGISTER: u8 = 0b11;
/// R1 and R0: 12 bits, 0.0625 °C; continuous conversion, comparator mode. A TMP102 has the two bits
/// for ever, a TMP105 forgets them with its supply.
const TWELVE_BITS: u8 = 0b0110_0000;
/// All bits but OS, which reads differently from part to part.
const CONFIGURATION_MASK: u8 = 0b0111_1111;
/// After power-on the limits are 75 and 80 °C (TMP105 table 8, TMP102 table 6-12); nothing here changes them.
const T_LOW_DEFAULT: u16 = 0x4B00;
const T_HIGH_DEFAULT: u16 = 0x5000;
/// The four bits below the twelve; the lowest one says that a TMP102 gives 13 bits.
const UNUSED_BITS: u16 = 0x000F;

/// One chip.
#[derive(Debug)]
pub struct Tmp1x2 {
    address: u8,
    /// It showed its limits and took the configuration.
    proven: bool,
}

impl Tmp1x2 {
    /// The chip at `address`; no traffic yet.
    #[must_use]
    pub fn new(address: u8) -> Self {
        Self { address, proven: false }
    }

    fn word<B: I2c + ?Sized>(&self, bus: &mut B, register: u8) -> Result<u16, Error> {
        let mut bytes = [0; 2];
        bus.write_read(self.address, &[register], &mut bytes).map_err(|e| Error::from_bus(self.address, &e))?;
        Ok(u16::from_be_bytes(bytes))
    }

    fn configuration<B: I2c + ?Sized>(&self, bus: &mut B) -> Result<u8, Error> {
        let mut byte = [0];
        bus.write_read(self.address, &[CONFIGURATION_REGISTER], &mut byte)
            .map_err(|e| Error::from_bus(self.address, &e))?;
        Ok(byte[0] & CONFIGURATION_MASK)
    }

    /// Identifies and configures; the next reading is the first.
    fn set_up<B: I2c + ?Sized>(&mut self, bus: &mut B) -> Result<(), Error> {
        let limits = (self.word(bus, T_LOW_REGISTER)?, self.word(bus, T_HIGH_REGISTER)?);
        if limits != (T_LOW_DEFAULT, T_HIGH_DEFAULT) {
            return Err(self.wrong(format!("its limits read {:#06x} and {:#06x}", limits.0, limits.1)));
        }
        bus.write(self.address, &[CONFIGURATION_REGISTER, TWELVE_BITS])
            .map_err(|e| Error::from_bus(self.address, &e))?;
        match self.configuration(bus)? {
            TWELVE_BITS => self.proven = true,
            // An LM75 keeps these bits at 0.
            other => return Err(self.wrong(format!("wrote {TWELVE_BITS:#04x} and read {other:#04x}"))),
        }
        Ok(())
    }

    fn wrong(&self, found: String) -> Error {
        Error::WrongDevice { address: self.address, expected: "TMP105 or TMP102", found }
    }
}

impl Chip for Tmp1x2 {
    fn read<B: I2c + ?Sized>(&mut self, bus: &mut B, _context: &mut Context<'_>) -> Result<Vec<Measured>, Error> {
        if !self.proven {
            // The first conversion is done within 0.4 s; the register may hold 0 until then.
            return self.set_up(bus).and(Err(Error::WarmingUp));
        }
        let outcome = self.configuration(bus).and_then(|configuration| match configuration {
            TWELVE_BITS => self.word(bus, TEMPERATURE_REGISTER),
            other => Err(self.wrong(format!("its configuration reads {other:#04x}, not as it was written"))),
        });
        let raw = match outcome {
            // It lost its supply: a TMP105 is back at 9 bits, and its register may hold 0.
            Err(Error::WrongDevice { .. }) => {
                self.proven = false;
                return self.set_up(bus).and(Err(Error::WarmingUp));
            }
            Err(error) => {
                self.proven = false;
                return Err(error);
            }
            Ok(raw) => raw,
        };
        if raw & UNUSED_BITS != 0 {
            self.proven = false;
            return Err(self.wrong(format!("its temperature {raw:#06x} has more than 12 bits")));
        }
        Ok(vec![Measured::new(TEMPERATURE.name, temperature_celsius(raw), raw.into())])
    }

    fn identity(&self) -> Option<String> {
        self.proven.then(|| "TMP105/TMP102".to_owned())
    }
}

/// TMP105 table 4: a two's complement number of 1/16 °C in the upper twelve bits.
#[must_use]
pub fn temperature_celsius(raw: u16) -> f64 {
    f64::from(raw.cast_signed() >> 4) / 16.0
}
