//! What the ledger does while it is recorded: three agents report, a room gets too warm and cool
//! again, people act, messages are delivered, a collector ends and another goes on. Every commit
//! comes from the real step over real rules.

use std::{collections::HashMap, path::PathBuf, sync::Arc};

use collector::{
    episode::Severity,
    ingest::{Decoded, decode::content_hash},
    ledger::{
        Commit, Inbox, Ledger, Outbox, Watermark,
        archive::Archivist,
        sqlite::{Options, Sqlite, SqliteArchivist},
    },
    readings::{
        compact::compact,
        pack::{Limits, pack},
    },
    rules::{self, Expect, Rule},
    step::{Core, Deciders, Input},
    tickets::{self, Action, Stage, tell::Route},
};
use wire::{Clock, Entry, Id, PointName, Sample, Source, UnixMs};

use crate::{
    disk::{self, Disk, Event},
    vfs,
};

/// When the script begins.
pub const START: UnixMs = 1_763_880_000_000;
/// Groups that the step takes.
const STEPS: u64 = 60;
const AGENTS: [&str; 3] = ["pi-1", "pi-2", "pi-3"];
/// Pages of the log before it is written back: few, so that it happens often.
const CHECKPOINT_PAGES: u32 = 40;

/// A mistake that the search must catch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mistake {
    None,
    AckBeforeCommit,
}

/// A recording: what was written, and what was decided.
pub struct Recorded {
    pub name: String,
    pub log: Vec<Event>,
    pub commits: Vec<Commit>,
    after: Vec<Expected>,
}

/// What a ledger holds after a number of commits.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Expected {
    pub marks: Vec<(String, u64)>,
    /// Newest first, as readers give them.
    pub tickets: Vec<(u64, Stage)>,
    pub messages: usize,
    /// Number and value of each sample, by agent.
    pub values: Vec<(String, Vec<(u64, f64)>)>,
}

impl Recorded {
    pub fn after(&self, commits: u64) -> Option<&Expected> {
        self.after.get(commits as usize)
    }

    pub fn tickets_moved(&self) -> bool {
        let ended = |e: &Expected| e.tickets.iter().any(|(_, stage)| stage.is_ended());
        self.after.last().is_some_and(ended) && self.after.iter().any(|e| !e.tickets.is_empty() && !ended(e))
    }

    pub fn checkpoints(&self) -> usize {
        self.log.iter().filter(|e| matches!(e, Event::Sync(name) if name == "hallwatch.db")).count()
    }
}

pub fn options(synchronous: &'static str) -> Options {
    Options {
        synchronous,
        checkpoint_pages: CHECKPOINT_PAGES,
        vfs: Some(vfs::NAME),
        sync_folder: disk::sync_folder,
        ..Options::default()
    }
}

fn id(text: &str) -> Id {
    Id::parse(text).unwrap()
}

pub fn source(agent: &str) -> Source {
    Source { venue: id("nanshan"), room: id("k01"), agent: id(agent) }
}

fn deciders() -> Deciders {
    let rule = Rule {
        id: id("air-temperature"),
        points: vec!["temperature_celsius".into()],
        rooms: Vec::new(),
        expect: Expect::Band { low: Some(18.0), high: Some(22.0), low_return: None, high_return: None },
        for_ms: 2_000,
        clear_for_ms: 2_000,
        gap_ms: rules::GAP_MS,
        severity: Severity::P3,
        team: id("hvac"),
    };
    let route = Route { channel: "desk".into(), teams: Vec::new(), severity_min: Severity::P4 };
    Deciders {
        rules: rules::State::new(vec![rule], rules::Settings::default()),
        tickets: tickets::State::new(tickets::Settings::default(), HashMap::new(), Arc::new(|_, _| 20_261_123)),
        routes: vec![route],
    }
}

/// Warm for ten steps in every thirty.
fn temperature(step: u64) -> f64 {
    if (10..20).contains(&(step % 30)) { 25.5 } else { 20.0 + (step % 7) as f64 / 10.0 }
}

