//! Sensirion SCD40, SCD41, SCD43: turns a periodic measurement into CO2, and on request into the
//! chip's own temperature and humidity; never reads an empty buffer, never passes on a power-on 0 and
//! never writes the chip's EEPROM (`persist_settings`): what is configured is sent at each start.
//!
//! Datasheet: <https://sensirion.com/resource/datasheet/scd4x>. The bus traffic is the crate
//! `scd4x`'s; this file decides what to send when, and when to believe what comes back. The chip's
//! self-test takes 10 s, in which the whole bus would wait; it is not used.

use std::{sync::Arc, time::Duration};

use embedded_hal::{delay::DelayNs, i2c::I2c};
use serde_json::{Map, Value};

use crate::driver::{Chip, Context, Error, Kind, Measured, Place, Quantity, Reader, Seat, Sits, sensirion, simulated};

/// Its only address.
pub const ADDRESS: u8 = 0x62;

/// SCD40, SCD41 and SCD43.
pub static KIND: Kind = Kind {
    word: "scd4x",
    parts: ["Sensirion SCD40, SCD41, SCD43"; 2],
    measures: ["CO2", "二氧化碳"],
    sits: Sits::I2c(&[ADDRESS]),
    period: None,
    period_min: None,
    read: |table| Some(Arc::new(Settings::read(table)?)),
    at: Some(|seat| Arc::new(Settings { seat, setup: Setup::default() })),
};

/// What a `[[sensor]]` of this kind says.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Where it sits.
    pub seat: Seat,
    /// How the chip is set up.
    pub setup: Setup,
}

impl Settings {
    fn read(table: &crate::config::Table<'_>) -> Option<Self> {
        let seat = Seat::read(table, &[ADDRESS]);
        let pressure_hpa = table.whole("pressure_hpa", 700, 1200).and_then(|hpa| u16::try_from(hpa).ok());
        let self_calibration = table.flag("self_calibration").unwrap_or(false);
        let climate = table.flag("climate").unwrap_or(false);
        Some(Self { seat: seat?, setup: Setup { pressure_hpa, self_calibration, climate } })
    }
}

impl crate::driver::Settings for Settings {
    fn kind(&self) -> &'static Kind {
        &KIND
    }
    fn place(&self) -> Place {
        Place::Chip(self.seat.clone())
    }
    fn print(&self, table: &mut toml::Table) {
        if let Some(pressure) = self.setup.pressure_hpa {
            table.insert("pressure_hpa".into(), i64::from(pressure).into());
        }
        table.insert("self_calibration".into(), self.setup.self_calibration.into());
        table.insert("climate".into(), self.setup.climate.into());
    }
    fn quantities(&self) -> Vec<Quantity> {
        if self.setup.climate { vec![CO2, TEMPERATURE, HUMIDITY] } else { vec![CO2] }
    }
    fn start(&self) -> Reader {
        Reader::Chip(Box::new(Scd4x::new(self.setup)))
    }
    fn simulate(&self) -> Option<Box<dyn simulated::Device>> {
        Some(Box::new(simulated::scd4x::Scd4x::settled()))
    }
}

/// Carbon dioxide. The chip's output ends at 0 and 40000; what it is specified for at 5000.
pub const CO2: Quantity = Quantity::moving("co2_ppm", "ppm", 300.0, 40_000.0, 0);
/// The chip's temperature, warmed by itself.
pub const TEMPERATURE: Quantity = Quantity::moving("co2_sensor_temperature_celsius", "Cel", -10.0, 60.0, 2);
/// The chip's humidity, at its own temperature.
pub const HUMIDITY: Quantity = Quantity::moving("co2_sensor_humidity_percent", "%RH", 0.0, 100.0, 1);

/// The chip measures every 5 s. Asked so many times in vain at periods of a second or more, it has
/// stopped, after a brown-out say, and is set up anew.
const EMPTY_MAX: u32 = 15;

