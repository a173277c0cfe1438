//! Sensirion SGP40, SGP41: turns the raw signals of heated metal oxide, fetched once a second, into a
//! VOC index and, by an SGP41, a NOx index: how the air differs from what is usual here. Never says
//! micrograms, and never anything before the pixels are warm.
//!
//! Datasheets: <https://sensirion.com/resource/datasheet/sgp40>, <https://sensirion.com/resource/datasheet/sgp41>.
//! The crates `sgp40`, `sgp41` and `sgp4x` are not used: the first two are for an embedded-hal of the
//! past, the last has one release, and none gives back after a restart what the index had learned.

use std::{sync::Arc, time::Duration};

use embedded_hal::{delay::DelayNs, i2c::I2c};

use super::gas_index::{GasIndex, Learned, NOX, VOC};
use crate::driver::{Chip, Context, Error, Kind, Measured, Place, Quantity, Reader, Seat, Sits, sensirion, simulated};

/// Its only address.
pub const ADDRESS: u8 = 0x59;

/// SGP40 and SGP41.
pub static KIND: Kind = Kind {
    word: "sgp4x",
    parts: ["Sensirion SGP40, SGP41"; 2],
    measures: ["odour: VOC and NOx index", "异味：VOC 与 NOx 指数"],
    sits: Sits::I2c(&[ADDRESS]),
    period: None,
    period_min: None,
    read: |table| Some(Arc::new(Settings::read(table)?)),
    at: Some(|seat| Arc::new(Settings { seat, nox: false })),
};

/// What a `[[sensor]]` of this kind says.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Where it sits.
    pub seat: Seat,
    /// It is an SGP41, and nitrogen oxides are wanted too.
    pub nox: bool,
}

impl Settings {
    fn read(table: &crate::config::Table<'_>) -> Option<Self> {
        let seat = Seat::read(table, &[ADDRESS]);
        let nox = table.flag("nox").unwrap_or(false);
        Some(Self { seat: seat?, nox })
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
        table.insert("nox".into(), self.nox.into());
    }
    fn quantities(&self) -> Vec<Quantity> {
        if self.nox { vec![VOC_INDEX, NOX_INDEX] } else { vec![VOC_INDEX] }
    }
    fn start(&self) -> Reader {
        Reader::Chip(Box::new(Sgp4x::new(self.nox)))
    }
    fn simulate(&self) -> Option<Box<dyn simulated::Device>> {
        Some(Box::new(simulated::sgp4x::Sgp4x::new(if self.nox { Model::Sgp41 } else { Model::Sgp40 })))
    }
}

/// How much the air smells: 100 as usual here, 1 to 500. Judged for `stuck` by the raw signal.
pub const VOC_INDEX: Quantity = Quantity::moving("voc_index", "1", 1.0, 500.0, 0);
/// Nitrogen oxides, of fire and exhaust: 1 as usual here, to 500.
pub const NOX_INDEX: Quantity = Quantity::moving("nox_index", "1", 1.0, 500.0, 0);

/// The index wants a signal every second.
const FEED_EVERY: Duration = Duration::from_secs(1);
/// A reading that finds no signal younger than this fetches one itself.
const FEED_LATE: Duration = Duration::from_millis(2500);
/// What was learned is not used again "after interruptions of more than 10 minutes".
const INTERRUPTION_MAX: Duration = Duration::from_secs(600);
/// The NOx pixel is damaged by more than 10 s of conditioning, as the SGP41's data sheet warns.
const CONDITIONING: Duration = Duration::from_secs(10);
/// So many unanswered looks in a row, and whoever answers next may be another chip, or a cold one.
const FAILURES_MAX: u32 = 3;

/// Commands and their longest times in ms, from the tables of commands of both data sheets.
const SERIAL_NUMBER: (u16, u32) = (0x3682, 1);
const TURN_HEATER_OFF: (u16, u32) = (0x3615, 1);
const SELF_TEST: (u16, u32) = (0x280E, 320);
const SGP40_MEASURE: (u16, u32) = (0x260F, 30);
const SGP41_CONDITION: (u16, u32) = (0x2612, 50);
const SGP41_MEASURE: (u16, u32) = (0x2619, 50);
/// Not in these data sheets, but in the SGP30's, and answered by all: bits 0 to 8 name the product.
const FEATURE_SET: (u16, u32) = (0x202F, 10);
const FEATURE_SET_MASK: u16 = 0x01FF;

/// What the chips are told where nobody knows: the "default" of both data sheets.
const HUMIDITY_DEFAULT_PERCENT: f64 = 50.0;
const TEMPERATURE_DEFAULT_CELSIUS: f64 = 25.0;

/// Which of the two chips.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Model {
    /// VOC.
    Sgp40,
    /// VOC and NOx.
    Sgp41,
}

