//! `[identify]`: the lamp or buzzer by which an agent says "it is me I mean".

use wire::Id;

use super::{mistake::Expected, reader::Table};
use crate::driver::Level;

/// An output, the only one that an agent has.
#[derive(Debug, Clone, PartialEq)]
pub struct Identify {
    /// The bus whose GPIO chip has the line.
    pub bus: Id,
    /// Line offset; on a Raspberry Pi the BCM number.
    pub line: u32,
    /// The level at which it shines or sounds.
    pub active: Level,
    /// What is wired to it.
    pub kind: Signal,
}

/// What an output drives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// A lamp that blinks.
    Led,
    /// An active buzzer that beeps.
    Buzzer,
}

const LEVELS: &[&str] = &["low", "high"];
const SIGNALS: &[&str] = &["led", "buzzer"];

impl Identify {
    /// None where the table is not there, or a mistake was noted.
    pub(super) fn read(table: Table<'_>) -> Option<Self> {
        if !table.exists() {
            return None;
        }
        let bus = table.bus();
        let whole = Expected::Whole { low: 0, high: 1023 };
        let line = table.require("line", whole, table.whole("line", 0, 1023)).and_then(|line| u32::try_from(line).ok());
        let active = table.word("active", LEVELS, &[Level::Low, Level::High]).unwrap_or(Level::High);
        let kind = table.word("kind", SIGNALS, &[Signal::Led, Signal::Buzzer]).unwrap_or(Signal::Led);
        table.finish();
        Some(Self { bus: bus?, line: line?, active, kind })
    }

    /// As the file would say it.
    pub(super) fn print(&self) -> toml::Table {
        let mut table = toml::Table::new();
        table.insert("bus".into(), self.bus.as_str().into());
        table.insert("line".into(), i64::from(self.line).into());
        table.insert("active".into(), LEVELS[self.active as usize].into());
        table.insert("kind".into(), SIGNALS[self.kind as usize].into());
        table
    }
}
