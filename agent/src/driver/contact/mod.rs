//! A contact on a GPIO line: turns its levels into one point that is 1 while the line is active.
//! Only ever listens.

pub mod debounce;

use std::{sync::Arc, time::Duration};

use wire::Id;

use super::{Kind, Level, LineRequest, Place, Pull, Quantity, Reader, Sits, Watcher};
use crate::config::{Expected, Table, quantity::print_duration};
use debounce::Debouncer;

/// Any contact free of voltage.
pub static KIND: Kind = Kind {
    word: "contact",
    chips: "a contact or a 0/1 signal",
    measures: ["open or closed", "开或闭"],
    sits: Sits::Gpio,
    period: None,
    period_min: None,
    read: |table| Some(Arc::new(Settings::read(table)?)),
    at: None,
};

const LEVELS: &[&str] = &["low", "high"];
const PULLS: &[&str] = &["up", "down", "off"];

/// What a `[[sensor]]` of this kind says.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The bus whose GPIO chip has the line.
    pub bus: Id,
    /// Line offset; on a Raspberry Pi the BCM number.
    pub line: u32,
    /// The point, for example `power_on`; 1 while active.
    pub point: String,
    /// The level at which the point is 1.
    pub active: Level,
    /// The resistor inside the computer.
    pub pull: Pull,
    /// How long a level must hold before it counts.
    pub debounce: Duration,
}

impl Settings {
    fn read(table: &Table<'_>) -> Option<Self> {
        let bus = table.bus();
        let whole = Expected::Whole { low: 0, high: 1023 };
        let line = table.require("line", whole, table.whole("line", 0, 1023)).and_then(|line| u32::try_from(line).ok());
        let point = table.require("point", Expected::Point, table.point("point"));
        let active = table.word("active", LEVELS, &[Level::Low, Level::High]).unwrap_or(Level::Low);
        let pull = table.word("pull", PULLS, &[Pull::Up, Pull::Down, Pull::Off]).unwrap_or(Pull::Up);
        let debounce = table.duration("debounce", "0ms", "10s").unwrap_or(Duration::from_millis(50));
        Some(Self { bus: bus?, line: line?, point: point?, active, pull, debounce })
    }
}

impl super::Settings for Settings {
    fn kind(&self) -> &'static Kind {
        &KIND
    }
    fn place(&self) -> Place {
        Place::Line { bus: self.bus.clone(), line: self.line }
    }
    fn print(&self, table: &mut toml::Table) {
        table.insert("line".into(), i64::from(self.line).into());
        table.insert("point".into(), self.point.as_str().into());
        table.insert("active".into(), LEVELS[self.active as usize].into());
        table.insert("pull".into(), PULLS[self.pull as usize].into());
        table.insert("debounce".into(), print_duration(self.debounce).into());
    }
    fn quantities(&self) -> Vec<Quantity> {
        vec![Quantity::flag("").named(self.point.clone())]
    }
    fn start(&self) -> Reader {
        Reader::Line(Box::new(Contact { settings: self.clone(), debouncer: Debouncer::new(self.debounce) }))
    }
}

/// A contact that is being watched.
struct Contact {
    settings: Settings,
    debouncer: Debouncer,
}

impl Watcher for Contact {
    fn request(&self) -> LineRequest {
        LineRequest { line: self.settings.line, pull: self.settings.pull }
    }
    fn see(&mut self, high: bool, _edges: u32, now: Duration) -> Option<f64> {
        let steady = self.debouncer.see(high, now)?;
        Some(f64::from(u8::from(steady == (self.settings.active == Level::High))))
    }
    fn remaining(&self, now: Duration) -> Option<Duration> {
        self.debouncer.remaining(now)
    }
    fn forget(&mut self) {
        self.debouncer.forget();
    }
}
