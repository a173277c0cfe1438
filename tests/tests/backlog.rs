//! P1, P3 and P5 after an outage of 72 hours: what the spool holds drains in order, in bounded
//! memory, stored exactly once; old violations are recorded and page nobody; the next live sample is
//! stored at once.

#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected has failed")]
#![allow(clippy::print_stdout, reason = "figures are what a person reads")]

use std::{path::Path, time::Duration};

use ::agent::{
    draft::Draft,
    spool::{Settings, Spool, disk::Disk},
};
use rusqlite::{Connection, OpenFlags};
use tests::{
    Agent, Broker, Collector, House, agent,
    audit::{Books, Evidence, audit},
    collector,
    load::publisher::now_ms,
    meter, wait,
};
use wire::{Ack, Entry, Id, PointName, Sample};

/// Three days of a sample every ten seconds.
const SAMPLES: u64 = 72 * 360;
const PERIOD: Duration = Duration::from_secs(10);

/// The song server did not answer from this sample of the backlog to that one: two hours, long ago.
const BROKEN: std::ops::Range<u64> = 10_000..10_720;

/// How long the drain may take on a busy machine.
const DRAIN_WITHIN: Duration = Duration::from_secs(120);

/// What the agent may take at its peak. It reads segments of 256 KiB back one at a time and has a
/// few messages of 64 KiB on the way, whatever the backlog; the rest is the program itself, which a
/// test build makes larger.
const AGENT_BYTES_MAX: u64 = 24 << 20;

/// What the collector may take at its peak: 32 MiB of pages in SQLite's cache, groups of at most
/// some thousand samples on their way to a commit and to a chunk, and the program itself.
const COLLECTOR_BYTES_MAX: u64 = 96 << 20;

/// PROMISES: once caught up, a live sample is stored this soon.
const DELAY_MS_MAX: i64 = 5_000;

/// Twelve points and the song server's answer.
fn draft(number: u64) -> Draft {
    let name = |text: &str| PointName::parse(text).unwrap();
    let wave = (number as f64 / 360.0).sin();
    let mut points: Vec<(PointName, f64)> = (0..10)
        .map(|index| (name(&format!("quantity{index}_ratio")), ((wave * 1e3).round() + f64::from(index)) / 1e3))
        .collect();
    points.push((name("temperature_celsius"), (2_000.0 + 100.0 * wave).round() / 100.0));
    points.push((name("song_server_reachable"), f64::from(u8::from(!BROKEN.contains(&number)))));
    Draft { read_at: PERIOD * u32::try_from(number).unwrap(), points, faults: Vec::new() }
}

/// Lets the agent's own code write 72 hours into `folder`, in no time. The last sample is as old as
/// one period.
fn fill(folder: &Path) -> Id {
    // A sync of each single sample would take minutes and change nothing of what lies there.
    let settings = Settings::new(64 << 20, Duration::from_secs(3_600));
    let boot = Id::parse("long-ago").unwrap();
    let random = || getrandom::u64().unwrap();
    std::fs::create_dir_all(folder).unwrap();
    let disk = Disk::open(folder).unwrap();
    let mut spool = Spool::open(disk, settings, boot, Box::new(random), Duration::ZERO);
    spool.trust(Duration::ZERO, now_ms() - PERIOD.as_millis() as i64 * (SAMPLES as i64 + 1));
    for number in 0..SAMPLES {
        let draft = draft(number);
        let now = draft.read_at;
        spool.append(draft, now);
        spool.tick(now);
    }
    spool.close(PERIOD * u32::try_from(SAMPLES).unwrap());
    assert_eq!(spool.stats().depth, SAMPLES, "all of it waits");
    assert_eq!(spool.stats().evicted, 0, "all of it fits");
    spool.id().clone()
}

/// The samples and acks of one spool that a stranger heard, in order.
fn heard(output: &str, spool: &Id) -> (Vec<Sample>, Vec<Ack>) {
    let (mut samples, mut acks) = (Vec::new(), Vec::new());
    for (topic, body) in output.lines().filter_map(|line| line.split_once(' ')) {
        if topic.ends_with("/samples") {
            let entries = wire::samples::parse(body.as_bytes()).unwrap_or_default();
            samples.extend(entries.into_iter().filter_map(|entry| match entry {
                Entry::Sample(sample) if sample.spool == *spool => Some(sample),
                _ => None,
            }));
        } else if topic.ends_with("/ack") {
            acks.extend(wire::ack::parse(body.as_bytes()).ok().filter(|ack| ack.spool == *spool));
        }
    }
    (samples, acks)
}

