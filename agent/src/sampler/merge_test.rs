//! The merger under a clock that the test holds: what leaves when, and in which order.

use std::{sync::Arc, time::Duration};

use wire::{Fault, Id};

use super::{
    merge::{Merger, Todo},
    pace::Pace,
    plan::Plan,
};
use crate::{
    config::{Backend, Bus, Config, Sensor},
    draft::Draft,
    driver::{Error, Measured, Seat, Settings, climate, contact, light, probe},
    world::Clock,
};

/// A clock of which only the pace matters: so many seconds of the world in one of life.
struct Speed(u32);

impl Clock for Speed {
    fn boottime(&self) -> Duration {
        Duration::ZERO
    }
    fn wall(&self) -> wire::UnixMs {
        0
    }
    fn synchronized(&self) -> bool {
        true
    }
    fn boot(&self) -> Id {
        id("b")
    }
    fn real(&self, world: Duration) -> Duration {
        world / self.0
    }
}

fn id(text: &str) -> Id {
    Id::parse(text).unwrap()
}

fn at(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// Station 0 an SHT4x, 1 a BH1750 on the same bus, 2 a contact, 3 a TCP probe every 30 s.
fn merger() -> Merger {
    merger_at(1)
}

fn merger_at(speed: u32) -> Merger {
    let bus = || id("i2c");
    let mut config = Config::new(id("v"), id("r"), id("a"));
    config.buses.push(Bus { name: bus(), backend: Backend::Simulated { seed: 1, fitted: true } });
    let mut add = |name: &str, period: Option<u64>, driver: Arc<dyn Settings>| {
        let period = period.map(Duration::from_secs);
        config.sensors.push(Sensor { name: id(name), asset: None, period, driver });
    };
    add("air", None, climate::sht4x::MAKE.at(Seat::new(bus(), 0x44)));
    add("light", None, Arc::new(light::bh1750::Settings { seat: Seat::new(bus(), 0x23), mtreg: 69, median: 1 }));
    let manner = contact::manner::Manner { debounce: Duration::ZERO, ..contact::manner::Manner::plain("door_open") };
    let door = contact::Settings { bus: bus(), line: 4, manner };
    add("door", None, Arc::new(door));
    let probe = probe::tcp::Settings::new("h", 1, Duration::from_secs(2));
    add("server", Some(30), Arc::new(probe));
    Merger::new(Arc::new(Plan::new(&config).unwrap()), 60, Pace::of(&Speed(speed)), at(1_000))
}

fn air(raw: u64) -> Result<Vec<Measured>, Error> {
    Ok(vec![Measured::new("temperature_celsius", 20.0, raw), Measured::new("humidity_percent", 50.0, raw)])
}

fn light() -> Result<Vec<Measured>, Error> {
    Ok(vec![Measured::new("illuminance_lux", 60.0, 1)])
}

fn server() -> Result<Vec<Measured>, Error> {
    Ok(vec![Measured::new("reachable", 1.0, 1), Measured::new("latency_ms", 2.0, 1)])
}

fn gone() -> Result<Vec<Measured>, Error> {
    Err(Error::NoAnswer { address: 0x44 })
}

/// `1000: temperature_celsius humidity_percent` and faults as `illuminance_lux=no_response`.
fn shown(drafts: &[Draft]) -> Vec<String> {
    let one = |draft: &Draft| {
        let mut words: Vec<String> = draft.points.iter().map(|(name, _)| name.to_string()).collect();
        words.retain(|name| !name.starts_with("sampler_") && !name.starts_with("bus_"));
        words.extend(draft.faults.iter().map(|(name, fault)| format!("{name}={}", fault.as_str())));
        words.sort();
        format!("{}: {}", draft.read_at.as_millis(), words.join(" "))
    };
    drafts.iter().map(one).collect()
}

fn check(todo: Todo, expected: &[&str]) {
    assert_eq!(shown(&todo.drafts), expected);
}

#[test]
fn one_tick_is_one_sample() {
    let mut merger = merger();
    let todo = merger.advance(at(1_000));
    assert_eq!(todo.ask, [0, 1, 3]);
    check(merger.answered(0, at(1_010), &air(1)), &[]);
    check(merger.answered(1, at(1_200), &light()), &[]);
    check(
        merger.answered(3, at(1_300), &server()),
        &["1000: humidity_percent illuminance_lux server_latency_ms server_reachable temperature_celsius"],
    );
}

#[test]
fn later_ticks_are_at_whole_multiples_of_the_period() {
    let mut merger = merger();
    merger.advance(at(1_000));
    for (station, outcome) in [(0, air(1)), (1, light()), (3, server())] {
        merger.answered(station, at(1_100), &outcome);
    }
    assert_eq!(merger.next_wake(), Some(at(10_000)));
    assert_eq!(merger.advance(at(9_999)).ask, [0; 0]);
    assert_eq!(merger.advance(at(10_000)).ask, [0, 1]);
    for (station, outcome) in [(0, air(2)), (1, light())] {
        merger.answered(station, at(10_100), &outcome);
    }
    // A computer that slept does not make up for what it missed.
    assert_eq!(merger.advance(at(95_000)).ask, [0, 1, 3]);
}

#[test]
fn what_is_slow_follows_in_a_sample_of_its_own() {
    let mut merger = merger();
    merger.advance(at(1_000));
    merger.answered(0, at(1_010), &air(1));
    merger.answered(1, at(1_200), &light());
    check(merger.advance(at(2_000)), &["1000: humidity_percent illuminance_lux temperature_celsius"]);
    check(merger.answered(3, at(2_700), &server()), &["2700: server_latency_ms server_reachable"]);
}

#[test]
fn a_contact_is_told_at_once_after_what_was_before_it() {
    let mut merger = merger();
    check(merger.switched(2, at(1_000), Ok(0.0)), &["1000: door_open"]);
    merger.advance(at(1_000));
    merger.answered(0, at(1_010), &air(1));
    let todo = merger.switched(2, at(1_500), Ok(1.0));
    assert_eq!(todo.drafts[0].points.iter().find(|(n, _)| n.as_str() == "door_open").map(|(_, v)| *v), Some(0.0));
    check(todo, &["1000: door_open humidity_percent temperature_celsius", "1500: door_open"]);
    // What was asked before the edge comes after it, and not with an older time.
    check(merger.answered(1, at(1_400), &light()), &["1500: illuminance_lux"]);
}

#[test]
fn a_contact_that_says_the_same_again_is_no_news() {
    let mut merger = merger();
    check(merger.switched(2, at(1_000), Ok(0.0)), &["1000: door_open"]);
    check(merger.switched(2, at(1_100), Ok(0.0)), &[]);
}

#[test]
fn a_new_fault_is_told_at_once_and_an_old_one_with_the_tick() {
    let mut merger = merger();
    merger.advance(at(1_000));
    check(
        merger.answered(0, at(1_030), &gone()),
        &["1030: humidity_percent=no_response temperature_celsius=no_response"],
    );
    merger.answered(1, at(1_200), &light());
    merger.answered(3, at(1_300), &server());
    merger.advance(at(10_000));
    check(merger.answered(0, at(10_030), &gone()), &[]);
    check(
        merger.answered(1, at(10_200), &light()),
        &["10000: humidity_percent=no_response illuminance_lux temperature_celsius=no_response"],
    );
    // And its end is news again.
    merger.advance(at(20_000));
    check(merger.answered(0, at(20_010), &air(5)), &["20010: humidity_percent temperature_celsius"]);
}

#[test]
fn silence_becomes_no_response_then_bus_failed_and_the_thread_is_replaced() {
    let mut merger = merger();
    merger.advance(at(1_000));
    merger.answered(3, at(1_100), &server());
    check(merger.advance(at(2_000)), &["1000: server_latency_ms server_reachable"]);
    let expected = ["humidity_percent=no_response temperature_celsius=no_response", "illuminance_lux=no_response"];
    check(merger.advance(at(4_000)), &expected.map(|e| format!("4000: {e}")).each_ref().map(String::as_str));
    let todo = merger.advance(at(10_000));
    assert!(todo.ask.is_empty(), "a station that has not answered is not asked again");
    let todo = merger.advance(at(11_000));
    assert_eq!(todo.hung, [0]);
    assert!(todo.drafts.iter().flat_map(|d| &d.faults).all(|(_, fault)| *fault == Fault::BusFailed));
    assert_eq!(todo.drafts.iter().map(|d| d.faults.len()).sum::<usize>(), 3);
    // Not at each look, but once in a while.
    assert!(merger.advance(at(11_500)).hung.is_empty());
    assert_eq!(merger.advance(at(21_000)).hung, [0]);
}

#[test]
fn silence_of_one_probe_is_not_that_of_a_bus() {
    let mut merger = merger();
    merger.advance(at(1_000));
    merger.answered(0, at(1_010), &air(1));
    merger.answered(1, at(1_200), &light());
    merger.advance(at(2_000));
    // Its time-out of 2 s and 5 s for looking up its name.
    check(merger.advance(at(8_000)), &["8000: server_latency_ms=no_response server_reachable=no_response"]);
    assert!(merger.advance(at(60_000)).hung.is_empty());
}

#[test]
fn waking_is_never_in_the_past_for_long() {
    let mut merger = merger();
    let mut now = at(1_000);
    for _ in 0..2_000 {
        merger.advance(now);
        let wake = merger.next_wake().unwrap();
        assert!(wake > now, "{wake:?} after {now:?} would spin");
        now = wake;
    }
    assert!(now < at(60_000_000));
}

#[test]
fn where_the_world_runs_fast_a_busy_computer_is_not_taken_for_a_silent_bus() {
    let mut merger = merger_at(60);
    merger.advance(at(1_000));
    // 60 s of this world are one of life.
    let todo = merger.advance(at(61_000));
    assert!(todo.drafts.iter().all(|draft| draft.faults.is_empty()) && todo.hung.is_empty());
    check(merger.answered(0, at(62_000), &air(1)), &["62000: humidity_percent temperature_celsius"]);
    let faults: Vec<_> = merger.advance(at(91_100)).drafts.into_iter().flat_map(|draft| draft.faults).collect();
    assert_eq!(faults.len(), 1, "{faults:?}");
}
