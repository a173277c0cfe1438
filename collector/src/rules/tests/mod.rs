//! What the rules promise, told as short stories of samples and ticks.

use wire::{Fault, Id, PointName, Source, UnixMs};

use super::*;
use crate::episode::Severity;

mod brute;
mod meaning;
mod orders;
mod plan;
mod plants;
mod property;
mod random;

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
/// Any wall time: 2025-11-23T02:00:00Z.
const START: UnixMs = 1_763_863_200_000;

fn id(text: &str) -> Id {
    Id::parse(text).unwrap()
}

fn source() -> Source {
    Source { venue: id("nanshan"), room: id("k01"), agent: id("pi-1") }
}

fn rule(name: &str, points: &[&str], expect: Expect, for_ms: i64, clear_for_ms: i64) -> Rule {
    Rule {
        id: id(name),
        points: points.iter().map(ToString::to_string).collect(),
        rooms: Vec::new(),
        expect,
        for_ms,
        clear_for_ms,
        gap_ms: GAP_MS,
        severity: Severity::P3,
        team: id("hvac"),
        when: When::default(),
        kinds: Vec::new(),
    }
}

fn rules() -> Vec<Rule> {
    let band = Expect::Band { low: Some(18.0), high: Some(22.0), low_return: Some(18.5), high_return: Some(21.5) };
    vec![
        rule("air-temperature", &["temperature_celsius"], band, 15 * MINUTE, 5 * MINUTE),
        rule("amplifier-power", &["amplifier*_on"], Expect::State { good: true }, 0, 0),
        rule("agent-silent", &[], Expect::Silent { after_ms: 2 * MINUTE, agent: true }, 0, MINUTE),
        rule("point-silent", &["*"], Expect::Silent { after_ms: 3 * MINUTE, agent: false }, 0, 0),
    ]
}

/// A collector with one agent, and what came out.
struct Story {
    state: State,
    now: UnixMs,
    out: Vec<Effect>,
}

impl Story {
    fn new() -> Self {
        Self { state: State::new(rules(), Settings::default()), now: START, out: Vec::new() }
    }

    fn sample_at(&mut self, at: UnixMs, placed: bool, points: &[(&str, f64)], faults: &[&str]) {
        let points: Vec<_> = points.iter().map(|(n, v)| (PointName::parse(n).unwrap(), *v)).collect();
        let faults: Vec<_> = faults.iter().map(|n| (PointName::parse(n).unwrap(), Fault::NoResponse)).collect();
        let source = source();
        let event = Event::Sample { source: &source, at, placed, points: &points, faults: &faults };
        step(&mut self.state, &event, self.now, &mut self.out);
    }

    fn sample(&mut self, points: &[(&str, f64)], faults: &[&str]) {
        self.sample_at(self.now, true, points, faults);
    }

    /// Lives for `ms`, with a sample every 10 s and a tick every second.
    fn live(&mut self, ms: i64, points: &[(&str, f64)], faults: &[&str]) {
        for second in 1..=ms / SECOND {
            self.now += SECOND;
            if second % 10 == 0 {
                self.sample(points, faults);
            }
            step(&mut self.state, &Event::Tick, self.now, &mut self.out);
        }
    }

    /// Lives for `ms` without a word from the agent.
    fn wait(&mut self, ms: i64) {
        for _ in 0..ms / SECOND {
            self.now += SECOND;
            step(&mut self.state, &Event::Tick, self.now, &mut self.out);
        }
    }

    fn restart(&mut self) {
        let tracks: Vec<_> = self.state.take_changed().into_iter().filter_map(|(k, v)| Some((k, v?))).collect();
        self.state = State::new(rules(), Settings::default());
        assert_eq!(self.state.restore(tracks).deleted, 0);
    }

    /// What came out since the last call: `+rule/point` began, `-` ended, `^` worse, `~` before it late.
    fn told(&mut self) -> String {
        let word = |sign: &str, key: &EpisodeKey, late: bool| {
            let point = key.subject.point.as_ref().map_or("", PointName::as_str);
            format!("{}{sign}{}/{point}", if late { "~" } else { "" }, key.rule)
        };
        let words: Vec<_> = self
            .out
            .drain(..)
            .map(|e| match e {
                Effect::Began { key, late, .. } => word("+", &key, late),
                Effect::Worse { key, late, .. } => word("^", &key, late),
                Effect::Ended { key, late, .. } => word("-", &key, late),
            })
            .collect();
        words.join(" ")
    }
}

