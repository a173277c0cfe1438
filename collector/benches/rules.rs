//! How many samples a second one core judges with the `ktv` pack: 1,000 rooms, 8 points each, one
//! sample every 10 s of the world, in the order in which a collector gets them.
//!
//! `cargo bench -p collector --bench rules`
#![allow(clippy::print_stdout)]

use std::{hint::black_box, time::Instant};

use collector::{
    config::Rules,
    packs::Packs,
    rules::{Effect, Event, Settings, State, step},
};
use wire::{Id, PointName, Source, UnixMs};

const ROOMS: usize = 1_000;
const ROUNDS: i64 = 400;
const PERIOD_MS: i64 = 10_000;
const START: UnixMs = 1_763_863_200_000;
const POINTS: [(&str, f64); 8] = [
    ("temperature_celsius", 20.4),
    ("humidity_percent", 45.0),
    ("co2_ppm", 900.0),
    ("illuminance_lux", 40.0),
    ("amplifier_power_on", 1.0),
    ("song_server_reachable", 1.0),
    ("computer_temperature_celsius", 52.0),
    ("computer_disk_used_percent", 31.0),
];

fn main() {
    let rules = Packs::load(&Rules::default()).expect("the built-in pack is valid").rules();
    println!("{} rules of the pack `ktv`, {ROOMS} rooms, {} points a sample", rules.len(), POINTS.len());
    run("all is well", &rules, |_, _, value| value);
    // Every tenth room is 3 °C too warm and its CO2 goes up and down over the limit.
    run("one room in ten is bad", &rules, |room, round, value| {
        if room % 10 != 0 {
            value
        } else if value > 500.0 {
            1_000.0 + f64::from(u32::try_from(round % 120).unwrap_or(0)) * 10.0
        } else if (20.0..21.0).contains(&value) {
            23.4
        } else {
            value
        }
    });
}

fn run(name: &str, rules: &[collector::rules::Rule], change: impl Fn(usize, i64, f64) -> f64) {
    let id = |text: String| Id::parse(&text).expect("made of letters and digits");
    let sources: Vec<Source> = (0..ROOMS)
        .map(|n| Source {
            venue: id(format!("venue-{}", n / 40)),
            room: id(format!("k{n:03}")),
            agent: id(format!("pi-{n}")),
        })
        .collect();
    let mut state = State::new(rules.to_vec(), Settings::default());
    let mut effects: Vec<Effect> = Vec::new();
    let (mut episodes, mut kept) = (0usize, 0usize);
    let mut points: Vec<(PointName, f64)> =
        POINTS.map(|(name, value)| (PointName::parse(name).expect("valid"), value)).to_vec();
    let begun = Instant::now();
    for round in 0..ROUNDS {
        let now = START + round * PERIOD_MS;
        for (room, source) in sources.iter().enumerate() {
            for (point, (_, value)) in points.iter_mut().zip(POINTS) {
                point.1 = change(room, round, value);
            }
            let event = Event::Sample { source, at: now - 200, placed: true, points: &points, faults: &[] };
            step(&mut state, black_box(&event), now, &mut effects);
        }
        for second in 0..10 {
            step(&mut state, &Event::Tick, now + second * 1_000, &mut effects);
        }
        episodes += effects.len();
        kept += state.take_changed().len();
        effects.clear();
    }
    let seconds = begun.elapsed().as_secs_f64();
    let samples = ROOMS as f64 * ROUNDS as f64;
    println!(
        "{name}: {:.0} samples/s, {:.2} M values/s, {:.2} CPU s per million values; {episodes} effects, {kept} tracks kept",
        samples / seconds,
        samples * POINTS.len() as f64 / seconds / 1e6,
        seconds / (samples * POINTS.len() as f64) * 1e6,
    );
}
