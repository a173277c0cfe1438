//! TI INA226: turns a shunt's voltage and a rail's into volts, amperes and watts; never passes on what
//! its registers hold before a conversion, after an overflow or after it lost its supply.
//!
//! For DC of at most 36 V, never for mains. Datasheet: SBOS547B, <https://www.ti.com/lit/gpn/ina226>.
//! The crates `ina226` (0.3, May 2024) and `ina226-tp` are not used: they do not ask for the chip's
//! name before every set-up, nor notice a reset.

use std::sync::Arc;

use embedded_hal::{delay::DelayNs, i2c::I2c};

use super::shunt::{
    ADDRESSES, BUS_VOLTAGE, CALIBRATION, CONFIGURATION, CURRENT, Calibration, POWER, Port, SHUNT_VOLTAGE, Shunt,
    measured,
};
use crate::driver::{Chip, Context, Error, Kind, Measured, Place, Quantity, Reader, Seat, Sits, simulated};

/// INA226, at 0x40 to 0x4f.
pub static KIND: Kind = Kind {
    word: "ina226",
    parts: ["TI INA226"; 2],
    measures: ["DC voltage, current, power", "直流电压、电流、功率"],
    sits: Sits::I2c(ADDRESSES),
    period: None,
    period_min: None,
    read: |table| {
        let (seat, shunt) = (Seat::read(table, ADDRESSES), Shunt::read(table, SHUNT_VOLT_MAX));
        Some(Arc::new(Settings { seat: seat?, shunt: shunt? }))
    },
    at: Some(|seat| {
        let shunt = Shunt { milliohm: 100.0, ampere_max: SHUNT_VOLT_MAX / 0.1 };
        Arc::new(Settings { seat, shunt })
    }),
};

/// What a `[[sensor]]` of this kind says.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Where it sits.
    pub seat: Seat,
    /// Its resistor.
    pub shunt: Shunt,
}

impl crate::driver::Settings for Settings {
    fn kind(&self) -> &'static Kind {
        &KIND
    }
    fn place(&self) -> Place {
        Place::Chip(self.seat.clone())
    }
    fn print(&self, table: &mut toml::Table) {
        self.shunt.print(table);
    }
    fn quantities(&self) -> Vec<Quantity> {
        self.shunt.quantities(BUS_VOLT_MAX)
    }
    fn start(&self) -> Reader {
        Reader::Chip(Box::new(Ina226::new(&self.seat, self.shunt)))
    }
    fn simulate(&self) -> Option<Box<dyn simulated::Device>> {
        Some(Box::new(simulated::ina::Ina::ina226(self.shunt.milliohm)))
    }
}

/// The most that it sees over a shunt and on a rail, 5.5.
const SHUNT_VOLT_MAX: f64 = 0.081_92;
const BUS_VOLT_MAX: f64 = 36.0;
/// Counts of the bus voltage register, 7.1.3.
const BUS_COUNT_VOLT: f64 = 1.25e-3;
/// 6.5.1 equation 1, in volts.
const SCALE: f64 = 0.005_12;
/// 6.5.1: a count of power is 25 of current.
const POWER_PER_CURRENT: f64 = 25.0;

/// Registers of its own, table 7-1: flags, and who made it and what it is.
const MASK: u8 = 0x06;
const MANUFACTURER_ID: u8 = 0xFE;
const DIE_ID: u8 = 0xFF;
const TEXAS_INSTRUMENTS: u16 = 0x5449;
/// The lowest four bits count revisions.
const DIE: u16 = 0x226;
/// Averages of 64 samples, 1.1 ms each, of both voltages, continuously: table 7-2 to 7-5.
const OURS: u16 = 0x4727;
/// Bits of the mask register, 7.1.7: a conversion is ready; the arithmetic overflowed.
const CVRF: u16 = 0x0008;
const OVF: u16 = 0x0004;
/// 64 times twice 1.1 ms are 140.8 ms, and at most a tenth longer, 5.5.
const CONVERSION_MS: u32 = 155;
/// So many readings without a new conversion, and it has stopped.
const MISSED_MAX: u32 = 3;

/// One chip.
#[derive(Debug)]
pub struct Ina226 {
    port: Port,
    calibration: Calibration,
    proven: bool,
    /// Readings in a row that met no new conversion.
    missed: u32,
}

impl Ina226 {
    /// The chip at a seat; no traffic yet.
    #[must_use]
    pub fn new(seat: &Seat, shunt: Shunt) -> Self {
        let calibration = Calibration::new(shunt, SCALE);
        Self { port: Port::new(seat, "INA226"), calibration, proven: false, missed: 0 }
    }

    /// Identifies and configures; the next reading is the first.
    fn set_up<B: I2c + ?Sized>(&mut self, bus: &mut B) -> Result<(), Error> {
        self.proven = false;
        self.port.must(bus, MANUFACTURER_ID, TEXAS_INSTRUMENTS)?;
        let die = self.port.word(bus, DIE_ID)?;
        if die >> 4 != DIE {
            return Err(self.port.wrong(format!("its die has the number {die:#06x}")));
        }
        self.port.put(bus, CALIBRATION, self.calibration.word)?;
        self.port.must(bus, CALIBRATION, self.calibration.word)?;
        self.port.put(bus, CONFIGURATION, OURS)?;
        self.port.must(bus, CONFIGURATION, OURS)?;
        (self.proven, self.missed) = (true, 0);
        Ok(())
    }

    /// The flags, once a new conversion is there. Reading them makes the chip forget that it was.
    fn converted<B: I2c + ?Sized>(&mut self, bus: &mut B, delay: &mut dyn DelayNs) -> Result<u16, Error> {
        let mut found = self.port.word(bus, MASK)?;
        if found & CVRF == 0 {
            delay.delay_ms(CONVERSION_MS);
            found = self.port.word(bus, MASK)?;
        }
        if found & CVRF == 0 {
            self.missed = self.missed.saturating_add(1);
            return Err(super::missed(self.missed, MISSED_MAX));
        }
        self.missed = 0;
        Ok(found)
    }
}

impl Chip for Ina226 {
    fn read<B: I2c + ?Sized>(&mut self, bus: &mut B, context: &mut Context<'_>) -> Result<Vec<Measured>, Error> {
        if !self.proven
            || self.port.word(bus, CONFIGURATION)? != OURS
            || self.port.word(bus, CALIBRATION)? != self.calibration.word
        {
            return self.set_up(bus).and(Err(Error::WarmingUp));
        }
        let flags = self.converted(bus, context.delay)?;
        let rail = self.port.word(bus, BUS_VOLTAGE)?;
        let shunt = self.port.word(bus, SHUNT_VOLTAGE)?;
        let current = self.port.word(bus, CURRENT)?;
        let power = self.port.word(bus, POWER)?;
        if rail & 0x8000 != 0 {
            self.proven = false;
            return Err(self.port.wrong(format!("its bus voltage reads {rail:#06x}, and bit 15 is always 0")));
        }
        let watt = self.calibration.ampere * POWER_PER_CURRENT;
        let values = measured(bus_volt(rail), current, power, self.calibration.ampere, watt);
        let full = matches!(shunt.cast_signed(), i16::MAX | i16::MIN);
        Ok(super::unless_beyond(values, flags & OVF != 0 || full).into())
    }

    fn identity(&self) -> Option<String> {
        self.proven.then(|| "INA226".to_owned())
    }
}

/// 7.1.3: 1.25 mV a count.
#[must_use]
pub fn bus_volt(raw: u16) -> f64 {
    f64::from(raw) * BUS_COUNT_VOLT
}
