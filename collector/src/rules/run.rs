//! Turns verdicts on the values of one point into the beginning and end of an episode.
//!
//! The definition, which the brute-force evaluator in the tests follows on its own way:
//! a *mark* is carried from value to value. A bad value marks bad, a good one good, one between
//! the limits keeps the mark. Across a gap longer than `gap_ms` nothing is proven, so there the mark
//! falls back to bad while an episode is open and to good while none is, and both `for` and
//! `clear_for` count anew from the value after the gap. An episode begins at the first value at which
//! the mark has been bad for `for_ms`, and ends at the first at which it has been good for
//! `clear_for_ms`. A gap alone never begins or ends one.

use wire::UnixMs;

use crate::episode::Seen;

/// What a kind says of one value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Verdict {
    /// As expected.
    Good,
    /// Not violated, and not good again either.
    Between,
    /// Violated.
    Bad {
        /// The limit passed, where the kind has one.
        limit: Option<f64>,
        /// How far past it, in the unit of the point.
        excess: f64,
    },
}

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Phase {
    /// Nothing is wrong.
    #[default]
    Good,
    /// Bad, and not yet for long enough.
    Pending,
    /// An episode is open.
    Open,
    /// An episode is open, and it has been good for a while.
    Clearing,
}

/// What a run remembers between two values. Empty at first.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Run {
    /// Where it stands.
    pub phase: Phase,
    /// When the violation began; meaningful unless `phase` is good.
    pub began_at: UnixMs,
    /// Since when it is good again; meaningful while clearing.
    pub good_at: UnixMs,
    /// The last value: when, and what.
    pub last: Option<(UnixMs, f64)>,
    /// The worst value of this violation, when it was read, the limit it passed, and how far.
    pub worst: Worst,
    /// The excess that was last told; only a clearly worse one is told again.
    pub told_excess: f64,
}

/// The worst value of a violation.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Worst {
    /// When it was read.
    pub at: UnixMs,
    /// The value.
    pub value: f64,
    /// The limit it passed.
    pub limit: Option<f64>,
    /// How far.
    pub excess: f64,
}

/// The durations of a rule, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Durations {
    /// Bad for this long begins an episode.
    pub for_ms: i64,
    /// Good for this long ends it.
    pub clear_for_ms: i64,
    /// Values further apart than this prove nothing of the time between them.
    pub gap_ms: i64,
}

/// What one value did to a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Turn {
    /// An episode began; the worst value so far.
    Began(Seen),
    /// An open episode became clearly worse.
    Worse(Seen),
    /// It ended; the value that ended it.
    Ended(Seen),
}

/// A violation is told again when it is this much further out than last told: a value that creeps
/// away tells a logarithmic number of times.
const WORSE_FACTOR: f64 = 1.25;

impl Worst {
    fn seen(&self) -> Seen {
        Seen { at: self.at, value: Some(self.value), limit: self.limit }
    }
}

impl Run {
    /// Takes one value with its verdict; values come in order of `at`.
    pub fn advance(&mut self, at: UnixMs, value: f64, verdict: Verdict, d: Durations) -> Option<Turn> {
        self.cross(at, d.gap_ms);
        self.last = Some((at, value));
        self.mark(at, value, verdict);
        match self.phase {
            Phase::Pending if at.saturating_sub(self.began_at) >= d.for_ms => {
                self.phase = Phase::Open;
                self.told_excess = self.worst.excess;
                Some(Turn::Began(self.worst.seen()))
            }
            Phase::Clearing if at.saturating_sub(self.good_at) >= d.clear_for_ms => {
                self.phase = Phase::Good;
                Some(Turn::Ended(Seen { at, value: Some(value), limit: self.worst.limit }))
            }
            Phase::Open if self.worst.excess > 0.0 && self.worst.excess >= self.told_excess * WORSE_FACTOR => {
                self.told_excess = self.worst.excess;
                Some(Turn::Worse(self.worst.seen()))
            }
            _ => None,
        }
    }

    /// Takes a value of which nothing can be said: it moves no mark, and only ends a pause.
    pub fn pass(&mut self, at: UnixMs, value: f64, gap_ms: i64) {
        self.cross(at, gap_ms);
        self.last = Some((at, value));
    }

    /// Across a gap nothing is proven: the mark falls back.
    fn cross(&mut self, at: UnixMs, gap_ms: i64) {
        if self.last.is_some_and(|(last, _)| at.saturating_sub(last) > gap_ms) {
            self.phase = match self.phase {
                Phase::Good | Phase::Pending => Phase::Good,
                Phase::Open | Phase::Clearing => Phase::Open,
            };
        }
    }

    /// Moves the mark, without regard to how long it has held.
    fn mark(&mut self, at: UnixMs, value: f64, verdict: Verdict) {
        match (self.phase, verdict) {
            (Phase::Good, Verdict::Bad { limit, excess }) => {
                self.phase = Phase::Pending;
                self.began_at = at;
                self.worst = Worst { at, value, limit, excess };
            }
            (_, Verdict::Bad { limit, excess }) => {
                if self.phase == Phase::Clearing {
                    self.phase = Phase::Open;
                }
                if excess > self.worst.excess {
                    self.worst = Worst { at, value, limit, excess };
                }
            }
            (Phase::Pending, Verdict::Good) => self.phase = Phase::Good,
            (Phase::Open, Verdict::Good) => {
                self.phase = Phase::Clearing;
                self.good_at = at;
            }
            (Phase::Good | Phase::Clearing, Verdict::Good) | (_, Verdict::Between) => {}
        }
    }

    /// Whether an episode is open.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Open | Phase::Clearing)
    }
}
