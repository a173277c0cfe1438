//! A collector's step over a real ledger in a world whose clock the test holds: samples of an agent
//! with a tag reader go in, tickets, messages and rounds come out, and a restart goes on from the file.

use std::sync::Arc;

use collector::{
    config::{Language, Rules},
    ingest::decode::decode,
    ledger::{
        Ledger, NewMessage, Reader, Record, RecordFilter, Request, TicketFilter, record_kind,
        sqlite::{Options, Sqlite, SqliteLedger},
    },
    live::{self, Live},
    packs::Packs,
    register::job,
    rounds::{Round, record},
    run::deciders_of,
    step::{Core, Filing, Input},
    tickets::{
        Action, Ticket,
        tell::Route,
        text::{self, Scene},
    },
    venues::{Holidays, Venues},
};
use jiff::Timestamp;
use tempfile::TempDir;
use wire::{Id, UnixMs};

pub fn id(text: &str) -> Id {
    Id::parse(text).unwrap()
}

pub fn ms(text: &str) -> UnixMs {
    text.parse::<Timestamp>().unwrap().as_millisecond()
}

pub struct Bench {
    _folder: TempDir,
    /// `None` only while it restarts: two collectors may not open one file.
    store: Option<(Sqlite, SqliteLedger)>,
    core: Core,
    venues: Arc<Venues>,
    packs: Packs,
    live: std::sync::RwLock<Live>,
    path: std::path::PathBuf,
    seq: u64,
    requests: u64,
    pub now: UnixMs,
    pub messages: Vec<NewMessage>,
}

fn venues(text: &str) -> Arc<Venues> {
    Arc::new(Venues::of(&[("venues.toml".into(), text.into())], Holidays::default(), "Asia/Shanghai").unwrap())
}

impl Bench {
    pub fn start(venues_text: &str, now: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.db");
        let (sqlite, mut ledger) = Sqlite::open(&path, Options::default()).unwrap();
        let packs = Packs::load(&Rules { packs: vec!["ktv".into()], ..Rules::default() }).unwrap();
        let (venues, now) = (venues(venues_text), ms(now));
        let core = Self::core(&mut ledger, &packs, &venues, now);
        let live = std::sync::RwLock::new(Live::default());
        let (seq, requests, messages) = (0, 0, Vec::new());
        let store = Some((sqlite, ledger));
        Self { _folder: folder, store, core, venues, packs, live, path, seq, requests, now, messages }
    }

    fn core(ledger: &mut SqliteLedger, packs: &Packs, venues: &Arc<Venues>, now: UnixMs) -> Core {
        let route = Route { channel: "desk".into(), teams: Vec::new(), severity_min: collector::episode::Severity::P4 };
        let loaded = ledger.load(now).unwrap();
        let mut core = Core::restore(loaded, deciders_of(packs, venues, 600_000, vec![route]));
        core.set_venues(venues);
        core
    }

    /// Ends without a word, as by a power cut, and goes on from the file.
    pub fn restart(&mut self) {
        drop(self.store.take());
        let (sqlite, mut ledger) = Sqlite::open(&self.path, Options::default()).unwrap();
        self.core = Self::core(&mut ledger, &self.packs, &self.venues, self.now);
        self.store = Some((sqlite, ledger));
    }

    /// The files of venues are read again.
    pub fn reload(&mut self, text: &str) {
        self.venues = venues(text);
        self.core.set_venues(&self.venues);
    }

    fn step(&mut self, bodies: &[(&str, String)], requests: Vec<Request>, filings: Vec<Filing>) {
        let now = self.now;
        let batch: Vec<_> = bodies
            .iter()
            .map(|(channel, body)| {
                decode(&format!("hallwatch/v1/nanshan/k01/pi-1/{channel}"), body.as_bytes(), false, now)
            })
            .collect();
        assert!(batch.iter().all(Result::is_ok), "{batch:?}");
        let stepped = self.core.step(Input { batch, requests, filings, tick: true, now });
        if !stepped.is_empty() {
            self.store.as_mut().unwrap().1.commit(stepped.number, &stepped.commit).unwrap();
        }
        live::apply(&self.live, &stepped.commit);
        self.messages.extend(stepped.commit.outbox.clone());
    }

