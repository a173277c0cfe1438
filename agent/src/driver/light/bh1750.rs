//! ROHM BH1750: turns two bytes into lux; never reads before the measurement is done, when the chip
//! would give the last one or 0.
//!
//! Datasheet: <https://fscdn.rohm.com/en/products/databook/datasheet/ic/sensor/light/bh1750fvi-e.pdf>.
//! The crate `bh1750` is not used: it has one release, waits in the typical time of the data sheet
//! instead of the longest, and hides the raw count that saturation shows in.

use std::{sync::Arc, time::Duration};

use embedded_hal::{delay::DelayNs, i2c::I2c};

use super::median::{LEN_MAX, Median};
use crate::driver::{Chip, Context, Error, Kind, Measured, Place, Quantity, Reader, Seat, Sits, simulated};

/// BH1750FVI, at 0x23 (ADDR low) or 0x5c (ADDR high).
pub static KIND: Kind = Kind {
    word: "bh1750",
    parts: ["ROHM BH1750FVI"; 2],
    measures: ["light", "照度"],
    sits: Sits::I2c(ADDRESSES),
    period: None,
    period_min: None,
    read: |table| Some(Arc::new(Settings::read(table)?)),
    at: Some(|seat| Arc::new(Settings { seat, mtreg: MTREG_DEFAULT, median: 1 })),
};
const ADDRESSES: &[u8] = &[0x23, 0x5C];

/// What a `[[sensor]]` of this kind says.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Where it sits.
    pub seat: Seat,
    /// Measurement time register, 31 to 254; 69 as made, 254 for dark rooms.
    pub mtreg: u8,
    /// The reading is the middle of so many measurements, one a second; 1 measures when it is read.
    pub median: u8,
}

impl Settings {
    fn read(table: &crate::config::Table<'_>) -> Option<Self> {
        let seat = Seat::read(table, ADDRESSES);
        let mtreg = table.whole("mtreg", 31, 254).unwrap_or(MTREG_DEFAULT.into());
        let median = table.whole("median", 1, LEN_MAX.into()).unwrap_or(1);
        Some(Self { seat: seat?, mtreg: u8::try_from(mtreg).ok()?, median: u8::try_from(median).ok()? })
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
        table.insert("mtreg".into(), i64::from(self.mtreg).into());
        table.insert("median".into(), i64::from(self.median).into());
    }
    fn quantities(&self) -> Vec<Quantity> {
        vec![ILLUMINANCE]
    }
    fn start(&self) -> Reader {
        Reader::Chip(Box::new(Bh1750::new(self.seat.address, self.mtreg).over(self.median)))
    }
    fn simulate(&self) -> Option<Box<dyn simulated::Device>> {
        Some(Box::new(simulated::bh1750::Bh1750::new()))
    }
}

/// Light. A lamp in a closed room may well give the same count for hours, so it is never `stuck`.
/// 65535 counts at the shortest measurement time are 60 790 lx in the finer mode.
pub const ILLUMINANCE: Quantity = Quantity::resting("illuminance_lux", "lx", 0.0, 100_000.0, 1);

/// "Power On".
const POWER_ON: u8 = 0b0000_0001;
/// "One Time H-Resolution Mode2": half a lux a count; the chip powers down afterwards.
const ONE_TIME_H_RESOLUTION_MODE2: u8 = 0b0010_0001;
/// "Change Measurement time (High bit)", three bits of the register.
const CHANGE_TIME_HIGH: u8 = 0b0100_0000;
/// "Change Measurement time (Low bit)", five bits of it.
const CHANGE_TIME_LOW: u8 = 0b0110_0000;
/// The register's value after power-on, to which all times and counts are proportional.
const MTREG_DEFAULT: u8 = 69;
/// The longest measurement at the default register, page 2 of the data sheet.
const MEASURE_MS_MAX: u32 = 180;

