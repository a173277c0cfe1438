//! A current transformer at an ADS1115: turns a mains branch into amperes, and with what the asset
//! usually draws into powered, playing, overloaded and dead; never takes an input that floats for 0 A.
//!
//! What one current can tell, and what not: `powered` 0 is an asset that is switched off, or unplugged,
//! or blown: only `power_on` of another sensor tells those apart. `dead` is the one case that the
//! current shows by itself: it fell from playing to nothing at once, and nobody who switches off at
//! closing time does that in the middle of a song. It stays 1 until the asset draws current again.

use std::{sync::Arc, time::Duration};

use embedded_hal::i2c::I2c;
use wire::Fault;

use super::{
    ads1115::{ADDRESSES, Ads1115, INPUTS, Input, Range},
    levels::{Doing, Levels, Seen},
    rms::effective,
};
use crate::{
    config::{Expected, Problem, Table},
    driver::{Chip, Context, Error, Kind, Measured, Place, Quantity, Reader, Seat, Sits, simulated},
};

/// An ADS1115 with a current transformer.
pub static KIND: Kind = Kind {
    word: "ct",
    parts: ["TI ADS1115 with a current transformer"; 2],
    measures: ["mains current; powered, playing, overloaded, dead", "市电电流；通电、播放、过载、使用中断电"],
    sits: Sits::I2c(ADDRESSES),
    period: None,
    period_min: None,
    read: |table| Some(Arc::new(Settings::read(table)?)),
    // Nobody can guess what hangs at an ADC.
    at: None,
};

/// What a `[[sensor]]` of this kind says.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Where it sits.
    pub seat: Seat,
    /// Where the transformer is.
    pub input: Input,
    /// What a volt of the transformer means.
    pub amperes_per_volt: f64,
    /// The voltage that it swings about.
    pub bias_volt: f64,
    /// Less is nothing.
    pub floor_ampere: f64,
    /// Instead of learning both.
    pub levels: Option<Levels>,
    /// From here on it is too much.
    pub overload_ampere: Option<f64>,
}

impl Settings {
    fn read(table: &Table<'_>) -> Option<Self> {
        let seat = Seat::read(table, ADDRESSES);
        let input = table.word("input", INPUTS, INPUTS);
        let index = INPUTS.iter().position(|known| Some(*known) == input).unwrap_or(0);
        let expected = Expected::Number { low: 0.1, high: 10_000.0 };
        let amperes_per_volt = table.number("amperes_per_volt", 0.1, 10_000.0);
        let amperes_per_volt = table.require("amperes_per_volt", expected, amperes_per_volt);
        let bias_volt = table.number("bias_volt", 0.5, 3.0).unwrap_or(1.65);
        let floor_ampere = table.number("floor_ampere", 0.005, 100.0).unwrap_or(0.05);
        let idle_ampere = table.number("idle_ampere", 0.005, 10_000.0);
        let playing_ampere = table.number("playing_ampere", 0.005, 10_000.0);
        let overload_ampere = table.number("overload_ampere", 0.005, 10_000.0);
        let levels = match (idle_ampere, playing_ampere) {
            (Some(idle_ampere), Some(playing_ampere)) if idle_ampere < playing_ampere => {
                Some(Levels { idle_ampere, playing_ampere })
            }
            (Some(low), Some(found)) => {
                let problem = Expected::Number { low, high: 10_000.0 };
                table.note("playing_ampere", Problem::Wrong { expected: problem, found: found.to_string() });
                None
            }
            (Some(_), None) if !table.has("playing_ampere") => {
                table.note("idle_ampere", Problem::Together { with: "playing_ampere".to_owned() });
                None
            }
            (None, Some(_)) if !table.has("idle_ampere") => {
                table.note("playing_ampere", Problem::Together { with: "idle_ampere".to_owned() });
                None
            }
            _ => None,
        };
        let input = Input::new(index)?;
        let amperes_per_volt = amperes_per_volt?;
        Some(Self { seat: seat?, input, amperes_per_volt, bias_volt, floor_ampere, levels, overload_ampere })
    }

    /// A pair swings about 0 V and a single pin about the bias.
    fn range(&self) -> Range {
        if self.input.is_pair() { Range::Volt2 } else { Range::Volt4 }
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
        table.insert("input".into(), self.input.word().into());
        let levels = self.levels.map(|levels| [levels.idle_ampere, levels.playing_ampere]);
        for (key, number) in [
            ("amperes_per_volt", Some(self.amperes_per_volt)),
            ("bias_volt", Some(self.bias_volt)),
            ("floor_ampere", Some(self.floor_ampere)),
            ("idle_ampere", levels.map(|levels| levels[0])),
            ("playing_ampere", levels.map(|levels| levels[1])),
            ("overload_ampere", self.overload_ampere),
        ] {
            if let Some(number) = number {
                table.insert(key.into(), number.into());
            }
        }
    }
    fn quantities(&self) -> Vec<Quantity> {
        let most = self.range().count_volt() * 32_768.0 * self.amperes_per_volt;
        let mut all = vec![Quantity::resting("current_ampere", "A", 0.0, most, 3), Quantity::flag("powered")];
        all.extend([Quantity::flag("playing"), Quantity::flag("dead")]);
        all.extend(self.overload_ampere.map(|_| Quantity::flag("overloaded")));
        all
    }
    fn patience(&self) -> Duration {
        PATIENCE
    }
    fn start(&self) -> Reader {
        Reader::Chip(Box::new(Ct::new(self.clone())))
    }
    fn simulate(&self) -> Option<Box<dyn simulated::Device>> {
        let wired = simulated::ads1115::Wired::Transformer {
            amperes_per_volt: self.amperes_per_volt,
            bias_volt: self.bias_volt,
        };
        Some(Box::new(simulated::ads1115::Ads1115::new(wired)))
    }
}

