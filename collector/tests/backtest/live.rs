//! An evening as a collector lives it: generated samples with faults and outages, people who act, ticks at no
//! round time, through the real step into a real ledger.

use std::sync::Arc;

use collector::{
    config,
    episode::Severity,
    ingest::Decoded,
    ledger::{
        Inbox as _, Ledger as _,
        sqlite::{Options, Sqlite, SqliteLedger},
    },
    packs::Packs,
    run::deciders_of,
    step::{Core, Input},
    tickets::{Action, tell::Route},
    venues::{Holidays, Venues},
};
use wire::{About, Clock, Entry, Fault, Id, PointName, Sample, Source, State, Status, UnixMs};

/// 2026-11-23 17:00 in Shanghai.
pub const BEGIN: UnixMs = 1_795_424_400_000;
pub const HORIZON_MS: i64 = 300_000;
const ROOMS: usize = 6;
const PERIOD_MS: i64 = 10_000;

pub fn id(text: &str) -> Id {
    Id::parse(text).unwrap()
}

pub const VENUES: &str = "[venue.nanshan]\nkind = \"ktv\"\nzone = \"Asia/Shanghai\"\n\
    [[venue.nanshan.hours]]\nopen = \"18:30\"\nclose = \"02:00\"\n\
    [venue.nanshan.quiet]\nP3 = \"19:00-19:40\"\n";

pub fn venues() -> Arc<Venues> {
    let files = [("venues.toml".into(), VENUES.to_owned())];
    Arc::new(Venues::of(&files, Holidays::default(), "Asia/Shanghai").unwrap())
}

pub fn packs() -> Packs {
    Packs::load(&config::Rules { packs: vec!["ktv".into()], ..config::Rules::default() }).unwrap()
}

pub fn routes() -> Vec<Route> {
    vec![Route { channel: "duty".into(), teams: Vec::new(), severity_min: Severity::P4 }]
}

/// A small generator, the same everywhere for a seed.
struct Random(u64);

