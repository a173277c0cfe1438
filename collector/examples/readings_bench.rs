//! Measures what readings cost: bytes stored for each, and the time of a chart over a large store.
//! Builds its own ledger files from made-up rooms; nothing here is a test, and no figure is judged.
//!
//! ```text
//! cargo run --release -p collector --example readings_bench -- size  FOLDER [ROOMS] [DAYS]
//! cargo run --release -p collector --example readings_bench -- query FOLDER [ROOMS] [DAYS]
//! cargo run --release -p collector --example readings_bench -- delay FOLDER [ROOMS] [SECONDS]
//! ```
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use collector::{
    config,
    ledger::{
        Commit, Ledger, Reader, Watermark,
        archive::{Archivist, PackedDay},
        sqlite::{Options, Sqlite, SqliteArchivist},
    },
    readings::{
        self, Query, chunk,
        column::Effort,
        compact::compact,
        pack::{Limits, pack},
        rollup::Rollup,
        rows::Rows,
    },
};
use wire::{Clock, Id, PointName, Sample, Source};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
/// 2025-11-23T00:00:00Z.
const BEGIN: i64 = 1_763_856_000_000;
/// Samples of a room come this often.
const PERIOD_MS: i64 = 10_000;
/// Free pages kept, as upkeep keeps them.
const FREE_PAGES_KEPT: usize = 64;

/// Name, start, step and noise of a walk, and the quantum of its chip.
const WALKS: [(&str, f64, f64, f64, f64); 12] = [
    ("temperature_celsius", 21.0, 0.01, 0.02, 0.01),
    ("humidity_percent", 45.0, 0.03, 0.05, 0.01),
    ("co2_ppm", 700.0, 2.0, 3.0, 1.0),
    ("illuminance_lux", 120.0, 0.5, 0.8, 0.1),
    ("amplifier_current_ampere", 1.8, 0.01, 0.02, 0.001),
    ("amplifier_temperature_celsius", 38.0, 0.02, 0.0, 0.0625),
    ("projector_temperature_celsius", 52.0, 0.03, 0.0, 0.0625),
    ("sound_decibel", 75.0, 0.8, 1.5, 0.1),
    ("pm2_5_microgram_per_cubic_metre", 18.0, 0.2, 0.6, 1.0),
    ("computer_temperature_celsius", 51.0, 0.1, 0.2, 0.1),
    ("supply_volt", 228.0, 0.05, 0.1, 0.1),
    ("door_open", 0.0, 0.0, 0.0, 1.0),
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |i: usize, default: usize| arguments.get(i).map_or(default, |text| text.parse().unwrap());
    match (arguments.first().map(String::as_str), arguments.get(1)) {
        (Some("size"), Some(folder)) => size(Path::new(folder), number(2, 50), number(3, 2)),
        (Some("query"), Some(folder)) => query(Path::new(folder), number(2, 1_000), number(3, 365)),
        (Some("delay"), Some(folder)) => delay(Path::new(folder), number(2, 1_000), number(3, 20)),
        _ => println!("readings_bench size|query|delay FOLDER [ROOMS] [DAYS or SECONDS]"),
    }
}

/// Numbers that look random and are the same each time (SplitMix64).
struct Random(u64);

impl Random {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }
}

/// A room whose points walk.
struct Room {
    source: Source,
    random: Random,
    levels: [f64; 12],
    names: Vec<PointName>,
    seq: u64,
}

impl Room {
    fn new(number: usize) -> Self {
        let id = |text: String| Id::parse(&text).unwrap();
        Self {
            source: Source {
                venue: id(format!("venue-{}", number / 50)),
                room: id(format!("k{:02}", number % 50)),
                agent: id(format!("pi-{number}")),
            },
            random: Random(number as u64 + 1),
            levels: WALKS.map(|w| w.1),
            names: WALKS.map(|w| PointName::parse(w.0).unwrap()).to_vec(),
            seq: 0,
        }
    }

    fn sample(&mut self, at: i64) -> Sample {
        self.seq += 1;
        let mut points = Vec::with_capacity(WALKS.len());
        for (i, (name, _, step, noise, quantum)) in WALKS.into_iter().enumerate() {
            let value = if name == "door_open" {
                if self.random.unit() < 0.005 {
                    self.levels[i] = 1.0 - self.levels[i];
                }
                self.levels[i]
            } else {
                self.levels[i] += self.random.normal() * step;
                let seen = ((self.levels[i] + self.random.normal() * noise) / quantum).round() * quantum;
                (seen * 1e6).round() / 1e6
            };
            points.push((self.names[i].clone(), value));
        }
        // An agent's clock ticks on time within a few milliseconds.
        let at = at + (self.random.unit() * 8.0) as i64;
        let id = |text: &str| Id::parse(text).unwrap();
        let (spool, boot) = (id("k3f9x0q2"), id("7c1e04aa"));
        Sample { at, seq: self.seq, spool, boot, clock: Clock::Trusted, points, faults: Vec::new() }
    }
}

fn file_bytes(path: &Path) -> u64 {
    ["", "-wal"]
        .iter()
        .filter_map(|end| std::fs::metadata(format!("{}{end}", path.display())).ok())
        .map(|m| m.len())
        .sum()
}

