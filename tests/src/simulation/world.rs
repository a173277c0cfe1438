//! One world from a seed: agents in their rooms, a broker that forgets, a collector that dies, and
//! a network that loses, doubles and delays. Plays it to its end, lets everything drain, and closes
//! the books.

use std::collections::VecDeque;

use agent::draft::Draft;
use wire::{Ack, PointName, Source, State, Status};

use super::{
    AGENTS, Mistake, Tally, WORLD_HOURS,
    books::{Books, Read},
    card::Card,
    desk::Desk,
    device::{Boot, Device, source},
    event::{Agenda, Event, Message},
    part, place_of,
    truth::{self, Room, pause},
};
use crate::Rng;

/// World time between two samples.
const PERIOD_MS: i64 = 30_000;
/// The collector gathers messages for so long.
const GATHER_MS: i64 = 100;
/// A commit takes so long.
const COMMIT_MS: i64 = 6;
/// Between two ticks of the collector.
const TICK_MS: i64 = 60_000;
/// What a broker keeps for a collector that is away, as mosquitto does by default.
const BROKER_QUEUE_MAX: usize = 1_000;
/// A planted mistake can make both sides repeat themselves for ever: its world ends after so many
/// numbers that came past a hole.
const GAPS_MAX: u64 = 5_000;
/// When the faults are over, everything must have drained within this time.
const PEACE_MS: i64 = 2 * 3_600_000;

/// One agent of the world.
struct Site {
    room: Room,
    card: Card,
    device: Option<Device>,
    boot: Boot,
    boots: u32,
    connection: u64,
    connected: bool,
    cut_off_until: i64,
    looks: u64,
}

/// A world.
pub struct World {
    mistake: Mistake,
    rng: Rng,
    now: i64,
    agenda: Agenda,
    sites: Vec<Site>,
    books: Books,
    tally: Tally,
    desk: Option<Desk>,
    /// Tells lives of the collector apart.
    desk_life: u64,
    stepping: bool,
    committing: bool,
    stalled_until: i64,
    /// What the collector does at its next commit: die before or after it.
    doomed: Option<bool>,
    broker_up: bool,
    /// Tells lives of the broker apart.
    broker_life: u64,
    waiting: VecDeque<(usize, Message)>,
    peace: bool,
    gaps: u64,
    names: [PointName; 3],
}

impl World {
    /// A world from a seed, in which everything is about to start.
    #[must_use]
    pub fn new(seed: u64, mistake: Mistake) -> Self {
        let mut rng = Rng::new(seed);
        let sites = (0..AGENTS).map(|_| Site {
            room: Room::new(part(&mut rng)),
            card: Card::default(),
            device: None,
            boot: Boot::new(0, 0, &mut rng),
            boots: 0,
            connection: 0,
            connected: false,
            cut_off_until: 0,
            looks: 0,
        });
        let sites: Vec<Site> = sites.collect();
        let books = Books::new(AGENTS);
        let names = ["read_count", "temperature_celsius", "amplifier_on"];
        let names = names.map(|name| PointName::parse(name).expect("a valid name"));
        Self {
            mistake,
            rng,
            now: 0,
            agenda: Agenda::default(),
            sites,
            books,
            tally: Tally { hours: WORLD_HOURS, ..Tally::default() },
            desk: None,
            desk_life: 0,
            stepping: false,
            committing: false,
            stalled_until: 0,
            doomed: None,
            broker_up: true,
            broker_life: 0,
            waiting: VecDeque::new(),
            peace: false,
            gaps: 0,
            names,
        }
    }

    /// Plays it to its end.
    #[must_use]
    pub fn play(mut self) -> Tally {
        let end = (WORLD_HOURS * 3_600_000) as i64;
        self.agenda.plan(end, Event::Peace);
        self.agenda.plan(0, Event::CollectorStart);
        for place in 0..self.sites.len() {
            self.agenda.plan(0, Event::Start(place));
            self.agenda.plan(1_000 + 7 * place as i64, Event::Sample(place));
            for (hours, fault) in [(7, Event::PowerCut(place)), (9, Event::Kill(place)), (30, Event::Restart(place))] {
                self.plan_fault(hours, fault);
            }
            self.plan_fault(4, Event::Outage(place));
        }
        for (hours, fault) in [(8, Event::Amnesia), (5, Event::Crash), (20, Event::Stall)] {
            self.plan_fault(hours, fault);
        }
        let gaps_max = if self.mistake == Mistake::None { u64::MAX } else { GAPS_MAX };
        while let Some((at, event)) = self.agenda.next() {
            if at > end + PEACE_MS || self.gaps > gaps_max {
                break;
            }
            self.now = at;
            self.happen(event);
        }
        self.close()
    }