impl Random {
    fn next(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

struct Pi {
    source: Source,
    next_at: UnixMs,
    seq: u64,
    spool: usize,
    waiting: Vec<Sample>,
    /// Cut off from … to ….
    outage: (UnixMs, UnixMs),
    hot: (UnixMs, UnixMs),
    dark: (UnixMs, UnixMs),
    blind: (UnixMs, UnixMs),
}

/// The whole.
pub struct Live {
    pub folder: tempfile::TempDir,
    pub sqlite: Sqlite,
    ledger: Option<SqliteLedger>,
    core: Option<Core>,
    random: Random,
    pis: Vec<Pi>,
    now: UnixMs,
    ticked: UnixMs,
    down_until: UnixMs,
    downs: Vec<(UnixMs, UnixMs)>,
    deaf: (UnixMs, UnixMs),
    songs: (UnixMs, UnixMs),
    decided: std::collections::HashSet<u64>,
}

const MINUTE: i64 = 60_000;

impl Live {
    pub fn new(seed: u64, restarts: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (sqlite, mut ledger) = Sqlite::open(&folder.path().join("hallwatch.db"), Options::default()).unwrap();
        let mut random = Random(seed);
        let mut stretch = |from: u64, most: u64| {
            let begin = BEGIN + (from + random.next(60)) as i64 * MINUTE;
            (begin, begin + (1 + random.next(most)) as i64 * MINUTE)
        };
        let mut pis = Vec::new();
        for room in 0..ROOMS {
            let source =
                Source { venue: id("nanshan"), room: id(&format!("k{room:02}")), agent: id(&format!("pi-{room}")) };
            let (outage, hot, dark, blind) = (stretch(20, 40), stretch(30, 90), stretch(40, 60), stretch(50, 30));
            let next_at = BEGIN + 137 * room as i64;
            pis.push(Pi { source, next_at, seq: 0, spool: 0, waiting: Vec::new(), outage, hot, dark, blind });
        }
        let (songs, deaf) = (stretch(60, 20), stretch(100, 10));
        let down = stretch(140, 8);
        let downs = if restarts { vec![down] } else { Vec::new() };
        let core = Self::start(&mut ledger, BEGIN);
        let decided = std::collections::HashSet::new();
        let (ledger, core) = (Some(ledger), Some(core));
        Self {
            folder,
            sqlite,
            ledger,
            core,
            random,
            pis,
            now: BEGIN,
            ticked: BEGIN,
            down_until: 0,
            downs,
            deaf,
            songs,
            decided,
        }
    }

    fn start(ledger: &mut SqliteLedger, now: UnixMs) -> Core {
        let loaded = ledger.load(now).unwrap();
        let mut core = Core::restore(loaded, deciders_of(&packs(), &venues(), HORIZON_MS, routes()));
        core.set_venues(&venues());
        core.started(now);
        core
    }

    pub fn sources(&self) -> Vec<Source> {
        self.pis.iter().map(|pi| pi.source.clone()).collect()
    }

    /// Lives on to `end`.
    pub fn run(&mut self, end: UnixMs) {
        self.introduce();
        while self.now < end {
            self.now += 20 + self.random.next(400) as i64;
            if let Some((from, to)) = self.downs.first().copied().filter(|(from, _)| *from <= self.now) {
                self.downs.remove(0);
                (self.core, self.ledger) = (None, None);
                (self.now, self.down_until) = (to.max(from), to);
                let path = self.folder.path().join("hallwatch.db");
                let (_, mut ledger) = Sqlite::open(&path, Options::default()).unwrap();
                self.core = Some(Self::start(&mut ledger, self.now));
                self.ledger = Some(ledger);
                self.introduce();
            }
            let batch = self.arrivals();
            self.act();
            let tick = self.now - self.ticked >= 1_000;
            self.step(batch, tick);
        }
    }

    fn introduce(&mut self) {
        let mut batch = Vec::new();
        for pi in &self.pis {
            batch.push(Ok(Decoded::About(pi.source.clone(), about())));
            let (boot, version) = (id("b1"), "1".into());
            let status = Status { state: State::Online, boot, spool: spool(pi), since: None, version };
            batch.push(Ok(Decoded::Status(pi.source.clone(), status)));
        }
        self.step(batch, false);
    }

    fn within(&self, (from, to): (UnixMs, UnixMs), at: UnixMs) -> bool {
        (from..to).contains(&at)
    }

    /// What arrives by now: what was read, unless the agent, the broker or the collector was away.
    fn arrivals(&mut self) -> Vec<Result<Decoded, collector::ledger::Quarantined>> {
        let mut batch = Vec::new();
        let (deaf, songs) = (self.within(self.deaf, self.now), self.songs);
        for place in 0..self.pis.len() {
            let noise = self.random.next(20) as f64 / 100.0;
            let delay = self.random.next(900) as i64;
            let pi = &mut self.pis[place];
            while pi.next_at + delay <= self.now {
                let at = pi.next_at;
                pi.next_at += PERIOD_MS;
                pi.seq += 1;
                let inside = |(from, to): (UnixMs, UnixMs)| (from..to).contains(&at);
                let mut points = vec![
                    (point("amplifier_power_on"), f64::from(!inside(pi.dark))),
                    (point("song_server_reachable"), f64::from(!inside(songs))),
                ];
                let mut faults = Vec::new();
                if inside(pi.blind) {
                    faults.push((point("temperature_celsius"), Fault::NoResponse));
                } else {
                    points.insert(0, (point("temperature_celsius"), noise + if inside(pi.hot) { 26.0 } else { 20.5 }));
                }
                points.sort_by(|a, b| a.0.cmp(&b.0));
                let (spool, boot) = (spool(pi), id("b1"));
                pi.waiting.push(Sample { at, seq: pi.seq, spool, boot, clock: Clock::Trusted, points, faults });
            }
            let cut = (pi.outage.0..pi.outage.1).contains(&self.now);
            if !cut && !deaf && !pi.waiting.is_empty() {
                let entries = std::mem::take(&mut pi.waiting);
                let hashed = entries.into_iter().map(|sample| {
                    let entry = Entry::Sample(sample);
                    let hash = collector::ingest::decode::content_hash(&entry);
                    (entry, hash)
                });
                batch.push(Ok(Decoded::Samples(pi.source.clone(), hashed.collect())));
            }
        }
        batch
    }

    /// Somebody acts on an open ticket now and then.
    fn act(&mut self) {
        use collector::ledger::{Reader as _, TicketFilter};
        if self.random.next(150) != 0 {
            return;
        }
        let open = self.sqlite.tickets(&TicketFilter { open: true, ..TicketFilter::default() }).unwrap();
        let count = open.len() as u64;
        let Some(ticket) = (count > 0).then(|| &open[self.random.next(count) as usize]) else { return };
        let action = match self.random.next(6) {
            0 | 1 => Action::Acknowledge,
            2 => Action::Fixed { note: "plug".into() },
            3 => Action::Close,
            4 => Action::Comment { text: "on my way".into() },
            _ => Action::FalseAlarm { note: "nothing".into() },
        };
        self.sqlite.put_request(self.now, "lin", &ticket.number, &action).unwrap();
    }

    fn step(&mut self, batch: Vec<Result<Decoded, collector::ledger::Quarantined>>, tick: bool) {
        let requests = self.sqlite.pending(16).unwrap();
        let requests: Vec<_> = requests.into_iter().filter(|request| self.decided.insert(request.id)).collect();
        let (deaf, now) = (self.within(self.deaf, self.now), self.now);
        let core = self.core.as_mut().unwrap();
        if tick {
            self.ticked = now;
            if deaf {
                core.deaf(now);
            }
        }
        let stepped = core.step(Input { batch, requests, filings: Vec::new(), tick, now });
        if !stepped.is_empty() {
            self.ledger.as_mut().unwrap().commit(stepped.number, &stepped.commit).unwrap();
        }
    }
}

fn point(name: &str) -> PointName {
    PointName::parse(name).unwrap()
}

fn spool(pi: &Pi) -> Id {
    id(&format!("spool-{}", pi.spool))
}

fn about() -> About {
    wire::about::parse(
        br#"{"model":"Pi","version":"1","sensors":[{"name":"songs","driver":"tcp","place":"10.0.0.5:80"}],"points":{
            "temperature_celsius":{"unit":"Cel","period_seconds":10},
            "amplifier_power_on":{"unit":"/","asset":"amplifier"},
            "song_server_reachable":{"unit":"/","asset":"song-server","sensor":"songs"}}}"#,
    )
    .unwrap()
}