/// Samples of one step; now and then a backlog, which makes a commit of many pages.
fn batch(step: u64, seqs: &mut [u64; 3]) -> Vec<Decoded> {
    let mut messages = Vec::new();
    for (agent, seq) in AGENTS.iter().zip(seqs) {
        let count = if step % 13 == 7 { 120 } else { 2 };
        let entries = (0..count).map(|i| {
            *seq += 1;
            let entry = Entry::Sample(Sample {
                at: START + step as i64 * 1_000 + i,
                seq: *seq,
                spool: id("spool-a"),
                boot: id("boot-1"),
                clock: Clock::Trusted,
                points: vec![(PointName::parse("temperature_celsius").unwrap(), temperature(step))],
                faults: Vec::new(),
            });
            let hash = content_hash(&entry);
            (entry, hash)
        });
        messages.push(Decoded::Samples(source(agent), entries.collect()));
    }
    messages
}

fn expect(before: &Expected, commit: &Commit) -> Expected {
    let mut now = before.clone();
    for Watermark { source, upto, .. } in &commit.watermarks {
        now.marks.retain(|(agent, _)| agent != source.agent.as_str());
        now.marks.push((source.agent.to_string(), *upto));
    }
    now.marks.sort();
    for ticket in &commit.tickets {
        now.tickets.retain(|(id, _)| *id != ticket.id);
        now.tickets.push((ticket.id, ticket.stage));
    }
    now.tickets.sort_by_key(|(id, _)| std::cmp::Reverse(*id));
    now.messages += commit.outbox.len();
    for (source, sample) in &commit.samples {
        let agent = source.agent.as_str();
        if !now.values.iter().any(|(a, _)| a == agent) {
            now.values.push((agent.to_owned(), Vec::new()));
        }
        let values = now.values.iter_mut().find(|(a, _)| a == agent).unwrap();
        values.1.push((sample.seq, sample.points[0].1));
    }
    now
}

/// What the thread of readings does beside the step: chunks, sometimes whole days, and the log
/// written back.
fn tidy(archivist: &mut SqliteArchivist, step: u64) {
    compact(archivist, u64::MAX, &mut || true).unwrap();
    if step % 20 == 19 {
        let newest = archivist.newest_sample_at().unwrap();
        let limits = Limits::at(START + 50 * 3_600_000, newest, &Default::default());
        assert!(pack(archivist, &limits, &mut || true).unwrap().days > 0);
    }
    if step % 10 == 9 {
        archivist.checkpoint().unwrap();
    }
}

/// Runs the script on a recording disk.
pub fn record(name: &str, synchronous: &'static str, mistake: Mistake) -> Recorded {
    let disk = Disk::insert(name, HashMap::new(), true);
    let path = PathBuf::from(format!("/{name}/hallwatch.db"));
    let (mut commits, mut after) = (Vec::new(), vec![Expected::default()]);
    let mut seqs = [0; 3];
    for life in 0..2 {
        let (sqlite, mut ledger) = Sqlite::open(&path, options(synchronous)).unwrap();
        let mut core = Core::restore(ledger.load(START).unwrap(), deciders());
        for step in life * STEPS / 2..(life + 1) * STEPS / 2 {
            let now = START + step as i64 * 1_000 + 500;
            if step == 15
                && let Some((open, _)) = after.last().and_then(|e: &Expected| e.tickets.first())
            {
                let number = format!("nanshan-20261123-{open:03}");
                sqlite.put_request(now, "wang", &number, &Action::Acknowledge).unwrap();
            }
            let requests = sqlite.pending(10).unwrap();
            let batch = batch(step, &mut seqs).into_iter().map(Ok);
            let stepped = core.step(Input { batch, requests, tick: true, now });
            if mistake == Mistake::AckBeforeCommit {
                disk.record(Event::Acknowledged(stepped.number));
            }
            ledger.commit(stepped.number, &stepped.commit).unwrap();
            disk.record(Event::Acknowledged(stepped.number));
            after.push(expect(after.last().unwrap(), &stepped.commit));
            commits.push(stepped.commit);
            for message in sqlite.due("desk", now, 10).unwrap() {
                sqlite.sent(message.id, now).unwrap();
            }
            if step % 5 == 4 {
                tidy(&mut sqlite.archivist().unwrap(), step);
            }
        }
    }
    let log = disk.log();
    Disk::remove(name);
    Recorded { name: name.into(), log, commits, after }
}
