//! A venue of three agents with the shipped rules, people who act on tickets, and a collector that is
//! killed. Agents send what was not acknowledged again, as they do in life.

use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
};

use collector::{
    causes, config,
    episode::{RoomState, Severity},
    ingest::decode,
    ledger::{Inbox, Outbox, Reader, TicketFilter},
    packs,
    packs::Packs,
    rules,
    step::{Core, Deciders, Input, Stepped},
    tickets::{self, Action, tell::Route},
};
use wire::{Clock, Entry, Id, PointName, Sample, Source, UnixMs};

use crate::file::{Fault, File, Mistake, TABLES};

/// 2026-11-23 20:00 in Shanghai: a lounge is open.
const BEGIN: UnixMs = 1_795_435_200_000;
/// Entries of one message.
const BATCH_MAX: usize = 60;

pub fn id(text: &str) -> Id {
    Id::parse(text).unwrap()
}

/// A small generator of our own (splitmix64), so that a seed means the same for ever.
pub struct Random(u64);

impl Random {
    pub fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % n
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

/// An agent: what it read, how far that was acknowledged, and how its room is.
struct Agent {
    source: Source,
    entries: Vec<Entry>,
    acked: usize,
    hot: bool,
    amplifier: bool,
    server: bool,
    away: bool,
}

pub struct World {
    random: Random,
    /// One step in so many has a fault of its own; 0 for none.
    fault_in: u64,
    mistake: Mistake,
    folder: tempfile::TempDir,
    file: Option<File>,
    core: Core,
    /// Steps that are decided and not committed.
    decided: VecDeque<Stepped>,
    asked: HashSet<u64>,
    agents: Vec<Agent>,
    introduced: bool,
    now: UnixMs,
    said: u64,
    hits: usize,
}

pub fn routes() -> Vec<Route> {
    let route = |name: &str, teams: &[&str], severity_min| Route {
        channel: name.into(),
        teams: teams.iter().map(|team| (*team).to_owned()).collect(),
        severity_min,
    };
    vec![route("everybody", &[], Severity::P4), route("av", &["av"], Severity::P2)]
}

fn deciders() -> Deciders {
    let packs = Packs::load(&config::Rules::default()).unwrap();
    Deciders {
        causes: causes::State::new(packs::cause_facts(&packs.rules())),
        rules: rules::State::new(packs.rules(), rules::Settings::default()),
        tickets: tickets::State::new(
            tickets::Settings::default(),
            packs.facts(),
            Arc::new(tickets::plan::OneDay(20_261_123)),
        ),
        routes: routes(),
    }
}

impl World {
    pub fn new(seed: u64, fault_in: u64) -> Self {
        Self::with(seed, fault_in, Mistake::None)
    }

    pub fn with(seed: u64, fault_in: u64, mistake: Mistake) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut file = File::open(&folder.path().join("hallwatch.db"));
        let core = Core::restore(file.load(BEGIN), deciders());
        let agent = |room: &str, agent: &str| Agent {
            source: Source { venue: id("nanshan"), room: id(room), agent: id(agent) },
            entries: Vec::new(),
            acked: 0,
            hot: false,
            amplifier: true,
            server: true,
            away: false,
        };
        Self {
            random: Random(seed),
            fault_in,
            mistake,
            folder,
            file: Some(file),
            core,
            decided: VecDeque::new(),
            asked: HashSet::new(),
            agents: vec![agent("k01", "pi-1"), agent("k01", "pi-2"), agent("k02", "pi-3")],
            introduced: false,
            now: BEGIN,
            said: 0,
            hits: 0,
        }
    }

    pub fn hits(&self) -> usize {
        self.hits
    }

    /// A step of the world: rooms change, people act, the collector decides and commits, with `fault`.
    pub fn step(&mut self, fault: Option<Fault>) {
        self.now += 1_000 * (20 + self.random.below(100)) as i64;
        self.live();
        self.people();
        self.send();
        let by_chance = self.fault_in > 0 && self.random.one_in(self.fault_in);
        let fault = fault.or_else(|| by_chance.then(|| self.any_fault()));
        // Deciding goes on while a commit takes its time: one step may wait behind another.
        let behind = self.random.one_in(4);
        while self.decided.len() > usize::from(behind && fault.is_none()) {
            self.commit(fault);
        }
        self.senders();
    }

    fn any_fault(&mut self) -> Fault {
        match self.random.below(8) {
            0 => Fault::Refused,
            1 => Fault::InDoubt,
            2 | 3 => Fault::KilledBefore,
            4 | 5 => Fault::KilledAfter,
            _ => Fault::FailsAt(TABLES[self.random.below(TABLES.len() as u64) as usize]),
        }
    }

    /// Rooms change, and agents read.
    fn live(&mut self) {
        for n in 0..self.agents.len() {
            let chances = [self.random.one_in(12), self.random.one_in(12), self.random.one_in(10)];
            let away = if self.agents[n].away { self.random.one_in(4) } else { self.random.one_in(30) };
            let agent = &mut self.agents[n];
            agent.hot ^= chances[0];
            agent.amplifier ^= chances[1];
            agent.server ^= chances[2];
            agent.away ^= away;
            for back in [40_000, 20_000, 0] {
                let seq = agent.entries.len() as u64 + 1;
                let point = |name: &str, value: f64| (PointName::parse(name).unwrap(), value);
                agent.entries.push(Entry::Sample(Sample {
                    at: self.now - back - 500,
                    seq,
                    spool: id("spool-a"),
                    boot: id("boot-1"),
                    clock: Clock::Trusted,
                    points: vec![
                        point("temperature_celsius", if agent.hot { 29.5 } else { 20.0 }),
                        point("amplifier_power_on", f64::from(u8::from(agent.amplifier))),
                        point("song_server_reachable", f64::from(u8::from(agent.server))),
                    ],
                    faults: Vec::new(),
                }));
            }
        }
    }

