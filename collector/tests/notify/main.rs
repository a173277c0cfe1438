//! Messages reach people: real senders against real servers on loopback that hang, refuse, answer
//! late or nonsense. The world's clock runs a hundred times faster than life.
#![allow(clippy::unwrap_used)]

mod http;
mod mail;
mod mail_tests;
mod robot_tests;
mod webhook_tests;

use std::{
    io::Write,
    sync::{Arc, Mutex, OnceLock, RwLock},
    time::{Duration, Instant},
};

use collector::{
    Config, Shared,
    config::Language,
    episode::Severity,
    health::Health,
    heartbeat::Heartbeat,
    ledger::{
        Commit, Ledger, MessageRow, NewMessage, WakeUp, Watermark,
        sqlite::{Options, Sqlite, SqliteLedger},
    },
    live::Live,
    metrics::Metrics,
    notify::{self, Sender, Senders, worker::Worker},
    packs::Packs,
    readings,
    step::Filings,
    venues::{self, Venues},
    world,
};
use tokio::sync::{broadcast, watch};
use wire::{Clock, Id, PointName, Sample, Source, UnixMs};

/// A second of life is so many of the world.
const SPEED: i64 = 100;
/// 2025-11-23T02:00:00Z.
const START: UnixMs = 1_763_863_200_000;

struct FastClock(Instant);

impl world::Clock for FastClock {
    fn now(&self) -> UnixMs {
        START + i64::try_from(self.0.elapsed().as_millis()).unwrap() * SPEED
    }

    fn real(&self, world: Duration) -> Duration {
        world / u32::try_from(SPEED).unwrap()
    }
}

/// A collector's ledger and outbox without the rest of it.
struct Post {
    shared: Arc<Shared>,
    ledger: SqliteLedger,
    commits: u64,
    stop: watch::Sender<bool>,
    running: Option<Senders>,
    _folder: tempfile::TempDir,
}

impl Post {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (sqlite, ledger) = Sqlite::open(&folder.path().join("ledger.db"), Options::default()).unwrap();
        let (store, config) = (Arc::new(sqlite), Config::default());
        let shared = Arc::new(Shared {
            packs: Arc::new(Packs::load(&config.rules).unwrap()),
            venues: venues::Current::new(Venues::none(&config.zone)),
            filings: Filings::default(),
            config,
            clock: Arc::new(FastClock(Instant::now())),
            live: RwLock::new(Live::default()),
            changes: broadcast::Sender::new(16),
            reader: store.clone(),
            inbox: store.clone(),
            outbox: store.clone(),
            readings: readings::over(store),
            past_mornings: collector::readiness::gather::Past::default(),
            metrics: Metrics::default(),
            health: Health::default(),
            heartbeat: Heartbeat::default(),
            messages: WakeUp::default(),
            requests: WakeUp::default(),
        });
        Self { shared, ledger, commits: 0, stop: watch::channel(false).0, running: None, _folder: folder }
    }

    /// Commits a message as the step does, and rings.
    fn put(&mut self, channel: &str, key: &str, severity: Severity) {
        self.put_all(&[(channel, key, severity)]);
    }

    /// Commits many messages at once, as a storm does.
    fn put_all(&mut self, messages: &[(&str, &str, Severity)]) {
        self.commits += 1;
        let outbox = messages.iter().map(|(channel, key, severity)| message(channel, key, *severity)).collect();
        let commit = Commit { at: self.shared.clock.now(), outbox, ..Commit::default() };
        self.ledger.commit(self.commits, &commit).unwrap();
        self.shared.messages.wake();
    }

    /// Commits an hour of readings of the room that all messages are about, as it gets too warm.
    fn read_a_warm_room(&mut self) {
        let id = |text: &str| Id::parse(text).unwrap();
        let source = Source { venue: id("nanshan"), room: id("k04"), agent: id("pi-k04") };
        let (spool, boot) = (id("k3f9x0q2"), id("boot"));
        let sample = |minute: i64| {
            let points = vec![(PointName::parse("temperature_celsius").unwrap(), 20.0 + minute as f64 / 16.0)];
            let (at, seq, clock) = (START + (minute - 45) * 60_000, minute as u64 + 1, Clock::Trusted);
            (
                source.clone(),
                Sample { at, seq, spool: spool.clone(), boot: boot.clone(), clock, points, faults: vec![] },
            )
        };
        self.commits += 1;
        let mark = Watermark { source: source.clone(), spool: spool.clone(), upto: 60, sample_at: START + 14 * 60_000 };
        let samples = (0..60).map(sample).collect();
        let commit = Commit { at: self.shared.clock.now(), samples, watermarks: vec![mark], ..Commit::default() };
        self.ledger.commit(self.commits, &commit).unwrap();
    }

    /// Starts channels that send in Chinese.
    fn start(&mut self, channels: Vec<(&str, Sender)>) {
        let workers = channels.into_iter().map(|(name, s)| Worker::new(name.into(), s, Language::ZhCn)).collect();
        self.running = Some(notify::start(&self.shared, workers, &self.stop.subscribe()).unwrap());
    }

    /// The message of that key as the ledger has it.
    fn row(&self, key: &str) -> MessageRow {
        self.shared.reader.messages(None, 1_000).unwrap().into_iter().find(|m| m.message.key == key).unwrap()
    }

    /// Waits until the ledger knows that `key` was delivered, or fails.
    fn until_sent(&self, key: &str) -> MessageRow {
        self.until(key, |row| row.sent_at.is_some())
    }

    /// Waits until the row of `key` is as wanted, or fails.
    fn until(&self, key: &str, wanted: impl Fn(&MessageRow) -> bool) -> MessageRow {
        let end = Instant::now() + Duration::from_secs(30);
        loop {
            let row = self.row(key);
            if wanted(&row) {
                return row;
            }
            assert!(Instant::now() < end, "{row:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// A message of a ticket of the team `hvac`.
fn message(channel: &str, key: &str, severity: Severity) -> NewMessage {
    let ticket = serde_json::json!({
        "id": 1, "number": "nanshan-20251123-001", "venue": "nanshan", "room": "k04", "asset": null,
        "rule": "air-temperature", "severity": severity, "team": "hvac", "stage": "new", "assignee": null,
        "hold_reason": null, "proof": "none", "began_at": START, "opened_at": START + 900_000,
        "acknowledged_at": null, "fixed_at": null, "closed_at": null, "reopened_count": 0,
        "episode_count": 1, "open_points": ["temperature_celsius"], "worst_point": "temperature_celsius",
        "worst_value": 23.75, "limit": 22.0, "description": null,
    });
    let moved = serde_json::json!({
        "ticket": 1, "at": START + 900_000, "who": "data", "from": null, "to": "new", "note": "opened", "value": 23.75,
    });
    NewMessage {
        channel: channel.into(),
        key: key.into(),
        ticket: Some(1),
        severity,
        due_at: START,
        payload: serde_json::json!({ "news": "opened", "ticket": ticket, "moved": moved }),
    }
}

impl Drop for Post {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        if let Some(running) = self.running.take() {
            running.stop();
        }
    }
}

/// Everything that the process logs, at every level, of every crate.
fn log() -> &'static Mutex<Vec<u8>> {
    static LOG: OnceLock<Mutex<Vec<u8>>> = OnceLock::new();
    struct Tap;
    impl Write for Tap {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            log().lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    static ONCE: OnceLock<()> = OnceLock::new();
    let log = LOG.get_or_init(Mutex::default);
    ONCE.get_or_init(|| {
        let _ = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(|| Tap).try_init();
    });
    log
}
