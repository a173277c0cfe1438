//! Decides from samples alone which episodes begin and end. Pure: `step(state, event, now)` reads
//! no clock, no socket and no file, so that live running, restart, back-test and simulation all
//! call the same function. Imports `wire`, std and the shared vocabulary only.
//!
//! One file a kind: [`band`], [`state`], [`silent`], [`stuck`], [`rate`], [`share`], [`due`], [`disagree`];
//! [`mod@judge`] picks the one that a rule names, [`when`] says when the rule matters, also by how a
//! [`room`] stands. [`run`] turns verdicts into episodes; [`source`] is what is remembered of one agent,
//! [`track`] of one subject of it, [`codec`] makes that survive restarts, and [`step`](mod@step) is the whole.
//!
//! Old data: a sample is *live* for a point if it is placed, not older than the live horizon, not
//! from the future, and not older than the point's last live one. Everything else is *late*: it runs
//! on a second memory of its own, so that it is recorded and never begins, worsens or ends anything
//! live. When the point is live again, what is open in its late memory ends.

pub mod band;
pub mod codec;
pub mod disagree;
pub mod due;
pub mod judge;
pub mod pattern;
pub mod rate;
pub mod room;
pub mod run;
pub mod share;
pub mod silent;
pub mod source;
pub mod state;
pub mod step;
pub mod stuck;
pub mod track;
pub mod when;

pub use step::{Settings, State, step};
pub use when::{Circumstances, Hours, Place, When};

pub use crate::episode::RoomState;

use wire::{Fault, Id, PointName, Source, UnixMs};

use crate::episode::{EpisodeKey, Seen, Severity};

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
    /// A number that always moves does.
    Stuck {
        /// The longest that it may stand still, in milliseconds.
        after_ms: i64,
        /// What counts as standing still: staying within a span of this.
        within: f64,
    },
    /// A number does not move too fast.
    Rate {
        /// The most that it may rise in one `per`.
        rise: Option<f64>,
        /// The most that it may fall in one `per`.
        fall: Option<f64>,
        /// In milliseconds.
        per_ms: i64,
    },
    /// A number is out of its band for at most a share of a window.
    Share {
        /// Out below.
        low: Option<f64>,
        /// Out above.
        high: Option<f64>,
        /// The greatest share, 0 to 1.
        share: f64,
        /// In milliseconds.
        window_ms: i64,
    },
    /// Days are left until something is due.
    Due {
        /// Fewer than this are too few.
        within_days: f64,
    },
    /// A point agrees with its siblings.
    Disagree {
        /// The siblings, by the same patterns as points; the point itself is none.
        with: Vec<String>,
        /// The furthest from their median.
        apart: f64,
    },
}

/// A rule, ready to be evaluated; texts for people are in [`crate::packs`].
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// For example `air-temperature`.
    pub id: Id,
    /// Which points: names with `*` for any run of characters.
    pub points: Vec<String>,
    /// Which rooms, by the same patterns; empty for all.
    pub rooms: Vec<String>,
    /// What is expected of them.
    pub expect: Expect,
    /// The violation must last this long before the episode counts, in milliseconds.
    pub for_ms: i64,
    /// It must be good this long before the episode ends, in milliseconds.
    pub clear_for_ms: i64,
    /// Values further apart than this prove nothing of the time between them, in milliseconds;
    /// [`GAP_MS`] where nothing else is known.
    pub gap_ms: i64,
    /// How bad.
    pub severity: Severity,
    /// Who mends it.
    pub team: Id,
    /// When it matters.
    pub when: When,
    /// Kinds of venues that it is for; empty for all, and a venue whose kind nobody said has all.
    pub kinds: Vec<Id>,
}

impl Expect {
    /// [`Rule::gap_ms`] where nobody says otherwise: [`GAP_MS`], and [`due::GAP_MS`] for days.
    #[must_use]
    pub fn usual_gap_ms(&self) -> i64 {
        if matches!(self, Self::Due { .. }) { due::GAP_MS } else { GAP_MS }
    }
}

/// The usual [`Rule::gap_ms`]: 5 minutes, thirty times the usual period of a sample.
pub const GAP_MS: i64 = 300_000;

impl Rule {
    /// Whether the rule watches agents in `room` at all.
    #[must_use]
    pub fn covers_room(&self, room: &Id) -> bool {
        self.rooms.is_empty() || self.rooms.iter().any(|p| pattern::fits(p, room.as_str()))
    }

    /// Whether the rule finds points of agents in `room` silent.
    #[must_use]
    pub fn watches_silence_in(&self, room: &Id) -> bool {
        matches!(self.expect, Expect::Silent { agent: false, .. }) && self.covers_room(room)
    }

    /// Whether the rule matters at all times and everywhere.
    #[must_use]
    pub fn matters_always(&self) -> bool {
        self.kinds.is_empty() && self.when.is_always()
    }

    /// Whether the rule matters as things stand.
    #[must_use]
    pub fn matters(&self, now: &Circumstances<'_>) -> bool {
        let for_kind = self.kinds.is_empty() || now.kind.is_none_or(|kind| self.kinds.contains(kind));
        for_kind && self.when.holds(now)
    }

    /// Whether the rule watches `point`.
    #[must_use]
    pub fn covers_point(&self, point: &PointName) -> bool {
        self.points.iter().any(|p| pattern::fits(p, point.as_str()))
    }
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
    /// The agent's status changed: `true` for online, `false` for stopped on purpose. That the
    /// broker lost it is no event: its silence tells.
    Presence {
        /// Whose.
        source: &'a Source,
        /// Whether it is there.
        online: bool,
    },
    /// The collector itself hears nobody, for its broker is away: whoever is silent now is not to
    /// blame, and every silence counts anew.
    Deaf,
    /// Somebody said how a room stands; `None` takes it back.
    RoomState {
        /// Its venue.
        venue: &'a Id,
        /// The room.
        room: &'a Id,
        /// How.
        state: Option<RoomState>,
    },
    /// Time passed; nothing else happened.
    Tick,
}

/// How an episode stands that has not ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Standing {
    /// Still violated; the last value.
    Bad(Seen),
    /// Good again, and not yet for long enough; the last value.
    Clearing(Seen),
    /// Nothing was read for longer than the rule's gap, or the rule is gone.
    NoData,
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
    /// An episode goes on and has become clearly worse since it was last told.
    Worse {
        /// Which.
        key: EpisodeKey,
        /// The worst value so far.
        seen: Seen,
        /// As in `Began`.
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

#[cfg(test)]
mod tests;