    /// People ask for what comes to their minds; each says something that nobody said before.
    fn people(&mut self) {
        if !self.random.one_in(2) {
            return;
        }
        let file = self.file.as_ref().unwrap();
        let tickets = file.sqlite.tickets(&TicketFilter::default()).unwrap();
        self.said += 1;
        let words = format!("word {}", self.said);
        let by_hand = Action::Open {
            venue: id("nanshan"),
            room: id("k03"),
            asset: None,
            severity: Severity::P3,
            team: id("av"),
            description: words.clone(),
            origin: collector::tickets::Origin::Person,
        };
        let (number, action) = match (self.random.below(10), tickets.len() as u64) {
            (0, _) | (_, 0) => (String::new(), by_hand),
            (1, _) => {
                let state = [RoomState::Locked, RoomState::Occupied][self.random.below(2) as usize];
                (String::new(), Action::Room { venue: id("nanshan"), room: id("k02"), state: Some(state) })
            }
            (what, count) => {
                let number = tickets[self.random.below(count) as usize].number.clone();
                let action = match what {
                    2 => Action::Acknowledge,
                    3 => Action::Start { anyway: None },
                    4 | 5 => Action::Fixed { note: words },
                    6 => Action::Close,
                    7 => Action::FalseAlarm { note: words },
                    8 => Action::Reopen { note: words },
                    _ => Action::Comment { text: words },
                };
                (number, action)
            }
        };
        file.sqlite.put_request(self.now, "wang", &number, &action).unwrap();
    }

    /// What agents send, and what the step makes of it.
    fn send(&mut self) {
        let mut batch = Vec::new();
        let mut say = |source: &Source, channel: &str, body: &[u8], now| {
            batch.push(decode(&format!("hallwatch/v1/{source}/{channel}"), body, false, now));
        };
        for agent in &self.agents {
            if !self.introduced {
                let about =
                    br#"{"model":"Pi","version":"1","points":{"temperature_celsius":{"unit":"Cel","period_seconds":20},
                    "amplifier_power_on":{"unit":"/","period_seconds":20,"asset":"amplifier"},
                    "song_server_reachable":{"unit":"/","period_seconds":20,"asset":"song-server"}}}"#;
                say(&agent.source, "about", about, self.now);
                let online = br#"{"state":"online","boot":"boot-1","spool":"spool-a","version":"1"}"#;
                say(&agent.source, "status", online, self.now);
            }
            let waiting = &agent.entries[agent.acked..];
            if !agent.away && !waiting.is_empty() {
                let body = wire::samples::print(&waiting[..waiting.len().min(BATCH_MAX)]);
                say(&agent.source, "samples", body.as_bytes(), self.now);
            }
        }
        let pending = self.file.as_ref().unwrap().sqlite.pending(64).unwrap();
        let requests = pending.into_iter().filter(|request| self.asked.insert(request.id)).collect();
        let stepped = self.core.step(Input { batch, requests, filings: Vec::new(), tick: true, now: self.now });
        self.decided.push_back(stepped);
    }

    /// The oldest step becomes durable, or not; only then agents are told.
    fn commit(&mut self, fault: Option<Fault>) {
        let Some(stepped) = self.decided.pop_front() else { return };
        let file = self.file.as_mut().unwrap();
        let killed = matches!(fault, Some(Fault::KilledBefore | Fault::KilledAfter));
        if !stepped.is_empty() {
            if killed && self.mistake != Mistake::None {
                file.commit_in_pieces(stepped.number, &stepped.commit, self.mistake);
            } else {
                self.hits += usize::from(file.commit(stepped.number, &stepped.commit, fault));
            }
        }
        if killed {
            self.start_again();
            return;
        }
        for (source, ack) in stepped.acks {
            let agent = self.agents.iter_mut().find(|agent| agent.source == source).unwrap();
            agent.acked = agent.acked.max(ack.upto as usize);
        }
        self.introduced = true;
    }

    /// A new life over what the ledger holds; what was only decided is gone. Some are long in coming.
    fn start_again(&mut self) {
        self.decided.clear();
        self.asked.clear();
        self.file = None;
        if self.random.one_in(3) {
            self.now += 1_000 * self.random.below(3_000) as i64;
        }
        let mut file = File::open(&self.path());
        let mut loaded = file.load(self.now);
        if self.mistake == Mistake::ForgetsTickets {
            // Their numbers stay known: the file itself refuses one that is given twice.
            loaded.tickets.iter_mut().for_each(|ticket| ticket.rule = None);
            loaded.episodes.iter_mut().for_each(|row| row.ticket = None);
        }
        self.core = Core::restore(loaded, deciders());
        self.file = Some(file);
    }

    /// Some messages are sent, some fail.
    fn senders(&mut self) {
        let file = self.file.as_ref().unwrap();
        for message in file.sqlite.due("everybody", self.now, 8).unwrap() {
            match self.random.below(3) {
                0 => file.sqlite.sent(message.id, self.now).unwrap(),
                1 => file.sqlite.failed(message.id, self.now, "no line", Some(self.now + 30_000)).unwrap(),
                _ => {}
            }
        }
    }

    fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("hallwatch.db")
    }

    /// Commits what waits, and gives the ledger that remains.
    pub fn end(mut self) -> tempfile::TempDir {
        while !self.decided.is_empty() {
            self.commit(None);
        }
        self.file = None;
        self.folder
    }
}
