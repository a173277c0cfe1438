//! A lounge of forty simulated rooms over the real step and a real ledger, in a world whose clock the test
//! holds: rooms warm up by night and are cooled before opening, sensors are noisy, and things break on request.

use std::{
    collections::BTreeSet,
    sync::{Arc, RwLock},
};

use collector::{
    config::Rules,
    episode::Severity,
    ingest::decode::decode,
    ledger::{
        Ledger, NewMessage, Reader, RecordFilter, record_kind,
        sqlite::{Options, Sqlite, SqliteLedger},
    },
    live::{self, Live},
    packs::Packs,
    readiness::{
        Report,
        gather::{Past, Sources},
        job::Job,
    },
    readings::{self, Readings},
    run::deciders_of,
    step::{Core, Filing, Input},
    tickets::tell::Route,
    venues::{Holidays, Venues},
};
use jiff::Timestamp;
use tempfile::TempDir;
use wire::{Id, UnixMs};

pub const ROOMS: usize = 40;
pub const MINUTE: i64 = 60_000;

/// What a room goes to by itself, and how quickly, in minutes.
const BUILDING: (f64, f64) = (26.8, 150.0);

pub fn id(text: &str) -> Id {
    Id::parse(text).unwrap()
}

pub fn ms(text: &str) -> UnixMs {
    text.parse::<Timestamp>().unwrap().as_millisecond()
}

/// What can break in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    AirConditioningOff,
    AmplifierDead,
    SongBoxDead,
    AgentSilent,
    SensorDead,
    ExtinguisherMissing,
}

struct Room {
    celsius: f64,
    /// Minutes after eleven at which its air conditioning is started.
    cooled_from: i64,
    /// How quickly it follows, in minutes.
    tau: f64,
    seq: u64,
}

pub struct Lounge {
    _folder: TempDir,
    store: Option<(Sqlite, SqliteLedger)>,
    path: std::path::PathBuf,
    readings: Arc<dyn Readings>,
    core: Core,
    venues: Arc<Venues>,
    pub packs: Packs,
    live: RwLock<Live>,
    past: Past,
    job: Job,
    filings: Vec<Filing>,
    rooms: Vec<Room>,
    random: u64,
    pub faults: Vec<(usize, Fault)>,
    pub now: UnixMs,
    pub messages: Vec<NewMessage>,
    /// How often a report was filed, and how often the ledger refused to take it.
    pub filed: usize,
    pub lost: usize,
}

pub fn venues_text() -> String {
    let mut text = String::from(
        "[venue.nanshan]\nname_zh = \"南山店\"\nname_en = \"Nanshan\"\nkind = \"ktv\"\n\
         [[venue.nanshan.hours]]\nopen = \"12:00\"\nclose = \"02:00\"\n\
         [venue.nanshan.team.lead]\nname_zh = \"值班\"\nname_en = \"duty\"\nmembers = [\"李雷\", \"韩梅梅\"]\nchannels = [\"leaders\"]\n\
         [[venue.nanshan.team.lead.shift]]\nbegin = \"11:00\"\nend = \"19:00\"\nmembers = [\"李雷\", \"韩梅梅\"]\nleader = \"李雷\"\n\
         [venue.nanshan.asset.extinguisher-old]\nkind = \"extinguisher\"\nname_zh = \"走廊灭火器\"\nname_en = \"corridor extinguisher\"\n\
         type = \"powder\"\nmade = \"2024-01-10\"\ndue = \"2026-07-20\"\n",
    );
    for n in 1..=ROOMS {
        text.push_str(&format!("[venue.nanshan.room.k{n:02}]\nname_zh = \"K{n:02}\"\n"));
    }
    text
}

fn venues(text: &str) -> Arc<Venues> {
    Arc::new(Venues::of(&[("venues.toml".into(), text.into())], Holidays::default(), "Asia/Shanghai").unwrap())
}

