//! Bosch BME280, and BMP280 for pressure alone: turns raw counts and the chip's own calibration into air
//! pressure, temperature and humidity; never passes on the counts that registers hold before the first
//! measurement. The pressure also corrects a CO2 sensor of the same room.
//!
//! Datasheet: <https://www.bosch-sensortec.com/media/boschsensortec/downloads/datasheets/bst-bme280-ds002.pdf>.
//! The crate `bme280` is not used: it turns skipped measurements into numbers and takes any chip whose
//! identity happens to read 0x60 once.

use std::sync::Arc;

use embedded_hal::i2c::I2c;

use super::bosch::{Calibration, Raw, SKIPPED_HUMIDITY, SKIPPED_LONG};
use crate::driver::{Chip, Context, Error, Kind, Measured, Place, Quantity, Reader, Seat, Sits, simulated};

/// BME280 and BMP280, at 0x76 (SDO low) or 0x77 (SDO high).
pub static KIND: Kind = Kind {
    word: "bme280",
    parts: ["Bosch BME280, BMP280 (pressure only)"; 2],
    measures: ["air pressure, temperature, humidity", "气压、温度、湿度"],
    sits: Sits::I2c(ADDRESSES),
    period: None,
    period_min: None,
    read: |table| {
        let seat = Seat::read(table, ADDRESSES);
        let climate = table.flag("climate").unwrap_or(true);
        Some(Arc::new(Settings { seat: seat?, climate }))
    },
    // Beside it there is often a better thermometer, whose points would have the same names.
    at: Some(|seat| Arc::new(Settings { seat, climate: false })),
};
const ADDRESSES: &[u8] = &[0x76, 0x77];

/// What a `[[sensor]]` of this kind says.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Where it sits.
    pub seat: Seat,
    /// Report temperature and humidity beside the pressure.
    pub climate: bool,
}

impl crate::driver::Settings for Settings {
    fn kind(&self) -> &'static Kind {
        &KIND
    }
    fn place(&self) -> Place {
        Place::Chip(self.seat.clone())
    }
    fn print(&self, table: &mut toml::Table) {
        table.insert("climate".into(), self.climate.into());
    }
    fn quantities(&self) -> Vec<Quantity> {
        if self.climate { vec![PRESSURE, TEMPERATURE, HUMIDITY] } else { vec![PRESSURE] }
    }
    fn start(&self) -> Reader {
        Reader::Chip(Box::new(Bme280::new(self.seat.address, self.climate)))
    }
    fn simulate(&self) -> Option<Box<dyn simulated::Device>> {
        Some(Box::new(simulated::bme280::Bme280::new()))
    }
}

/// What it gives. Limits are the chip's, tables 2 to 4.
pub const PRESSURE: Quantity = Quantity::moving("air_pressure_hpa", "hPa", 300.0, 1100.0, 2);
/// The chip's temperature.
pub const TEMPERATURE: Quantity = Quantity::moving("temperature_celsius", "Cel", -40.0, 85.0, 2);
/// The chip's humidity.
pub const HUMIDITY: Quantity = Quantity::moving("humidity_percent", "%RH", 0.0, 100.0, 1);

/// Register "id", 5.4.1, and what it holds in each part.
const ID: u8 = 0xD0;
const ID_BME280: u8 = 0x60;
const ID_BMP280: u8 = 0x58;
/// Register "ctrl_hum", 5.4.3: humidity once.
const CTRL_HUM: [u8; 2] = [0xF2, 0b001];
/// Register "status", 5.4.4: bit 3 while it measures, bit 0 while it copies its calibration.
const STATUS: u8 = 0xF3;
const STATUS_BUSY: u8 = 0b1001;
/// Register "ctrl_meas", 5.4.5: temperature once, pressure four times, forced mode.
const CTRL_MEAS: [u8; 2] = [0xF4, 0b0010_1101];
/// Registers "press_msb" to "hum_lsb", 5.4.7 to 5.4.9.
const DATA: u8 = 0xF7;
/// Calibration, table 16.
const CALIBRATION_FIRST: u8 = 0x88;
const CALIBRATION_SECOND: u8 = 0xE1;
/// 1.25 + 2.3 + 4 · 2.3 + 0.575 + 2.3 + 0.575 = 16.2 ms at most, 9.1.
const MEASURE_MS: u32 = 17;

/// One chip.
#[derive(Debug)]
pub struct Bme280 {
    address: u8,
    climate: bool,
    /// Its part and calibration, once it showed both.
    proven: Option<(u8, Calibration)>,
}

