//! The made-up life of one agent, a second at a time: it samples, its line breaks, its power goes, it is
//! stopped, its sensors fail, its spool overflows, its collector is away, its room is locked. Gives what was
//! committed and when, and lets [`Notes`] hear it as the step would, with restarts in between.

use std::collections::VecDeque;

use wire::{About, Fault, Id, LostReason, PointAbout, State, Status, UnixMs};

use super::{
    HORIZON_MS, Random,
    brute::{Log, What},
    point, source,
};
use crate::silence::{
    note::{Note, RoomNote},
    notes::{Changed, Notes},
};

/// The first instant: the beginning of an hour.
pub const BEGIN: UnixMs = 1_795_392_000_000;
/// Points with their periods in seconds.
pub const POINTS: [(&str, i64); 3] = [("temperature_celsius", 20), ("co2_ppm", 60), ("door_open", 300)];
/// Entries that one step takes of a backlog.
const STEP_MAX: usize = 40;

/// What is in the ledger.
#[derive(Default)]
pub struct Ledger {
    pub log: Log,
    pub note: Option<Note>,
    pub room: RoomNote,
}

/// A condition that begins and ends by chance.
struct Spell {
    on: bool,
    begins_in: i64,
    ends_in: i64,
}

impl Spell {
    fn new(begins_in: i64, ends_in: i64) -> Self {
        Self { on: false, begins_in, ends_in }
    }

    /// Says whether it changed.
    fn turn(&mut self, random: &mut Random) -> bool {
        let changed = random.one_in(if self.on { self.ends_in } else { self.begins_in });
        self.on ^= changed;
        changed
    }
}

pub struct Life<'a> {
    random: &'a mut Random,
    now: UnixMs,
    pub ledger: Ledger,
    notes: Notes,
    spool: VecDeque<What>,
    /// Samples that the spool holds at most.
    spool_max: usize,
    outage: Spell,
    power: Spell,
    stop: Spell,
    down: Spell,
    locked: Spell,
    faulty: Spell,
    taken_out: Spell,
    /// What the agent has not told yet of its state and its points.
    statuses: VecDeque<What>,
}

impl<'a> Life<'a> {
    pub fn new(random: &'a mut Random) -> Self {
        let spell = |random: &mut Random, begins: i64, ends: i64| {
            // In most lives most things never happen.
            Spell::new(if random.one_in(2) { begins } else { i64::MAX }, 1 + random.below(2 * ends))
        };
        Self {
            now: BEGIN + 1_000 * random.below(5_000),
            ledger: Ledger::default(),
            notes: Notes::new(HORIZON_MS),
            spool: VecDeque::new(),
            spool_max: if random.one_in(3) { 60 } else { usize::MAX },
            outage: spell(random, 4_000, 2_000),
            power: spell(random, 6_000, 1_000),
            stop: spell(random, 6_000, 1_500),
            down: spell(random, 6_000, 1_500),
            locked: spell(random, 8_000, 2_000),
            faulty: spell(random, 3_000, 800),
            taken_out: spell(random, 8_000, 2_500),
            // Not every device says what it reads: its points are then heard of by their first words.
            statuses: random
                .one_in(2)
                .then(|| What::About(POINTS.map(|(name, _)| name).to_vec()))
                .into_iter()
                .collect(),
            random,
        }
    }

    pub fn now(&self) -> UnixMs {
        self.now
    }

    /// Lives until `to`.
    pub fn until(&mut self, to: UnixMs) {
        while self.now < to {
            self.second();
            self.now += 1_000;
        }
    }

    /// Ends every trouble and lives on until all is delivered.
    pub fn recover(&mut self) {
        for spell in [&mut self.outage, &mut self.power, &mut self.stop, &mut self.down] {
            (spell.begins_in, spell.ends_in) = (i64::MAX, 1);
        }
        self.until(self.now + 2_000_000);
        assert!(self.spool.len() < 3, "all is delivered");
    }

