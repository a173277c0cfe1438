//! How many samples a second one core judges with the `ktv` pack, and what a room costs of memory: 1,000
//! rooms, one sample every 10 s of the world, in the order in which a collector gets them. First rooms
//! with all that a karaoke room can have, then rooms of 8 points, well and unwell, then each kind of rule
//! alone on one point. Memory is the growth of what the process holds (`VmRSS`), allocator included.
//!
//! `cargo bench -p collector --bench rules`; compare only figures of one run.
#![allow(clippy::print_stdout)]

use std::{hint::black_box, time::Instant};

use collector::{
    config::Rules,
    packs::Packs,
    rules::{Effect, Event, Rule, Settings, State, step},
};
use wire::{Id, PointName, Source, UnixMs};

const ROOMS: usize = 1_000;
const ROUNDS: i64 = 400;
const PERIOD_MS: i64 = 10_000;
const START: UnixMs = 1_763_863_200_000;
/// Everything that agents of a well-equipped karaoke room tell.
const FULL: [(&str, f64); 30] = [
    ("temperature_celsius", 20.4),
    ("humidity_percent", 45.0),
    ("co2_ppm", 900.0),
    ("illuminance_lux", 40.0),
    ("sound_db", 62.0),
    ("pm2_5_ug_m3", 18.0),
    ("pm10_ug_m3", 31.0),
    ("smoke", 0.0),
    ("leak", 0.0),
    ("tamper", 0.0),
    ("door_open", 0.0),
    ("extinguisher_1_present", 1.0),
    ("extinguisher_1_in_place", 1.0),
    ("amplifier_power_on", 1.0),
    ("amplifier_dead", 0.0),
    ("amplifier_overloaded", 0.0),
    ("amplifier_current_ampere", 1.3),
    ("song_server_reachable", 1.0),
    ("song_box_reachable", 1.0),
    ("gateway_reachable", 1.0),
    ("gateway_latency_ms", 2.0),
    ("gateway_loss_percent", 0.0),
    ("internet_reachable", 1.0),
    ("projector_lamp_hours", 812.0),
    ("projector_device_failed", 0.0),
    ("bus_i2c1_working", 1.0),
    ("computer_temperature_celsius", 52.0),
    ("computer_throttled", 0.0),
    ("computer_disk_used_percent", 31.0),
    ("computer_memory_used_percent", 40.0),
];
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
    println!("{} rules of the pack `ktv`, {ROOMS} rooms", rules.len());
    // Numbers of sensors move a little with every sample; the others stay as they are.
    run("full rooms, all is well", &rules, &FULL, |_, round, value| wander(round, value));
    run("8 points, all is well", &rules, &POINTS, |_, _, value| value);
    // Every tenth room is 3 °C too warm and its CO2 goes up and down over the limit.
    run("8 points, one room in ten is bad", &rules, &POINTS, |room, round, value| {
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
    each_kind();
}

/// One rule of each kind for one point, as a pack has them; everything is well.
const KINDS: [(&str, &str); 7] = [
    ("band", "low = 18.0\nhigh = 22.0\nlow_return = 18.5\nhigh_return = 21.5"),
    ("state", "good = true"),
    ("stuck", "after = \"30m\""),
    ("rate", "rise = 2.0\nper = \"10m\""),
    ("share", "high = 24.0\nshare = 0.25\nwindow = \"1h\""),
    ("due", "within = \"10d\""),
    ("disagree", "with = [\"shelf_*_celsius\"]\napart = 3.0"),
];

fn each_kind() {
    let shelves = [("shelf_1_celsius", 20.0), ("shelf_2_celsius", 20.2), ("shelf_3_celsius", 19.9)];
    let words = "{ title = \"t\", meaning = \"m\", hint = \"h\" }";
    for (kind, keys) in KINDS {
        let text = format!(
            "[[rule]]\nid = \"one\"\nkind = \"{kind}\"\npoints = [\"shelf_1_celsius\"]\n{keys}\nseverity = \"P3\"\n\
             team = \"hvac\"\nsource = \"bench\"\nverified = false\nzh = {words}\nen = {words}\n"
        );
        let rules = Packs::parse("bench", &text).expect("a valid rule").rules();
        run(&format!("kind `{kind}` alone"), &rules, &shelves, |_, round, value| wander(round, value));
    }
}

fn wander(round: i64, value: f64) -> f64 {
    let step = f64::from(u32::try_from(round * 7 % 11).unwrap_or(0));
    if value <= 1.0 { value } else { value * (1.0 + step / 1_000.0) }
}

/// Runs all rooms through a state of their own, and prints what that took.
fn run(name: &str, rules: &[Rule], room: &[(&str, f64)], change: impl Fn(usize, i64, f64) -> f64) {
    let id = |text: String| Id::parse(&text).expect("made of letters and digits");
    let sources: Vec<Source> = (0..ROOMS)
        .map(|n| Source {
            venue: id(format!("venue-{}", n / 40)),
            room: id(format!("k{n:03}")),
            agent: id(format!("pi-{n}")),
        })
        .collect();
    let mut points: Vec<(PointName, f64)> =
        room.iter().map(|(name, value)| (PointName::parse(name).expect("valid"), *value)).collect();
    let watched = |rule: &Rule| points.iter().filter(|(name, _)| rule.covers_point(name)).count();
    let judged: usize = rules.iter().filter(|rule| rule.covers_room(&sources[0].room)).map(watched).sum();
    let resident_before = resident_bytes();
    let mut state = State::new(rules.to_vec(), Settings::default());
    let mut effects: Vec<Effect> = Vec::new();
    let (mut episodes, mut kept) = (0usize, 0usize);
    let begun = Instant::now();
    for round in 0..ROUNDS {
        let now = START + round * PERIOD_MS;
        for (number, source) in sources.iter().enumerate() {
            for (point, (_, value)) in points.iter_mut().zip(room) {
                point.1 = change(number, round, *value);
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
    let values = samples * points.len() as f64;
    println!(
        "{name}: {} points and {judged} rules of points a room; {:.0} samples/s, {:.2} M values/s, {:.2} M rules/s, \
         {:.2} CPU s per million values; {} bytes a room; {episodes} effects, {kept} tracks kept",
        points.len(),
        samples / seconds,
        values / seconds / 1e6,
        samples * judged as f64 / seconds / 1e6,
        seconds / values * 1e6,
        resident_bytes().saturating_sub(resident_before) / ROOMS as u64,
    );
}

/// What this process holds now, in bytes; 0 where there is no /proc.
fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kib = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.split_whitespace().next()?.parse().ok());
    kib.unwrap_or(0u64) * 1_024
}
