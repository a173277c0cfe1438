//! Random arrival orders over every kind of rule and every schedule: readings that come late, twice, not
//! at all or in another order, faults, rooms whose state changes, and restarts at any moment. What the
//! rules say is compared, arrival by arrival, with the definitions read literally ([`brute`](super::brute),
//! [`meaning`](super::meaning), [`plan`]).
//!
//! A usual run takes a few thousand orders. A million of them, and as many for each other property of the
//! rules, which takes a minute and a half:
//!
//! `HALLWATCH_CASES=1000000 cargo test --release -p collector --lib rules::tests`

use std::{cell::RefCell, collections::BTreeMap, sync::Arc};

use wire::UnixMs;

use super::{
    brute::{Arrival, FUTURE_MS, HORIZON_MS, Lengths, episodes, sort_out},
    meaning::{Mark, Value, mark},
    plan,
    random::{Random, for_some_cases},
    *,
};

/// Orders of a usual run.
const CASES: u64 = 8_000;

/// The point that rules watch, its siblings, and the one that may tell whether somebody is in the room.
const POINTS: [&str; 4] = ["a_celsius", "b_celsius", "c_celsius", "room_occupied"];

/// Something that happens to the collector.
#[derive(Debug, Clone)]
pub enum Deed {
    /// A sample arrives; `None` is a fault.
    Sample { now: UnixMs, at: UnixMs, placed: bool, values: [Option<f64>; 4] },
    /// Somebody says how the room stands.
    Room { now: UnixMs, state: Option<RoomState> },
    /// Time passes.
    Tick { now: UnixMs },
    /// The collector starts again from what it kept.
    Restart,
}

/// What a rule says, by the number of the deed at which it says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Said {
    deed: usize,
    late: bool,
    began_at: UnixMs,
    /// The value that ended it; `None` where it begins.
    ended_at: Option<UnixMs>,
}

#[derive(Debug, Clone)]
pub struct Case {
    pub rules: Vec<Rule>,
    pub place: Place,
    /// Whether the room has a sensor for people.
    senses: bool,
    deeds: Vec<Deed>,
}

fn expectation(random: &mut Random) -> Expect {
    let seconds = |random: &mut Random, all: &[i64]| random.pick(all) * SECOND;
    let limit = |random: &mut Random, number: f64| (!random.one_in(4)).then_some(number);
    match random.below(7) {
        0 => {
            let (low, high) = (limit(random, 18.0), Some(22.0));
            let (low_return, high_return) = (low.map(|l| l + 0.5).filter(|_| random.one_in(2)), limit(random, 21.5));
            Expect::Band { low, high, low_return, high_return }
        }
        1 => Expect::State { good: random.one_in(2) },
        2 => Expect::Stuck { after_ms: seconds(random, &[20, 40, 90]), within: random.pick(&[0.0, 0.0, 0.5, 1.0]) },
        3 => {
            let most = random.pick(&[0.5, 1.0, 3.0]);
            let rise = limit(random, most);
            let fall = if rise.is_some() { limit(random, 1.0) } else { Some(2.0) };
            Expect::Rate { rise, fall, per_ms: seconds(random, &[5, 20, 60]) }
        }
        4 => {
            let (low, share) = (limit(random, 18.0), random.pick(&[0.0, 0.25, 0.5, 0.75]));
            Expect::Share { low, high: Some(22.0), share, window_ms: seconds(random, &[60, 120, 300]) }
        }
        5 => Expect::Due { within_days: random.pick(&[20.0, 22.0]) },
        _ => Expect::Disagree { with: vec![random.pick(&["b_celsius", "*_celsius"]).into()], apart: 3.0 },
    }
}

