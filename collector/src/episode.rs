//! The words that rules and tickets share: severities, episodes and where they happen.
//! Imports `wire` and std only, and decides nothing.

use wire::{Id, PointName, Source, UnixMs};

/// The collector's own agent: in its name the rules are told what no device reads, such as the days until
/// an extinguisher is due. A device that calls itself so is refused.
pub const OWN_AGENT: &str = "collector";

/// The room that such words are about where they concern a venue as a whole.
pub const VENUE_ROOM: &str = "venue";

/// How a room stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoomState {
    /// Made ready for guests (待客).
    Prepared,
    /// Guests are in it (使用中).
    Occupied,
    /// Nobody is in it, and it is not made ready.
    Empty,
    /// Not in use (停用).
    Locked,
}

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

/// The cause of a ticket where it is not just the thing that its rule watches.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Cause {
    /// No agent of the venue is heard.
    Uplink {
        /// How many agents are cut off.
        agents: usize,
    },
    /// No sensor on a bus of an agent answers.
    Bus {
        /// The agent.
        agent: Id,
        /// The bus.
        bus: String,
    },
    /// A sensor gives no value for any of its points.
    Sensor {
        /// The agent.
        agent: Id,
        /// The sensor.
        sensor: String,
    },
    /// Every room that asks an asset finds it gone.
    Shared {
        /// Its address.
        host: String,
        /// How many rooms ask it.
        rooms: usize,
    },
}

/// Where an episode belongs.
#[derive(Debug, Clone, PartialEq)]
pub struct Home {
    /// The rule of the ticket.
    pub rule: Id,
    /// Its room.
    pub room: Id,
    /// Its asset.
    pub asset: Option<Id>,
    /// How bad the ticket is, should this open it.
    pub severity: Severity,
    /// Who mends it, should this open it.
    pub team: Id,
    /// The cause, where it is not just the thing itself.
    pub cause: Option<Cause>,
    /// Whether the episode only follows from the cause.
    pub symptom: bool,
}

impl Home {
    /// The home of an episode that stands for itself.
    #[must_use]
    pub fn own(key: &EpisodeKey, asset: Option<Id>, severity: Severity, team: Id) -> Self {
        let (rule, room) = (key.rule.clone(), key.subject.source.room.clone());
        Self { rule, room, asset, severity, team, cause: None, symptom: false }
    }
}