fn limits(now: i64) -> Limits {
    Limits::at(now, Some(now), &config::Readings::default())
}

fn shrink(archivist: &mut SqliteArchivist) {
    while archivist.give_back(FREE_PAGES_KEPT, 64).unwrap() > 0 {}
}

/// Bytes a reading, on the way that samples really go.
fn size(folder: &Path, rooms: usize, days: usize) {
    let path = folder.join("size.db");
    let (sqlite, mut ledger) = Sqlite::open(&path, Options::default()).unwrap();
    let mut archivist = sqlite.archivist().unwrap();
    let mut all: Vec<Room> = (0..rooms).map(Room::new).collect();
    let ticks = days as i64 * DAY / PERIOD_MS;
    let readings = (ticks as usize * rooms * WALKS.len()) as f64;
    let (mut committing, mut compacting, mut packing) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    let mut longest = Duration::ZERO;
    for tick in 0..ticks {
        let at = BEGIN + tick * PERIOD_MS;
        let samples: Vec<_> = all.iter_mut().map(|room| (room.source.clone(), room.sample(at))).collect();
        let watermarks = samples.iter().map(|(source, sample)| Watermark {
            source: source.clone(),
            spool: sample.spool.clone(),
            upto: sample.seq,
            sample_at: sample.at,
        });
        let commit = Commit { at, watermarks: watermarks.collect(), samples, ..Commit::default() };
        let started = Instant::now();
        ledger.commit(tick as u64 + 1, &commit).unwrap();
        committing += started.elapsed();
        // Every minute of the rooms' time, as upkeep does by default.
        if tick % 6 == 5 {
            let started = Instant::now();
            compact(&mut archivist, 8 << 20, &mut || true).unwrap();
            longest = longest.max(started.elapsed());
            compacting += started.elapsed();
            archivist.checkpoint().unwrap();
        }
        if tick % 360 == 359 {
            let started = Instant::now();
            pack(&mut archivist, &limits(at), &mut || true).unwrap();
            packing += started.elapsed();
        }
    }
    let hours = sqlite.size().unwrap();
    println!("{rooms} rooms, {days} days, 12 points each {} s: {readings} readings", PERIOD_MS / 1000);
    let say = |what: &str, bytes: u64| println!("{what:<58} {bytes:>12} B  {:.3} B/reading", bytes as f64 / readings);
    say("file and log, newest day still in hours", file_bytes(&path));
    say("  of it chunks", hours.chunk_bytes);
    pack(&mut archivist, &limits(BEGIN + (days as i64 + 1) * DAY), &mut || true).unwrap();
    let packed = sqlite.size().unwrap();
    shrink(&mut archivist);
    archivist.checkpoint().unwrap();
    drop((ledger, archivist));
    say("file and log, every day packed, free pages given back", file_bytes(&path));
    say("  of it chunks", packed.chunk_bytes);
    drop(sqlite);
    say("the same, closed", file_bytes(&path));
    let file = rusqlite::Connection::open(&path).unwrap();
    let rollups: i64 = file.query_row("SELECT sum(length(body)) FROM rollup", [], |r| r.get(0)).unwrap();
    say("  of it roll-ups", rollups as u64);
    file.execute_batch("VACUUM").unwrap();
    drop(file);
    say("the same after VACUUM", file_bytes(&path));
    let per_million = |time: Duration| time.as_secs_f64() / readings * 1e6;
    println!(
        "seconds a million readings: commits {:.3}, compaction {:.3}, packing {:.3}",
        per_million(committing),
        per_million(compacting),
        per_million(packing)
    );
    println!("longest compaction of a minute: {longest:?}");
}

/// What compaction costs those who commit: a commit of ten samples every ten milliseconds, alone and
/// then with a compaction every second beside it.
fn delay(folder: &Path, rooms: usize, seconds: usize) {
    let path = folder.join("delay.db");
    let (sqlite, mut ledger) = Sqlite::open(&path, Options::default()).unwrap();
    let mut all: Vec<Room> = (0..rooms).map(Room::new).collect();
    let mut number = ledger.load(BEGIN).unwrap().commit_number;
    let mut commits = |ledger: &mut dyn Ledger| {
        let mut times = Vec::new();
        let start = Instant::now();
        while start.elapsed().as_secs() < seconds as u64 {
            number += 1;
            let at = BEGIN + number as i64 * 10;
            let first = number as usize * 10 % rooms;
            let ten = (first..first + 10).map(|n| n % rooms);
            let samples = ten.map(|n| (all[n].source.clone(), all[n].sample(at))).collect();
            let started = Instant::now();
            ledger.commit(number, &Commit { at, samples, ..Commit::default() }).unwrap();
            times.push(started.elapsed());
            std::thread::sleep(Duration::from_millis(10).saturating_sub(started.elapsed()));
        }
        times.sort();
        let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
        format!("{} commits, median {:.2?}, p99 {:.2?}, longest {:.2?}", times.len(), at(0.5), at(0.99), at(1.0))
    };
    println!("alone:              {}", commits(&mut ledger));
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let mut archivist = sqlite.archivist().unwrap();
    let beside = std::thread::spawn(move || {
        let (mut samples, mut spent) = (0, Duration::ZERO);
        while stopped.recv_timeout(Duration::from_secs(1)).is_err() {
            let started = Instant::now();
            let mut pace = || {
                std::thread::sleep(Duration::from_millis(4));
                true
            };
            samples += compact(&mut archivist, 8 << 20, &mut pace).unwrap().samples;
            archivist.checkpoint().unwrap();
            spent += started.elapsed();
        }
        format!("{samples} samples compacted in {spent:.1?}, rests included")
    });
    println!("beside compaction:  {}", commits(&mut ledger));
    stop.send(()).unwrap();
    println!("{}", beside.join().unwrap());
}

