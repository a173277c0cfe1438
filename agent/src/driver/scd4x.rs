//! Sensirion SCD40, SCD41, SCD43: turns a periodic measurement into CO2, and on request into the
//! chip's own temperature and humidity; never reads an empty buffer and never passes on a power-on 0.
//!
//! Datasheet: <https://sensirion.com/resource/datasheet/scd4x>. The bus traffic is the crate
//! `scd4x`'s; this file decides what to send when, and when to believe what comes back.

use embedded_hal::{delay::DelayNs, i2c::I2c};

use super::{Error, Measured, Quantity};

/// Its only address.
pub const ADDRESS: u8 = 0x62;

/// Carbon dioxide. The chip's output ends at 0 and 40000; what it is specified for at 5000.
pub const CO2: Quantity =
    Quantity { name: "co2_ppm", unit: "ppm", low: 300.0, high: 40_000.0, precision: 0, moves: true };
/// The chip's temperature, warmed by itself.
pub const TEMPERATURE: Quantity =
    Quantity { name: "co2_sensor_temperature_celsius", unit: "Cel", low: -10.0, high: 60.0, precision: 2, moves: true };
/// The chip's humidity, at its own temperature.
pub const HUMIDITY: Quantity =
    Quantity { name: "co2_sensor_humidity_percent", unit: "%RH", low: 0.0, high: 100.0, precision: 1, moves: true };

/// The chip measures every 5 s. Asked so many times in vain at periods of a second or more, it has
/// stopped, after a brown-out say, and is set up anew.
const EMPTY_MAX: u32 = 15;

/// How the chip is to be set up; see the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setup {
    /// Air pressure in hPa.
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
}

impl Scd4x {
    /// The chip; no traffic yet.
    #[must_use]
    pub fn new(setup: Setup) -> Self {
        Self { setup, serial: None, last: None, empty: 0 }
    }

    /// What it is, once it said so.
    #[must_use]
    pub fn identity(&self) -> Option<String> {
        self.serial.map(|serial| format!("SCD4x {serial:012x}"))
    }

    /// The newest measurement; sets the chip up first where that is not done.
    pub fn read<B: I2c + ?Sized, D: DelayNs>(
        &mut self,
        mut bus: &mut B,
        delay: &mut D,
    ) -> Result<Vec<Measured>, Error> {
        let mut chip = scd4x::Scd4x::new(&mut bus, DelayRef(delay));
        let outcome = match self.serial {
            Some(_) => self.newest(&mut chip),
            None => self.set_up(&mut chip).and(Err(Error::WarmingUp)),
        };
        if matches!(outcome, Err(Error::NoAnswer { .. } | Error::Bus { .. } | Error::WrongDevice { .. })) {
            // Whoever answers next may be another chip, or the same one after a loss of power.
            *self = Self::new(self.setup);
        }
        outcome
    }

    /// Stops, identifies, configures and starts the chip; takes 0.5 s.
    fn set_up<B: I2c, D: DelayNs>(&mut self, chip: &mut scd4x::Scd4x<B, D>) -> Result<(), Error> {
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
        *self = Self { serial: Some(serial), ..Self::new(self.setup) };
        Ok(())
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
struct DelayRef<'a, D>(&'a mut D);

impl<D: DelayNs> DelayNs for DelayRef<'_, D> {
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
