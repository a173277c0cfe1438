//! What the ledger does while it is recorded: agents report, people open and end tickets, messages
//! are sent, readings are compacted, packed and forgotten, the log is written back, a collector
//! ends and another goes on. Every commit comes from the real step.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    path::Path,
    sync::Arc,
};

use collector::{
    causes, config,
    episode::Severity,
    ingest::{Decoded, decode::content_hash},
    ledger::{
        Commit, Inbox, Ledger, Outbox,
        archive::Archivist,
        blob,
        sqlite::{Options, Sqlite, SqliteArchivist},
    },
    packs,
    readings::{
        compact::compact,
        pack::{Limits, pack},
    },
    rules::{self, Expect, Rule},
    step::{Core, Deciders, Input},
    tickets::{self, Action, Stage, tell::Route},
};
use wire::{Clock, Entry, Fault, Id, PointName, Sample, Source, UnixMs};

use crate::{
    disk::Files,
    syscalls::{Event, Watch},
};

/// When the script begins: 2025-11-23T06:40:00Z.
pub const START: UnixMs = 1_763_880_000_000;
const HOUR_MS: i64 = 3_600_000;
/// Groups that the step takes.
const STEPS: u64 = 48;
const AGENTS: [&str; 3] = ["pi-1", "pi-2", "pi-3"];
/// Pages of the log before a commit writes it back: few, so that it happens often.
const CHECKPOINT_PAGES: u32 = 60;
/// The first migration, as released; an older collector's file is made of it.
const FIRST_MIGRATION: &str = include_str!("../../../collector/src/ledger/migrations/0001_begin.sql");

/// A mistake that the search must catch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mistake {
    None,
    /// `synchronous=NORMAL`: commits are not synced.
    Normal,
    /// `synchronous=OFF`: nothing is.
    Off,
    AckBeforeCommit,
    /// Nobody syncs the folder after the files were made. SQLite does by itself when it first syncs
    /// a new log, so the ledger's own sync alone could not be missed: both are taken away.
    FolderNotSynced,
}

/// What a ledger holds after a number of commits.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Truth {
    /// By agent, in order of number.
    pub samples: BTreeMap<String, Vec<Sample>>,
    /// Tickets and their stages.
    pub tickets: BTreeMap<u64, Stage>,
    /// Lines of the history of tickets.
    pub history: usize,
    /// Messages, sent or not.
    pub messages: usize,
}

/// A recording: what was there before, what was written, and what was decided.
pub struct Recorded {
    pub before: Files,
    pub log: Vec<Event>,
    /// What each commit was; the next is tried after a cut.
    pub commits: Vec<Commit>,
    /// What there is after each, the first before any.
    pub truths: Vec<Truth>,
    /// Days that were packed meanwhile.
    pub days_packed: u64,
}

pub fn id(text: &str) -> Id {
    Id::parse(text).unwrap()
}

pub fn source(agent: &str) -> Source {
    Source { venue: id("nanshan"), room: id("k01"), agent: id(agent) }
}

pub fn options(mistake: Mistake) -> Options {
    let usual = Options { checkpoint_pages: CHECKPOINT_PAGES, ..Options::default() };
    match mistake {
        Mistake::None | Mistake::AckBeforeCommit => usual,
        Mistake::Normal => Options { synchronous: "NORMAL", ..usual },
        Mistake::Off => Options { synchronous: "OFF", ..usual },
        Mistake::FolderNotSynced => Options { sync_folder: |_| Ok(()), ..usual },
    }
}

fn deciders() -> Deciders {
    let rule = Rule {
        id: id("air-temperature"),
        points: vec!["temperature_celsius".into()],
        rooms: Vec::new(),
        expect: Expect::Band { low: Some(18.0), high: Some(22.0), low_return: None, high_return: None },
        for_ms: 600_000,
        clear_for_ms: 600_000,
        gap_ms: rules::GAP_MS.max(2 * HOUR_MS),
        severity: Severity::P3,
        team: id("hvac"),
        when: rules::When::default(),
        kinds: Vec::new(),
    };
    let route = Route { channel: "desk".into(), teams: Vec::new(), severity_min: Severity::P4 };
    Deciders {
        causes: causes::State::new(packs::cause_facts(std::slice::from_ref(&rule))),
        rules: rules::State::new(vec![rule], rules::Settings::default()),
        tickets: tickets::State::new(
            tickets::Settings::default(),
            HashMap::new(),
            Arc::new(tickets::plan::OneDay(20_251_123)),
        ),
        routes: vec![route],
    }
}

