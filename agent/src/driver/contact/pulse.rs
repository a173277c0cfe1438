//! A pulse counter on a GPIO line: turns the pulses of a door counter, a water meter or the S0
//! output of an electricity meter into a count, a rate, and a quantity where the file says what one
//! pulse is worth. Only ever listens; a step of the count is no news, so nothing is told at once.
//!
//! S0 (EN 62053-31, class B): a pulse and the pause after it last at least 30 ms, at most 27 V and
//! 27 mA, free of voltage; 3.3 V through the computer's own resistor is enough.

use std::{sync::Arc, time::Duration};

use wire::{Fault, Id};

use super::counter::{Counter, Rate};
use crate::{
    config::{Expected, Problem, Table, quantity::print_duration},
    driver::{Edges, Kind, LineRequest, Measured, Place, Pull, Quantity, Reader, Sits, Watcher},
};

/// Anything that closes a contact once for each of what it counts.
pub static KIND: Kind = Kind {
    word: "pulse",
    parts: ["a meter's pulse output (S0), a door counter", "表计脉冲输出(S0)、门口计数器"],
    measures: ["count and rate of pulses", "脉冲计数与频率"],
    sits: Sits::Gpio,
    period: None,
    period_min: None,
    read: |table| Some(Arc::new(Settings::read(table)?)),
    at: None,
};

const PULLS: &[&str] = &["up", "down", "off"];
/// What a pulse can be worth: the word, which ends the point's name, and the unit on the wire.
const UNITS: &[&str] = &["kwh", "wh", "m3", "l"];
const UNITS_WIRE: &[&str] = &["kW.h", "W.h", "m3", "L"];
const UNITS_WIRE_PER_HOUR: &[&str] = &["kW.h/h", "W.h/h", "m3/h", "L/h"];
/// A third of the shortest pulse of an S0 output.
const DEBOUNCE: Duration = Duration::from_millis(10);
const RATE_OVER: Duration = Duration::from_secs(600);

/// What a `[[sensor]]` of this kind says.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The bus whose GPIO chip has the line.
    pub bus: Id,
    /// Line offset; on a Raspberry Pi the BCM number.
    pub line: u32,
    /// What the points begin with: `people` gives `people_count`.
    pub point: String,
    /// The resistor inside the computer.
    pub pull: Pull,
    /// How long both levels of a pulse must hold.
    pub debounce: Duration,
    /// What the rate looks back on.
    pub rate_over: Duration,
    /// What one pulse is worth, and the index of its unit.
    pub worth: Option<(f64, usize)>,
}

impl Settings {
    fn read(table: &Table<'_>) -> Option<Self> {
        let bus = table.bus();
        let whole = Expected::Whole { low: 0, high: 1023 };
        let line = table.require("line", whole, table.whole("line", 0, 1023)).and_then(|line| u32::try_from(line).ok());
        let point = table.require("point", Expected::Point, table.point("point"));
        let pull = table.word("pull", PULLS, &[Pull::Up, Pull::Down, Pull::Off]).unwrap_or(Pull::Up);
        let debounce = table.duration("debounce", "0ms", "1s").unwrap_or(DEBOUNCE);
        let rate_over = table.duration("rate_over", "1m", "1d").unwrap_or(RATE_OVER);
        let per_pulse = table.number("per_pulse", 1e-9, 1e9);
        let unit = table.word("unit", UNITS, &[0, 1, 2, 3]);
        let worth = match (per_pulse, unit) {
            (Some(_), None) => {
                table.note("per_pulse", Problem::Together { with: "unit".into() });
                return None;
            }
            (None, Some(_)) => {
                table.note("unit", Problem::Together { with: "per_pulse".into() });
                return None;
            }
            (per_pulse, unit) => per_pulse.zip(unit),
        };
        Some(Self { bus: bus?, line: line?, point: point?, pull, debounce, rate_over, worth })
    }

    fn count(&self) -> Quantity {
        Quantity::resting("", "1", 0.0, COUNT_MAX, 0).named(format!("{}_count", self.point))
    }

    fn rate(&self) -> Quantity {
        // A pulse of twice the debounce, for ever.
        Quantity::resting("", "/h", 0.0, 1e8, 1).named(format!("{}_rate_per_hour", self.point))
    }