/// Changes of the register in a row: 0.43 to 0.52 s, 21 cycles of 49.5 Hz or more.
const CHANGES: usize = 400;
/// A row takes 0.5 s, on an input without any noise up to 2 s at 100 kHz, and is tried twice.
const PATIENCE: Duration = Duration::from_secs(6);
/// The bias may be off by so much: resistors, and the 3.3 V of a Raspberry Pi.
const BIAS_SHARE: f64 = 0.2;
/// A pair rests at 0 V within this; an input that nobody holds drifts far beyond (it sees some MΩ, SBAS444E
/// 7.5).
const OFFSET_VOLT_MAX: f64 = 0.05;

/// One transformer.
#[derive(Debug)]
pub struct Ct {
    settings: Settings,
    chip: Ads1115,
    seen: Seen,
    /// What the asset did at the last reading.
    last: Option<Doing>,
    dead: bool,
}

impl Ct {
    /// No traffic yet.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let chip = Ads1115::new(settings.seat.address);
        Self { settings, chip, seen: Seen::default(), last: None, dead: false }
    }

    fn current<B: I2c + ?Sized>(&mut self, bus: &mut B, context: &mut Context<'_>) -> Result<f64, Error> {
        let settings = &self.settings;
        self.chip.prove(bus)?;
        if let Some(against) = settings.input.against() {
            let bias = self.chip.once(bus, context.delay, (against, Range::Volt4))?;
            held(bias, settings.bias_volt, settings.bias_volt * BIAS_SHARE)?;
        }
        let range = settings.range();
        let row = self.chip.row(bus, context.delay, (settings.input, range), CHANGES)?;
        let effective = effective(&row).ok_or_else(|| Error::Other {
            fault: Fault::Stuck,
            text: "the ADC gave fewer conversions than a row needs".to_owned(),
        })?;
        let mean = effective.mean * range.count_volt();
        match settings.input.is_pair() {
            true => held(mean, 0.0, OFFSET_VOLT_MAX)?,
            false => held(mean, settings.bias_volt, settings.bias_volt * BIAS_SHARE)?,
        }
        Ok(effective.rms * range.count_volt() * settings.amperes_per_volt)
    }

    /// What a current means, learning from it.
    fn understand(&mut self, ampere: f64) -> Doing {
        if ampere < self.settings.floor_ampere {
            return Doing::Off;
        }
        let levels = self.settings.levels.or_else(|| {
            self.seen.add(ampere);
            self.seen.levels()
        });
        match levels {
            None => Doing::On,
            Some(levels) if ampere < levels.threshold() => Doing::Idle,
            Some(_) => Doing::Playing,
        }
    }

    fn knows(&self) -> bool {
        self.settings.levels.is_some() || self.seen.levels().is_some()
    }
}

impl Chip for Ct {
    fn read<B: I2c + ?Sized>(&mut self, bus: &mut B, context: &mut Context<'_>) -> Result<Vec<Measured>, Error> {
        let ampere = self.current(bus, context)?;
        let doing = self.understand(ampere);
        self.dead = match doing {
            Doing::Off => self.dead || self.last == Some(Doing::Playing),
            _ => false,
        };
        self.last = Some(doing);
        let mut measured =
            vec![Measured::plain("current_ampere", ampere), Measured::flag("powered", doing != Doing::Off)];
        if self.knows() {
            measured.push(Measured::flag("playing", doing == Doing::Playing));
            measured.push(Measured::flag("dead", self.dead));
        } else {
            measured.extend(["playing", "dead"].map(|name| Measured::fault(name, Fault::WarmingUp)));
        }
        if let Some(limit) = self.settings.overload_ampere {
            measured.push(Measured::flag("overloaded", ampere >= limit));
        }
        Ok(measured)
    }

    fn identity(&self) -> Option<String> {
        self.chip.is_proven().then(|| "ADS1115".to_owned())
    }

    fn keep(&self) -> Option<String> {
        self.settings.levels.is_none().then(|| self.seen.keep())
    }

    fn restore(&mut self, kept: &str) {
        if let Some(seen) = Seen::restore(kept) {
            self.seen = seen;
        }
    }
}

/// A voltage that somebody must hold.
fn held(volt: f64, expected: f64, tolerance: f64) -> Result<(), Error> {
    if (volt - expected).abs() <= tolerance {
        return Ok(());
    }
    let text = format!("the input rests at {volt:.2} V, not at {expected:.2} V: no transformer, or no bias");
    Err(Error::Other { fault: Fault::OutOfRange, text })
}