fn random_rule(random: &mut Random, number: usize) -> Rule {
    let expect = expectation(random);
    let is_share = matches!(expect, Expect::Share { .. });
    let lasts = random.pick(&[0, 0, 10, 30, 60]) * SECOND;
    let clears = random.pick(&[0, 0, 10, 20, 40]) * SECOND;
    Rule {
        gap_ms: if is_share { 100 * SECOND } else { random.pick(&[25, 35, 100]) * SECOND },
        when: plan::when(random),
        kinds: random.pick(&[&[][..], &[], &["ktv"], &["bank", "ktv"], &["bank"]]).iter().map(|k| id(k)).collect(),
        ..rule(&format!("rule-{number}"), &POINTS[..1], expect, lasts, clears)
    }
}

/// Readings about every 10 s, as a bad network and a bad sensor deliver them.
fn samples(random: &mut Random) -> Vec<Deed> {
    let (mut at, mut values) = (START, [20.0, 20.0, 20.0, 0.0]);
    let mut all: Vec<(UnixMs, Deed)> = Vec::new();
    for _ in 0..random.below(26) {
        at += random.pick(&[0, 5, 10, 10, 10, 10, 20, 40, 120]) * SECOND;
        for value in &mut values {
            // Stays for a while, so that `for` and `clear_for` can pass.
            if random.one_in(3) {
                *value = random.pick(&[0.0, 1.0, 16.0, 18.0, 18.25, 20.0, 20.0, 20.5, 21.75, 22.0, 22.25, 25.0]);
            }
        }
        let values = values.map(|value| (!random.one_in(8)).then_some(value));
        let placed = !random.one_in(12);
        // Lost, or delivered once, or twice.
        for _ in 0..random.pick(&[0, 1, 1, 1, 1, 1, 1, 1, 1, 2]) {
            let behind = match random.below(12) {
                0 => random.below(25) * SECOND,
                1 => HORIZON_MS - SECOND + random.below(3) * SECOND,
                2 => HORIZON_MS + random.below(60) * 10 * SECOND,
                3 => -random.below(2 * FUTURE_MS),
                _ => 0,
            };
            all.push((at + behind, Deed::Sample { now: at + behind, at, placed, values }));
        }
    }
    all.sort_by_key(|(now, _)| *now);
    all.into_iter().map(|(_, deed)| deed).collect()
}

pub fn case(random: &mut Random) -> Case {
    let rules = (0..1 + random.below(3)).map(|n| random_rule(random, n as usize)).collect();
    let place =
        Place { kind: random.pick(&[None, Some("ktv"), Some("shop")]).map(id), hours: Arc::new(plan::hours(random)) };
    let restarts = random.pick(&[0, 0, 6, 15]);
    let mut deeds = Vec::new();
    for sample in samples(random) {
        let Deed::Sample { now, .. } = sample else { unreachable!("samples only") };
        deeds.push(sample);
        if random.one_in(5) {
            deeds.push(Deed::Room { now, state: random.pick(&plan::STATES) });
        }
        if random.one_in(4) {
            deeds.push(Deed::Tick { now });
        }
        if restarts > 0 && random.one_in(restarts) {
            deeds.push(Deed::Restart);
        }
    }
    Case { rules, place, senses: random.one_in(3), deeds }
}

/// What was kept of each rule, by the deed after which it was kept; `false` where it was forgotten.
pub type Keeps = BTreeMap<Id, Vec<(usize, bool)>>;

