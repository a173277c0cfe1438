//! Vishay VEML7700: turns a count into lux, with the gain and the integration time that fit the light;
//! never believes a chip that forgot its settings, and never a count that is at its end.
//!
//! Datasheet 84286 <https://www.vishay.com/docs/84286/veml7700.pdf>, application note 84323
//! <https://www.vishay.com/docs/84323/designingveml7700.pdf>. Registers are read with a repeated start,
//! or the chip answers with the wrong one. The crate `veml7700` is not used: it neither reads the
//! device's id nor its settings back, and chooses no range.

use std::{sync::Arc, time::Duration};

use embedded_hal::{delay::DelayNs, i2c::I2c};

use super::{
    bh1750::ILLUMINANCE,
    median::{LEN_MAX, Median},
};
use crate::driver::{Chip, Context, Error, Kind, Measured, Place, Quantity, Reader, Seat, Sits, simulated};

/// Its only address.
pub const ADDRESS: u8 = 0x10;

/// VEML7700.
pub static KIND: Kind = Kind {
    word: "veml7700",
    parts: ["Vishay VEML7700"; 2],
    measures: ["light", "照度"],
    sits: Sits::I2c(&[ADDRESS]),
    period: None,
    period_min: None,
    read: |table| Some(Arc::new(Settings::read(table)?)),
    at: Some(|seat| Arc::new(Settings { seat, median: 1 })),
};

/// What a `[[sensor]]` of this kind says.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Where it sits.
    pub seat: Seat,
    /// The reading is the middle of so many measurements, one a second.
    pub median: u8,
}

impl Settings {
    fn read(table: &crate::config::Table<'_>) -> Option<Self> {
        let seat = Seat::read(table, &[ADDRESS]);
        let median = table.whole("median", 1, LEN_MAX.into()).unwrap_or(1);
        Some(Self { seat: seat?, median: u8::try_from(median).ok()? })
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
        table.insert("median".into(), i64::from(self.median).into());
    }
    fn quantities(&self) -> Vec<Quantity> {
        vec![Quantity { high: LUX_MAX, precision: 2, ..ILLUMINANCE }]
    }
    fn patience(&self) -> Duration {
        // Three ranges of at most 1.6 s, and once more for the retry.
        Duration::from_secs(10)
    }
    fn start(&self) -> Reader {
        Reader::Chip(Box::new(Veml7700::new(self.median)))
    }
    fn simulate(&self) -> Option<Box<dyn simulated::Device>> {
        Some(Box::new(simulated::veml7700::Veml7700::new()))
    }
}

/// "From 0 lx to about 140 klx", page 1.
const LUX_MAX: f64 = 140_000.0;

/// Command codes of the data sheet. Words are sent low byte first.
const ALS_CONF_0: u8 = 0x00;
const POWER_SAVING: u8 = 0x03;
const ALS: u8 = 0x04;
const ID: u8 = 0x07;
/// The low byte of the id. Older parts have no such register and give 0.
const DEVICE_ID: u8 = 0x81;
/// Bit 0 of ALS_CONF_0 shuts it down; it is so after power-on.
const SHUT_DOWN: u16 = 1;

/// A persistence of 2, which matters to an interrupt alone, and none is used: so that no setting is a
/// word of zeros, which a shorted line gives too.
const MARK: u16 = 1 << 4;

/// "A wait time of 2.5 ms" from shut-down to the first measurement.
const WAKE_MS: u32 = 3;

/// A gain and an integration time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    /// Both as bits of ALS_CONF_0.
    pub bits: u16,
    /// How long it integrates.
    pub integration_ms: u32,
    /// Lux of one count, application note page 5: 0.0042 at the most sensitive.
    pub lux_per_count: f64,
}

const fn range(gain_bits: u16, gain: f64, time_bits: u16, integration_ms: u32) -> Range {
    let lux_per_count = 0.0042 * (2.0 / gain) * (800.0 / integration_ms as f64);
    Range { bits: gain_bits << 11 | time_bits << 6 | MARK, integration_ms, lux_per_count }
}