fn core(ledger: &mut SqliteLedger, packs: &Packs, venues: &Arc<Venues>, now: UnixMs) -> (Core, Live) {
    let route = Route { channel: "desk".into(), teams: Vec::new(), severity_min: Severity::P4 };
    let loaded = ledger.load(now).unwrap();
    let live = Live::restore(&loaded);
    let mut core = Core::restore(loaded, deciders_of(packs, venues, 600_000, vec![route]));
    core.set_venues(venues);
    (core, live)
}

impl Lounge {
    pub fn start(now: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.db");
        let (sqlite, mut ledger) = Sqlite::open(&path, Options::default()).unwrap();
        let packs = Packs::load(&Rules { packs: vec!["ktv".into()], ..Rules::default() }).unwrap();
        let (venues, now) = (venues(&venues_text()), ms(now));
        let (core, live) = core(&mut ledger, &packs, &venues, now);
        let room = |n: usize| Room {
            celsius: 25.5 + n as f64 % 5.0 * 0.3,
            cooled_from: (n as i64 * 7) % 13,
            tau: 20.0 + n as f64 % 6.0,
            seq: 0,
        };
        Self {
            _folder: folder,
            readings: readings::over(Arc::new(sqlite.clone())),
            store: Some((sqlite, ledger)),
            path,
            core,
            venues,
            packs,
            live: RwLock::new(live),
            past: Past::default(),
            job: Job::new(now, vec!["desk".into()]),
            filings: Vec::new(),
            rooms: (1..=ROOMS).map(room).collect(),
            random: 0x5eed,
            faults: Vec::new(),
            now,
            messages: Vec::new(),
            filed: 0,
            lost: 0,
        }
    }

    /// Ends without a word, as by a power cut, and goes on from the file; what was filed and not committed is gone.
    pub fn restart(&mut self) {
        self.lost += self.filings.len();
        self.filings.clear();
        drop(self.store.take());
        let (sqlite, mut ledger) = Sqlite::open(&self.path, Options::default()).unwrap();
        let (core, mut live) = core(&mut ledger, &self.packs, &self.venues, self.now);
        self.readings = readings::over(Arc::new(sqlite.clone()));
        for mark in sqlite.watermarks().unwrap() {
            let newest = self.readings.samples(&mark.source, mark.sample_at, mark.sample_at + 1, 1).unwrap();
            newest.iter().for_each(|sample| live.sample(&mark.source, sample, sample.at));
        }
        (self.core, self.live) = (core, RwLock::new(live));
        self.store = Some((sqlite, ledger));
        self.job = Job::new(self.now, vec!["desk".into()]);
    }

    /// The clock goes on to an instant while nothing comes: the collector is down, and rooms warm up.
    pub fn sleep(&mut self, until: &str) {
        let minutes = (ms(until) - self.now) / MINUTE;
        self.now = ms(until);
        for room in &mut self.rooms {
            room.celsius += (BUILDING.0 - room.celsius) * (1.0 - (-(minutes as f64) / BUILDING.1).exp());
        }
    }