/// An hour of the world between two steps, so that days pass and are packed.
fn now(step: u64) -> UnixMs {
    START + step as i64 * HOUR_MS
}

fn sample(step: u64, seq: u64) -> Sample {
    let warm = step % 24 >= 12;
    let points = vec![
        (PointName::parse("temperature_celsius").unwrap(), if warm { 25.5 } else { 20.0 } + (seq % 7) as f64 / 100.0),
        (PointName::parse("co2_ppm").unwrap(), 600.0 + (seq * seq % 300) as f64),
    ];
    let faults = vec![(PointName::parse("illuminance_lux").unwrap(), Fault::NoResponse)];
    let clock = if seq.is_multiple_of(50) { Clock::Uncertain { uncertainty_ms: 2_000 } } else { Clock::Trusted };
    // Now and then one is late by a day, which may be packed already.
    let late = if seq.is_multiple_of(41) { 24 * HOUR_MS } else { 0 };
    let at = now(step) - 1_000 + (seq % 997) as i64 - late;
    Sample { at, seq, spool: id("spool-a"), boot: id("boot-1"), clock, points, faults }
}

/// Samples of one step; now and then a backlog, which makes a commit of many pages.
fn batch(step: u64, seqs: &mut [u64; 3]) -> Vec<Decoded> {
    let count = if step % 11 == 6 { 150 } else { 3 };
    let mut messages = Vec::new();
    for (agent, seq) in AGENTS.iter().zip(seqs) {
        let mut entries = Vec::new();
        for _ in 0..count {
            *seq += 1;
            let entry = Entry::Sample(sample(step, *seq));
            let hash = content_hash(&entry);
            entries.push((entry, hash));
        }
        messages.push(Decoded::Samples(source(agent), entries));
    }
    messages
}

impl Truth {
    fn after(&self, commit: &Commit) -> Self {
        let mut next = self.clone();
        for (source, sample) in &commit.samples {
            next.samples.entry(source.agent.to_string()).or_default().push(sample.clone());
        }
        next.tickets.extend(commit.tickets.iter().map(|t| (t.id, t.stage)));
        next.history += commit.history.len();
        next.messages += commit.outbox.len();
        next
    }
}

/// Asks what people ask: a ticket is opened, taken and ended.
fn people(sqlite: &Sqlite, step: u64) {
    let number = "nanshan-20251123-001".to_owned();
    let open = Action::Open {
        venue: id("nanshan"),
        room: id("k02"),
        asset: None,
        severity: Severity::P2,
        team: id("av"),
        description: "no sound".into(),
        origin: collector::tickets::Origin::Person,
    };
    let (number, action) = match step {
        3 => (String::new(), open),
        7 => (number, Action::Acknowledge),
        9 => (number, Action::Comment { text: "on my way".into() }),
        13 => (number, Action::FalseAlarm { note: "it was muted".into() }),
        _ => return,
    };
    sqlite.put_request(now(step), "wang", &number, &action).unwrap();
}

/// What the thread of readings does beside the step; says how many days it packed.
fn tidy(archivist: &mut SqliteArchivist, step: u64) -> u64 {
    let mut days = 0;
    compact(archivist, 60_000, &mut || true).unwrap();
    if step % 12 == 11 {
        let newest = archivist.newest_sample_at().unwrap();
        let limits = Limits::at(now(step), newest, &config::Readings::default());
        days = pack(archivist, &limits, &mut || true).unwrap().days;
        archivist.give_back(4, 8).unwrap();
    }
    if step % 8 == 7 {
        archivist.checkpoint().unwrap();
    }
    days
}

