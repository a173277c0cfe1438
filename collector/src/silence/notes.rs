//! The notes of all agents as the step keeps them: it stores those that changed in the very commit that
//! holds the samples, so a note and what it speaks of are there together or not at all. Nearly every
//! sample changes nothing; a stretch is written when it begins and when it ends. Reads no clock.

use std::collections::{HashMap, HashSet};

use wire::{About, Id, LostReason, Source, State, Status, UnixMs};

use super::note::{BACK_MS, LostRun, Note, RoomNote, Stretch, prune};

/// An instant further ahead of the collector's clock than this is not believed, in milliseconds.
const FUTURE_MS: i64 = 60_000;
/// What an agent that starts again needs until its first sample, in milliseconds; still planned.
const START_MS: i64 = 60_000;

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