impl Model {
    /// The model of a feature set.
    #[must_use]
    pub fn of(feature_set: u16) -> Option<Self> {
        match feature_set & FEATURE_SET_MASK {
            0x0020 => Some(Self::Sgp40),
            0x0040 => Some(Self::Sgp41),
            _ => None,
        }
    }

    /// Whether the self-test found everything well. SGP40: 0xD4 in the high byte. SGP41: the high byte
    /// says nothing, and each of four low bits is a pixel that failed.
    #[must_use]
    pub fn passed(self, result: u16) -> bool {
        match self {
            Self::Sgp40 => result >> 8 == 0xD4,
            Self::Sgp41 => result & 0x000F == 0,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Sgp40 => "SGP40",
            Self::Sgp41 => "SGP41",
        }
    }
}

/// A chip that said who it is.
#[derive(Debug, Clone, Copy)]
struct Known {
    model: Model,
    serial: u64,
    /// Since when it is fed.
    since: Duration,
}

/// One chip.
#[derive(Debug)]
pub struct Sgp4x {
    wants_nox: bool,
    known: Option<Known>,
    voc: GasIndex,
    nox: GasIndex,
    /// The last raw signals, until they were given once.
    raw: [Option<u16>; 2],
    /// When it was fed last.
    fed_at: Option<Duration>,
    /// Looks in a row that nobody answered.
    failures: u32,
    /// What was learned before an interruption, and when that began.
    before: Option<(Duration, Learned)>,
}

impl Sgp4x {
    /// The chip, an SGP41 if NOx is wanted; no traffic yet.
    #[must_use]
    pub fn new(wants_nox: bool) -> Self {
        let (voc, nox) = (GasIndex::new(VOC), GasIndex::new(NOX));
        Self { wants_nox, known: None, voc, nox, raw: [None; 2], fed_at: None, failures: 0, before: None }
    }

    /// Asks for the name and runs the self-test; takes 0.35 s.
    fn identify<B: I2c + ?Sized>(
        &mut self,
        bus: &mut B,
        delay: &mut dyn DelayNs,
        now: Duration,
    ) -> Result<Known, Error> {
        let expected = if self.wants_nox { "SGP41" } else { "SGP40 or SGP41" };
        let wrong = |found: String| Error::WrongDevice { address: ADDRESS, expected, found };
        let named = |error: Error| match error {
            Error::Crc { .. } => wrong("its serial number has no valid checksum".to_owned()),
            other => other,
        };
        let serial = ask::<3, _>(bus, delay, SERIAL_NUMBER, &[]).map_err(named)?;
        let serial = serial.iter().fold(0, |serial, word| serial << 16 | u64::from(*word));
        if matches!(serial, 0 | 0xFFFF_FFFF_FFFF) {
            return Err(wrong("its serial number is blank".to_owned()));
        }
        let [feature_set] = ask(bus, delay, FEATURE_SET, &[])?;
        let model = match Model::of(feature_set) {
            Some(Model::Sgp40) if self.wants_nox => return Err(wrong("an SGP40, which has no NOx".to_owned())),
            Some(model) => model,
            None => return Err(wrong(format!("its feature set is {feature_set:#06x}"))),
        };
        // A self-test is for a chip that rests.
        let [] = ask(bus, delay, TURN_HEATER_OFF, &[])?;
        let [result] = ask(bus, delay, SELF_TEST, &[])?;
        if !model.passed(result) {
            let text = format!("the {} failed its self-test: {result:#06x}; replace it", model.name());
            return Err(Error::Other { fault: wire::Fault::BadResponse, text });
        }
        Ok(Known { model, serial, since: now })
    }

    /// Begins anew, with what was learned where that is not long ago.
    fn begin(&mut self, now: Duration) {
        let recent = |at: &Duration| now.checked_sub(*at).is_some_and(|age| age < INTERRUPTION_MAX);
        self.voc = match self.before.take().filter(|(at, _)| recent(at)) {
            Some((_, learned)) => GasIndex::resumed(VOC, learned),
            None => GasIndex::new(VOC),
        };
        self.nox = GasIndex::new(NOX);
        (self.fed_at, self.raw, self.failures) = (None, [None; 2], 0);
    }

    /// Fetches the raw signals of this second and feeds the indices.
    fn feed<B: I2c + ?Sized>(&mut self, bus: &mut B, context: &mut Context<'_>, known: Known) -> Result<(), Error> {
        let now = context.now;
        if self.fed_at.is_some_and(|at| now.saturating_sub(at) > INTERRUPTION_MAX) {
            self.begin(now);
        }
        let outcome = match known.model {
            Model::Sgp40 => ask::<1, _>(bus, context.delay, SGP40_MEASURE, &climate(context.air, now)),
            Model::Sgp41 if now < known.since + CONDITIONING => {
                // Conditioning is told the defaults, as the data sheet says.
                ask::<1, _>(bus, context.delay, SGP41_CONDITION, &DEFAULT_CLIMATE)
            }
            Model::Sgp41 => {
                ask::<2, _>(bus, context.delay, SGP41_MEASURE, &climate(context.air, now)).map(|[voc, nox]| {
                    self.nox.feed(nox);
                    self.raw[1] = Some(nox);
                    [voc]
                })
            }
        };
        match outcome {
            Ok([voc]) => {
                self.voc.feed(voc);
                self.raw[0] = Some(voc);
                (self.fed_at, self.failures) = (Some(now), 0);
                Ok(())
            }
            Err(error) => {
                if matches!(error, Error::NoAnswer { .. } | Error::Bus { .. }) {
                    self.failures += 1;
                }
                if self.failures >= FAILURES_MAX {
                    self.before = self.fed_at.zip(self.voc.learned());
                    self.known = None;
                }
                Err(error)
            }
        }
    }

