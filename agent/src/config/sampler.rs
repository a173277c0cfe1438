//! `[sampler]`: how often, and how patiently, sensors are read.

use std::{path::PathBuf, time::Duration};

use super::{quantity, reader::Table};

/// `[sampler]`: the rhythm.
#[derive(Debug, Clone, PartialEq)]
pub struct Sampler {
    /// Between two samples, for every sensor without a `period` of its own.
    pub period: Duration,
    /// How many bit-identical readings in a row make a quantity that always moves `stuck`.
    pub stuck_after: u32,
    /// Where drivers keep what they learned, over restarts.
    pub state_path: PathBuf,
}

impl Default for Sampler {
    fn default() -> Self {
        Self { period: Duration::from_secs(10), stuck_after: 60, state_path: "/var/lib/hallwatch-agent/state".into() }
    }
}

/// The shortest and the longest time between two readings of a sensor.
pub(super) const PERIOD: (&str, &str) = ("1s", "1d");

impl Sampler {
    pub(super) fn read(table: Table<'_>) -> Self {
        let default = Self::default();
        let stuck_after = table.whole("stuck_after", 3, 1_000_000).and_then(|count| u32::try_from(count).ok());
        let sampler = Self {
            period: table.duration("period", PERIOD.0, PERIOD.1).unwrap_or(default.period),
            stuck_after: stuck_after.unwrap_or(default.stuck_after),
            state_path: table.text("state_path").map_or(default.state_path, PathBuf::from),
        };
        table.finish();
        sampler
    }

    /// As the file would say it.
    pub(super) fn print(&self) -> toml::Table {
        toml::Table::from_iter([
            ("period".to_owned(), quantity::print_duration(self.period).into()),
            ("stuck_after".to_owned(), i64::from(self.stuck_after).into()),
            ("state_path".to_owned(), self.state_path.display().to_string().into()),
        ])
    }
}