/// The chip has neither a name nor checksums, so it is known by what it does: in the same light it
/// counts four times as much when it looks four times as long.
const VERIFY_MTREG: [u8; 2] = [31, 124];
/// With fewer counts the ratio says nothing; the room is dark, and it is tried again next time.
const VERIFY_COUNT_MIN: u16 = 16;
/// Light may change between the two looks, so the ratio of 4 may be off by a factor of two …
const VERIFY_RATIO: std::ops::RangeInclusive<f64> = 2.0..=8.0;
/// … and flicker may be worse than that, but not so many times in a row.
const VERIFY_ATTEMPTS: u32 = 3;

/// A chip that is swapped between two readings gives no sign of it, so it is tried again every so
/// many readings; ten minutes at a period of 10 s.
const VERIFY_EVERY: u32 = 60;

/// One chip.
#[derive(Debug)]
pub struct Bh1750 {
    address: u8,
    mtreg: u8,
    verified: bool,
    /// Readings since it was tried.
    readings: u32,
    median: Median,
    /// When a measurement was begun that nobody fetched yet.
    begun: Option<Duration>,
}

impl Bh1750 {
    /// The chip at `address`, to be used with measurement time register `mtreg`; no traffic yet.
    #[must_use]
    pub fn new(address: u8, mtreg: u8) -> Self {
        Self { address, mtreg, verified: false, readings: 0, median: Median::new(1), begun: None }
    }

    /// The same with readings that are the middle of `len` measurements.
    #[must_use]
    pub fn over(self, len: u8) -> Self {
        Self { median: Median::new(len), ..self }
    }

    /// Whoever answers next may be another chip, in another light.
    fn doubt(&mut self) {
        (self.verified, self.begun) = (false, None);
        self.median.clear();
    }

    /// Fails where the counts do not follow the measurement time.
    fn verify<B: I2c + ?Sized>(&mut self, bus: &mut B, delay: &mut dyn DelayNs) -> Result<(), Error> {
        self.readings += 1;
        if self.verified && self.readings < VERIFY_EVERY {
            return Ok(());
        }
        // What runs is broken off by what follows.
        self.begun = None;
        let mut counts = [0; 2];
        for _ in 0..VERIFY_ATTEMPTS {
            for (count, mtreg) in counts.iter_mut().zip(VERIFY_MTREG) {
                *count = self.measure(bus, delay, mtreg)?;
            }
            let [short, long] = counts;
            if short < VERIFY_COUNT_MIN && long < 8 * VERIFY_COUNT_MIN || long == u16::MAX {
                return Ok(());
            }
            if VERIFY_RATIO.contains(&(f64::from(long) / f64::from(short.max(1)))) {
                (self.verified, self.readings) = (true, 0);
                return Ok(());
            }
        }
        let found = format!("looking four times as long it counts {} after {}", counts[1], counts[0]);
        Err(Error::WrongDevice { address: self.address, expected: "BH1750", found })
    }

    fn measure<B: I2c + ?Sized>(&self, bus: &mut B, delay: &mut dyn DelayNs, mtreg: u8) -> Result<u16, Error> {
        self.begin(bus, mtreg)?;
        delay.delay_ms(measure_ms(mtreg));
        self.fetch(bus)
    }

    /// The register is written each time: a chip that lost power forgot it, and its counts would
    /// mean other lux.
    fn begin<B: I2c + ?Sized>(&self, bus: &mut B, mtreg: u8) -> Result<(), Error> {
        let time = [CHANGE_TIME_HIGH | mtreg >> 5, CHANGE_TIME_LOW | mtreg & 0x1F];
        for command in [POWER_ON, time[0], time[1], ONE_TIME_H_RESOLUTION_MODE2] {
            bus.write(self.address, &[command]).map_err(|error| Error::from_bus(self.address, &error))?;
        }
        Ok(())
    }