    fn measured(&mut self) -> Result<Vec<Measured>, Error> {
        let index = self.voc.index().ok_or(Error::WarmingUp)?;
        let [voc_raw, nox_raw] = std::mem::take(&mut self.raw).map(|raw| raw.map(u64::from));
        let mut measured = vec![Measured { raw: voc_raw, ..Measured::plain(VOC_INDEX.name, index) }];
        if self.wants_nox {
            measured.push(match self.nox.index() {
                Some(index) => Measured { raw: nox_raw, ..Measured::plain(NOX_INDEX.name, index) },
                None => Measured::fault(NOX_INDEX.name, wire::Fault::WarmingUp),
            });
        }
        Ok(measured)
    }
}

impl Chip for Sgp4x {
    fn read<B: I2c + ?Sized>(&mut self, bus: &mut B, context: &mut Context<'_>) -> Result<Vec<Measured>, Error> {
        let Some(known) = self.known else {
            let known = self.identify(bus, context.delay, context.now)?;
            self.begin(context.now);
            self.known = Some(known);
            return Err(Error::WarmingUp);
        };
        if self.fed_at.is_none_or(|at| context.now.saturating_sub(at) > FEED_LATE) {
            self.feed(bus, context, known)?;
        }
        self.measured()
    }

    fn identity(&self) -> Option<String> {
        self.known.map(|known| format!("{} {:012x}", known.model.name(), known.serial))
    }

    fn look_every(&self) -> Option<Duration> {
        Some(FEED_EVERY)
    }

    fn look<B: I2c + ?Sized>(&mut self, bus: &mut B, context: &mut Context<'_>) -> Result<bool, Error> {
        if let Some(known) = self.known {
            self.feed(bus, context, known)?;
        }
        Ok(false)
    }

    fn keep(&self) -> Option<String> {
        let (at, learned) = match self.known {
            Some(_) => self.fed_at.zip(self.voc.learned())?,
            None => self.before?,
        };
        Some(format!("{} {} {}", at.as_secs(), learned.mean, learned.spread))
    }

    /// The time in it counts from the computer's start. Nothing is kept before three hours, so what
    /// an earlier run of the computer kept lies ahead and is not used.
    fn restore(&mut self, kept: &str) {
        let numbers: Option<Vec<f64>> = kept.split_whitespace().map(|word| word.parse().ok()).collect();
        let Some([at, mean, spread]) = numbers.as_deref() else { return };
        let sound = |number: &f64| (0.0..1e9).contains(number);
        if [at, mean, spread].into_iter().all(sound) {
            self.before = Some((Duration::from_secs(*at as u64), Learned { mean: *mean, spread: *spread }));
        }
    }
}

const DEFAULT_CLIMATE: [u16; 2] = [0x8000, 0x6666];

/// The air's humidity and warmth as the chips are told, so that their signal does not follow them.
fn climate(air: &crate::driver::Air, now: Duration) -> [u16; 2] {
    let humidity = air.humidity_percent(now).unwrap_or(HUMIDITY_DEFAULT_PERCENT);
    let celsius = air.temperature_celsius(now).unwrap_or(TEMPERATURE_DEFAULT_CELSIUS);
    [humidity_ticks(humidity), temperature_ticks(celsius)]
}

/// Both data sheets: %RH · 65535 / 100.
#[must_use]
pub fn humidity_ticks(percent: f64) -> u16 {
    (percent.clamp(0.0, 100.0) * 65535.0 / 100.0).round() as u16
}

/// Both data sheets: (°C + 45) · 65535 / 175, from −45 to 130.
#[must_use]
pub fn temperature_ticks(celsius: f64) -> u16 {
    ((celsius.clamp(-45.0, 130.0) + 45.0) * 65535.0 / 175.0).round() as u16
}

/// A command with its arguments, and after its time the words of the answer.
fn ask<const WORDS: usize, B: I2c + ?Sized>(
    bus: &mut B,
    delay: &mut dyn DelayNs,
    (command, takes_ms): (u16, u32),
    arguments: &[u16],
) -> Result<[u16; WORDS], Error> {
    sensirion::ask(ADDRESS, bus, delay, (command, takes_ms), arguments)
}