/// What the chip takes for an air pressure, 3.6.5.
const PRESSURE_HPA: std::ops::RangeInclusive<f64> = 700.0..=1200.0;
/// A smaller change of the barometer is not worth a command: 2 hPa are 0.2 % of the reading.
const PRESSURE_STEP_HPA: u16 = 2;
/// "For > 3 minutes" it must have measured before it is recalibrated, 3.7.1.
const STEADY: Duration = Duration::from_secs(180);
/// What can be called fresh or reference air: outdoors has 420 ppm and more in a city; a bottle of
/// reference gas up to 2000.
const REFERENCE_PPM: std::ops::RangeInclusive<u16> = 400..=2000;
/// `perform_forced_recalibration`, and the ms it takes, table 18.
const PERFORM_FORCED_RECALIBRATION: (u16, u32) = (0x362F, 400);

/// How the chip is to be set up; see the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Setup {
    /// Air pressure in hPa. It wins over a barometer of the room: who writes it down means it, and a
    /// barometer may well be set to sea level. Without it the barometer is believed.
    pub pressure_hpa: Option<u16>,
    /// The chip's automatic self-calibration.
    pub self_calibration: bool,
    /// Give temperature and humidity too.
    pub climate: bool,
}

/// One chip.
#[derive(Debug)]
pub struct Scd4x {
    setup: Setup,
    /// The serial number, once the chip is set up and measures.
    serial: Option<u64>,
    /// The last measurement, given again until the next is ready.
    last: Option<Vec<Measured>>,
    /// How many times in a row there was none.
    empty: u32,
    /// The pressure that it was told since it was set up.
    told_hpa: Option<u16>,
    /// Since when it measures.
    running_since: Duration,
}

impl Scd4x {
    /// The chip; no traffic yet.
    #[must_use]
    pub fn new(setup: Setup) -> Self {
        Self { setup, serial: None, last: None, empty: 0, told_hpa: None, running_since: Duration::ZERO }
    }

    /// Stops, identifies, configures and starts the chip; takes 0.5 s.
    fn set_up<B: I2c, D: DelayNs>(&mut self, chip: &mut scd4x::Scd4x<B, D>, now: Duration) -> Result<(), Error> {
        chip.stop_periodic_measurement().map_err(|e| error(&e))?;
        let wrong = |found: &str| Error::WrongDevice { address: ADDRESS, expected: "SCD4x", found: found.to_owned() };
        let serial = match chip.serial_number() {
            Ok(0 | 0xFFFF_FFFF_FFFF) => return Err(wrong("its serial number is blank")),
            Ok(serial) => serial,
            Err(scd4x::Error::Crc) => return Err(wrong("its serial number has no valid checksum")),
            Err(other) => return Err(error(&other)),
        };
        chip.set_automatic_self_calibration(self.setup.self_calibration).map_err(|e| error(&e))?;
        if let Some(pressure) = self.setup.pressure_hpa {
            chip.set_ambient_pressure(pressure).map_err(|e| error(&e))?;
        }
        chip.start_periodic_measurement().map_err(|e| error(&e))?;
        let told_hpa = self.setup.pressure_hpa;
        *self = Self { serial: Some(serial), told_hpa, running_since: now, ..Self::new(self.setup) };
        Ok(())
    }

    /// Tells the chip the pressure of the room's barometer, if that is what is believed and it moved.
    fn compensate<B: I2c, D: DelayNs>(
        &mut self,
        chip: &mut scd4x::Scd4x<B, D>,
        air_hpa: Option<f64>,
    ) -> Result<(), Error> {
        if let Some(hpa) = pressure_to_tell(self.setup.pressure_hpa, air_hpa, self.told_hpa) {
            chip.set_ambient_pressure(hpa).map_err(|e| error(&e))?;
            self.told_hpa = Some(hpa);
        }
        Ok(())
    }

