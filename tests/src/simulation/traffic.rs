//! Messages on their way between agents, broker and collector, and what the collector does with them.

use wire::{Ack, Source};

use super::{
    desk::Desk,
    event::{Event, Message},
    place_of,
    world::World,
};

/// The collector gathers messages for so long.
const GATHER_MS: i64 = 100;
/// The most that an ack is late on one of its two ways.
const ACK_LATE_MS_MAX: i64 = 700;
/// A commit takes so long.
const COMMIT_MS: i64 = 6;
/// What a broker keeps for a collector that is away, as mosquitto does by default.
const BROKER_QUEUE_MAX: usize = 1_000;

impl World {
    /// When a message sent now arrives: never, once or twice, in order or not.
    pub(super) fn arrivals(&mut self) -> Vec<i64> {
        let now = self.now;
        let soon = now + 2 + self.rng.below(20) as i64;
        match self.rng.below(1_000) {
            _ if self.peace => vec![soon],
            0..2 => {
                self.tally.messages += 1;
                Vec::new()
            }
            2..10 => {
                self.tally.messages += 1;
                vec![soon, soon + self.rng.below(60_000) as i64]
            }
            10..20 => {
                self.tally.messages += 1;
                vec![soon + self.rng.below(30_000) as i64]
            }
            _ => vec![soon],
        }
    }

    /// The same for an ack, which is never very late: that its time is late by less than is promised
    /// is assumed of the network.
    pub(super) fn ack_arrivals(&mut self) -> Vec<i64> {
        let latest = self.now + ACK_LATE_MS_MAX;
        self.arrivals().into_iter().map(|at| at.min(latest)).collect()
    }

    pub(super) fn send(&mut self, place: usize, message: Message) {
        let connection = self.sites[place].connection;
        for at in self.arrivals() {
            self.agenda.plan(at, Event::AtBroker(place, connection, message.clone()));
        }
    }

    pub(super) fn at_broker(&mut self, place: usize, connection: u64, message: Message) {
        // What was on its way when a connection broke arrives or not.
        let broken = self.sites[place].connection != connection;
        if !self.broker_up || broken && self.rng.below(2) == 0 {
            return;
        }
        if self.desk.is_some() {
            let life = (self.broker_life, self.desk_life);
            for at in self.arrivals() {
                self.agenda.plan(at, Event::AtCollector(place, life.0, life.1, message.clone()));
            }
        } else if self.waiting.len() < BROKER_QUEUE_MAX {
            self.waiting.push_back((place, message));
        }
    }

    pub(super) fn at_collector(&mut self, place: usize, broker: u64, life: u64, message: &Message) {
        if broker != self.broker_life || life != self.desk_life {
            return;
        }
        let Some(desk) = &mut self.desk else { return };
        desk.take(place, message, self.now);
        if !self.stepping {
            self.stepping = true;
            self.agenda.plan(self.now + GATHER_MS, Event::Step(life));
        }
    }

    pub(super) fn step(&mut self, tick: bool) {
        self.stepping = false;
        let Some(desk) = &mut self.desk else { return };
        let early = desk.step(tick, self.now, self.mistake);
        self.acknowledge(early);
        if !self.committing {
            self.committing = true;
            self.agenda.plan(self.now + COMMIT_MS, Event::Commit(self.desk_life));
        }
    }

    pub(super) fn commit(&mut self) {
        if self.stalled_until > self.now {
            self.agenda.plan(self.stalled_until, Event::Commit(self.desk_life));
            return;
        }
        if self.doomed == Some(false) {
            return self.die();
        }
        self.committing = false;
        let Some(desk) = &mut self.desk else { return };
        let (counts, acks) = desk.commit(&mut self.books, self.now);
        self.tally.gone += counts.lost;
        self.gaps += counts.gaps;
        if self.doomed == Some(true) {
            return self.die();
        }
        self.acknowledge(acks);
        if self.desk.as_ref().is_some_and(Desk::is_behind) {
            self.committing = true;
            self.agenda.plan(self.now + COMMIT_MS, Event::Commit(self.desk_life));
        }
    }

    pub(super) fn acknowledge(&mut self, acks: Vec<(Source, Ack)>) {
        let broker = self.broker_life;
        for (source, ack) in acks {
            let place = place_of(&source);
            for at in self.ack_arrivals() {
                self.agenda.plan(at, Event::AckAtBroker(place, broker, ack.clone()));
            }
        }
    }

    pub(super) fn ack_at_broker(&mut self, place: usize, broker: u64, ack: Ack) {
        let site = &self.sites[place];
        if broker == self.broker_life && site.connected {
            let connection = site.connection;
            for at in self.ack_arrivals() {
                self.agenda.plan(at, Event::AckAtAgent(place, connection, ack.clone()));
            }
        }
    }
}