/// A file of the collector before readings were compacted, with samples and no tickets yet.
fn old_file(path: &Path, recorded: &mut Recorded) -> [u64; 3] {
    let file = rusqlite::Connection::open(path).unwrap();
    file.execute_batch("PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL;").unwrap();
    file.execute_batch(FIRST_MIGRATION).unwrap();
    file.execute_batch("PRAGMA user_version = 1; INSERT INTO meta VALUES ('name', 'old'), ('commit', 0);").unwrap();
    let mut truth = Truth::default();
    for (row, agent) in (1i64..).zip(AGENTS) {
        let samples: Vec<_> = (1..=40).map(|seq| (source(agent), sample(0, seq))).collect();
        let add = "INSERT INTO source (id, venue, room, agent, first_at) VALUES (?1, 'nanshan', 'k01', ?2, 0)";
        file.execute(add, rusqlite::params![row, agent]).unwrap();
        let mark = "INSERT INTO watermark VALUES (?1, 'spool-a', 40, ?2)";
        file.execute(mark, rusqlite::params![row, START]).unwrap();
        file.execute("INSERT INTO blob (at, body) VALUES (?1, ?2)", rusqlite::params![START, blob::encode(&samples)])
            .unwrap();
        truth.samples.insert(agent.to_owned(), samples.into_iter().map(|(_, sample)| sample).collect());
    }
    recorded.truths = vec![truth];
    [40; 3]
}

/// The files of `folder`, but for the index of the log, which is made anew, and the lock, which is
/// empty.
pub fn files(folder: &Path) -> Files {
    let all = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let named = all.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()));
    named.filter(|(name, _)| !name.ends_with("-shm") && !name.ends_with(".lock")).collect()
}

/// Runs the script in `folder` and notes everything; `upgraded` begins with an older file.
pub fn record(folder: &Path, mistake: Mistake, upgraded: bool) -> Recorded {
    let path = folder.join("hallwatch.db");
    let mut recorded = Recorded {
        before: Files::new(),
        log: Vec::new(),
        commits: Vec::new(),
        truths: vec![Truth::default()],
        days_packed: 0,
    };
    let mut seqs = if upgraded { old_file(&path, &mut recorded) } else { [0; 3] };
    recorded.before = files(folder);
    let watch = Watch::begin(folder);
    let steps = if upgraded { 12 } else { STEPS };
    for life in 0..2 {
        let (sqlite, mut ledger) = Sqlite::open(&path, options(mistake)).unwrap();
        let mut core = Core::restore(ledger.load(START).unwrap(), deciders());
        let mut archivist = sqlite.archivist().unwrap();
        for step in life * steps / 2..(life + 1) * steps / 2 {
            people(&sqlite, step);
            let requests = sqlite.pending(10).unwrap();
            let batch = batch(step, &mut seqs).into_iter().map(Ok);
            let stepped = core.step(Input { batch, requests, filings: Vec::new(), tick: true, now: now(step) });
            if mistake == Mistake::AckBeforeCommit {
                watch.note(Event::Acknowledged(stepped.number));
            }
            ledger.commit(stepped.number, &stepped.commit).unwrap();
            watch.note(Event::Acknowledged(stepped.number));
            let truth = recorded.truths.last().unwrap().after(&stepped.commit);
            recorded.truths.push(truth);
            recorded.commits.push(stepped.commit);
            for message in sqlite.due("desk", now(step), 10).unwrap() {
                sqlite.sent(message.id, now(step)).unwrap();
            }
            if step % 2 == 1 {
                recorded.days_packed += tidy(&mut archivist, step);
            }
        }
        if life == 1 {
            // Closing the last connection deletes the log: the files as they are before that.
            let seen = files(folder);
            recorded.log = watch.end();
            let mut disk = crate::disk::Disk::holding(&recorded.before);
            recorded.log.iter().for_each(|event| disk.apply(event));
            assert!(disk.now() == seen, "something was written that was not noted");
            if mistake == Mistake::FolderNotSynced {
                recorded.log.retain(|event| *event != Event::SyncFolder);
            }
            return recorded;
        }
    }
    unreachable!("the second life returns")
}