    /// Makes the chip believe that the air has `ppm` now; gives the correction. Takes 1 s.
    fn recalibrate<B: I2c + ?Sized>(&mut self, bus: &mut B, delay: &mut dyn DelayNs, ppm: u16) -> Result<i32, Error> {
        let mut borrowed = &mut *bus;
        let stopped = scd4x::Scd4x::new(&mut borrowed, DelayRef(delay)).stop_periodic_measurement();
        stopped.map_err(|e| error(&e))?;
        let correction = forced_recalibration(bus, delay, ppm);
        // Whatever came of it, the chip shall measure again; what it said before is of another calibration.
        let mut borrowed = &mut *bus;
        let started = scd4x::Scd4x::new(&mut borrowed, DelayRef(delay)).start_periodic_measurement();
        started.map_err(|e| error(&e))?;
        (self.last, self.empty) = (None, 0);
        correction_ppm(correction?)
    }

    /// What `recalibrate` is asked to do, or why it cannot be done now.
    fn reference_ppm(&self, args: &Map<String, Value>, now: Duration) -> Result<u16, String> {
        let found = args.get("co2_ppm").ok_or("`co2_ppm` is missing; write what the air has now, 420 outdoors")?;
        let ppm = found.as_u64().and_then(|ppm| u16::try_from(ppm).ok()).filter(|ppm| REFERENCE_PPM.contains(ppm));
        let (low, high) = (REFERENCE_PPM.start(), REFERENCE_PPM.end());
        let ppm = ppm.ok_or(format!("`co2_ppm`: found `{found}`; write a whole number from {low} to {high}"))?;
        if self.serial.is_none() || self.last.is_none() {
            return Err("the chip does not measure yet; ask again in some minutes".to_owned());
        }
        let left = (self.running_since + STEADY).saturating_sub(now);
        if !left.is_zero() {
            return Err(format!("the chip must measure for 3 minutes before; ask again in {} s", left.as_secs() + 1));
        }
        Ok(ppm)
    }

    /// Asks whether there is a measurement before reading it: an empty buffer is not acknowledged,
    /// which would look like a chip that is gone.
    fn newest<B: I2c, D: DelayNs>(&mut self, chip: &mut scd4x::Scd4x<B, D>) -> Result<Vec<Measured>, Error> {
        if !chip.data_ready_status().map_err(|e| error(&e))? {
            self.empty += 1;
            if self.empty > EMPTY_MAX {
                *self = Self::new(self.setup);
                return Err(Error::Other {
                    fault: wire::Fault::NoResponse,
                    text: "the chip acknowledges but has stopped measuring; it is set up anew".to_owned(),
                });
            }
            let mut again = self.last.clone().ok_or(Error::WarmingUp)?;
            again.iter_mut().for_each(|measured| measured.raw = None);
            return Ok(again);
        }
        self.empty = 0;
        let raw = chip.sensor_output().map_err(|e| error(&e))?;
        if raw.co2 == 0 {
            // The first measurement after power-on can be 0.
            return Err(Error::WarmingUp);
        }
        let mut measured = vec![Measured::new(CO2.name, f64::from(raw.co2), raw.co2.into())];
        if self.setup.climate {
            let celsius = temperature_celsius(raw.temperature);
            measured.push(Measured::new(TEMPERATURE.name, celsius, raw.temperature.into()));
            measured.push(Measured::new(HUMIDITY.name, humidity_percent(raw.humidity), raw.humidity.into()));
        }
        self.last = Some(measured.clone());
        Ok(measured)
    }
}

impl Chip for Scd4x {
    fn read<B: I2c + ?Sized>(&mut self, mut bus: &mut B, context: &mut Context<'_>) -> Result<Vec<Measured>, Error> {
        let mut chip = scd4x::Scd4x::new(&mut bus, DelayRef(context.delay));
        let outcome = match self.serial {
            Some(_) => self
                .compensate(&mut chip, context.air.air_pressure_hpa(context.now))
                .and_then(|()| self.newest(&mut chip)),
            None => self.set_up(&mut chip, context.now).and(Err(Error::WarmingUp)),
        };
        if matches!(outcome, Err(Error::NoAnswer { .. } | Error::Bus { .. } | Error::WrongDevice { .. })) {
            // Whoever answers next may be another chip, or the same one after a loss of power.
            *self = Self::new(self.setup);
        }
        outcome
    }

