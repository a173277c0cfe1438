//! What the INA219 and the INA226 share: a chip that sees the voltage over a shunt resistor, in
//! registers of two bytes. Turns what a file says of the shunt into a calibration; never guesses one.

use embedded_hal::i2c::I2c;

use crate::{
    config::{Expected, Problem, Table},
    driver::{Error, Measured, Quantity, Seat},
};

/// By the pins A1 and A0, each at GND, VS, SDA or SCL: INA219 table 1, INA226 table 6-2.
pub const ADDRESSES: &[u8] =
    &[0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4A, 0x4B, 0x4C, 0x4D, 0x4E, 0x4F];

/// Registers that both have: INA219 table 2, INA226 table 7-1.
pub const CONFIGURATION: u8 = 0x00;
/// The voltage over the shunt, signed.
pub const SHUNT_VOLTAGE: u8 = 0x01;
/// The voltage of the rail.
pub const BUS_VOLTAGE: u8 = 0x02;
/// Power, without a sign.
pub const POWER: u8 = 0x03;
/// Current, signed.
pub const CURRENT: u8 = 0x04;
/// What the chip multiplies the shunt's voltage with.
pub const CALIBRATION: u8 = 0x05;

/// The resistor that a rail's current goes through.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shunt {
    /// Its resistance.
    pub milliohm: f64,
    /// The greatest current to be told from more.
    pub ampere_max: f64,
}

impl Shunt {
    /// Reads `shunt_milliohm` and `current_ampere_max`, for a chip that sees up to `volt_max` over the
    /// shunt; without the second key all that the chip can see.
    #[must_use]
    pub fn read(table: &Table<'_>, volt_max: f64) -> Option<Self> {
        let before = (table.has("shunt_milliohm"), table.has("current_ampere_max"));
        let milliohm = table.number("shunt_milliohm", 0.1, 10_000.0);
        let ampere_max = table.number("current_ampere_max", 0.001, 1000.0);
        if (before.0 && milliohm.is_none()) || (before.1 && ampere_max.is_none()) {
            return None;
        }
        let milliohm = milliohm.unwrap_or(100.0);
        let most = volt_max / milliohm * 1000.0;
        // Of a limit that was computed, a rounded decimal is meant.
        if let Some(found) = ampere_max.filter(|ampere| *ampere > most * 1.000_1) {
            let high = (most * 1000.0).floor() / 1000.0;
            let expected = Expected::Number { low: 0.001, high };
            table.note("current_ampere_max", Problem::Wrong { expected, found: found.to_string() });
            return None;
        }
        Some(Self { milliohm, ampere_max: ampere_max.unwrap_or(most) })
    }

    /// As the file would say it.
    pub fn print(&self, table: &mut toml::Table) {
        table.insert("shunt_milliohm".into(), self.milliohm.into());
        table.insert("current_ampere_max".into(), self.ampere_max.into());
    }

    /// The greatest voltage over it that can be asked for.
    #[must_use]
    pub fn volt_max(&self) -> f64 {
        self.ampere_max * self.milliohm / 1000.0
    }

    /// What a chip on a rail of up to `volt_max` gives.
    #[must_use]
    pub fn quantities(&self, volt_max: f64) -> Vec<Quantity> {
        let ampere = self.ampere_max * 1.02;
        vec![
            Quantity::resting("voltage_volt", "V", 0.0, volt_max, 3),
            Quantity::resting("current_ampere", "A", -ampere, ampere, 4),
            Quantity::resting("power_watt", "W", -ampere * volt_max, ampere * volt_max, 3),
        ]
    }
}

/// The word for the calibration register, and what a count of the current register then means.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Calibration {
    /// Bit 0 is always 0: an INA219 does not have it.
    pub word: u16,
    /// Amperes of a count of the current register.
    pub ampere: f64,
}

impl Calibration {
    /// INA219 8.5.1 equation 1, `scale` 0.04096; INA226 6.5.1 equation 1, `scale` 0.00512: the greatest
    /// current fills 15 bits. What is cut off the word goes into the count.
    #[must_use]
    pub fn new(shunt: Shunt, scale: f64) -> Self {
        let ohm = shunt.milliohm / 1000.0;
        let word = (scale / (shunt.ampere_max / 32_768.0 * ohm)).clamp(2.0, 32_766.0) as u16 & !1;
        Self { word, ampere: scale / (f64::from(word) * ohm) }
    }
}

/// What a reading of the four registers means, with power where current flows backwards below 0.
#[must_use]
pub fn measured(volt: f64, current: u16, power: u16, ampere: f64, watt: f64) -> [Measured; 3] {
    let current_ampere = f64::from(current.cast_signed()) * ampere;
    let power_watt = (f64::from(power) * watt).copysign(current_ampere);
    [
        Measured::plain("voltage_volt", volt),
        Measured::new("current_ampere", current_ampere, current.into()),
        Measured::plain("power_watt", power_watt),
    ]
}

/// A chip of the family: its address and its name in messages.
#[derive(Debug, Clone, Copy)]
pub struct Port {
    /// I2C address.
    pub address: u8,
    /// What should be there.
    pub expected: &'static str,
}

impl Port {
    /// The chip at a seat.
    #[must_use]
    pub fn new(seat: &Seat, expected: &'static str) -> Self {
        Self { address: seat.address, expected }
    }

    /// Reads a register.
    pub fn word<B: I2c + ?Sized>(&self, bus: &mut B, register: u8) -> Result<u16, Error> {
        let mut bytes = [0; 2];
        bus.write_read(self.address, &[register], &mut bytes).map_err(|e| Error::from_bus(self.address, &e))?;
        Ok(u16::from_be_bytes(bytes))
    }

    /// Writes a register.
    pub fn put<B: I2c + ?Sized>(&self, bus: &mut B, register: u8, word: u16) -> Result<(), Error> {
        let [high, low] = word.to_be_bytes();
        bus.write(self.address, &[register, high, low]).map_err(|e| Error::from_bus(self.address, &e))
    }

    /// A register that must read `word`.
    pub fn must<B: I2c + ?Sized>(&self, bus: &mut B, register: u8, word: u16) -> Result<(), Error> {
        match self.word(bus, register)? {
            found if found == word => Ok(()),
            found => {
                Err(self.wrong(format!("register {register:#04x} should read {word:#06x} and reads {found:#06x}")))
            }
        }
    }

    /// It is something else.
    #[must_use]
    pub fn wrong(&self, found: String) -> Error {
        Error::WrongDevice { address: self.address, expected: self.expected, found }
    }
}
