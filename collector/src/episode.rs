//! The words that rules and tickets share: severities, episodes and where they happen.
//! Imports `wire` and std only, and decides nothing.

use wire::{Id, PointName, Source, UnixMs};

/// The collector's own agent: in its name the rules are told what no device reads, such as the days until
/// an extinguisher is due. A device that calls itself so is refused.
pub const OWN_AGENT: &str = "collector";

/// The room that such words are about where they concern a venue as a whole.
pub const VENUE_ROOM: &str = "venue";

/// How bad, and so how fast people must act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub enum Severity {
    /// Safety: people can be hurt.
    P1,
    /// The business of the venue suffers now.
    P2,
    /// One thing in one room.
    P3,
    /// Planned or advisory.
    P4,
}

/// What a rule watches: one point of one agent, or (without a point) the agent itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Subject {
    /// The agent, its room and its venue.
    pub source: Source,
    /// The point; `None` where a rule watches the agent.
    pub point: Option<PointName>,
}

/// Names an episode for ever: the same stretch of the same data always gives the same key.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EpisodeKey {
    /// Id of the rule.
    pub rule: Id,
    /// What it watched.
    pub subject: Subject,
    /// When the violation began (not when `for` had passed).
    pub began_at: UnixMs,
}

/// What the rule saw when an episode began, went on or ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Seen {
    /// When the value was read.
    pub at: UnixMs,
    /// The value; `None` where the point was silent.
    pub value: Option<f64>,
    /// The limit that was, or is no longer, passed; for a silence the longest that is all right, in
    /// seconds; `None` where the rule has none.
    pub limit: Option<f64>,
}
