//! What samples themselves do not tell of an agent's time: which came late, what it says is lost,
//! when it was stopped on purpose, which points it was to read; and of a room's, when it was locked. Turns
//! what happens into stretches; reads no clock: `now` is an argument.

use std::collections::BTreeMap;

use wire::{About, LostReason, PointName, UnixMs};

/// Stretches of one kind that a note keeps; the oldest go, and are counted in [`Note::dropped`]. An agent
/// that is late six times a day for a month has more, and then its old hours stay as they were judged.
pub const STRETCHES_MAX: usize = 128;
/// How far back stretches are kept, and late data is noted, in milliseconds: 31 days.
pub const BACK_MS: i64 = 31 * 86_400_000;

/// A stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Stretch {
    /// Its first instant.
    pub from: UnixMs,
    /// The first after it; `None` while it lasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<UnixMs>,
    /// The revision of the note that changed it last.
    pub revision: u64,
}

impl Stretch {
    /// As a pair; one that lasts has no end.
    #[must_use]
    pub fn span(&self) -> (UnixMs, UnixMs) {
        (self.from, self.to.unwrap_or(UnixMs::MAX))
    }
}

/// Samples that no longer exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct LostRun {
    /// Why.
    pub reason: LostReason,
    /// How many.
    pub numbers: u64,
    /// Between the sample before and the one after.
    #[serde(flatten)]
    pub stretch: Stretch,
}

/// What an agent says it reads.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Told {
    /// Since when the collector knows.
    pub since: UnixMs,
    /// When it did not say so any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub out: Vec<Stretch>,
}

/// The note of one agent.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Note {
    /// What is earlier is not accounted for.
    pub since: UnixMs,
    /// Grows with every change.
    pub revision: u64,
    /// Samples read in these came later than the live horizon.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub late: Vec<Stretch>,
    /// Samples of these no longer exist.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lost: Vec<LostRun>,
    /// Stopped on purpose.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stopped: Vec<Stretch>,
    /// Points of its `about`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub points: BTreeMap<PointName, Told>,
    /// Stretches that did not fit.
    #[serde(default, skip_serializing_if = "is_none")]
    pub dropped: u64,
}

fn is_none(count: &u64) -> bool {
    *count == 0
}

/// When a room was locked.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct RoomNote {
    /// Grows with every change.
    pub revision: u64,
    /// When.
    pub locked: Vec<Stretch>,
}

impl Note {
    /// Whether a sample read at `at` came later than the live horizon.
    #[must_use]
    pub fn is_late(&self, at: UnixMs) -> bool {
        self.late.iter().any(|s| s.from <= at && at < s.to.unwrap_or(UnixMs::MAX))
    }

    fn running(&mut self) -> Option<&mut Stretch> {
        self.late.iter_mut().find(|s| s.to.is_none())
    }

    /// Takes a late sample; says whether anything changed.
    pub(super) fn late(&mut self, at: UnixMs, in_order: bool) -> bool {
        if self.running().is_some_and(|s| at >= s.from) {
            return false;
        }
        let revision = self.revision + 1;
        self.since = self.since.min(at);
        if in_order {
            self.late.push(Stretch { from: at, to: None, revision });
            return true;
        }
        // Earlier than what was heard before: a stretch of its own, which grows with what follows.
        let to = at.saturating_add(1);
        match self.late.iter_mut().rev().find(|s| s.to.is_some()) {
            Some(last) if (last.from..).contains(&at) && last.revision == self.revision => {
                if last.to.is_some_and(|end| end >= to) {
                    return false;
                }
                (last.to, last.revision) = (Some(to), revision);
            }
            _ => self.late.push(Stretch { from: at, to: Some(to), revision }),
        }
        true
    }

    /// Ends what a live sample at `at` ends.
    pub(super) fn live(&mut self, at: UnixMs) -> bool {
        let revision = self.revision + 1;
        let ended = self.running().map(|s| (s.to, s.revision) = (Some(at.max(s.from)), revision));
        ended.is_some()
    }

    pub(super) fn end_lost(&mut self, at: UnixMs) -> bool {
        let revision = self.revision + 1;
        let open = self.lost.iter_mut().filter(|run| run.stretch.to.is_none());
        let ended = open.map(|run| (run.stretch.to, run.stretch.revision) = (Some(at.max(run.stretch.from)), revision));
        ended.count() > 0
    }

    /// A sample read at `at` ends every stop before it, whatever else was said.
    pub(super) fn end_stopped(&mut self, at: UnixMs) -> bool {
        let revision = self.revision + 1;
        let running = self.stopped.iter_mut().filter(|s| s.from < at && s.to.is_none_or(|to| to > at));
        running.map(|s| (s.to, s.revision) = (Some(at), revision)).count() > 0
    }

    pub(super) fn about(&mut self, about: &About, now: UnixMs) -> bool {
        let (mut changed, revision) = (false, self.revision + 1);
        for name in about.points.keys() {
            if !self.points.contains_key(name) {
                self.points.insert(name.clone(), Told { since: now, out: Vec::new() });
                changed = true;
            }
        }
        for (name, told) in &mut self.points {
            let open = told.out.iter_mut().find(|s| s.to.is_none());
            match (open, about.points.contains_key(name)) {
                (None, false) => told.out.push(Stretch { from: now, to: None, revision }),
                (Some(open), true) => (open.to, open.revision) = (Some(now.max(open.from)), revision),
                _ => continue,
            }
            changed = true;
        }
        changed
    }

    /// Lets go what is too old or too much.
    pub(super) fn prune(&mut self, now: UnixMs) {
        let before = now.saturating_sub(BACK_MS);
        prune(&mut self.late, before, &mut self.dropped, |s| s);
        prune(&mut self.lost, before, &mut self.dropped, |run| &run.stretch);
        prune(&mut self.stopped, before, &mut self.dropped, |s| s);
        // Out for so long that no hour is judged by it any more.
        self.points.retain(|_, told| told.out.iter().all(|s| s.to.is_some() || s.from >= before));
        self.points.values_mut().for_each(|told| prune(&mut told.out, before, &mut self.dropped, |s| s));
    }
}

pub(super) fn prune<T>(all: &mut Vec<T>, before: UnixMs, dropped: &mut u64, stretch: impl Fn(&T) -> &Stretch) {
    all.retain(|one| stretch(one).to.is_none_or(|to| to >= before));
    while all.len() > STRETCHES_MAX {
        all.remove(0);
        *dropped += 1;
    }
}