    /// An agent with a tag reader at `extinguisher-1` says what it is.
    pub fn about(&mut self) {
        let point = |name: &str| format!(r#""extinguisher_1_{name}":{{"unit":"/","asset":"extinguisher-1"}}"#);
        let points = ["present", "tag_id", "tag_valid", "due_month"].map(point).join(",");
        let body = format!(r#"{{"model":"Raspberry Pi 4","version":"1","points":{{{points}}}}}"#);
        self.step(&[("about", body)], Vec::new(), Vec::new());
    }

    /// A sample every ten seconds until `until`, with the tag there or not.
    pub fn hangs(&mut self, present: bool, until: &str) {
        let until = ms(until);
        while self.now < until {
            self.now = (self.now + 10_000).min(until);
            self.seq += 1;
            let more = if present { r#","extinguisher_1_tag_id":77,"extinguisher_1_tag_valid":1"# } else { "" };
            let body = format!(
                r#"{{"at":{},"seq":{},"spool":"spool-a","boot":"boot-a","clock":1,"extinguisher_1_present":{}{more}}}"#,
                self.now,
                self.seq,
                u8::from(present)
            );
            self.step(&[("samples", body)], Vec::new(), Vec::new());
        }
    }

    /// Nothing comes; the clock goes on a minute at a time.
    pub fn wait(&mut self, until: &str) {
        let until = ms(until);
        while self.now < until {
            self.now = (self.now + 60_000).min(until);
            self.step(&[], Vec::new(), Vec::new());
        }
    }

    /// The register tells the rules how many days are left.
    pub fn tell_days(&mut self) {
        let samples = job::samples(&self.venues, &self.live.read().unwrap(), self.now);
        self.step(&[], Vec::new(), vec![Filing { samples, ..Filing::default() }]);
    }

    /// A person does something; what the collector answers.
    pub fn asks(&mut self, who: &str, name: &str, action: Action) -> Result<String, String> {
        self.requests += 1;
        let request = Request { id: self.requests, who: who.into(), ticket: name.into(), action };
        let stepped = self.core.step(Input {
            batch: Vec::new(),
            requests: vec![request],
            filings: Vec::new(),
            tick: false,
            now: self.now,
        });
        self.store.as_mut().unwrap().1.commit(stepped.number, &stepped.commit).unwrap();
        self.messages.extend(stepped.commit.outbox.clone());
        stepped.commit.answered[0].1.clone()
    }

    pub fn confirms(&mut self, who: &str, round: &str, check: &str, wrong: Option<&str>) -> Result<String, String> {
        let (passed, note) = (wrong.is_none(), wrong.unwrap_or_default().to_owned());
        self.asks(who, round, Action::ConfirmCheck { check: check.into(), passed, note })
    }

    pub fn tickets(&self) -> Vec<Ticket> {
        let mut tickets = self.store.as_ref().unwrap().0.tickets(&TicketFilter::default()).unwrap();
        tickets.sort_by_key(|t| t.id);
        tickets
    }

    pub fn title(&self, language: Language, ticket: &Ticket) -> String {
        let scene = Scene { language, packs: &self.packs, venues: &self.venues };
        text::title(ticket, scene)
    }

    pub fn explained(&self, language: Language, ticket: &Ticket) -> String {
        let scene = Scene { language, packs: &self.packs, venues: &self.venues };
        text::explain(ticket, scene).text(language)
    }

    pub fn ticket_of(&self, rule: &str) -> Option<Ticket> {
        self.tickets().into_iter().rev().find(|t| t.rule == Some(id(rule)))
    }

    pub fn records(&self) -> Vec<Record> {
        let filter = RecordFilter { kind: record_kind::ROUND.into(), ..RecordFilter::default() };
        self.store.as_ref().unwrap().0.records(&filter).unwrap()
    }

    pub fn round(&self, name: &str) -> Round {
        let rounds: Vec<Round> = self.records().iter().filter_map(record::round).collect();
        rounds.into_iter().find(|r| r.name() == name).unwrap_or_else(|| panic!("no {name}"))
    }

    pub fn words(&self, language: Language, name: &str) -> Vec<String> {
        let round = self.round(name);
        round.items.iter().map(|i| collector::rounds::text::target(&round, i, &self.venues, language)).collect()
    }
}