/// What the rules say of it, and what they kept.
pub fn run(case: &Case) -> (BTreeMap<Id, Vec<Said>>, Keeps) {
    let (mut said, mut keeps) = (BTreeMap::<Id, Vec<Said>>::new(), Keeps::new());
    let mut stored: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
    let mut state = start(case, None);
    let mut room = None;
    for (deed, what) in case.deeds.iter().enumerate() {
        let mut out = Vec::new();
        match what {
            Deed::Sample { now, at, placed, values } => {
                let named = || POINTS.iter().map(|name| PointName::parse(name).unwrap()).zip(values);
                let points: Vec<_> = named().filter_map(|(name, value)| Some((name, (*value)?))).collect();
                let faults: Vec<_> =
                    named().filter(|(_, v)| v.is_none()).map(|(name, _)| (name, Fault::BadCrc)).collect();
                let source = source();
                let event =
                    Event::Sample { source: &source, at: *at, placed: *placed, points: &points, faults: &faults };
                step(&mut state, &event, *now, &mut out);
            }
            Deed::Room { now, state: is } => {
                room = *is;
                let (venue, name) = (source().venue, source().room);
                step(&mut state, &Event::RoomState { venue: &venue, room: &name, state: room }, *now, &mut out);
            }
            Deed::Tick { now } => step(&mut state, &Event::Tick, *now, &mut out),
            Deed::Restart => {
                state = start(case, room);
                assert_eq!(state.restore(stored.clone()).deleted, 0);
            }
        }
        for effect in out {
            let (key, late, ended_at) = match effect {
                Effect::Began { key, late, .. } => (key, late, None),
                Effect::Ended { key, seen, late } => (key, late, Some(seen.at)),
                Effect::Worse { .. } => continue,
            };
            said.entry(key.rule).or_default().push(Said { deed, late, began_at: key.began_at, ended_at });
        }
        for (key, bytes) in state.take_changed() {
            let (rule, _) = codec::parse_key(&key).unwrap();
            keeps.entry(rule).or_default().push((deed, bytes.is_some()));
            match bytes {
                Some(bytes) => stored.insert(key, bytes),
                None => stored.remove(&key),
            };
        }
    }
    (said, keeps)
}

fn start(case: &Case, room: Option<RoomState>) -> State {
    let mut state = State::new(case.rules.clone(), Settings::default());
    let Source { venue, room: name, .. } = source();
    state.set_place(&venue, case.place.clone());
    state.set_state_point(&venue, &name, case.senses.then(|| PointName::parse(POINTS[3]).unwrap()));
    state.tell_room(&Event::RoomState { venue: &venue, room: &name, state: room });
    state
}

/// A value that was shown to a rule.
#[derive(Debug, Clone)]
struct Shown {
    deed: usize,
    arrival: Arrival,
    siblings: Vec<f64>,
}

/// What the definitions say of it, given what was kept: effects, and the deeds whose values were live.
pub fn definition(case: &Case, rule: &Rule, keeps: &[(usize, bool)]) -> (Vec<Said>, Vec<usize>) {
    let (mut said, mut live) = (Vec::new(), Vec::new());
    let mut until_here = |shown: &[Shown], since: usize| {
        let (effects, places) = episodes_of(rule, shown);
        said.extend(effects.into_iter().filter(|s| s.deed >= since));
        live.extend(places.into_iter().map(|place| shown[place].deed).filter(|deed| *deed >= since));
    };
    let mut shown: Vec<Shown> = Vec::new();
    let (mut said_of_room, mut sensed, mut since) = (None, Vec::new(), 0);
    for (deed, what) in case.deeds.iter().enumerate() {
        match what {
            Deed::Sample { now, at, placed, values } => {
                let is_live = *placed && (now - HORIZON_MS..=now + FUTURE_MS).contains(at);
                sensed.extend(values[3].filter(|_| is_live && case.senses).map(|value| (*at, value)));
                let room = if is_live { plan::room(said_of_room, &sensed, *now) } else { None };
                if plan::matters(rule, &case.place, *at, room) {
                    let with = |name: &str| match &rule.expect {
                        Expect::Disagree { with, .. } => with[0] == "*_celsius" || with[0] == name,
                        _ => false,
                    };
                    let siblings = (1..3).filter(|i| with(POINTS[*i])).filter_map(|i| values[i]).collect();
                    let arrival = Arrival { now: *now, at: *at, placed: *placed, value: values[0] };
                    shown.push(Shown { deed, arrival, siblings });
                }
            }
            Deed::Room { state, .. } => said_of_room = *state,
            Deed::Tick { .. } => {}
            Deed::Restart => {
                until_here(&shown, since);
                // What was kept last is all that is known of the past.
                let kept = keeps.iter().rfind(|(at, _)| *at < deed).filter(|(_, is_kept)| *is_kept);
                shown.retain(|s| kept.is_some_and(|(at, _)| s.deed <= *at));
                sensed.clear();
                since = deed;
            }
        }
    }
    until_here(&shown, since);
    said.sort();
    (said, live)
}

