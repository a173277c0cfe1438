//! TI INA219: turns a shunt's voltage and a rail's into volts, amperes and watts; never passes on what
//! its registers hold before a conversion, after an overflow or after it lost its supply.
//!
//! For DC of at most 26 V, never for mains. Datasheet: SBOS448G, <https://www.ti.com/lit/gpn/ina219>.
//! It has no name: it is known by its configuration after a reset and by the bit 0 of its calibration,
//! which cannot be set. The crate `ina219` is not used: it leaves out that proof and does not
//! notice a reset.

use std::sync::Arc;

use embedded_hal::{delay::DelayNs, i2c::I2c};

use super::shunt::{
    ADDRESSES, BUS_VOLTAGE, CALIBRATION, CONFIGURATION, CURRENT, Calibration, POWER, Port, SHUNT_VOLTAGE, Shunt,
    measured,
};
use crate::driver::{Chip, Context, Error, Kind, Measured, Place, Quantity, Reader, Seat, Sits, simulated};

/// INA219, at 0x40 to 0x4f.
pub static KIND: Kind = Kind {
    word: "ina219",
    parts: ["TI INA219"; 2],
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
        Reader::Chip(Box::new(Ina219::new(&self.seat, self.shunt)))
    }
    fn simulate(&self) -> Option<Box<dyn simulated::Device>> {
        Some(Box::new(simulated::ina::Ina::ina219(self.shunt.milliohm)))
    }
}

/// The most that it sees over a shunt, table 4, and on a rail, 7.3.
const SHUNT_VOLT_MAX: f64 = 0.320;
const BUS_VOLT_MAX: f64 = 26.0;
/// Counts of the shunt and bus voltage registers, 8.6.3.
const SHUNT_COUNT_VOLT: f64 = 10e-6;
const BUS_COUNT_VOLT: f64 = 4e-3;
/// 8.5.1 equation 1, in volts.
const SCALE: f64 = 0.040_96;
/// 8.5.1 equation 3: a count of power is twenty of current.
const POWER_PER_CURRENT: f64 = 20.0;

/// Configuration, table 3: after a reset; to reset; and ours but for the gain: 32 V, averages of 128
/// samples of both, continuously.
const RESET_VALUE: u16 = 0x399F;
const RESET: u16 = 0x8000;
const OURS: u16 = 0x27FF;
const GAIN_BITS: u16 = 0x1800;
/// Bits of the bus voltage register, 8.6.3.2: a conversion is ready; nothing; the arithmetic overflowed.
const CNVR: u16 = 0b010;
const MISSING: u16 = 0b100;
const OVF: u16 = 0b001;
/// Two averages of 128 samples take 136.2 ms, table 5, and at most a tenth longer, 7.5.
const CONVERSION_MS: u32 = 150;
/// So many readings without a new conversion, and it has stopped.
const MISSED_MAX: u32 = 3;

/// One chip.
#[derive(Debug)]
pub struct Ina219 {
    port: Port,
    calibration: Calibration,
    configuration: u16,
    proven: bool,
    /// Readings in a row that met no new conversion.
    missed: u32,
}

impl Ina219 {
    /// The chip at a seat; no traffic yet.
    #[must_use]
    pub fn new(seat: &Seat, shunt: Shunt) -> Self {
        Self {
            port: Port::new(seat, "INA219"),
            calibration: Calibration::new(shunt, SCALE),
            configuration: OURS | gain(shunt.volt_max()) << 11,
            proven: false,
            missed: 0,
        }
    }

    /// Identifies, resets and configures; the next reading is the first.
    fn set_up<B: I2c + ?Sized>(&mut self, bus: &mut B) -> Result<(), Error> {
        self.proven = false;
        let found = self.port.word(bus, CONFIGURATION)?;
        if found != RESET_VALUE && found & !GAIN_BITS != OURS {
            return Err(self.port.wrong(format!("its configuration reads {found:#06x}")));
        }
        self.port.put(bus, CONFIGURATION, RESET)?;
        self.port.must(bus, CONFIGURATION, RESET_VALUE)?;
        self.port.must(bus, CALIBRATION, 0)?;
        // Bit 0 does not exist and stays 0: table 6.
        self.port.put(bus, CALIBRATION, self.calibration.word | 1)?;
        self.port.must(bus, CALIBRATION, self.calibration.word)?;
        self.port.put(bus, CONFIGURATION, self.configuration)?;
        self.port.must(bus, CONFIGURATION, self.configuration)?;
        (self.proven, self.missed) = (true, 0);
        Ok(())
    }

    /// The bus voltage register, once a new conversion is there.
    fn converted<B: I2c + ?Sized>(&mut self, bus: &mut B, delay: &mut dyn DelayNs) -> Result<u16, Error> {
        let mut found = self.port.word(bus, BUS_VOLTAGE)?;
        if found & CNVR == 0 {
            delay.delay_ms(CONVERSION_MS);
            found = self.port.word(bus, BUS_VOLTAGE)?;
        }
        if found & MISSING != 0 {
            self.proven = false;
            return Err(self.port.wrong(format!("its bus voltage reads {found:#06x}")));
        }
        if found & CNVR == 0 {
            self.missed = self.missed.saturating_add(1);
            return Err(super::missed(self.missed, MISSED_MAX));
        }
        self.missed = 0;
        Ok(found)
    }
}

impl Chip for Ina219 {
    fn read<B: I2c + ?Sized>(&mut self, bus: &mut B, context: &mut Context<'_>) -> Result<Vec<Measured>, Error> {
        if !self.proven
            || self.port.word(bus, CONFIGURATION)? != self.configuration
            || self.port.word(bus, CALIBRATION)? != self.calibration.word
        {
            return self.set_up(bus).and(Err(Error::WarmingUp));
        }
        let rail = self.converted(bus, context.delay)?;
        let shunt = self.port.word(bus, SHUNT_VOLTAGE)?;
        let current = self.port.word(bus, CURRENT)?;
        // Last: it makes the chip forget that the conversion was ready.
        let power = self.port.word(bus, POWER)?;
        let watt = self.calibration.ampere * POWER_PER_CURRENT;
        let values = measured(bus_volt(rail), current, power, self.calibration.ampere, watt);
        let full = f64::from(40u16 << gain_of(self.configuration)) * 1e-3;
        Ok(super::unless_beyond(values, rail & OVF != 0 || shunt_volt(shunt).abs() >= full).into())
    }

    fn identity(&self) -> Option<String> {
        self.proven.then(|| "INA219".to_owned())
    }
}

/// The smallest range that takes `volt`, table 4: 40, 80, 160 or 320 mV.
fn gain(volt: f64) -> u16 {
    [0.040, 0.080, 0.160].iter().take_while(|range| volt > **range).count() as u16
}

fn gain_of(configuration: u16) -> u16 {
    (configuration & GAIN_BITS) >> 11
}

/// 8.6.3.2: the upper thirteen bits, 4 mV each.
#[must_use]
pub fn bus_volt(raw: u16) -> f64 {
    f64::from(raw >> 3) * BUS_COUNT_VOLT
}

/// 8.6.3.1: signed, 10 µV each whatever the gain.
#[must_use]
pub fn shunt_volt(raw: u16) -> f64 {
    f64::from(raw.cast_signed()) * SHUNT_COUNT_VOLT
}
