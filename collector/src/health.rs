//! What is wrong with the collector itself, in sentences, for `/healthz`, pages and the log.
//! A stage reports and withdraws its own trouble; nothing here decides what to do about it.

use std::{collections::BTreeMap, sync::Mutex};

use wire::UnixMs;

/// A thing that can be in trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Commits fail: nothing is acknowledged until they succeed.
    Ledger,
    /// The broker is not connected.
    Broker,
    /// The collector hears nothing although the broker is connected.
    Loopback,
    /// Compaction fails: charts stay right, the disk fills faster.
    Readings,
    /// A channel does not deliver.
    Notify,
    /// The database of readings takes none.
    Influx,
    /// The files of venues changed and have a mistake: the old set stays in force.
    Venues,
}

impl Part {
    /// The part as one word, for JSON and labels.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ledger => "ledger",
            Self::Broker => "broker",
            Self::Loopback => "loopback",
            Self::Readings => "readings",
            Self::Notify => "notify",
            Self::Influx => "influx",
            Self::Venues => "venues",
        }
    }
}

/// Why and since when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// Since when.
    pub since: UnixMs,
    /// Why, for people who run the collector.
    pub reason: String,
}

/// All trouble of the moment.
#[derive(Debug, Default)]
pub struct Health(Mutex<BTreeMap<Part, Trouble>>);

impl Health {
    /// `part` is in trouble; says whether that is new.
    pub fn report(&self, part: Part, now: UnixMs, reason: impl Into<String>) -> bool {
        let mut all = self.0.lock().expect("no holder of this lock can panic");
        let reason = reason.into();
        let known = all.get(&part).map(|t| t.since);
        all.insert(part, Trouble { since: known.unwrap_or(now), reason });
        known.is_none()
    }

    /// `part` is well again; says whether it was not.
    pub fn withdraw(&self, part: Part) -> bool {
        self.0.lock().expect("no holder of this lock can panic").remove(&part).is_some()
    }

    /// What is wrong now; empty means all is well.
    #[must_use]
    pub fn troubles(&self) -> Vec<(Part, Trouble)> {
        self.0.lock().expect("no holder of this lock can panic").iter().map(|(p, t)| (*p, t.clone())).collect()
    }
}