/// What is said of values, had there never been a restart, and which of them are live.
fn episodes_of(rule: &Rule, shown: &[Shown]) -> (Vec<Said>, Vec<usize>) {
    let arrivals: Vec<Arrival> = shown.iter().map(|s| s.arrival).collect();
    let (live, late) = sort_out(&arrivals);
    let mut all = Vec::new();
    let mut add = |places: &[usize], late: bool, cut: Option<usize>| {
        let marks = marks(rule, shown, places);
        let Rule { for_ms, clear_for_ms, gap_ms, .. } = *rule;
        let deed = |place: usize| shown[places[place]].deed;
        for found in episodes(&marks, Lengths { for_ms, clear_for_ms, gap_ms }) {
            let began_at = marks[found.since].0;
            all.push(Said { deed: deed(found.told), late, began_at, ended_at: None });
            let over = found.over.map(|e| (deed(e), marks[e].0));
            let over = over.or(cut.map(|cut| (shown[cut].deed, marks[marks.len() - 1].0)));
            all.extend(over.map(|(deed, at)| Said { deed, late, began_at, ended_at: Some(at) }));
        }
    };
    add(&live, false, None);
    late.iter().for_each(|(stretch, cut)| add(stretch, true, *cut));
    (all, live)
}

/// When each value of a stretch was read, and what it means.
fn marks(rule: &Rule, shown: &[Shown], places: &[usize]) -> Vec<(UnixMs, Mark)> {
    let value = |place: &usize| {
        let Shown { arrival, siblings, .. } = &shown[*place];
        Value { at: arrival.at, value: arrival.value.unwrap(), siblings: siblings.clone() }
    };
    let values: Vec<Value> = places.iter().map(value).collect();
    (0..values.len()).map(|i| (values[i].at, mark(&rule.expect, rule.gap_ms, &values[..=i]))).collect()
}

#[test]
fn any_order_of_arrival_gives_what_the_definitions_of_all_kinds_say() {
    let reached: RefCell<BTreeMap<String, u64>> = RefCell::default();
    for_some_cases(CASES, |random| {
        let case = case(random);
        let (said, keeps) = run(&case);
        for rule in &case.rules {
            let (none, story) = (Vec::new(), || format!("{rule:#?}\n{:?}\n{:#?}", case.place, case.deeds));
            let keeps = keeps.get(&rule.id).unwrap_or(&none);
            let mut said = said.get(&rule.id).cloned().unwrap_or_default();
            said.sort();
            let (expected, live) = definition(&case, rule, keeps);
            assert_eq!(said, expected, "{}", story());
            for deed in live {
                let before = said.iter().rfind(|s| !s.late && s.deed <= deed);
                let is_open = before.is_some_and(|s| s.ended_at.is_none());
                let is_kept = keeps.contains(&(deed, true));
                assert!(!is_open || is_kept, "deed {deed} of an open episode was not kept: {}", story());
            }
            let mut reached = reached.borrow_mut();
            for said in said {
                let kind = format!("{:?}", rule.expect);
                let kind = kind.split(' ').next().unwrap();
                let scheduled = if rule.when.is_always() { "always" } else { "scheduled" };
                let late = if said.late { "late" } else { "live" };
                let end = if said.ended_at.is_some() { "ended" } else { "began" };
                *reached.entry(format!("{kind} {scheduled} {late} {end}")).or_default() += 1;
            }
        }
    });
    // The orders must reach what they are for.
    let reached = reached.into_inner();
    assert!(reached.len() == 7 * 2 * 2 * 2 || std::env::var("HALLWATCH_SEED").is_ok(), "{reached:#?}");
}
