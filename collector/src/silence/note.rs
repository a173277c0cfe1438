//! What samples themselves do not tell of an agent's time: which came late, what it says is lost,
//! when it was stopped on purpose, which points it was to read. Kept by the step and stored in the
//! very commit that holds the samples, so a note and what it speaks of are there together or not at
//! all. Nearly every sample changes nothing here; a stretch is written when it begins and when it
//! ends. Reads no clock: `now` is an argument.

use std::collections::{BTreeMap, HashMap, HashSet};

use wire::{About, Id, LostReason, PointName, Source, State, Status, UnixMs};

/// Stretches of one kind that a note keeps; the oldest go, and are counted in [`Note::dropped`]. An agent
/// that is late six times a day for a month has more, and then its old hours stay as they were judged.
pub const STRETCHES_MAX: usize = 128;
/// How far back stretches are kept, and late data is noted, in milliseconds: 31 days.
pub const BACK_MS: i64 = 31 * 86_400_000;
/// An instant further ahead of the collector's clock than this is not believed, in milliseconds.
const FUTURE_MS: i64 = 60_000;
/// What an agent that starts again needs until its first sample, in milliseconds; still planned.
pub const START_MS: i64 = 60_000;

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
    fn late(&mut self, at: UnixMs, in_order: bool) -> bool {
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
    fn live(&mut self, at: UnixMs) -> bool {
        let revision = self.revision + 1;
        let ended = self.running().map(|s| (s.to, s.revision) = (Some(at.max(s.from)), revision));
        ended.is_some()
    }

    fn end_lost(&mut self, at: UnixMs) -> bool {
        let revision = self.revision + 1;
        let open = self.lost.iter_mut().filter(|run| run.stretch.to.is_none());
        let ended = open.map(|run| (run.stretch.to, run.stretch.revision) = (Some(at.max(run.stretch.from)), revision));
        ended.count() > 0
    }

    /// A sample read at `at` ends every stop before it, whatever else was said.
    fn end_stopped(&mut self, at: UnixMs) -> bool {
        let revision = self.revision + 1;
        let running = self.stopped.iter_mut().filter(|s| s.from < at && s.to.is_none_or(|to| to > at));
        running.map(|s| (s.to, s.revision) = (Some(at), revision)).count() > 0
    }

    fn about(&mut self, about: &About, now: UnixMs) -> bool {
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
    fn prune(&mut self, now: UnixMs) {
        let before = now.saturating_sub(BACK_MS);
        prune(&mut self.late, before, &mut self.dropped, |s| s);
        prune(&mut self.lost, before, &mut self.dropped, |run| &run.stretch);
        prune(&mut self.stopped, before, &mut self.dropped, |s| s);
        // Out for so long that no hour is judged by it any more.
        self.points.retain(|_, told| told.out.iter().all(|s| s.to.is_some() || s.from >= before));
        self.points.values_mut().for_each(|told| prune(&mut told.out, before, &mut self.dropped, |s| s));
    }
}

fn prune<T>(all: &mut Vec<T>, before: UnixMs, dropped: &mut u64, stretch: impl Fn(&T) -> &Stretch) {
    all.retain(|one| stretch(one).to.is_none_or(|to| to >= before));
    while all.len() > STRETCHES_MAX {
        all.remove(0);
        *dropped += 1;
    }
}

/// An agent as the step knows it.
#[derive(Debug, Default)]
struct Known {
    note: Note,
    /// When its newest sample was read.
    newest: Option<UnixMs>,
    /// Whether anything lasts that the next sample may end: most samples need look no further.
    watchful: bool,
}

/// The notes of all agents, as the step keeps them.
#[derive(Debug)]
pub struct Notes {
    horizon_ms: i64,
    known: HashMap<Source, Known>,
    rooms: HashMap<(Id, Id), RoomNote>,
    changed: HashSet<Source>,
    changed_rooms: HashSet<(Id, Id)>,
}

/// A note that changed.
#[derive(Debug, Clone, PartialEq)]
pub enum Changed<'a> {
    /// Of an agent.
    Agent(&'a Source, &'a Note),
    /// Of a room: its venue, itself.
    Room(&'a Id, &'a Id, &'a RoomNote),
}

impl Notes {
    /// Nothing known. A sample that is older than `horizon_ms` when it is committed came late.
    #[must_use]
    pub fn new(horizon_ms: i64) -> Self {
        Self {
            horizon_ms,
            known: HashMap::new(),
            rooms: HashMap::new(),
            changed: HashSet::new(),
            changed_rooms: HashSet::new(),
        }
    }

    /// Goes on with the note of an agent, as it was committed.
    pub fn restore(&mut self, source: Source, note: Note) {
        self.known.entry(source).or_default().note = note;
    }

    /// Goes on with the note of a room.
    pub fn restore_room(&mut self, venue: Id, room: Id, note: RoomNote) {
        self.rooms.insert((venue, room), note);
    }

    /// Tells, after [`Notes::restore`], when an agent's newest committed sample was read.
    pub fn heard(&mut self, source: &Source, at: UnixMs) {
        if let Some(known) = self.known.get_mut(source) {
            known.newest = known.newest.max(Some(at));
            known.watchful = true;
        }
    }

    fn note(&mut self, source: &Source, now: UnixMs) -> &mut Known {
        if !self.known.contains_key(source) {
            let note = Note { since: now, ..Note::default() };
            self.known.insert(source.clone(), Known { note, newest: None, watchful: true });
            self.changed.insert(source.clone());
        }
        self.known.get_mut(source).expect("inserted above")
    }

    fn change(&mut self, source: &Source, now: UnixMs, change: impl FnOnce(&mut Known) -> bool) {
        let known = self.note(source, now);
        if change(known) {
            known.note.revision += 1;
            known.watchful = true;
            self.changed.insert(source.clone());
        }
    }

    /// A new sample, read at `at`.
    pub fn sample(&mut self, source: &Source, at: UnixMs, now: UnixMs) {
        let horizon = self.horizon_ms;
        let known = self.note(source, now);
        let late = now.saturating_sub(at) > horizon;
        let believed = at <= now.saturating_add(FUTURE_MS);
        if believed && !late && !known.watchful {
            known.newest = known.newest.max(Some(at));
            return;
        }
        self.change(source, now, |known| {
            let newest = known.newest.filter(|newest| *newest <= now.saturating_add(FUTURE_MS));
            let in_order = newest.is_none_or(|newest| at >= newest);
            let mut changed = match (late, believed) {
                (true, _) if at < now.saturating_sub(BACK_MS) => false,
                (true, _) => known.note.late(at, in_order),
                (false, true) => known.note.live(at),
                (false, false) => false,
            };
            if known.newest.is_none() && believed && !late && at < known.note.since {
                (known.note.since, changed) = (at, true);
            }
            if in_order && believed {
                changed |= known.note.end_lost(at);
                changed |= known.note.end_stopped(at);
            }
            if believed {
                known.newest = newest.max(Some(at));
            }
            known.watchful = known.note.late.iter().any(|s| s.to.is_none())
                || known.note.lost.iter().any(|run| run.stretch.to.is_none())
                || known.note.stopped.last().is_some_and(|s| s.to.is_none_or(|to| to > at));
            changed
        });
    }

    /// The agent says that `numbers` samples after its newest no longer exist.
    pub fn lost(&mut self, source: &Source, reason: LostReason, numbers: u64, now: UnixMs) {
        self.change(source, now, |known| {
            let from = known.newest.unwrap_or(now).min(now);
            let revision = known.note.revision + 1;
            let open = known.note.lost.iter_mut().find(|run| run.stretch.to.is_none() && run.reason == reason);
            match open {
                Some(run) => (run.numbers, run.stretch.revision) = (run.numbers.saturating_add(numbers), revision),
                None => {
                    known.note.since = known.note.since.min(from);
                    known.note.lost.push(LostRun { reason, numbers, stretch: Stretch { from, to: None, revision } });
                }
            }
            true
        });
    }

    /// How the agent is.
    pub fn status(&mut self, source: &Source, status: &Status, now: UnixMs) {
        // Its own word for since when, where that can be believed.
        let since = status.since.filter(|at| (now.saturating_sub(BACK_MS)..=now).contains(at)).unwrap_or(now);
        self.change(source, now, |known| {
            let open = known.note.stopped.iter().any(|s| s.to.is_none());
            let revision = known.note.revision + 1;
            match status.state {
                State::Stopped if !open => {
                    known.note.stopped.push(Stretch { from: since, to: None, revision });
                    true
                }
                State::Stopped => false,
                State::Online if open => {
                    let to = Some(since.saturating_add(START_MS));
                    let last = known.note.stopped.iter_mut().find(|s| s.to.is_none());
                    last.map(|s| (s.to, s.revision) = (to.max(Some(s.from)), revision)).is_some()
                }
                State::Lost if open => known.note.end_stopped(now),
                State::Online | State::Lost => false,
            }
        });
    }

    /// What the agent reads.
    pub fn about(&mut self, source: &Source, about: &About, now: UnixMs) {
        self.change(source, now, |known| known.note.about(about, now));
    }

    /// Whether a room is locked.
    pub fn room(&mut self, venue: &Id, room: &Id, locked: bool, now: UnixMs) {
        let key = (venue.clone(), room.clone());
        let note = self.rooms.entry(key.clone()).or_default();
        let revision = note.revision + 1;
        match (note.locked.iter_mut().find(|s| s.to.is_none()), locked) {
            (None, true) => note.locked.push(Stretch { from: now, to: None, revision }),
            (Some(open), false) => (open.to, open.revision) = (Some(now.max(open.from)), revision),
            (Some(_), true) | (None, false) => return,
        }
        note.revision = revision;
        let before = now.saturating_sub(BACK_MS);
        prune(&mut note.locked, before, &mut 0, |s| s);
        self.changed_rooms.insert(key);
    }

    /// Hands over every note that changed since the last call.
    pub fn take_changed(&mut self, now: UnixMs, mut each: impl FnMut(Changed<'_>)) {
        let mut sources: Vec<Source> = self.changed.drain().collect();
        sources.sort();
        for source in sources {
            let known = self.known.get_mut(&source).expect("what changed is known");
            known.note.prune(now);
            each(Changed::Agent(&source, &known.note));
        }
        let mut rooms: Vec<(Id, Id)> = self.changed_rooms.drain().collect();
        rooms.sort();
        for key in rooms {
            each(Changed::Room(&key.0, &key.1, &self.rooms[&key]));
        }
    }
}
