//! `[spool]`: where samples wait for the collector.

use std::{path::PathBuf, time::Duration};

use super::{quantity, reader::Table};

/// `[spool]`: samples that the collector has not committed yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Spool {
    /// A folder of its own on the card.
    pub path: PathBuf,
    /// The most bytes it takes; past that the oldest samples go, and are counted.
    pub bytes_max: u64,
    /// How long a sample may wait in memory for the collector before it is synced to the card.
    pub sync_after: Duration,
}

impl Default for Spool {
    fn default() -> Self {
        Self { path: "/var/lib/hallwatch-agent/spool".into(), bytes_max: 64 << 20, sync_after: Duration::from_secs(1) }
    }
}

impl Spool {
    pub(super) fn read(table: Table<'_>) -> Self {
        let default = Self::default();
        let spool = Self {
            path: table.text("path").map_or(default.path, PathBuf::from),
            bytes_max: table.bytes("bytes_max", "256KiB").unwrap_or(default.bytes_max),
            sync_after: table.duration("sync_after", "100ms", "1m").unwrap_or(default.sync_after),
        };
        table.finish();
        spool
    }

    /// As the file would say it.
    pub(super) fn print(&self) -> toml::Table {
        toml::Table::from_iter([
            ("path".to_owned(), self.path.display().to_string().into()),
            ("bytes_max".to_owned(), quantity::print_bytes(self.bytes_max).into()),
            ("sync_after".to_owned(), quantity::print_duration(self.sync_after).into()),
        ])
    }
}