/// From the least sensitive to the most, as the application note climbs (figure 24): gain before time,
/// and no high gain in bright light, where it is not linear.
pub const RANGES: [Range; 9] = [
    range(0b10, 0.125, 0b1100, 25),
    range(0b10, 0.125, 0b1000, 50),
    range(0b10, 0.125, 0b0000, 100),
    range(0b11, 0.25, 0b0000, 100),
    range(0b00, 1.0, 0b0000, 100),
    range(0b01, 2.0, 0b0000, 100),
    range(0b01, 2.0, 0b0001, 200),
    range(0b01, 2.0, 0b0010, 400),
    range(0b01, 2.0, 0b0011, 800),
];
/// Where it begins: gain 1/8, 100 ms.
const FIRST: usize = 2;
/// Counts that are fine as they are, application note, figure 24.
const COUNTS_FINE: std::ops::RangeInclusive<f64> = 100.0..=10_000.0;
/// A new range is the most sensitive that makes no more counts than this of the light.
const COUNTS_WANTED: f64 = 5000.0;
/// From the least sensitive range to the right one are two steps.
const ATTEMPTS: u32 = 3;

/// One chip.
#[derive(Debug)]
pub struct Veml7700 {
    /// The range that it was set to, once it said who it is.
    range: Option<usize>,
    median: Median,
}

impl Veml7700 {
    /// The chip, whose readings are the middle of `median` measurements; no traffic yet.
    #[must_use]
    pub fn new(median: u8) -> Self {
        Self { range: None, median: Median::new(median) }
    }

    /// Reads the id and sets the first range.
    fn set_up<B: I2c + ?Sized>(&mut self, bus: &mut B, delay: &mut dyn DelayNs) -> Result<usize, Error> {
        let [low, high] = register(bus, ID)?.to_le_bytes();
        if low != DEVICE_ID && [low, high] != [0, 0] {
            let found = format!("its id is {:#06x}", u16::from_le_bytes([low, high]));
            return Err(Error::WrongDevice { address: ADDRESS, expected: "VEML7700", found });
        }
        set_register(bus, POWER_SAVING, 0)?;
        set_range(bus, delay, FIRST)?;
        self.range = Some(FIRST);
        Ok(FIRST)
    }

    /// Fails where the chip has not the settings that it was given.
    fn unchanged<B: I2c + ?Sized>(&self, bus: &mut B, range: usize) -> Result<(), Error> {
        let found = register(bus, ALS_CONF_0)?;
        if found == RANGES[range].bits {
            return Ok(());
        }
        if found == SHUT_DOWN {
            // As after power-on.
            return Err(Error::WarmingUp);
        }
        let found = format!("set to {:#06x} it says {found:#06x}", RANGES[range].bits);
        Err(Error::WrongDevice { address: ADDRESS, expected: "VEML7700", found })
    }

    /// Measures, in another range where this one does not fit.
    fn measure<B: I2c + ?Sized>(&mut self, bus: &mut B, delay: &mut dyn DelayNs) -> Result<f64, Error> {
        let mut range = match self.range {
            Some(range) => range,
            None => self.set_up(bus, delay)?,
        };
        for attempt in 1..=ATTEMPTS {
            self.unchanged(bus, range)?;
            self.median.push(lux_or_brighter(register(bus, ALS)?, range));
            let lux = self.median.middle().expect("one was just pushed");
            let Some(better) = better_range(range, lux).filter(|_| attempt < ATTEMPTS) else { break };
            set_range(bus, delay, better)?;
            (range, self.range) = (better, Some(better));
            // What was seen through the wrong range is not worth keeping.
            self.median.clear();
        }
        self.median.middle().filter(|lux| lux.is_finite()).ok_or_else(|| Error::Other {
            fault: wire::Fault::OutOfRange,
            text: "the light is brighter than the chip can count".to_owned(),
        })
    }