    fn second(&mut self) {
        let now = self.now;
        if self.stop.turn(self.random) {
            let word = if self.stop.on { What::Stopped(now) } else { What::Online(now) };
            self.statuses.push_back(word);
        }
        if self.power.turn(self.random) && !self.power.on && self.random.one_in(2) {
            self.spool.push_back(What::Lost(LostReason::NeverDurable, 1 + self.random.below(9) as u64));
        }
        if self.taken_out.turn(self.random) {
            let named = POINTS.map(|(name, _)| name).into_iter();
            self.statuses.push_back(What::About(named.filter(|n| !self.taken_out.on || *n != "co2_ppm").collect()));
        }
        self.outage.turn(self.random);
        self.faulty.turn(self.random);
        if !self.power.on && !self.stop.on {
            self.read();
        }
        if self.locked.turn(self.random) {
            let word = What::Locked(self.locked.on);
            self.commit(vec![word]);
        }
        if self.down.turn(self.random) && !self.down.on {
            self.restart();
        }
        if !self.outage.on && !self.down.on && !self.power.on && now % 3_000 == 0 {
            let mut entries: Vec<What> = self.statuses.drain(..).collect();
            entries.extend(self.spool.drain(..self.spool.len().min(STEP_MAX)));
            self.commit(entries);
        }
    }

    fn read(&mut self) {
        let due = POINTS.iter().filter(|(_, period)| self.now / 1_000 % period == 0);
        let mut words = Vec::new();
        for (name, _) in due.filter(|(name, _)| !self.taken_out.on || *name != "co2_ppm") {
            // A word is missed now and then.
            if !self.random.one_in(12) {
                let fault = self.faulty.on && *name == "temperature_celsius";
                words.push((*name, fault.then_some(Fault::NoResponse)));
            }
        }
        if words.is_empty() {
            return;
        }
        self.spool.push_back(What::Sample(self.now, words));
        if self.spool.len() > self.spool_max {
            // The oldest goes; one run stands for all that went.
            let first = self.spool.pop_front().unwrap();
            let count = match (first, self.spool.front()) {
                (What::Lost(LostReason::Evicted, n), _) => {
                    self.spool.pop_front();
                    n + 1
                }
                _ => 1,
            };
            self.spool.push_front(What::Lost(LostReason::Evicted, count));
        }
    }

    /// A step and its commit: what happened, and the notes that follow, both or neither.
    fn commit(&mut self, entries: Vec<What>) {
        if entries.is_empty() {
            return;
        }
        let (now, source) = (self.now, source());
        // A kill before the commit: the notes of that try are gone, and everything comes again.
        if self.random.one_in(40) {
            self.hear(&entries);
            self.restart();
        }
        self.hear(&entries);
        let Ledger { note, room, .. } = &mut self.ledger;
        self.notes.take_changed(now, |changed| match changed {
            Changed::Agent(of, changed) => {
                assert_eq!(*of, source);
                *note = Some(changed.clone());
            }
            Changed::Room(.., changed) => *room = changed.clone(),
        });
        self.ledger.log.extend(entries.into_iter().map(|what| (now, what)));
    }

    fn hear(&mut self, entries: &[What]) {
        let (now, source) = (self.now, source());
        for what in entries {
            match what {
                What::Sample(at, _) => self.notes.sample(&source, *at, now),
                What::Lost(reason, numbers) => self.notes.lost(&source, *reason, *numbers, now),
                What::Stopped(since) => self.notes.status(&source, &status(State::Stopped, *since), now),
                What::Online(since) => self.notes.status(&source, &status(State::Online, *since), now),
                What::About(points) => self.notes.about(&source, &about(points), now),
                What::Locked(locked) => self.notes.room(&source.venue, &source.room, *locked, now),
            }
        }
    }

    /// The collector starts over what is committed, through the stored form.
    fn restart(&mut self) {
        let source = source();
        self.notes = Notes::new(HORIZON_MS);
        if let Some(note) = &self.ledger.note {
            let stored = serde_json::to_string(note).unwrap();
            self.notes.restore(source.clone(), serde_json::from_str(&stored).unwrap());
        }
        let stored = serde_json::to_string(&self.ledger.room).unwrap();
        self.notes.restore_room(source.venue.clone(), source.room.clone(), serde_json::from_str(&stored).unwrap());
        let newest = self.ledger.log.iter().filter_map(|(_, what)| match what {
            What::Sample(at, _) => Some(*at),
            _ => None,
        });
        if let Some(newest) = newest.max() {
            self.notes.heard(&source, newest);
        }
    }
}

fn status(state: State, since: UnixMs) -> Status {
    let id = |text| Id::parse(text).unwrap();
    Status { state, boot: id("boot-1"), spool: id("spool-a"), since: Some(since), version: "0.1.0".into() }
}

fn about(points: &[&str]) -> About {
    let points = points.iter().map(|name| (point(name), PointAbout::default())).collect();
    About { model: String::new(), version: String::new(), sensors: Vec::new(), points }
}
