//! How fast a past is played again: days of 100 rooms of 12 points a minute, with the rules of a lounge, from
//! compacted readings. `cargo bench -p collector --bench backtest`; compare only figures of one run.
#![allow(clippy::print_stdout, clippy::unwrap_used, missing_docs)]

use std::{sync::Arc, time::Instant};

use collector::{
    backtest::{Past, replay},
    config,
    ledger::{Commit, Ledger, sqlite::Sqlite},
    packs::Packs,
    readings::{self, compact::compact},
    venues::{Holidays, Venues},
};
use wire::{Clock, Id, PointName, Sample, Source, UnixMs};

const ROOMS: usize = 100;
const DAYS: i64 = 1;
const PERIOD_MS: i64 = 10_000;
const DAY_MS: i64 = 86_400_000;
/// 2026-11-23 06:00 in Shanghai.
const START: UnixMs = 1_795_384_800_000;

/// Points that the rules of a lounge watch, and where they usually are.
const POINTS: [(&str, f64, f64); 12] = [
    ("amplifier_power_on", 1.0, 0.0),
    ("co2_ppm", 800.0, 300.0),
    ("door_open", 0.0, 0.0),
    ("extinguisher_present", 1.0, 0.0),
    ("gateway_latency_ms", 4.0, 3.0),
    ("humidity_percent", 55.0, 8.0),
    ("illuminance_lux", 40.0, 20.0),
    ("pm2_5_ug_m3", 20.0, 15.0),
    ("song_box_reachable", 1.0, 0.0),
    ("song_server_reachable", 1.0, 0.0),
    ("sound_db", 80.0, 12.0),
    ("temperature_celsius", 20.5, 2.4),
];

fn id(text: &str) -> Id {
    Id::parse(text).unwrap()
}

fn main() {
    let sources: Vec<Source> = (0..ROOMS)
        .map(|n| Source { venue: id("nanshan"), room: id(&format!("k{n:03}")), agent: id(&format!("pi-{n}")) })
        .collect();
    let points = POINTS.map(|(name, ..)| PointName::parse(name).unwrap());
    let folder = tempfile::tempdir().unwrap();
    let (sqlite, mut ledger) = Sqlite::open(&folder.path().join("hallwatch.db"), Default::default()).unwrap();
    let samples_of_room = DAYS * DAY_MS / PERIOD_MS;
    let mut number = 0;
    for begin in (0..samples_of_room).step_by(60) {
        let mut commit = Commit { at: START + begin * PERIOD_MS, ..Commit::default() };
        for k in begin..begin + 60 {
            for (room, source) in sources.iter().enumerate() {
                let swing = (k as f64 / 700.0 + room as f64).sin();
                let value = |(_, middle, width): (&str, f64, f64)| ((middle + width * swing) * 100.0).round() / 100.0;
                let values = points.iter().cloned().zip(POINTS.map(value)).collect();
                let at = START + k * PERIOD_MS + room as i64 * 97;
                let (seq, spool, boot) = (k as u64 + 1, id("k3f9x0q2"), id("b"));
                let sample = Sample { at, seq, spool, boot, clock: Clock::Trusted, points: values, faults: vec![] };
                commit.samples.push((source.clone(), sample));
            }
        }
        number += 1;
        ledger.commit(number, &commit).unwrap();
    }
    let mut archivist = sqlite.archivist().unwrap();
    while compact(&mut archivist, 64 << 20, &mut || true).unwrap().samples > 0 {}
    let text = "[venue.nanshan]\nkind = \"ktv\"\nzone = \"Asia/Shanghai\"\n[[venue.nanshan.hours]]\nopen = \"18:30\"\nclose = \"02:00\"\n";
    let files = [("venues.toml".into(), text.to_owned())];
    let venues = Arc::new(Venues::of(&files, Holidays::default(), "Asia/Shanghai").unwrap());
    let past_readings = readings::over(Arc::new(sqlite.clone()));
    let past = Past {
        reader: &sqlite,
        readings: &*past_readings,
        sources,
        devices: Vec::new(),
        venues,
        routes: Vec::new(),
        live_horizon_ms: 300_000,
        from: START,
        to: START + DAYS * DAY_MS,
    };
    for packs in ["base", "ktv"] {
        let rules = config::Rules { packs: vec![packs.into()], ..config::Rules::default() };
        let packs_loaded = Packs::load(&rules).unwrap();
        let began = Instant::now();
        let outcome = replay(&past, &packs_loaded, |_| ()).unwrap();
        let seconds = began.elapsed().as_secs_f64();
        println!(
            "{packs}: {} rules, {} samples in {seconds:.2} s, {} tickets: {:.1} days of {ROOMS} rooms a minute, {:.0} samples/s",
            packs_loaded.all().len(),
            outcome.samples,
            outcome.tickets.len(),
            DAYS as f64 * 60.0 / seconds,
            outcome.samples as f64 / seconds,
        );
    }
}