    fn plan_fault(&mut self, hours: i64, fault: Event) {
        if !self.peace {
            let at = self.now + pause(&mut self.rng, hours);
            self.agenda.plan(at, fault);
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Sample(place) => self.sample(place),
            Event::Wake(place, look) => {
                if self.sites[place].looks == look {
                    self.turn(place);
                }
            }
            Event::PowerCut(place) => self.power_cut(place),
            Event::Kill(_) | Event::Restart(_) if self.peace => {}
            Event::Kill(place) => {
                self.tally.cuts += u64::from(self.sites[place].device.is_some());
                self.end_process(place);
                self.start_later(place, 30_000);
                self.plan_fault(9, Event::Kill(place));
            }
            Event::Restart(place) => {
                let now = self.now;
                if let Some(device) = &mut self.sites[place].device {
                    let since = device.boottime(now);
                    device.spool.close(since);
                }
                if self.sites[place].card.is_blown() {
                    self.lose_power(place);
                } else {
                    self.audit(place);
                    self.end_process(place);
                    self.start_later(place, 5_000);
                }
                self.plan_fault(30, Event::Restart(place));
            }
            Event::Start(place) => self.start(place),
            Event::Outage(place) => self.outage(place),
            Event::Connect(place) => self.connect(place),
            Event::AtBroker(place, connection, message) => self.at_broker(place, connection, message),
            Event::Puback(place, connection, spool, last) => {
                if self.sites[place].connection == connection
                    && let Some(device) = &mut self.sites[place].device
                {
                    device.spool.ack(&spool, last);
                    self.turn(place);
                }
            }
            Event::AtCollector(place, broker, desk, message) => self.at_collector(place, broker, desk, &message),
            Event::AckAtBroker(place, broker, ack) => self.ack_at_broker(place, broker, ack),
            Event::AckAtAgent(place, connection, ack) => {
                let now = self.now;
                let site = &mut self.sites[place];
                if site.connection == connection
                    && site.connected
                    && let Some(device) = &mut site.device
                {
                    device.ack(&ack, now);
                    self.turn(place);
                }
            }
            Event::Amnesia => self.amnesia(),
            Event::BrokerStart => self.broker_start(),
            Event::Step(life) if life == self.desk_life => self.step(false),
            Event::Tick(life) if life == self.desk_life && self.desk.is_some() => {
                self.step(true);
                self.agenda.plan(self.now + TICK_MS, Event::Tick(life));
            }
            Event::Commit(life) if life == self.desk_life => self.commit(),
            Event::Step(_) | Event::Tick(_) | Event::Commit(_) => {}
            Event::Stall => {
                self.stalled_until = self.now + self.rng.below(1_800_000) as i64;
                self.plan_fault(20, Event::Stall);
            }
            Event::Crash => self.crash(),
            Event::CollectorStart => self.collector_start(),
            Event::Peace => self.make_peace(),
        }
    }

    fn sample(&mut self, place: usize) {
        let now = self.now;
        let site = &mut self.sites[place];
        let (temperature, power) = site.room.read(now);
        if !self.peace {
            self.agenda.plan(now + PERIOD_MS, Event::Sample(place));
            if let Some(device) = &mut site.device {
                let reads = &mut self.books.agents[place].reads;
                let values = [reads.len() as f64, temperature, power];
                let points = self.names.iter().cloned().zip(values).collect();
                let draft = Draft { read_at: device.boottime(now), points, faults: Vec::new() };
                let (spool, seq) = device.draft(draft, now);
                reads.push(Read { at_ms: now, temperature, power, spool, seq, stored: 0, promised: false });
                self.tally.samples += 1;
            }
        }
        self.turn(place);
    }

    /// What follows every event at an agent.
    fn turn(&mut self, place: usize) {
        let now = self.now;
        let site = &mut self.sites[place];
        let Some(device) = &mut site.device else { return };
        let (publishes, look) = device.turn(now);
        if site.card.is_blown() {
            // The power went in the middle: nothing of this turn came out.
            self.lose_power(place);
            return;
        }
        site.looks += 1;
        if let Some(at) = look {
            self.agenda.plan(at.max(now + 1), Event::Wake(place, site.looks));
        }
        self.audit(place);
        for publish in publishes {
            if self.mistake == Mistake::DeleteOnPuback {
                let connection = self.sites[place].connection;
                self.agenda.plan(now + 20, Event::Puback(place, connection, publish.spool, publish.last));
            }
            self.send(place, Message::Samples(publish.body));
        }
    }

    fn audit(&mut self, place: usize) {
        if let Some(device) = &self.sites[place].device {
            for (spool, upto) in device.spool.durable() {
                self.books.promise(place, spool, upto);
            }
        }
    }