    fn fetch<B: I2c + ?Sized>(&self, bus: &mut B) -> Result<u16, Error> {
        let mut bytes = [0; 2];
        bus.read(self.address, &mut bytes).map_err(|error| Error::from_bus(self.address, &error))?;
        Ok(u16::from_be_bytes(bytes))
    }

    /// Fetches the measurement that was begun a look ago and begins the next: nobody waits for it.
    fn roll<B: I2c + ?Sized>(&mut self, bus: &mut B, now: Duration) -> Result<(), Error> {
        let takes = Duration::from_millis(measure_ms(self.mtreg).into());
        match self.begun {
            Some(at) if now < at + takes => return Ok(()),
            Some(_) => {
                let raw = self.fetch(bus)?;
                self.median.push(lux_or_brighter(raw, self.mtreg));
            }
            None => {}
        }
        self.begun = None;
        self.begin(bus, self.mtreg)?;
        self.begun = Some(now);
        Ok(())
    }

    /// A reading that is the middle of the last looks; the first has none to go by.
    fn middle<B: I2c + ?Sized>(&mut self, bus: &mut B, context: &mut Context<'_>) -> Result<Measured, Error> {
        self.verify(bus, context.delay)?;
        if self.median.middle().is_none() {
            let raw = self.measure(bus, context.delay, self.mtreg)?;
            self.median.push(lux_or_brighter(raw, self.mtreg));
            self.begun = None;
        }
        self.roll(bus, context.now)?;
        let lux = self.median.middle().filter(|lux| lux.is_finite()).ok_or_else(too_bright)?;
        Ok(Measured::plain(ILLUMINANCE.name, lux))
    }
}

impl Chip for Bh1750 {
    fn read<B: I2c + ?Sized>(&mut self, bus: &mut B, context: &mut Context<'_>) -> Result<Vec<Measured>, Error> {
        if self.median.every().is_some() {
            let outcome = self.middle(bus, context);
            if outcome.is_err() {
                self.doubt();
            }
            return Ok(vec![outcome?]);
        }
        let raw = self.verify(bus, context.delay).and_then(|()| self.measure(bus, context.delay, self.mtreg));
        if raw.is_err() {
            self.verified = false;
        }
        let raw = raw?;
        if raw == u16::MAX {
            return Err(too_bright());
        }
        Ok(vec![Measured::new(ILLUMINANCE.name, illuminance_lux(raw, self.mtreg), raw.into())])
    }

    fn look_every(&self) -> Option<Duration> {
        self.median.every()
    }

    fn look<B: I2c + ?Sized>(&mut self, bus: &mut B, context: &mut Context<'_>) -> Result<bool, Error> {
        // A stranger at the address gets no vote: only one that was tried is listened to.
        if self.verified || self.median.middle().is_some() {
            self.roll(bus, context.now).inspect_err(|_| self.doubt())?;
        }
        Ok(false)
    }

    fn identity(&self) -> Option<String> {
        self.verified.then(|| "BH1750".to_owned())
    }
}

/// Either brighter than it can count, or nobody drives the data line.
fn too_bright() -> Error {
    let text = "the count is at its end: too bright for `mtreg`, or no BH1750".to_owned();
    Error::Other { fault: wire::Fault::OutOfRange, text }
}

/// For a median, in which a flash that is too bright to count is just bright.
fn lux_or_brighter(raw: u16, mtreg: u8) -> f64 {
    if raw == u16::MAX { f64::INFINITY } else { illuminance_lux(raw, mtreg) }
}

/// How long to wait for a measurement.
#[must_use]
pub fn measure_ms(mtreg: u8) -> u32 {
    (MEASURE_MS_MAX * u32::from(mtreg)).div_ceil(MTREG_DEFAULT.into())
}

/// Page 11 of the data sheet: count / 1.2 · 69 / register, halved in the finer mode.
#[must_use]
pub fn illuminance_lux(raw: u16, mtreg: u8) -> f64 {
    f64::from(raw) / 1.2 * f64::from(MTREG_DEFAULT) / f64::from(mtreg) / 2.0
}
