//! The picture of the present: what every room, agent and point last said. Written by the step
//! thread after each commit, read by pages and the API; never decides anything.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::RwLock,
};

use wire::{About, Fault, Id, PointName, Sample, Source, State, UnixMs};

use crate::ledger::{Commit, Loaded};

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

/// Takes what a commit holds into the picture, and says what changed.
pub fn apply(live: &RwLock<Live>, commit: &Commit) -> Vec<Change> {
    let mut rooms: BTreeSet<(Id, Id)> = BTreeSet::new();
    let mut live = live.write().expect("no holder of this lock can panic");
    for (source, sample) in &commit.samples {
        live.sample(source, sample, commit.at);
        if !rooms.contains(&(source.venue.clone(), source.room.clone())) {
            rooms.insert((source.venue.clone(), source.room.clone()));
        }
    }
    for (source, status) in &commit.statuses {
        let agent = live.agent(source);
        agent.state = Some(status.state);
        agent.version = Some(status.version.clone());
        rooms.insert((source.venue.clone(), source.room.clone()));
    }
    for (source, about) in &commit.abouts {
        live.agent(source).about = Some(about.clone());
        rooms.insert((source.venue.clone(), source.room.clone()));
    }
    drop(live);
    let rooms = rooms.into_iter().map(|(venue, room)| Change::Room { venue, room });
    rooms.chain(commit.tickets.iter().map(|t| Change::Ticket { number: t.number.clone() })).collect()
}

impl Live {
    /// Agents of a room.
    #[must_use]
    pub fn agents_of(&self, venue: &Id, room: &Id) -> Vec<Source> {
        self.agents.keys().filter(|source| source.venue == *venue && source.room == *room).cloned().collect()
    }

    /// The picture as the ledger remembers it.
    #[must_use]
    pub fn restore(loaded: &Loaded) -> Self {
        let mut live = Self::default();
        for device in &loaded.devices {
            let agent = live.agent(&device.source);
            agent.about.clone_from(&device.about);
            agent.state = device.status.as_ref().map(|s| s.state);
            agent.version = device.status.as_ref().map(|s| s.version.clone());
        }
        for (source, sample) in &loaded.samples {
            live.sample(source, sample, sample.at);
        }
        live
    }

    /// Takes a sample in; one that is older than what is shown changes nothing but what is new.
    pub fn sample(&mut self, source: &Source, sample: &Sample, received_at: UnixMs) {
        let agent = self.agent(source);
        agent.received_at = Some(received_at);
        agent.sample_at = agent.sample_at.max(Some(sample.at));
        for (name, value) in &sample.points {
            let point = agent.point(name, sample.at);
            if sample.at >= point.at {
                *point = LivePoint { value: Some((sample.at, *value)), fault: None, at: sample.at };
            }
        }
        for (name, fault) in &sample.faults {
            let point = agent.point(name, sample.at);
            if sample.at >= point.at {
                (point.fault, point.at) = (Some(fault.clone()), sample.at);
            }
        }
    }

    fn agent(&mut self, source: &Source) -> &mut LiveAgent {
        if !self.agents.contains_key(source) {
            self.agents.insert(source.clone(), LiveAgent::default());
        }
        self.agents.get_mut(source).expect("inserted above")
    }
}

impl LiveAgent {
    fn point(&mut self, name: &PointName, at: UnixMs) -> &mut LivePoint {
        if !self.points.contains_key(name) {
            self.points.insert(name.clone(), LivePoint { value: None, fault: None, at });
        }
        self.points.get_mut(name).expect("inserted above")
    }
}
