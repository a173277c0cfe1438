//! Decides which ticket an episode belongs to: its own, or that of the cause on which it hangs. Pure, like
//! [`crate::rules`] before it and [`crate::tickets`] behind it: reads no clock, socket or file.
//!
//! An episode hits a node of the [`topology`]: an agent, a point, an asset as a room sees it. A node that
//! is seen is *bad* while an episode of a breaking kind (`silent`, `state`) is open there. A node that is
//! not seen itself (uplink, bus, sensor, an asset that several rooms ask) is bad while it has at least two
//! views and all of them are bad: a single good view clears it. The cause of an episode is the highest bad
//! node above it, else the node itself.
//!
//! An episode with something above it that could be the cause waits for one detection window before it
//! opens a ticket, since the others of the same cause are found within that window; what ends before is
//! told to nobody. P1 never waits and always has a ticket of its own. When a cause is no longer bad, what is
//! still wrong below it is judged anew one window later and gets the ticket that it deserves; every end
//! of every episode is passed on to the ticket that carries it.

pub mod state;
pub mod topology;

pub use state::{State, step};
pub use topology::{Node, Topology};

use wire::{Id, PointName, Source, UnixMs};

use crate::episode::{EpisodeKey, Home, Seen, Severity};

/// How long an episode waits for the others of its cause, in milliseconds: two periods of a probe, which
/// is the slowest view of anything shared.
pub const WINDOW_MS: i64 = 60_000;

/// What is known of a rule here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// How bad.
    pub severity: Severity,
    /// Who mends it.
    pub team: Id,
    /// Whether its episodes say that a thing does not work, so that what hangs on it cannot either.
    pub breaks: bool,
}

/// What may be told.
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    /// A live episode began.
    Began {
        /// Which.
        key: &'a EpisodeKey,
        /// The asset of its point, as the agent says.
        asset: Option<&'a Id>,
        /// What was seen.
        seen: Seen,
    },
    /// It became clearly worse.
    Worse {
        /// Which.
        key: &'a EpisodeKey,
        /// The worst value so far.
        seen: Seen,
    },
    /// It ended.
    Ended {
        /// Which.
        key: &'a EpisodeKey,
        /// What was seen.
        seen: Seen,
    },
    /// Time passed.
    Tick,
}

/// What follows.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// The episode belongs there; a ticket opens there if none is open. It may have belonged elsewhere.
    Placed {
        /// Which.
        key: EpisodeKey,
        /// Where.
        home: Home,
        /// The worst that was seen.
        seen: Seen,
    },
    /// An episode that has a home became clearly worse.
    Worse {
        /// Which.
        key: EpisodeKey,
        /// The worst value so far.
        seen: Seen,
    },
    /// An episode that has a home ended.
    Ended {
        /// Which.
        key: EpisodeKey,
        /// What was seen.
        seen: Seen,
    },
}

/// An episode that was open when the collector stopped.
#[derive(Debug, Clone)]
pub struct Kept {
    /// Which.
    pub key: EpisodeKey,
    /// The asset of its point.
    pub asset: Option<Id>,
    /// What was seen.
    pub seen: Seen,
    /// Whether a ticket carries it.
    pub has_ticket: bool,
}

/// The node that an episode hits.
fn node_of(source: &Source, point: Option<&PointName>, asset: Option<&Id>, is_silence: bool) -> Node {
    match (point, asset) {
        (None, _) => Node::Agent(source.clone()),
        (Some(point), _) if is_silence => Node::Point(source.clone(), point.clone()),
        (Some(_), Some(asset)) => {
            Node::Asset { venue: source.venue.clone(), room: source.room.clone(), asset: asset.clone() }
        }
        (Some(point), None) => Node::Reading(source.clone(), point.clone()),
    }
}

/// When a window that begins at `at` is over.
fn window_end(at: UnixMs) -> UnixMs {
    at.saturating_add(WINDOW_MS)
}

#[cfg(test)]
mod tests;