const WARM: [(&str, f64); 1] = [("temperature_celsius", 23.0)];
const GOOD: [(&str, f64); 1] = [("temperature_celsius", 20.0)];

#[test]
fn a_violation_counts_after_for_and_ends_after_clear_for() {
    let mut s = Story::new();
    s.live(15 * MINUTE, &WARM, &[]);
    assert_eq!(s.told(), "", "15 minutes need a value 15 minutes after the first");
    s.live(10 * SECOND, &WARM, &[]);
    let Some(Effect::Began { key, seen, late: false }) = s.out.first().cloned() else { panic!("{:?}", s.out) };
    assert_eq!(key.began_at, START + 10 * SECOND);
    assert_eq!((seen.value, seen.limit), (Some(23.0), Some(22.0)));
    assert_eq!(s.told(), "+air-temperature/temperature_celsius");
    s.live(5 * MINUTE, &GOOD, &[]);
    assert_eq!(s.told(), "");
    s.live(10 * SECOND, &GOOD, &[]);
    assert_eq!(s.told(), "-air-temperature/temperature_celsius");
}

#[test]
fn a_value_between_the_limits_changes_nothing() {
    let mut s = Story::new();
    s.live(MINUTE, &WARM, &[]);
    s.live(15 * MINUTE, &[("temperature_celsius", 21.9)], &[]);
    assert_eq!(s.told(), "+air-temperature/temperature_celsius");
    s.live(30 * MINUTE, &[("temperature_celsius", 21.9)], &[]);
    assert_eq!(s.told(), "");
}

#[test]
fn an_episode_that_gets_clearly_worse_says_so_a_bounded_number_of_times() {
    let mut s = Story::new();
    s.live(16 * MINUTE, &WARM, &[]);
    s.told();
    for tenth in 231..=320 {
        s.live(10 * SECOND, &[("temperature_celsius", f64::from(tenth) / 10.0)], &[]);
    }
    let worse = s.told().matches('^').count();
    assert!((1..=11).contains(&worse), "{worse}");
}

#[test]
fn a_contact_with_no_for_counts_at_once() {
    let mut s = Story::new();
    s.sample(&[("amplifier_on", 1.0)], &[]);
    s.sample(&[("amplifier_on", 0.0)], &[]);
    assert_eq!(s.told(), "+amplifier-power/amplifier_on");
    s.sample(&[("amplifier_on", 1.0)], &[]);
    assert_eq!(s.told(), "-amplifier-power/amplifier_on");
}

#[test]
fn a_gap_in_the_data_restarts_for_and_never_ends_an_episode() {
    let mut s = Story::new();
    s.live(14 * MINUTE, &WARM, &[]);
    s.live(6 * MINUTE, &[], &["temperature_celsius"]);
    s.told();
    s.live(14 * MINUTE, &WARM, &[]);
    assert_eq!(s.told(), "-point-silent/temperature_celsius", "no 15 minutes are proven");
    s.live(2 * MINUTE, &WARM, &[]);
    assert_eq!(s.told(), "+air-temperature/temperature_celsius");
    s.live(60 * MINUTE, &[], &["temperature_celsius"]);
    assert_eq!(s.told(), "+point-silent/temperature_celsius");
}

#[test]
fn an_unplugged_agent_is_one_episode_and_comes_back_with_its_backlog_unjudged() {
    let mut s = Story::new();
    let all = [("temperature_celsius", 20.0), ("co2_ppm", 600.0), ("amplifier_on", 1.0)];
    s.live(10 * MINUTE, &all, &[]);
    s.wait(2 * MINUTE);
    assert_eq!(s.told(), "");
    s.wait(SECOND);
    assert_eq!(s.told(), "+agent-silent/");
    s.wait(60 * MINUTE);
    assert_eq!(s.told(), "");
    // The amplifier was off in the backlog for a while; it is on now.
    let from = s.now - 60 * MINUTE;
    for i in 0..300 {
        s.sample_at(from + i * 10 * SECOND, true, &[("amplifier_on", f64::from(u8::from(i > 100)))], &[]);
    }
    assert_eq!(s.told(), "~+amplifier-power/amplifier_on ~-amplifier-power/amplifier_on");
    s.live(2 * MINUTE, &all, &[]);
    assert_eq!(s.told(), "-agent-silent/");
}

