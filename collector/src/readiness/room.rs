//! The answer for one room as it is stored and shown: ready, not ready, unknown or locked, with its
//! reasons, the worst first. Facts only; [`super::text`] makes words of them. Decides nothing.

use wire::{Id, PointName, UnixMs};

use super::warm_up::Forecast;
use crate::episode::Severity;

/// Whether a room can be opened, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Something is known to be wrong.
    NotReady,
    /// Something that must be known is not.
    Unknown,
    /// Everything that must be known is, and is as it should be.
    Ready,
    /// Not in use (停用): nobody asks.
    Locked,
}

impl Verdict {
    /// Every verdict, the worst first.
    pub const ALL: [Self; 4] = [Self::NotReady, Self::Unknown, Self::Ready, Self::Locked];

    /// Its word, as stored, in JSON and in texts.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotReady => "not_ready",
            Self::Unknown => "unknown",
            Self::Ready => "ready",
            Self::Locked => "locked",
        }
    }
}

/// One room.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Room {
    /// Which.
    pub room: Id,
    /// Whether it can be opened.
    pub verdict: Verdict,
    /// Why not, the worst first; what is to be done is what the first one asks for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<Reason>,
    /// What is worth knowing and keeps no room closed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<Reason>,
}

/// Why a room is not ready, or what else is worth knowing of it.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Reason {
    /// What it is.
    pub what: What,
    /// How bad, as the rule or the ticket says.
    pub severity: Severity,
    /// The rule that asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<Id>,
    /// The open ticket about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
}

/// What is wrong, or not known.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum What {
    /// A number is outside of what it should be at opening.
    OutOfBand {
        /// The agent that reads it.
        agent: Id,
        /// Which.
        point: PointName,
        /// The last value.
        value: f64,
        /// The least that is all right.
        low: Option<f64>,
        /// The greatest.
        high: Option<f64>,
        /// Where it is going, for a temperature before the opening.
        forecast: Option<Forecast>,
    },
    /// A 0/1 point is not what it should be at opening.
    WrongState {
        /// The agent that reads it.
        agent: Id,
        /// Which.
        point: PointName,
        /// The asset that it belongs to.
        asset: Option<Id>,
        /// What it is.
        on: bool,
    },
    /// An open ticket says that something does not work.
    Ticket {
        /// What is wrong, in both languages.
        title: String,
    },
    /// An open ticket says that a sensor cannot be believed.
    Doubt {
        /// What is wrong, in both languages.
        title: String,
    },
    /// A point that should be read is not.
    NoValue {
        /// The agent that should read it.
        agent: Id,
        /// Which.
        point: PointName,
        /// Why, where the agent says so.
        fault: Option<String>,
        /// When it was last heard of.
        since: Option<UnixMs>,
    },
    /// Nothing comes from an agent of the room.
    AgentSilent {
        /// Which.
        agent: Id,
        /// When it last was heard.
        since: Option<UnixMs>,
        /// It was stopped on purpose.
        stopped: bool,
    },
    /// No agent ever reported from the room.
    NoAgent,
}

impl What {
    /// Whether it says that something is wrong; else only that something is not known.
    #[must_use]
    pub fn is_wrong(&self) -> bool {
        matches!(self, Self::OutOfBand { .. } | Self::WrongState { .. } | Self::Ticket { .. })
    }

    /// Whether it is on its way and will be right before the opening.
    #[must_use]
    pub fn is_on_its_way(&self) -> bool {
        matches!(self, Self::OutOfBand { forecast: Some(Forecast::InTime { .. }), .. })
    }
}

/// Rooms as people read them: the worst first, those alike by severity and name.
pub fn sort(rooms: &mut [Room]) {
    rooms.sort_by_cached_key(|room| (room.verdict, room.reasons.first().map(|r| r.severity), room.room.clone()));
}

/// How many rooms are of a verdict.
#[must_use]
pub fn count(rooms: &[Room], verdict: Verdict) -> usize {
    rooms.iter().filter(|room| room.verdict == verdict).count()
}