    fn lost(&self) -> Quantity {
        Quantity::resting("", "1", 0.0, COUNT_MAX, 0).named(format!("{}_lost_edge_count", self.point))
    }

    /// What the count is worth, and that in an hour.
    fn worths(&self) -> Option<[Quantity; 2]> {
        let (_, unit) = self.worth?;
        let name = format!("{}_{}", self.point, UNITS[unit]);
        let per_hour = Quantity::resting("", UNITS_WIRE_PER_HOUR[unit], 0.0, 1e12, 4).named(format!("{name}_per_hour"));
        Some([Quantity::resting("", UNITS_WIRE[unit], 0.0, 1e15, 4).named(name), per_hour])
    }
}

/// Up to here every whole number is a number on the wire.
const COUNT_MAX: f64 = 9_007_199_254_740_992.0;

impl crate::driver::Settings for Settings {
    fn kind(&self) -> &'static Kind {
        &KIND
    }
    fn place(&self) -> Place {
        Place::Line { bus: self.bus.clone(), line: self.line }
    }
    fn print(&self, table: &mut toml::Table) {
        table.insert("line".into(), i64::from(self.line).into());
        table.insert("point".into(), self.point.as_str().into());
        table.insert("pull".into(), PULLS[self.pull as usize].into());
        table.insert("debounce".into(), print_duration(self.debounce).into());
        table.insert("rate_over".into(), print_duration(self.rate_over).into());
        if let Some((per_pulse, unit)) = self.worth {
            table.insert("per_pulse".into(), per_pulse.into());
            table.insert("unit".into(), UNITS[unit].into());
        }
    }
    fn quantities(&self) -> Vec<Quantity> {
        let plain = [self.count(), self.rate(), self.lost()];
        plain.into_iter().chain(self.worths().into_iter().flatten()).collect()
    }
    fn start(&self) -> Reader {
        Reader::Line(Box::new(Pulse::new(self.clone())))
    }
}

/// A line whose pulses are being counted.
struct Pulse {
    counter: Counter,
    rate: Rate,
    settings: Settings,
}

impl Pulse {
    fn new(settings: Settings) -> Self {
        Self { counter: Counter::new(settings.debounce), rate: Rate::new(settings.rate_over), settings }
    }
}

impl Watcher for Pulse {
    fn request(&self) -> LineRequest {
        LineRequest { line: self.settings.line, pull: self.settings.pull }
    }

    fn see(&mut self, high: bool, edges: &Edges, now: Duration) -> Option<f64> {
        if edges.lost > 0 {
            let line = self.settings.line;
            tracing::warn!(line, lost = edges.lost, "edges of a pulse line came faster than they were fetched");
        }
        let pulses = self.counter.see(high, &edges.list, edges.lost, now);
        self.rate.note(pulses, now);
        None
    }

    fn measured(&mut self, now: Duration) -> Option<Vec<Measured>> {
        let count = self.counter.count() as f64;
        let per_hour = self.rate.per_hour(now).ok_or(Fault::WarmingUp);
        let rate =
            |name, factor: f64| Measured { quantity: name, value: per_hour.clone().map(|r| r * factor), raw: None };
        let mut measured = vec![
            Measured::plain(self.settings.count().name, count),
            rate(self.settings.rate().name, 1.0),
            Measured::plain(self.settings.lost().name, self.counter.lost() as f64),
        ];
        if let Some(([total, an_hour], (per_pulse, _))) = self.settings.worths().zip(self.settings.worth) {
            measured.push(Measured::plain(total.name, count * per_pulse));
            measured.push(rate(an_hour.name, per_pulse));
        }
        Some(measured)
    }

    fn remaining(&self, now: Duration) -> Option<Duration> {
        self.counter.remaining(now)
    }

    fn forget(&mut self) {
        self.counter.forget();
    }

    fn keep(&self) -> Option<String> {
        Some(format!("{} {}", self.counter.count(), self.counter.lost()))
    }

    fn restore(&mut self, kept: &str) {
        let numbers: Option<Vec<u64>> = kept.split_whitespace().map(|word| word.parse().ok()).collect();
        if let Some([count, lost]) = numbers.as_deref() {
            self.counter.resume(*count, *lost);
        }
    }
}
