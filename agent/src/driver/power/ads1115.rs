//! TI ADS1115, an ADC of 16 bits: proves that it is one, and turns an input into a row of conversions
//! or into one; never tells what the counts mean, which the drivers above it do.
//!
//! Datasheet: SBAS444E, <https://www.ti.com/lit/gpn/ads1115>. It has no name: it is known by its
//! comparator limits, which nothing here moves, and by its configuration, which is read back before
//! and after each row. The crate `ads1x1x` is not used: it reads no register back, so it takes a
//! TMP105 at 0x48 for an ADC.

use embedded_hal::{delay::DelayNs, i2c::I2c};
use wire::Fault;

use crate::driver::Error;

/// By the pin ADDR at GND, VDD, SDA or SCL, table 4.
pub const ADDRESSES: &[u8] = &[0x48, 0x49, 0x4A, 0x4B];
/// Inputs as a file names them: a pair of pins or one against ground, in the order of MUX, table 8.
pub const INPUTS: &[&str] = &["0-1", "0-3", "1-3", "2-3", "0", "1", "2", "3"];

/// Registers, table 6.
const CONVERSION: u8 = 0;
const CONFIG: u8 = 1;
const LO_THRESH: u8 = 2;
const HI_THRESH: u8 = 3;
/// Comparator limits after a reset, tables 9 and 10.
const LO_THRESH_RESET: u16 = 0x8000;
const HI_THRESH_RESET: u16 = 0x7FFF;
/// Config, table 8: start one conversion, and on reading: none is going on; convert once and rest.
const OS: u16 = 0x8000;
const ONCE: u16 = 0x0100;
/// 860 conversions a second, comparator off.
const FASTEST: u16 = 0x00E3;
/// Between two readings of the conversion register. A conversion takes 1.06 to 1.29 ms (8.3.7: ±10 %); with
/// the reading's own 0.1 ms at 400 kHz or 0.3 ms at 100 kHz each is read two to six times.
const PACE_US: u32 = 100;
/// Readings of a row at most: as many as 400 conversions take at 400 kHz on the fastest computer.
const READINGS_MAX: usize = 4500;
/// The first conversion: 1.29 ms, and as much again because the input has just changed.
const FIRST_US: u32 = 2600;

/// One pin or a pair of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Input(u8);

impl Input {
    /// The input with this number in [`INPUTS`].
    #[must_use]
    pub fn new(index: usize) -> Option<Self> {
        (index < INPUTS.len()).then_some(Self(index as u8))
    }

    /// As a file says it.
    #[must_use]
    pub fn word(self) -> &'static str {
        INPUTS[usize::from(self.0)]
    }

    /// Whether it is a pair.
    #[must_use]
    pub fn is_pair(self) -> bool {
        self.0 < 4
    }

    /// The pin that a pair is measured against, as an input of its own.
    #[must_use]
    pub fn against(self) -> Option<Self> {
        match self.0 {
            0 => Some(Self(5)),
            1..=3 => Some(Self(7)),
            _ => None,
        }
    }
}

/// What full scale means, table 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Range {
    /// ±4.096 V, 125 µV a count.
    Volt4,
    /// ±2.048 V, 62.5 µV a count.
    Volt2,
}

impl Range {
    fn bits(self) -> u16 {
        match self {
            Self::Volt4 => 0b001 << 9,
            Self::Volt2 => 0b010 << 9,
        }
    }

    /// Volts of a count.
    #[must_use]
    pub fn count_volt(self) -> f64 {
        match self {
            Self::Volt4 => 4.096 / 32_768.0,
            Self::Volt2 => 2.048 / 32_768.0,
        }
    }
}

/// One chip.
#[derive(Debug)]
pub struct Ads1115 {
    address: u8,
    proven: bool,
}

impl Ads1115 {
    /// The chip at `address`; no traffic yet.
    #[must_use]
    pub fn new(address: u8) -> Self {
        Self { address, proven: false }
    }

    /// Whether it is one, as of its last row.
    #[must_use]
    pub fn is_proven(&self) -> bool {
        self.proven
    }

    /// Proves that an ADS1115 answers, by reading alone.
    pub fn prove<B: I2c + ?Sized>(&mut self, bus: &mut B) -> Result<(), Error> {
        self.proven = false;
        let limits = (self.word(bus, LO_THRESH)?, self.word(bus, HI_THRESH)?);
        if limits != (LO_THRESH_RESET, HI_THRESH_RESET) {
            return Err(self.wrong(format!("its limits read {:#06x} and {:#06x}", limits.0, limits.1)));
        }
        self.proven = true;
        Ok(())
    }

