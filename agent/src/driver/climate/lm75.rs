//! LM75A, LM75B, LM75: turns two bytes into a temperature; never passes on what the register holds
//! before the first conversion.
//!
//! Datasheet: <https://www.nxp.com/docs/en/data-sheet/LM75B.pdf>. It has no name and no checksum, so a
//! mark is left in its hysteresis limit, which nothing else uses: a chip that shows it is this one, and
//! has kept its supply. The crate `lm75` is not used: it does not read limits back.

use embedded_hal::i2c::I2c;

use crate::driver::{Chip, Context, Error, Kind, Measured, Quantity, Sits, plain::Make, simulated};

/// LM75 family, at 0x48 to 0x4f by the address pins.
pub static KIND: Kind = Kind {
    word: "lm75",
    parts: ["NXP LM75A, LM75B, TI LM75"; 2],
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
    start: |address| Box::new(Lm75::new(address)),
    twin: || Box::new(simulated::thermometer::Thermometer::lm75()),
};

/// What it gives. An LM75 counts halves and an LM75B eighths of a degree, so a quiet room may well
/// give the same count for an hour.
pub const TEMPERATURE: Quantity = Quantity::resting("temperature_celsius", "Cel", -55.0, 125.0, 2);

/// Pointers, LM75B table 5.
const TEMP: u8 = 0x00;
const CONF: u8 = 0x01;
const T_HYST: u8 = 0x02;
const T_OS: u8 = 0x03;
/// After power-on the limits are 75 and 80 °C and the configuration is 0, LM75B table 5.
const T_HYST_DEFAULT: u16 = 0x4B00;
const T_OS_DEFAULT: u16 = 0x5000;
const CONF_DEFAULT: u8 = 0x00;
/// Our mark in the hysteresis limit: 74 °C.
const MARK: u16 = 0x4A00;
/// Limits have nine bits; an LM75 leaves the others as it likes.
const LIMIT_BITS: u16 = 0xFF80;
/// An LM75B's eleven bits leave five.
const UNUSED_BITS: u16 = 0x001F;

/// One chip.
#[derive(Debug)]
pub struct Lm75 {
    address: u8,
    /// It bears our mark.
    marked: bool,
}

impl Lm75 {
    /// The chip at `address`; no traffic yet.
    #[must_use]
    pub fn new(address: u8) -> Self {
        Self { address, marked: false }
    }

    fn word<B: I2c + ?Sized>(&self, bus: &mut B, register: u8) -> Result<u16, Error> {
        let mut bytes = [0; 2];
        bus.write_read(self.address, &[register], &mut bytes).map_err(|e| Error::from_bus(self.address, &e))?;
        Ok(u16::from_be_bytes(bytes))
    }

    /// Identifies and marks; the next reading is the first.
    fn set_up<B: I2c + ?Sized>(&mut self, bus: &mut B) -> Result<(), Error> {
        let (hysteresis, limit) = (self.word(bus, T_HYST)? & LIMIT_BITS, self.word(bus, T_OS)? & LIMIT_BITS);
        if limit != T_OS_DEFAULT || hysteresis != T_HYST_DEFAULT && hysteresis != MARK {
            return Err(self.wrong(format!("its limits read {hysteresis:#06x} and {limit:#06x}")));
        }
        let mut configuration = [0];
        bus.write_read(self.address, &[CONF], &mut configuration).map_err(|e| Error::from_bus(self.address, &e))?;
        if configuration[0] != CONF_DEFAULT {
            return Err(self.wrong(format!("its configuration reads {:#04x}", configuration[0])));
        }
        let [high, low] = MARK.to_be_bytes();
        bus.write(self.address, &[T_HYST, high, low]).map_err(|e| Error::from_bus(self.address, &e))?;
        match self.word(bus, T_HYST)? & LIMIT_BITS {
            MARK => self.marked = true,
            other => return Err(self.wrong(format!("wrote the limit {MARK:#06x} and read {other:#06x}"))),
        }
        Ok(())
    }

    fn wrong(&self, found: String) -> Error {
        Error::WrongDevice { address: self.address, expected: "LM75", found }
    }

    fn measure<B: I2c + ?Sized>(&mut self, bus: &mut B) -> Result<Option<u16>, Error> {
        if self.word(bus, T_HYST)? & LIMIT_BITS != MARK {
            return Ok(None);
        }
        self.word(bus, TEMP).map(Some)
    }
}

impl Chip for Lm75 {
    fn read<B: I2c + ?Sized>(&mut self, bus: &mut B, _context: &mut Context<'_>) -> Result<Vec<Measured>, Error> {
        if !self.marked {
            // The first conversion is done within 0.3 s.
            return self.set_up(bus).and(Err(Error::WarmingUp));
        }
        let raw = match self.measure(bus) {
            // It lost its supply, or another chip came in its place.
            Ok(None) => {
                self.marked = false;
                return self.set_up(bus).and(Err(Error::WarmingUp));
            }
            Err(error) => {
                self.marked = false;
                return Err(error);
            }
            Ok(Some(raw)) => raw,
        };
        if raw & UNUSED_BITS != 0 {
            self.marked = false;
            return Err(self.wrong(format!("its temperature {raw:#06x} has more than 11 bits")));
        }
        Ok(vec![Measured::new(TEMPERATURE.name, temperature_celsius(raw), raw.into())])
    }

    fn identity(&self) -> Option<String> {
        self.marked.then(|| "LM75".to_owned())
    }
}

/// LM75B 7.4.3: a two's complement number of 1/8 °C in the upper eleven bits; an LM75 leaves the lower
/// two of them 0.
#[must_use]
pub fn temperature_celsius(raw: u16) -> f64 {
    f64::from(raw.cast_signed() >> 5) / 8.0
}