#[test]
fn three_days_of_backlog_drain_in_order_and_page_nobody() {
    let house = House::new("backlog");
    let broker = Broker::start(&house);
    let stranger = broker.subscriber(&house, "stranger", "hallwatch/#");
    let pack = Some(include_str!("pack/song-server.toml").to_owned());
    let wanted = collector::Wanted { broker: Some(broker.port()), pack, ..collector::Wanted::default() };
    let mut collector = Collector::start(&house, &wanted);
    let spool = fill(&house.path("k01-spool"));

    let mut agent = Agent::start(&house, &agent::Wanted::new("k01", broker.port()));
    let drained = std::time::Instant::now();
    let question = "SELECT max(upto) FROM watermark";
    wait::until("the backlog is stored", DRAIN_WITHIN, || {
        (count(&collector, question) >= SAMPLES as i64).then_some(())
    });
    println!("{SAMPLES} samples drained in {:.1?}", drained.elapsed());
    // Live ones follow; ten of them show how long each takes.
    let live = SAMPLES as i64 + 10;
    wait::until("live samples are stored", DRAIN_WITHIN, || (count(&collector, question) >= live).then_some(()));

    let peak = meter::resident_bytes_peak(agent.process().pid()).unwrap();
    println!("agent: {:.1} MiB at its peak", peak as f64 / f64::from(1 << 20));
    assert!(peak <= AGENT_BYTES_MAX, "the agent took {peak} bytes");
    let peak = meter::resident_bytes_peak(collector.process().pid()).unwrap();
    println!("collector: {:.1} MiB at its peak", peak as f64 / f64::from(1 << 20));
    assert!(peak <= COLLECTOR_BYTES_MAX, "the collector took {peak} bytes");

    agent.process().terminate(Duration::from_secs(20));
    let output = stranger.output();
    let (samples, acks) = heard(&output, &spool);
    in_order(&samples);
    live_ones_are_quick(&samples, &acks);

    let mut evidence = Evidence::default();
    output.lines().for_each(|line| evidence.hear(line));
    evidence.keep(&agent.source(), agent.spooled());
    let books = Books::read(&collector.ledger()).unwrap();
    let findings = audit(&evidence, &books);
    assert!(findings.is_empty(), "{} findings: {:#?}", findings.len(), &findings[..findings.len().min(10)]);
    let old = books.stored.iter().filter(|(_, sample)| sample.boot.as_str() == "long-ago").count();
    assert_eq!(old as u64, SAMPLES, "all of the backlog is stored");

    assert_eq!(count(&collector, "SELECT count(*) FROM episode WHERE late"), 1, "the old fault is recorded");
    assert_eq!(count(&collector, "SELECT count(*) FROM episode WHERE NOT late"), 0);
    assert_eq!(count(&collector, "SELECT count(*) FROM ticket"), 0, "and opens no ticket");
    assert_eq!(count(&collector, "SELECT count(*) FROM outbox"), 0, "and pages nobody");
    assert!(collector.process().terminate(Duration::from_secs(20)).success());
    broker.stop();
}

/// The ledger as any program could read it.
fn count(collector: &Collector, question: &str) -> i64 {
    let ledger = Connection::open_with_flags(collector.ledger(), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    ledger.query_row(question, [], |row| row.get::<_, Option<i64>>(0)).unwrap().unwrap_or(0)
}

/// First deliveries come in the order of their numbers and of their time.
fn in_order(samples: &[Sample]) {
    let mut newest: Option<&Sample> = None;
    for sample in samples {
        if let Some(before) = newest.filter(|before| before.seq < sample.seq) {
            assert_eq!(sample.seq, before.seq + 1, "no number is left out");
            assert!(sample.at >= before.at, "time does not go back: {before:?} {sample:?}");
        }
        if newest.is_none_or(|before| before.seq < sample.seq) {
            newest = Some(sample);
        }
    }
}

/// From reading to ack of the last samples, by the clocks of agent and collector, which are one here.
fn live_ones_are_quick(samples: &[Sample], acks: &[Ack]) {
    let delays: Vec<i64> = acks
        .iter()
        .filter(|ack| ack.upto > SAMPLES + 5)
        .filter_map(|ack| Some(ack.time - samples.iter().find(|sample| sample.seq == ack.upto)?.at))
        .collect();
    println!("live delays: {delays:?} ms");
    assert!(!delays.is_empty(), "live samples are acknowledged");
    assert!(delays.iter().all(|delay| (0..DELAY_MS_MAX).contains(delay)), "{delays:?}");
}