impl Bme280 {
    /// The chip at `address`; no traffic yet.
    #[must_use]
    pub fn new(address: u8, climate: bool) -> Self {
        Self { address, climate, proven: None }
    }

    fn get<const N: usize, B: I2c + ?Sized>(&self, bus: &mut B, register: u8) -> Result<[u8; N], Error> {
        let mut bytes = [0; N];
        bus.write_read(self.address, &[register], &mut bytes).map_err(|e| Error::from_bus(self.address, &e))?;
        Ok(bytes)
    }

    fn wrong(&self, found: String) -> Error {
        Error::WrongDevice { address: self.address, expected: "BME280", found }
    }

    /// The part; each reading asks for it first, since nothing else here has a checksum.
    fn part<B: I2c + ?Sized>(&self, bus: &mut B) -> Result<u8, Error> {
        match self.get::<1, B>(bus, ID)?[0] {
            ID_BMP280 if self.climate => {
                Err(self.wrong("a BMP280, which knows no humidity; set `climate = false` for its pressure".to_owned()))
            }
            part @ (ID_BME280 | ID_BMP280) => Ok(part),
            other => Err(self.wrong(format!("its identity reads {other:#04x}"))),
        }
    }

    fn prove<B: I2c + ?Sized>(&mut self, bus: &mut B) -> Result<(u8, Calibration), Error> {
        let part = self.part(bus)?;
        let first = self.get::<26, B>(bus, CALIBRATION_FIRST)?;
        let second = if part == ID_BME280 { self.get::<7, B>(bus, CALIBRATION_SECOND)? } else { [0; 7] };
        let calibration = Calibration::parse(&first, &second);
        let calibration = calibration.ok_or_else(|| self.wrong("its calibration is blank".to_owned()))?;
        self.proven = Some((part, calibration.clone()));
        Ok((part, calibration))
    }

    fn measure<B: I2c + ?Sized>(&mut self, bus: &mut B, context: &mut Context<'_>) -> Result<Vec<Measured>, Error> {
        let (part, calibration) = match self.proven.clone() {
            Some((part, calibration)) if self.part(bus)? == part => (part, calibration),
            _ => self.prove(bus)?,
        };
        let has_humidity = part == ID_BME280;
        let commands = if has_humidity { &[CTRL_HUM, CTRL_MEAS][..] } else { &[CTRL_MEAS][..] };
        for command in commands {
            bus.write(self.address, command).map_err(|e| Error::from_bus(self.address, &e))?;
        }
        context.delay.delay_ms(MEASURE_MS);
        if self.get::<1, B>(bus, STATUS)?[0] & STATUS_BUSY != 0 {
            return Err(Error::Other {
                fault: wire::Fault::NoResponse,
                text: "the measurement takes longer than the chip may".to_owned(),
            });
        }
        let raw = if has_humidity {
            Raw::parse(&self.get::<8, B>(bus, DATA)?)
        } else {
            let [a, b, c, d, e, f] = self.get::<6, B>(bus, DATA)?;
            Raw::parse(&[a, b, c, d, e, f, 0, 0])
        };
        if raw.pressure == SKIPPED_LONG || raw.temperature == SKIPPED_LONG {
            // What stands there after power-on, 5.4.7.
            return Err(Error::WarmingUp);
        }
        Ok(self.values(&calibration, &raw))
    }

    fn values(&self, calibration: &Calibration, raw: &Raw) -> Vec<Measured> {
        let fine = calibration.fine(raw.temperature);
        let pressure = calibration.pressure_hpa(raw.pressure, fine);
        let mut measured = vec![Measured::new(PRESSURE.name, pressure, raw.pressure.into())];
        if self.climate {
            measured.push(Measured::new(TEMPERATURE.name, Calibration::celsius(fine), raw.temperature.into()));
            measured.push(if raw.humidity == SKIPPED_HUMIDITY {
                Measured::fault(HUMIDITY.name, wire::Fault::WarmingUp)
            } else {
                Measured::new(HUMIDITY.name, calibration.humidity_percent(raw.humidity, fine), raw.humidity.into())
            });
        }
        measured
    }
}

impl Chip for Bme280 {
    fn read<B: I2c + ?Sized>(&mut self, bus: &mut B, context: &mut Context<'_>) -> Result<Vec<Measured>, Error> {
        let outcome = self.measure(bus, context);
        if outcome.is_err() {
            // Whoever answers next may be another chip with another calibration.
            self.proven = None;
        }
        outcome
    }

    fn identity(&self) -> Option<String> {
        let (part, _) = self.proven.as_ref()?;
        Some(if *part == ID_BME280 { "BME280" } else { "BMP280" }.to_owned())
    }
}
