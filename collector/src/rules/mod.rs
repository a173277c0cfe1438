//! Decides from samples alone which episodes begin and end. Pure: `step(state, event, now)` reads
//! no clock, no socket and no file, so that live running, restart, back-test and simulation all
//! call the same function. Imports `wire`, std and the shared vocabulary only.

use wire::{Fault, Id, PointName, Source, UnixMs};

use crate::episode::{EpisodeKey, Seen, Severity, Subject};

/// What is expected of the points that a rule names.
#[derive(Debug, Clone, PartialEq)]
pub enum Expect {
    /// A number stays in [low, high]; violated outside, good again only inside the return limits.
    Band {
        /// Violated below.
        low: Option<f64>,
        /// Violated above.
        high: Option<f64>,
        /// Good again at or above; not below `low`.
        low_return: Option<f64>,
        /// Good again at or below; not above `high`.
        high_return: Option<f64>,
    },
    /// A 0/1 point is as it should be.
    State {
        /// What it should be.
        good: bool,
    },
    /// A point, or the agent, that should report does so at least this often.
    Silent {
        /// The longest silence that is all right, in milliseconds.
        after_ms: i64,
        /// Watch the agent (any sample) instead of single points.
        agent: bool,
    },
}

/// A rule, ready to be evaluated; texts for people are in [`crate::packs`].
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// For example `air-temperature`.
    pub id: Id,
    /// Which points: names with `*` for any run of characters.
    pub points: Vec<String>,
    /// What is expected of them.
    pub expect: Expect,
    /// The violation must last this long before the episode counts, in milliseconds.
    pub for_ms: i64,
    /// It must be good this long before the episode ends, in milliseconds.
    pub clear_for_ms: i64,
    /// How bad.
    pub severity: Severity,
    /// Who mends it.
    pub team: Id,
}

/// What a rule may be told.
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    /// A committed sample; each exactly once, in the order of its spool.
    Sample {
        /// Who read it.
        source: &'a Source,
        /// When.
        at: UnixMs,
        /// Whether `at` can be believed; a sample that cannot be placed is never live.
        placed: bool,
        /// Values.
        points: &'a [(PointName, f64)],
        /// Points without a value.
        faults: &'a [(PointName, Fault)],
    },
    /// The agent's status changed: `true` for online, `false` for stopped on purpose.
    Presence {
        /// Whose.
        source: &'a Source,
        /// Whether it is there.
        online: bool,
    },
    /// Time passed; nothing else happened.
    Tick,
}

/// What follows.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// An episode has lasted for `for`.
    Began {
        /// Which.
        key: EpisodeKey,
        /// The worst value so far.
        seen: Seen,
        /// Found in data older than the live horizon: recorded, and nobody is told.
        late: bool,
    },
    /// An episode has been over for `clear_for`.
    Ended {
        /// Which.
        key: EpisodeKey,
        /// The value that ended it.
        seen: Seen,
        /// As in `Began`.
        late: bool,
    },
}