    fn doubt(&mut self) {
        self.range = None;
        self.median.clear();
    }
}

impl Chip for Veml7700 {
    fn read<B: I2c + ?Sized>(&mut self, bus: &mut B, context: &mut Context<'_>) -> Result<Vec<Measured>, Error> {
        let outcome = self.measure(bus, context.delay);
        if matches!(&outcome, Err(error) if error.fault() != wire::Fault::OutOfRange) {
            self.doubt();
        }
        Ok(vec![Measured::plain(ILLUMINANCE.name, outcome?)])
    }

    fn identity(&self) -> Option<String> {
        self.range.map(|_| "VEML7700".to_owned())
    }

    fn look_every(&self) -> Option<Duration> {
        self.median.every()
    }

    /// It measures by itself; a look takes the newest count. Only a reading changes the range, so that
    /// a flash does not.
    fn look<B: I2c + ?Sized>(&mut self, bus: &mut B, _context: &mut Context<'_>) -> Result<bool, Error> {
        if let Some(range) = self.range {
            let count = self.unchanged(bus, range).and_then(|()| register(bus, ALS));
            let count = count.inspect_err(|_| self.doubt())?;
            self.median.push(lux_or_brighter(count, range));
        }
        Ok(false)
    }
}

fn register<B: I2c + ?Sized>(bus: &mut B, code: u8) -> Result<u16, Error> {
    let mut bytes = [0; 2];
    bus.write_read(ADDRESS, &[code], &mut bytes).map_err(|error| Error::from_bus(ADDRESS, &error))?;
    Ok(u16::from_le_bytes(bytes))
}

fn set_register<B: I2c + ?Sized>(bus: &mut B, code: u8, word: u16) -> Result<(), Error> {
    let [low, high] = word.to_le_bytes();
    bus.write(ADDRESS, &[code, low, high]).map_err(|error| Error::from_bus(ADDRESS, &error))
}

/// Shuts the chip down, changes its range, and waits until a count is of that range alone. Its clock
/// may be off by a part, so twice the time.
fn set_range<B: I2c + ?Sized>(bus: &mut B, delay: &mut dyn DelayNs, range: usize) -> Result<(), Error> {
    let Range { bits, integration_ms, .. } = RANGES[range];
    set_register(bus, ALS_CONF_0, bits | SHUT_DOWN)?;
    set_register(bus, ALS_CONF_0, bits)?;
    delay.delay_ms(WAKE_MS + 2 * integration_ms);
    Ok(())
}

/// The range for a light that this one makes too few or too many counts of.
#[must_use]
pub fn better_range(range: usize, lux: f64) -> Option<usize> {
    let linear = linear_lux(lux);
    if COUNTS_FINE.contains(&(linear / RANGES[range].lux_per_count)) {
        return None;
    }
    let fits = |range: &Range| linear / range.lux_per_count <= COUNTS_WANTED;
    let better = RANGES.iter().rposition(fits).unwrap_or(0);
    (better != range).then_some(better)
}

fn lux_or_brighter(count: u16, range: usize) -> f64 {
    if count == u16::MAX { f64::INFINITY } else { illuminance_lux(count, RANGES[range].lux_per_count) }
}

/// Application note page 5, and its correction for bright light: required over 1000 lx, by 8 %
/// there and 25 % at 5000 lx. Below it changes less than the chip's 10 %, and so it joins without a step.
#[must_use]
pub fn illuminance_lux(count: u16, lux_per_count: f64) -> f64 {
    corrected(f64::from(count) * lux_per_count)
}

fn corrected(linear: f64) -> f64 {
    (((6.0135e-13 * linear - 9.3924e-9) * linear + 8.1488e-5) * linear + 1.0023) * linear
}

/// The correction backwards, by halving: it rises everywhere.
#[must_use]
pub fn linear_lux(lux: f64) -> f64 {
    let (mut low, mut high) = (0.0, LUX_MAX);
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if corrected(middle) < lux { low = middle } else { high = middle }
    }
    low
}