    /// When a message sent now arrives: never, once or twice, in order or not.
    fn arrivals(&mut self) -> Vec<i64> {
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

    fn send(&mut self, place: usize, message: Message) {
        let connection = self.sites[place].connection;
        for at in self.arrivals() {
            self.agenda.plan(at, Event::AtBroker(place, connection, message.clone()));
        }
    }

    fn at_broker(&mut self, place: usize, connection: u64, message: Message) {
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

    fn at_collector(&mut self, place: usize, broker: u64, life: u64, message: &Message) {
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

    fn step(&mut self, tick: bool) {
        self.stepping = false;
        let Some(desk) = &mut self.desk else { return };
        let early = desk.step(tick, self.now, self.mistake);
        self.acknowledge(early);
        if !self.committing {
            self.committing = true;
            self.agenda.plan(self.now + COMMIT_MS, Event::Commit(self.desk_life));
        }
    }

    fn commit(&mut self) {
        if self.stalled_until > self.now {
            self.agenda.plan(self.stalled_until, Event::Commit(self.desk_life));
            return;
        }
        if self.doomed == Some(false) {
            return self.die();
        }
        self.committing = false;
        let Some(desk) = &mut self.desk else { return };
        let (counts, acks) = desk.commit(&mut self.books);
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

    fn acknowledge(&mut self, acks: Vec<(Source, Ack)>) {
        let broker = self.broker_life;
        for (source, ack) in acks {
            let place = place_of(&source);
            for at in self.arrivals() {
                self.agenda.plan(at, Event::AckAtBroker(place, broker, ack.clone()));
            }
        }
    }

    fn ack_at_broker(&mut self, place: usize, broker: u64, ack: Ack) {
        let site = &self.sites[place];
        if broker == self.broker_life && site.connected {
            let connection = site.connection;
            for at in self.arrivals() {
                self.agenda.plan(at, Event::AckAtAgent(place, connection, ack.clone()));
            }
        }
    }
}

/// What goes wrong, and how it is put right.
impl World {
    fn power_cut(&mut self, place: usize) {
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

    fn lose_power(&mut self, place: usize) {
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

    fn end_process(&mut self, place: usize) {
        self.books.end_life(place);
        let site = &mut self.sites[place];
        site.device = None;
        site.connected = false;
        site.connection += 1;
        site.looks += 1;
    }

    fn start_later(&mut self, place: usize, most_ms: usize) {
        let away = self.rng.below(most_ms) as i64;
        self.agenda.plan(self.now + away, Event::Start(place));
    }

    fn start(&mut self, place: usize) {
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

    fn connect(&mut self, place: usize) {
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

    fn disconnect(&mut self, place: usize) {
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

    fn outage(&mut self, place: usize) {
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

    fn amnesia(&mut self) {
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

    fn broker_start(&mut self) {
        self.broker_up = true;
    }

    fn crash(&mut self) {
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

    fn die(&mut self) {
        if self.desk.take().is_some() {
            self.tally.crashes += 1;
            self.desk_life += 1;
            (self.stepping, self.committing, self.doomed) = (false, false, None);
            let away = if self.rng.below(10) == 0 { 7_200_000 } else { 60_000 };
            let away = self.rng.below(away) as i64;
            self.agenda.plan(self.now + away, Event::CollectorStart);
        }
    }

    fn collector_start(&mut self) {
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

    fn make_peace(&mut self) {
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

    fn close(mut self) -> Tally {
        for (place, site) in self.sites.iter().enumerate() {
            let (now, card) = (self.now, site.card.clone());
            let device = site.device.as_ref();
            let device = match device {
                Some(device) => device,
                None => &Device::start(card, &site.boot, now, &mut self.rng),
            };
            self.books.wrongs.stuck += device.spool.stats().depth;
            let waiting = device.spool.waiting().map(|(id, first)| (id.clone(), first)).collect();
            self.books.close_agent(place, &waiting);
        }
        self.books.close();
        for (place, agent) in self.books.agents.iter().enumerate() {
            let room = source(place).room;
            let rules = ["air-temperature", "amplifier-power"];
            for (rule, expected) in rules.iter().zip(truth::tickets(&agent.rows)) {
                let of_rule = self.books.tickets.values().filter(|t| {
                    t.room == room && t.rule.as_ref().is_some_and(|known| known.as_str() == *rule)
                });
                let found = of_rule.map(|t| truth::Expected {
                    opened_at: t.opened_at,
                    closed_at: t.closed_at,
                    reopened: t.reopened_count,
                    episodes: t.episode_count,
                });
                let found: Vec<_> = found.collect();
                self.tally.tickets += found.len() as u64;
                let same = expected.iter().zip(&found).filter(|(e, f)| e == f).count();
                self.books.wrongs.tickets += (expected.len().max(found.len()) - same) as u64;
            }
        }
        self.tally.wrongs = self.books.wrongs;
        self.tally
    }
}