fn packed_day(room: &mut Room, from: i64, period_ms: i64) -> PackedDay {
    let mut rows = Rows::default();
    (0..DAY / period_ms).for_each(|tick| rows.push(&room.sample(from + tick * period_ms)));
    PackedDay { packed: vec![chunk::encode(&rows, Effort::Thorough)], rollup: Rollup::of_rows(&rows).encode() }
}

/// A file of `rooms` rooms with `days` days each and a minute of tail, made where there is none.
fn large(path: &Path, rooms: usize, days: usize) -> Sqlite {
    let fresh = !path.exists();
    let (sqlite, mut ledger) = Sqlite::open(path, Options::default()).unwrap();
    if !fresh {
        return sqlite;
    }
    let mut archivist = sqlite.archivist().unwrap();
    let end = BEGIN + days as i64 * DAY;
    let started = Instant::now();
    let mut all: Vec<Room> = (0..rooms).map(Room::new).collect();
    // Few distinct days fill the rooms that nobody asks for; what is asked for is real.
    let fillers: Vec<PackedDay> = (0..50).map(|i| packed_day(&mut Room::new(i), BEGIN, 600_000)).collect();
    for (number, room) in all.iter_mut().enumerate() {
        let row = archivist.introduce(&room.source, BEGIN).unwrap();
        for day in 0..days {
            let from = BEGIN + day as i64 * DAY;
            let first_hour = (from / HOUR) as u32;
            if number == rooms / 2 {
                archivist.store_day(row, first_hour, &packed_day(room, from, PERIOD_MS)).unwrap();
            } else {
                archivist.store_day(row, first_hour, &fillers[(number + day) % fillers.len()]).unwrap();
            }
        }
    }
    // The last minute of every room is still tail, in commits of a few samples.
    let number = ledger.load(end).unwrap().commit_number;
    let mut commits = 0;
    for tick in 0..6 {
        for some in all.chunks_mut(4) {
            commits += 1;
            let samples = some.iter_mut().map(|r| (r.source.clone(), r.sample(end + tick * PERIOD_MS))).collect();
            ledger.commit(number + commits, &Commit { at: end, samples, ..Commit::default() }).unwrap();
        }
    }
    archivist.checkpoint().unwrap();
    println!("built in {:?}", started.elapsed());
    sqlite
}

/// The time of charts over `rooms` rooms with `days` days. One room is stored as it is; the others
/// have as many rows of their own, filled with fewer samples, so that the file fits a disk.
fn query(folder: &Path, rooms: usize, days: usize) {
    let sqlite = large(&folder.join("query.db"), rooms, days);
    let end = BEGIN + days as i64 * DAY;
    let size = sqlite.size().unwrap();
    println!("{} chunks, {} blobs of tail, file {} MiB", size.chunks, size.blobs, size.file_bytes >> 20);
    let readings = readings::over(Arc::new(sqlite));
    let room = Room::new(rooms / 2).source;
    for (what, from, to, marks_max) in [
        ("a day, newest", end - DAY, end + DAY, 500),
        (
            "a day, half a year ago",
            end - days as i64 / 2 * DAY - 7 * HOUR,
            end - (days as i64 / 2 - 1) * DAY - 7 * HOUR,
            500,
        ),
        ("a day, every reading", end - DAY, end, 10_000),
        ("a week", end - 7 * DAY, end, 500),
        ("a month", end - 30 * DAY, end, 500),
        ("the whole time", BEGIN, end, 500),
    ] {
        let mut times = Vec::new();
        let mut marks = 0;
        for _ in 0..21 {
            for (name, ..) in WALKS {
                let query = Query {
                    venue: room.venue.clone(),
                    room: room.room.clone(),
                    agent: None,
                    point: PointName::parse(name).unwrap(),
                    from,
                    to,
                    marks_max,
                };
                let started = Instant::now();
                marks = readings.series(&query).unwrap().marks.len();
                times.push(started.elapsed());
            }
        }
        let first = times[0];
        times.sort();
        let (middle, most) = (times[times.len() / 2], times[times.len() - 1]);
        println!("{what:<24} first {first:>10.2?}  median {middle:>10.2?}  longest {most:>10.2?}  {marks} marks");
    }
    let started = Instant::now();
    let points = readings.points(&room.venue, &room.room, end - DAY).unwrap();
    println!("points of the room: {} in {:?}", points.len(), started.elapsed());
}
