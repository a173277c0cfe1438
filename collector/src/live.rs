//! The picture of the present: what every room, agent and point last said. Written by the step
//! thread after each commit, read by pages and the API; never decides anything.

use std::collections::BTreeMap;

use wire::{About, Fault, Id, PointName, Source, State, UnixMs};

/// What a point last said.
#[derive(Debug, Clone, PartialEq)]
pub struct LivePoint {
    /// The last value and when it was read; `None` where it never had one.
    pub value: Option<(UnixMs, f64)>,
    /// Why it has no value now.
    pub fault: Option<Fault>,
    /// When its value or fault was last confirmed.
    pub at: UnixMs,
}

/// What an agent last said.
#[derive(Debug, Clone, Default)]
pub struct LiveAgent {
    /// Online, stopped or lost; `None` before the first status.
    pub state: Option<State>,
    /// Version of its program.
    pub version: Option<String>,
    /// What it says of itself.
    pub about: Option<About>,
    /// When its newest sample was read.
    pub sample_at: Option<UnixMs>,
    /// When the collector last committed one.
    pub received_at: Option<UnixMs>,
    /// Its points.
    pub points: BTreeMap<PointName, LivePoint>,
}

/// Everything, by source.
#[derive(Debug, Clone, Default)]
pub struct Live {
    /// Agents in order of venue, room, agent.
    pub agents: BTreeMap<Source, LiveAgent>,
}

/// That something changed, for pages that are open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// New values, a fault or a status in a room.
    Room {
        /// Its venue.
        venue: Id,
        /// The room.
        room: Id,
    },
    /// A ticket moved.
    Ticket {
        /// Its number.
        number: String,
    },
}