    /// What the register showed of `input` while it changed `changes` times, which are as many
    /// conversions, in counts.
    pub fn row<B: I2c + ?Sized>(
        &mut self,
        bus: &mut B,
        delay: &mut dyn DelayNs,
        (input, range): (Input, Range),
        changes: usize,
    ) -> Result<Vec<i16>, Error> {
        let config = u16::from(input.0) << 12 | range.bits() | FASTEST;
        self.configure(bus, config)?;
        delay.delay_us(FIRST_US);
        let mut counts = vec![self.word(bus, CONVERSION)?.cast_signed()];
        let mut changed = 0;
        while changed < changes && counts.len() < READINGS_MAX {
            delay.delay_us(PACE_US);
            // The pointer stays where it is: 8.5.3.
            let mut bytes = [0; 2];
            bus.read(self.address, &mut bytes).map_err(|e| Error::from_bus(self.address, &e))?;
            let count = i16::from_be_bytes(bytes);
            changed += usize::from(counts.last() != Some(&count));
            counts.push(count);
        }
        // Had it lost its supply on the way, it would rest at its power-on value and repeat itself.
        self.holds(bus, config)?;
        self.judge(&counts)?;
        Ok(counts)
    }

    /// One conversion of `input`, in volts; the chip rests afterwards.
    pub fn once<B: I2c + ?Sized>(
        &mut self,
        bus: &mut B,
        delay: &mut dyn DelayNs,
        (input, range): (Input, Range),
    ) -> Result<f64, Error> {
        let config = u16::from(input.0) << 12 | range.bits() | FASTEST | ONCE;
        self.configure(bus, config | OS)?;
        delay.delay_us(FIRST_US);
        if self.holds(bus, config)? & OS == 0 {
            return Err(Error::WarmingUp);
        }
        let count = self.word(bus, CONVERSION)?.cast_signed();
        if matches!(count, i16::MAX | i16::MIN) {
            return Err(Error::Other {
                fault: Fault::OutOfRange,
                text: "an input is beyond the ADC's range".to_owned(),
            });
        }
        Ok(f64::from(count) * range.count_volt())
    }

    /// What no input can look like.
    fn judge(&mut self, counts: &[i16]) -> Result<(), Error> {
        let other = |fault, text: &str| Err(Error::Other { fault, text: text.to_owned() });
        if counts.iter().any(|count| matches!(*count, i16::MAX | i16::MIN)) {
            return other(Fault::OutOfRange, "the input is beyond the ADC's range");
        }
        if counts.iter().all(|count| count == &counts[0]) {
            return other(Fault::Stuck, "the ADC repeats one conversion; a live one has noise");
        }
        // An ADS1015 has the same registers and twelve bits.
        if counts.iter().all(|count| count & 0xF == 0) {
            self.proven = false;
            return Err(self.wrong("it has twelve bits, as an ADS1015".to_owned()));
        }
        Ok(())
    }

    fn configure<B: I2c + ?Sized>(&mut self, bus: &mut B, config: u16) -> Result<(), Error> {
        let [high, low] = config.to_be_bytes();
        bus.write(self.address, &[CONFIG, high, low]).map_err(|e| Error::from_bus(self.address, &e))?;
        self.holds(bus, config).map(|_| ())
    }

    /// The configuration, which must be `config` but for the bit that says whether it converts.
    fn holds<B: I2c + ?Sized>(&mut self, bus: &mut B, config: u16) -> Result<u16, Error> {
        let found = self.word(bus, CONFIG)?;
        if found & !OS != config & !OS {
            self.proven = false;
            return Err(self.wrong(format!("wrote the configuration {config:#06x} and read {found:#06x}")));
        }
        Ok(found)
    }

    fn word<B: I2c + ?Sized>(&self, bus: &mut B, register: u8) -> Result<u16, Error> {
        let mut bytes = [0; 2];
        bus.write_read(self.address, &[register], &mut bytes).map_err(|e| Error::from_bus(self.address, &e))?;
        Ok(u16::from_be_bytes(bytes))
    }

    fn wrong(&self, found: String) -> Error {
        Error::WrongDevice { address: self.address, expected: "ADS1115", found }
    }
}
