//! A contact on a GPIO line: turns its levels into one point that is 1 while the line is active.
//! Only ever listens; [`beacon`] is the one file of the agent that drives a line.

pub mod beacon;
pub mod counter;
pub mod debounce;
pub mod manner;
pub mod mcp23017;
pub mod pulse;

use std::{sync::Arc, time::Duration};

use wire::Id;

use super::{Edges, Kind, LineRequest, Place, Quantity, Reader, Sits, Watcher};
use crate::config::{Expected, Table};
use debounce::Debouncer;
use manner::Manner;

/// Any contact free of voltage.
pub static KIND: Kind = Kind {
    word: "contact",
    parts: ["a contact or a 0/1 signal", "干接点或 0/1 信号"],
    measures: [
        "door, leak, smoke, fire panel, tamper, presence, pressure, power",
        "门、漏水、烟感、消防主机、防拆、在位、压力、电源",
    ],
    sits: Sits::Gpio,
    period: None,
    period_min: None,
    read: |table| Some(Arc::new(Settings::read(table)?)),
    at: None,
};

/// The resistors inside the computer.
const PULLS: &[&str] = &["up", "down", "off"];

/// What a `[[sensor]]` of this kind says.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The bus whose GPIO chip has the line.
    pub bus: Id,
    /// Line offset; on a Raspberry Pi the BCM number.
    pub line: u32,
    /// How it is understood.
    pub manner: Manner,
}

impl Settings {
    fn read(table: &Table<'_>) -> Option<Self> {
        let bus = table.bus();
        let whole = Expected::Whole { low: 0, high: 1023 };
        let line = table.require("line", whole, table.whole("line", 0, 1023)).and_then(|line| u32::try_from(line).ok());
        let manner = Manner::read(table, PULLS, "10s");
        Some(Self { bus: bus?, line: line?, manner: manner? })
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
        self.manner.print(table);
    }
    fn quantities(&self) -> Vec<Quantity> {
        vec![self.manner.quantity()]
    }
    fn at_rest(&self) -> Option<bool> {
        self.manner.at_rest()
    }
    fn start(&self) -> Reader {
        Reader::Line(Box::new(Contact { settings: self.clone(), debouncer: self.manner.debouncer() }))
    }
}

/// A contact that is being watched.
struct Contact {
    settings: Settings,
    debouncer: Debouncer,
}

impl Watcher for Contact {
    fn request(&self) -> LineRequest {
        LineRequest { line: self.settings.line, pull: self.settings.manner.pull }
    }
    fn see(&mut self, high: bool, edges: &Edges, now: Duration) -> Option<f64> {
        let steady = self.debouncer.see(high, edges.count(), now)?;
        Some(f64::from(u8::from(self.settings.manner.is_active(steady))))
    }
    fn remaining(&self, now: Duration) -> Option<Duration> {
        self.debouncer.remaining(now)
    }
    fn forget(&mut self) {
        self.debouncer.forget();
    }
}
