//! What goes wrong in a world, and how it is put right: power, processes, networks, broker, collector.

use wire::{State, Status};

use super::{
    Mistake,
    desk::Desk,
    device::{Boot, Device},
    event::{Event, Message},
    world::{TICK_MS, World},
};

impl World {
    pub(super) fn power_cut(&mut self, place: usize) {
        if !self.peace {
            if self.rng.below(2) == 0 {
                let operations = self.rng.below(8) as u32;
                self.sites[place].card.light_fuse(operations);
            } else {
                self.lose_power(place);
            }
            self.plan_fault(7, Event::PowerCut(place));
        }
    }

    pub(super) fn lose_power(&mut self, place: usize) {
        self.tally.cuts += 1;
        self.end_process(place);
        let site = &mut self.sites[place];
        site.card.cut(&mut self.rng);
        if self.mistake == Mistake::NumbersAgain {
            site.card.forget_reservations();
        }
        site.boots += 1;
        let away = match self.rng.below(20) {
            0 => self.rng.below(36_000_000),
            _ => self.rng.below(600_000),
        };
        let away = if self.peace { 1_000 } else { away as i64 };
        site.boot = Boot::new(self.now + away, site.boots, &mut self.rng);
        self.agenda.plan(self.now + away, Event::Start(place));
    }

    pub(super) fn end_process(&mut self, place: usize) {
        self.books.end_life(place);
        let site = &mut self.sites[place];
        site.device = None;
        site.connected = false;
        site.connection += 1;
        site.looks += 1;
    }

    pub(super) fn start_later(&mut self, place: usize, most_ms: usize) {
        let away = self.rng.below(most_ms) as i64;
        self.agenda.plan(self.now + away, Event::Start(place));
    }

    pub(super) fn start(&mut self, place: usize) {
        let now = self.now;
        let site = &mut self.sites[place];
        // A computer that is off starts no process.
        if site.device.is_some() || site.boot.began_ms + 5_000 > now {
            return;
        }
        site.device = Some(Device::start(site.card.clone(), &site.boot, now, &mut self.rng));
        self.turn(place);
        self.agenda.plan(now + 1_000, Event::Connect(place));
    }

    pub(super) fn connect(&mut self, place: usize) {
        let now = self.now;
        let site = &mut self.sites[place];
        let Some(device) = &mut site.device else { return };
        if site.connected {
            return;
        }
        if !self.broker_up || site.cut_off_until > now {
            let wait = if self.peace { 1_000 } else { 1_000 + self.rng.below(30_000) as i64 };
            self.agenda.plan(now + wait, Event::Connect(place));
            return;
        }
        site.connected = true;
        site.connection += 1;
        device.connected();
        let (boot, spool) = (site.boot.id.clone(), device.spool.id().clone());
        let status = Status { state: State::Online, boot, spool, since: None, version: "0".into() };
        self.send(place, Message::Status(wire::status::print(&status)));
        self.turn(place);
    }

    pub(super) fn disconnect(&mut self, place: usize) {
        let site = &mut self.sites[place];
        if site.connected {
            site.connected = false;
            site.connection += 1;
            if let Some(device) = &mut site.device {
                device.disconnected();
            }
            let wait = 1_000 + self.rng.below(30_000) as i64;
            self.agenda.plan(self.now + wait, Event::Connect(place));
        }
    }

    pub(super) fn outage(&mut self, place: usize) {
        if self.peace {
            return;
        }
        self.tally.outages += 1;
        let long = match self.rng.below(40) {
            0 => 72 * 3_600_000,
            1..4 => self.rng.below(7_200_000),
            _ => self.rng.below(300_000),
        };
        self.sites[place].cut_off_until = self.now + long as i64;
        self.disconnect(place);
        self.plan_fault(4, Event::Outage(place));
    }

    pub(super) fn amnesia(&mut self) {
        if self.peace {
            return;
        }
        self.tally.amnesias += 1;
        self.broker_up = false;
        self.broker_life += 1;
        self.waiting.clear();
        for place in 0..self.sites.len() {
            self.disconnect(place);
        }
        let away = self.rng.below(120_000) as i64;
        self.agenda.plan(self.now + away, Event::BrokerStart);
        self.plan_fault(8, Event::Amnesia);
    }

    pub(super) fn broker_start(&mut self) {
        self.broker_up = true;
    }

    pub(super) fn crash(&mut self) {
        if self.peace {
            return;
        }
        match self.rng.below(3) {
            0 => self.die(),
            _ if self.desk.is_some() => self.doomed = Some(self.rng.below(2) == 0),
            _ => {}
        }
        self.plan_fault(5, Event::Crash);
    }

    pub(super) fn die(&mut self) {
        if self.desk.take().is_some() {
            self.tally.crashes += 1;
            self.desk_life += 1;
            (self.stepping, self.committing, self.doomed) = (false, false, None);
            let away = if self.rng.below(10) == 0 { 7_200_000 } else { 60_000 };
            let away = self.rng.below(away) as i64;
            self.agenda.plan(self.now + away, Event::CollectorStart);
        }
    }

    pub(super) fn collector_start(&mut self) {
        if self.desk.is_some() {
            return;
        }
        self.desk = Some(Desk::start(&self.books));
        self.agenda.plan(self.now + TICK_MS, Event::Tick(self.desk_life));
        let life = (self.broker_life, self.desk_life);
        for (place, message) in std::mem::take(&mut self.waiting) {
            // A broker hands on what it kept in its order.
            self.agenda.plan(self.now + 10, Event::AtCollector(place, life.0, life.1, message));
        }
    }

    pub(super) fn make_peace(&mut self) {
        self.peace = true;
        (self.stalled_until, self.doomed) = (0, None);
        self.broker_up = true;
        self.agenda.plan(self.now, Event::CollectorStart);
        for place in 0..self.sites.len() {
            self.sites[place].cut_off_until = 0;
            let starts = (self.sites[place].boot.began_ms + 5_000).max(self.now);
            if starts > self.now {
                self.sites[place].boot.began_ms = self.now - 5_000;
            }
            self.agenda.plan(self.now, Event::Start(place));
            self.agenda.plan(self.now + 500, Event::Connect(place));
        }
    }
}