#[test]
fn an_agent_that_stopped_on_purpose_is_forgiven_for_an_hour() {
    let mut s = Story::new();
    s.live(MINUTE, &GOOD, &[]);
    step(&mut s.state, &Event::Presence { source: &source(), online: false }, s.now, &mut s.out);
    s.wait(61 * MINUTE);
    assert_eq!(s.told(), "");
    s.wait(2 * MINUTE);
    assert_eq!(s.told(), "+agent-silent/");
}

#[test]
fn while_the_collector_is_deaf_nobody_is_silent_and_afterwards_all_get_their_time() {
    let mut s = Story::new();
    s.live(MINUTE, &GOOD, &[]);
    for _ in 0..600 {
        s.now += SECOND;
        step(&mut s.state, &Event::Deaf, s.now, &mut s.out);
        step(&mut s.state, &Event::Tick, s.now, &mut s.out);
    }
    s.wait(2 * MINUTE);
    assert_eq!(s.told(), "");
    s.wait(SECOND);
    assert_eq!(s.told(), "+agent-silent/", "the broker is back, the agent is not");
}

#[test]
fn a_dead_sensor_is_found_while_its_agent_speaks_even_if_it_never_had_a_value() {
    let mut s = Story::new();
    s.live(3 * MINUTE, &GOOD, &["co2_ppm"]);
    assert_eq!(s.told(), "");
    s.live(30 * SECOND, &GOOD, &["co2_ppm"]);
    assert_eq!(s.told(), "+point-silent/co2_ppm");
    s.live(10 * SECOND, &[("temperature_celsius", 20.0), ("co2_ppm", 500.0)], &[]);
    assert_eq!(s.told(), "-point-silent/co2_ppm");
    s.live(10 * MINUTE, &GOOD, &[]);
    assert_eq!(s.told(), "+point-silent/co2_ppm", "a point that is no longer named is silent too");
}

#[test]
fn a_sample_from_the_future_or_without_a_place_in_time_touches_nothing_live() {
    let mut s = Story::new();
    s.sample_at(START + 3_600 * SECOND, true, &[("amplifier_on", 0.0)], &[]);
    assert_eq!(s.told(), "");
    s.sample_at(START, false, &[("amplifier_on", 0.0)], &[]);
    assert_eq!(s.told(), "~+amplifier-power/amplifier_on");
    s.sample(&[("amplifier_on", 0.0)], &[]);
    assert_eq!(s.told(), "~-amplifier-power/amplifier_on +amplifier-power/amplifier_on");
    s.sample_at(START - SECOND, true, &[("amplifier_on", 1.0)], &[]);
    assert_eq!(s.told(), "", "older than what is known: it ends nothing live");
}

#[test]
fn a_restart_changes_nothing_that_is_told() {
    let mut s = Story::new();
    s.live(10 * MINUTE, &WARM, &["co2_ppm"]);
    assert_eq!(s.told(), "+point-silent/co2_ppm");
    s.restart();
    s.live(5 * MINUTE + 10 * SECOND, &WARM, &["co2_ppm"]);
    assert_eq!(s.told(), "+air-temperature/temperature_celsius");
    s.wait(3 * MINUTE);
    assert_eq!(s.told(), "+agent-silent/");
}

#[test]
fn after_a_start_nobody_is_silent_before_he_had_time_to_speak() {
    let mut s = Story::new();
    s.live(10 * MINUTE, &GOOD, &[]);
    s.restart();
    s.now += 6 * 60 * MINUTE;
    step(&mut s.state, &Event::Tick, s.now, &mut s.out);
    s.wait(2 * MINUTE);
    assert_eq!(s.told(), "");
    s.wait(SECOND);
    assert_eq!(s.told(), "+agent-silent/");
}

#[test]
fn after_an_outage_each_point_gets_its_time_to_be_read_again() {
    let mut s = Story::new();
    let both = [("temperature_celsius", 20.0), ("co2_ppm", 600.0)];
    s.live(5 * MINUTE, &both, &[]);
    s.wait(20 * MINUTE);
    assert_eq!(s.told(), "+agent-silent/");
    s.live(3 * MINUTE, &GOOD, &[]);
    assert_eq!(s.told(), "-agent-silent/", "the slow sensor has three minutes from here");
    s.live(20 * SECOND, &GOOD, &[]);
    assert_eq!(s.told(), "+point-silent/co2_ppm");
}