    fn identity(&self) -> Option<String> {
        self.serial.map(|serial| format!("SCD4x {serial:012x}"))
    }

    fn command<B: I2c + ?Sized>(
        &mut self,
        bus: &mut B,
        context: &mut Context<'_>,
        name: &str,
        args: &Map<String, Value>,
    ) -> Option<Result<Map<String, Value>, String>> {
        if name != "recalibrate" {
            return None;
        }
        let ppm = match self.reference_ppm(args, context.now) {
            Ok(ppm) => ppm,
            Err(refused) => return Some(Err(refused)),
        };
        let outcome = self.recalibrate(bus, context.delay, ppm);
        if matches!(&outcome, Err(error) if error.fault() != wire::Fault::BadResponse) {
            // Who knows whether it measures: it is set up anew.
            *self = Self::new(self.setup);
        }
        let said = |correction: i32| Map::from_iter([("correction_ppm".to_owned(), correction.into())]);
        Some(outcome.map(said).map_err(|error| error.to_string()))
    }
}

/// The crate's own command takes every negative correction for a failure, even the data sheet's example.
fn forced_recalibration<B: I2c + ?Sized>(bus: &mut B, delay: &mut dyn DelayNs, ppm: u16) -> Result<u16, Error> {
    let [correction] = sensirion::ask(ADDRESS, bus, delay, PERFORM_FORCED_RECALIBRATION, &[ppm])?;
    Ok(correction)
}

/// By how much the readings change, 3.7.1: word − 0x8000, and 0xFFFF for a failure.
pub fn correction_ppm(word: u16) -> Result<i32, Error> {
    if word == u16::MAX {
        let text = "the chip says that the recalibration failed; it keeps the old one".to_owned();
        return Err(Error::Other { fault: wire::Fault::BadResponse, text });
    }
    Ok(i32::from(word) - 0x8000)
}

/// What to tell the chip of the air's pressure, if anything: a configured pressure was told when it
/// was set up; a barometer's once it is known, and again when it moved.
#[must_use]
pub fn pressure_to_tell(configured: Option<u16>, air_hpa: Option<f64>, told: Option<u16>) -> Option<u16> {
    let hpa = air_hpa.filter(|hpa| configured.is_none() && PRESSURE_HPA.contains(hpa))?.round() as u16;
    told.is_none_or(|told| told.abs_diff(hpa) >= PRESSURE_STEP_HPA).then_some(hpa)
}

/// Datasheet 3.6.2: −45 + 175 · raw / (2^16 − 1).
#[must_use]
pub fn temperature_celsius(raw: u16) -> f64 {
    -45.0 + 175.0 * f64::from(raw) / 65535.0
}

/// Datasheet 3.6.2: 100 · raw / (2^16 − 1).
#[must_use]
pub fn humidity_percent(raw: u16) -> f64 {
    100.0 * f64::from(raw) / 65535.0
}

fn error<E: embedded_hal::i2c::Error>(error: &scd4x::Error<E>) -> Error {
    match error {
        scd4x::Error::I2c(bus) => Error::from_bus(ADDRESS, bus),
        // The crate does not say which word it was.
        scd4x::Error::Crc => Error::Checksum { address: ADDRESS },
        other => Error::Bus { address: ADDRESS, text: format!("{other:?}") },
    }
}

/// Lends a delay to the crate, which wants to own one.
struct DelayRef<'a>(&'a mut dyn DelayNs);

impl DelayNs for DelayRef<'_> {
    fn delay_ns(&mut self, ns: u32) {
        self.0.delay_ns(ns);
    }
    fn delay_us(&mut self, us: u32) {
        self.0.delay_us(us);
    }
    fn delay_ms(&mut self, ms: u32) {
        self.0.delay_ms(ms);
    }
}