    /// From -0.5 to 0.5.
    fn noise(&mut self) -> f64 {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) as f64 / (1u64 << 31) as f64 - 0.5
    }

    fn has(&self, room: usize, fault: Fault) -> bool {
        self.faults.contains(&(room, fault))
    }

    /// One minute of a room's air: the building warms it, its air conditioning cools it before opening.
    fn breathe(&mut self, n: usize, minutes: f64) {
        let local = (self.now + 8 * 3_600_000).rem_euclid(86_400_000) / MINUTE;
        let cooled = local >= 11 * 60 + self.rooms[n - 1].cooled_from && !self.has(n, Fault::AirConditioningOff);
        let cooled = cooled || local < 2 * 60 && !self.has(n, Fault::AirConditioningOff);
        let noise = self.noise() * 0.02;
        let room = &mut self.rooms[n - 1];
        let (to, tau) = if cooled { (20.2, room.tau) } else { BUILDING };
        room.celsius += (to - room.celsius) * (1.0 - (-minutes / tau).exp()) + noise;
    }

    fn sample(&mut self, n: usize) -> Option<(String, String)> {
        let celsius = self.rooms[n - 1].celsius + self.noise() * 0.1;
        let (humidity, co2) = (50.0 + self.noise() * 4.0, 620.0 + self.noise() * 40.0);
        if self.has(n, Fault::AgentSilent) {
            return None;
        }
        self.rooms[n - 1].seq += 1;
        let bit = |fault| u8::from(!self.has(n, fault));
        let (air, faults) = match self.has(n, Fault::SensorDead) {
            true => (String::new(), r#","faults":{"temperature_celsius":"no_response"}"#),
            false => (format!(r#","temperature_celsius":{celsius:.2}"#), ""),
        };
        let body = format!(
            r#"{{"at":{},"seq":{},"spool":"spool-a","boot":"boot-a","clock":1{air},"humidity_percent":{humidity:.1},"co2_ppm":{co2:.0},"illuminance_lux":45,"amplifier_power_on":{},"song_box_reachable":{},"extinguisher_1_present":{}{faults}}}"#,
            self.now,
            self.rooms[n - 1].seq,
            bit(Fault::AmplifierDead),
            bit(Fault::SongBoxDead),
            bit(Fault::ExtinguisherMissing),
        );
        Some((format!("hallwatch/v1/nanshan/k{n:02}/pi-1/samples"), body))
    }

    /// Goes on until `until`, `step` minutes at a time, every room a sample a step.
    pub fn run(&mut self, until: &str, step: i64) {
        let until = ms(until);
        while self.now < until {
            self.now = (self.now + step * MINUTE).min(until);
            let mut bodies = Vec::new();
            for n in 1..=ROOMS {
                self.breathe(n, step as f64);
                bodies.extend(self.sample(n));
            }
            self.step(bodies);
            self.look();
        }
    }

    fn step(&mut self, bodies: Vec<(String, String)>) {
        let now = self.now;
        let batch: Vec<_> = bodies.iter().map(|(topic, body)| decode(topic, body.as_bytes(), false, now)).collect();
        assert!(batch.iter().all(Result::is_ok), "{batch:?}");
        let filings = std::mem::take(&mut self.filings);
        let stepped = self.core.step(Input { batch, requests: Vec::new(), filings, tick: true, now });
        if !stepped.is_empty() {
            self.store.as_mut().unwrap().1.commit(stepped.number, &stepped.commit).unwrap();
        }
        live::apply(&self.live, &stepped.commit);
        self.messages.extend(stepped.commit.outbox.clone());
    }

    /// The job looks; what it files waits for the next step.
    fn look(&mut self) {
        let (reader, venues) = (self.store.as_ref().unwrap().0.clone(), self.venues.clone());
        let sources = Sources {
            reader: &reader,
            readings: &*self.readings,
            packs: &self.packs,
            venues: &venues,
            live: &self.live,
            past: &self.past,
        };
        let filings = self.job.look(&sources, &venues, self.now).unwrap();
        self.filed += filings.len();
        self.filings.extend(filings);
    }

    pub fn reports(&self) -> Vec<Report> {
        let filter = RecordFilter { kind: record_kind::READINESS.into(), ..RecordFilter::default() };
        let records = self.store.as_ref().unwrap().0.records(&filter).unwrap();
        records.iter().rev().map(|record| Report::of(record).unwrap()).collect()
    }

    /// Messages about readiness.
    pub fn told(&self) -> Vec<&NewMessage> {
        self.messages.iter().filter(|message| message.payload["report"] == "readiness").collect()
    }

    pub fn venues(&self) -> &Venues {
        &self.venues
    }
}

/// Rooms by name.
pub fn names<'a>(rooms: impl Iterator<Item = &'a collector::readiness::Room>) -> BTreeSet<&'a str> {
    rooms.map(|room| room.room.as_str()).collect()
}
