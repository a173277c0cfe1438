//! What tickets ask of a venue: its business day, how long people have, who is told next, when it is
//! quiet. Answered outside, from the files of venues; a plan never reads a clock, so that the same
//! question has the same answer for ever.

use wire::{Id, UnixMs};

use crate::episode::Severity;

/// How the time of a limit runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockKind {
    /// Day and night.
    #[default]
    Always,
    /// Only while the venue is open.
    Open,
}

/// How long people have, in milliseconds of the limit's clock; `None` where nothing is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// Until somebody says: I am on it.
    pub acknowledge_ms: Option<i64>,
    /// Until somebody is there.
    pub arrive_ms: Option<i64>,
    /// Until it is mended.
    pub fix_ms: Option<i64>,
    /// How the time runs.
    pub clock: ClockKind,
}

/// When a step of a chain is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// So long after the ticket was opened, unless somebody has acknowledged it.
    After(i64),
    /// So long before the limit for mending, unless it is mended.
    BeforeLimit(i64),
}

/// Instead of the names of channels: all that there are. No name of a channel looks so.
pub const EVERY_CHANNEL: &str = "*";

/// A step of a chain of escalation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rung {
    /// When.
    pub moment: Moment,
    /// The team that is told; the ticket's own where it is not named.
    pub team: Option<Id>,
    /// The channels; empty means those of the team.
    pub channels: Vec<String>,
}

/// Answers for every venue.
pub trait Plan: Send + Sync {
    /// The business day of an instant, as `20261123`.
    fn business_day(&self, venue: &Id, at: UnixMs) -> u32;
    /// How long people have.
    fn limits(&self, _venue: &Id, _severity: Severity) -> Limits {
        Limits::default()
    }
    /// The instant at which `ms` of the clock have passed since `from`.
    fn add(&self, _venue: &Id, _clock: ClockKind, from: UnixMs, ms: i64) -> UnixMs {
        from.saturating_add(ms)
    }
    /// How much of the clock passes between two instants.
    fn spent(&self, _venue: &Id, _clock: ClockKind, from: UnixMs, to: UnixMs) -> i64 {
        to.saturating_sub(from).max(0)
    }
    /// Who is told next, in order of time.
    fn rungs(&self, _venue: &Id, _severity: Severity) -> Vec<Rung> {
        Vec::new()
    }
    /// The end of the quiet hours in which `at` lies.
    fn quiet_until(&self, _venue: &Id, _severity: Severity, _at: UnixMs) -> Option<UnixMs> {
        None
    }
    /// Channels that the venue gave to a team.
    fn channels_of(&self, _venue: &Id, _team: &Id) -> Vec<String> {
        Vec::new()
    }
    /// Whether any venue gave that channel to a team: it is then told of nobody else's tickets.
    fn is_given(&self, _channel: &str) -> bool {
        false
    }
    /// The teams of a person.
    fn teams_of(&self, _venue: &Id, _person: &str) -> Vec<Id> {
        Vec::new()
    }
    /// While the venue is open: when it closes, as far as that is known.
    fn open_until(&self, _venue: &Id, _at: UnixMs) -> Option<Option<UnixMs>> {
        None
    }
}

/// A plan that knows nothing but the day.
#[derive(Debug, Clone, Copy)]
pub struct OneDay(pub u32);

impl Plan for OneDay {
    fn business_day(&self, _venue: &Id, _at: UnixMs) -> u32 {
        self.0
    }
}
