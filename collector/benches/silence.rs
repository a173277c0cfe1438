//! What accounting for silence costs: the notes beside each sample in the step, and a round of the thread
//! over 1,000 rooms of 30 points, an hour at once. `cargo bench -p collector --bench silence`;
//! compare only figures of one run.
#![allow(clippy::print_stdout, clippy::unwrap_used, missing_docs)]

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use collector::{
    Config, World, causes, config,
    ledger::{Commit, Ledger, RecordFilter, record_kind, sqlite::Sqlite},
    packs,
    packs::Packs,
    readings::compact::compact,
    rules,
    silence::{Notes, job},
    step::{Core, Deciders, Input},
    tickets,
    world::Clock as WorldClock,
};
use wire::{Clock, Id, PointName, Sample, Source, UnixMs};

const ROOMS: usize = 1_000;
const POINTS: usize = 30;
/// Samples of an hour of a room, every ten seconds.
const SAMPLES: i64 = 360;
/// 2026-11-23 06:00 in Shanghai: the first hour of a business day.
const START: UnixMs = 1_795_384_800_000;

struct Held(AtomicI64);

impl WorldClock for Held {
    fn now(&self) -> UnixMs {
        self.0.load(Ordering::SeqCst)
    }

    fn real(&self, _: Duration) -> Duration {
        Duration::from_secs(3_600)
    }
}

fn sources() -> Vec<Source> {
    let id = |text: &str| Id::parse(text).unwrap();
    (0..ROOMS)
        .map(|n| Source { venue: id("nanshan"), room: id(&format!("k{n:04}")), agent: id(&format!("pi-{n}")) })
        .collect()
}

fn sample(k: i64, points: &[PointName]) -> Sample {
    let id = |text: &str| Id::parse(text).unwrap();
    let value = |p: usize| 20.0 + ((k as f64 / 40.0 + p as f64).sin() * 10.0).round() / 10.0;
    Sample {
        at: START + k * 10_000,
        seq: k as u64 + 1,
        spool: id("k3f9x0q2"),
        boot: id("7c1e04aa"),
        clock: Clock::Trusted,
        points: points.iter().enumerate().map(|(p, name)| (name.clone(), value(p))).collect(),
        faults: Vec::new(),
    }
}

/// Fills a ledger with an hour of every room, compacted, with the notes that the step writes.
fn fill(path: &std::path::Path, sources: &[Source], points: &[PointName]) {
    let (sqlite, mut ledger) = Sqlite::open(path, Default::default()).unwrap();
    let packs = Packs::load(&config::Rules::default()).unwrap();
    let deciders = Deciders {
        rules: rules::State::new(packs.rules(), rules::Settings::default()),
        causes: causes::State::new(packs::cause_facts(&packs.rules())),
        tickets: tickets::State::new(
            tickets::Settings::default(),
            packs.facts(),
            Arc::new(tickets::plan::OneDay(20_261_123)),
        ),
        routes: Vec::new(),
    };
    let mut core = Core::restore(Default::default(), deciders);
    let mut number = 0;
    for k in 0..SAMPLES {
        let now = START + k * 10_000 + 100;
        // The notes by the step, the samples past the rules: those are measured elsewhere.
        let first = (k == 0).then(|| {
            let entries = sources.iter().map(|source| {
                let entry = wire::Entry::Sample(sample(k, points));
                let body = wire::samples::print(&[entry]);
                let topic = format!("hallwatch/v1/{source}/samples");
                collector::ingest::decode(&topic, body.as_bytes(), false, now)
            });
            core.step(Input { batch: entries, requests: Vec::new(), filings: Vec::new(), tick: false, now }).commit
        });
        let mut commit = first.unwrap_or_else(|| Commit {
            at: now,
            samples: sources.iter().map(|source| (source.clone(), sample(k, points))).collect(),
            ..Commit::default()
        });
        if commit.watermarks.is_empty() && k == SAMPLES - 1 {
            commit.watermarks = sources
                .iter()
                .map(|source| collector::ledger::Watermark {
                    source: source.clone(),
                    spool: Id::parse("k3f9x0q2").unwrap(),
                    upto: SAMPLES as u64,
                    sample_at: START + k * 10_000,
                })
                .collect();
        }
        number += 1;
        ledger.commit(number, &commit).unwrap();
    }
    let mut archivist = sqlite.archivist().unwrap();
    while compact(&mut archivist, 8 << 20, &mut || true).unwrap().samples > 0 {}
}

/// Resident memory of this process at its most, in MiB.
fn resident_mib_peak() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or("VmHWM: 0 kB");
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<f64>().ok()).unwrap_or(0.0) / 1_024.0
}

fn notes(sources: &[Source]) {
    let mut notes = Notes::new(300_000);
    let began = Instant::now();
    for k in 0..SAMPLES {
        let at = START + k * 10_000;
        sources.iter().for_each(|source| notes.sample(source, at, at + 100));
    }
    let each = began.elapsed().as_nanos() as f64 / (SAMPLES as f64 * ROOMS as f64);
    println!("notes, a live sample: {each:.0} ns");
    let began = Instant::now();
    for k in SAMPLES..2 * SAMPLES {
        let at = START + k * 10_000;
        sources.iter().for_each(|source| notes.sample(source, at, at + 7_200_000));
    }
    let each = began.elapsed().as_nanos() as f64 / (SAMPLES as f64 * ROOMS as f64);
    println!("notes, a sample of a backlog: {each:.0} ns");
}

fn main() {
    let sources = sources();
    let points: Vec<PointName> =
        (0..POINTS).map(|p| PointName::parse(&format!("point_{p}_celsius")).unwrap()).collect();
    notes(&sources);
    let folder = tempfile::tempdir_in(".").unwrap();
    let path = folder.path().join("bench.db");
    fill(&path, &sources, &points);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let clock = Arc::new(Held(AtomicI64::new(START + 3_600_000 + 361_000)));
        let mut config = Config::default();
        config.ledger.path = path.clone();
        config.web.enabled = false;
        config.mqtt.listen = "127.0.0.1:0".parse().unwrap();
        let handle = collector::start(config, World { clock }).await.unwrap();
        let before = resident_mib_peak();
        let shared = handle.shared.clone();
        let (took, done) = tokio::task::spawn_blocking(move || {
            let began = Instant::now();
            let done = job::round(&shared, &mut || true).unwrap();
            (began.elapsed(), done)
        })
        .await
        .unwrap();
        println!("a round over {done} rooms of {POINTS} points, an hour each: {:.2} s", took.as_secs_f64());
        println!("resident memory at its most: {before:.0} MiB before, {:.0} MiB after", resident_mib_peak());
        let filter = RecordFilter { kind: record_kind::SILENCE.into(), ..RecordFilter::default() };
        let mut bytes = 0;
        let began = Instant::now();
        while bytes == 0 && began.elapsed() < Duration::from_secs(60) {
            tokio::time::sleep(Duration::from_millis(50)).await;
            let records = handle.shared.reader.records(&filter).unwrap();
            if records.len() == done {
                bytes = records.iter().map(|record| record.body.to_string().len()).sum::<usize>() / records.len();
            }
        }
        println!("an account of a day takes {bytes} bytes");
        handle.stop().await.unwrap();
    });
}
