//! One world from a seed: agents in their rooms, a broker that forgets, a collector that dies, and
//! a network that loses, doubles and delays. Plays it to its end, lets everything drain, and closes
//! the books.

use std::collections::VecDeque;

use agent::draft::Draft;
use wire::PointName;

use super::{
    AGENTS, Mistake, Tally, WORLD_HOURS,
    books::{Books, Read},
    card::Card,
    desk::Desk,
    device::{Boot, Device, source},
    event::{Agenda, Event, Message},
    part,
    truth::{self, Room, pause},
};
use crate::Rng;

/// World time between two samples.
const PERIOD_MS: i64 = 30_000;
/// Between two ticks of the collector.
pub(super) const TICK_MS: i64 = 60_000;
/// A planted mistake can make both sides repeat themselves for ever: its world ends after so many
/// numbers that came past a hole.
const GAPS_MAX: u64 = 5_000;
/// When the faults are over, everything must have drained within this time.
const PEACE_MS: i64 = 2 * 3_600_000;

/// One agent of the world.
pub(super) struct Site {
    pub(super) room: Room,
    pub(super) card: Card,
    pub(super) device: Option<Device>,
    pub(super) boot: Boot,
    pub(super) boots: u32,
    pub(super) connection: u64,
    pub(super) connected: bool,
    pub(super) cut_off_until: i64,
    pub(super) looks: u64,
}

/// A world.
pub struct World {
    pub(super) mistake: Mistake,
    pub(super) rng: Rng,
    pub(super) now: i64,
    pub(super) agenda: Agenda,
    pub(super) sites: Vec<Site>,
    pub(super) books: Books,
    pub(super) tally: Tally,
    pub(super) desk: Option<Desk>,
    /// Tells lives of the collector apart.
    pub(super) desk_life: u64,
    pub(super) stepping: bool,
    pub(super) committing: bool,
    pub(super) stalled_until: i64,
    /// What the collector does at its next commit: die before or after it.
    pub(super) doomed: Option<bool>,
    pub(super) broker_up: bool,
    /// Tells lives of the broker apart.
    pub(super) broker_life: u64,
    pub(super) waiting: VecDeque<(usize, Message)>,
    pub(super) peace: bool,
    pub(super) gaps: u64,
    pub(super) names: [PointName; 3],
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
        while let Some((at, event)) = self.agenda.pop() {
            if at > end + PEACE_MS || self.gaps > gaps_max {
                break;
            }
            self.now = at;
            self.happen(event);
        }
        self.close()
    }

    pub(super) fn plan_fault(&mut self, hours: i64, fault: Event) {
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
    pub(super) fn turn(&mut self, place: usize) {
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

    pub(super) fn audit(&mut self, place: usize) {
        if let Some(device) = &self.sites[place].device {
            for (spool, upto) in device.spool.durable() {
                self.books.promise(place, spool, upto);
            }
        }
    }
}

/// The end.
impl World {
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
                let of_rule = self
                    .books
                    .tickets
                    .values()
                    .filter(|t| t.room == room && t.rule.as_ref().is_some_and(|known| known.as_str() == *rule));
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
