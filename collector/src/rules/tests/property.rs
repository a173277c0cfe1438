//! Random arrival orders against the brute-force reading of the definition: late, missing, faulty,
//! reordered and unplaced samples, gaps, and restarts of the collector.

use std::sync::Arc;

use crate::episode::Subject;

use super::{
    brute::{Arrival, Band, Episode, FUTURE_MS, HORIZON_MS, Moment, Quiet, Word, judge, point_silences, silences},
    plan,
    random::{Random, for_some_cases},
    *,
};

/// Cases of the default run, of each kind.
const CASES: u64 = 60_000;

/// Runs `case` for each seed.
fn for_each_case(case: impl Fn(&mut Random)) {
    for_some_cases(CASES, case);
}

fn band(random: &mut Random) -> Band {
    let hysteresis = random.pick(&[0.0, 0.5]);
    Band {
        low: 18.0,
        low_return: 18.0 + hysteresis,
        high_return: 22.0 - hysteresis,
        high: 22.0,
        for_ms: random.pick(&[0, 10, 30, 60]) * SECOND,
        clear_for_ms: random.pick(&[0, 10, 20, 40]) * SECOND,
        gap_ms: random.pick(&[25, 35, 100]) * SECOND,
    }
}

fn rule_of(band: Band) -> Rule {
    let expect = Expect::Band {
        low: Some(band.low),
        high: Some(band.high),
        low_return: Some(band.low_return),
        high_return: Some(band.high_return),
    };
    Rule { gap_ms: band.gap_ms, ..rule("band", &["temperature_celsius"], expect, band.for_ms, band.clear_for_ms) }
}

/// Some twenty samples of a point, about every 10 s, as a bad network and a bad sensor deliver them.
fn arrivals(random: &mut Random) -> Vec<Arrival> {
    let mut now = START;
    let mut value = 20.0;
    let mut all: Vec<Arrival> = Vec::new();
    for _ in 0..random.below(24) {
        now += random.pick(&[0, 5, 10, 10, 10, 10, 20, 40, 120]) * SECOND;
        // Stays for a while, so that `for` and `clear_for` can pass.
        if random.one_in(3) {
            value = random.pick(&[16.0, 18.0, 18.2, 20.0, 21.7, 22.0, 22.1, 25.0]);
        }
        let behind = match random.below(12) {
            0 => random.below(20) * SECOND,
            1 => HORIZON_MS - SECOND + random.below(3) * SECOND,
            2 => HORIZON_MS + random.below(60) * 10 * SECOND,
            3 => -random.below(2 * FUTURE_MS),
            _ => 0,
        };
        let faulty = random.one_in(8);
        all.push(Arrival { now, at: now - behind, placed: !random.one_in(12), value: (!faulty).then_some(value) });
    }
    all
}

/// What the rules say, in the words of the brute force.
fn told(out: &[Effect]) -> Vec<Episode> {
    let mut open: Vec<Episode> = Vec::new();
    let mut all = Vec::new();
    for effect in out {
        match effect {
            Effect::Began { key, late, .. } => {
                open.push(Episode { late: *late, began_at: key.began_at, ended_at: None })
            }
            Effect::Worse { key, late, .. } => {
                assert!(open.iter().any(|e| e.late == *late && e.began_at == key.began_at), "worse while open");
            }
            Effect::Ended { key, seen, late } => {
                let at = open.iter().position(|e| e.late == *late && e.began_at == key.began_at).expect("ended once");
                all.push(Episode { ended_at: Some(seen.at), ..open.remove(at) });
            }
        }
    }
    assert!(open.iter().filter(|e| !e.late).count() <= 1, "one open live episode at most");
    all.extend(open);
    all.sort();
    all
}

fn feed(state: &mut State, a: &Arrival, out: &mut Vec<Effect>) {
    let source = source();
    let name = || PointName::parse("temperature_celsius").unwrap();
    let (points, faults): (Vec<_>, Vec<_>) = match a.value {
        Some(value) => (vec![(name(), value)], vec![]),
        None => (vec![], vec![(name(), Fault::BadCrc)]),
    };
    let event = Event::Sample { source: &source, at: a.at, placed: a.placed, points: &points, faults: &faults };
    step(state, &event, a.now, out);
}

#[test]
fn any_order_of_arrival_gives_what_the_definition_says() {
    let seen = std::cell::Cell::new((0u64, 0u64));
    for_each_case(|random| {
        let (band, arrivals) = (band(random), arrivals(random));
        let mut state = State::new(vec![rule_of(band)], Settings::default());
        let mut out = Vec::new();
        for a in &arrivals {
            feed(&mut state, a, &mut out);
            if random.one_in(3) {
                step(&mut state, &Event::Tick, a.now, &mut out);
            }
        }
        let expected = judge(&arrivals, band);
        assert_eq!(told(&out), expected, "{band:?}\n{arrivals:#?}");
        let late = expected.iter().filter(|e| e.late).count() as u64;
        seen.set((seen.get().0 + late, seen.get().1 + expected.len() as u64 - late));
    });
    // The cases must reach what they are for.
    let (late, live) = seen.get();
    assert!(late > 0 && live > 0, "{late} late and {live} live episodes");
}

#[test]
fn old_data_changes_nothing_live() {
    for_each_case(|random| {
        let (band, arrivals) = (band(random), arrivals(random));
        let run = |with_old: bool| {
            let mut state = State::new(vec![rule_of(band)], Settings::default());
            let mut out = Vec::new();
            for a in &arrivals {
                if with_old || (a.placed && a.at >= a.now - HORIZON_MS && a.at <= a.now + FUTURE_MS) {
                    feed(&mut state, a, &mut out);
                }
            }
            let live = |e: &Effect| {
                matches!(
                    e,
                    Effect::Began { late: false, .. }
                        | Effect::Worse { late: false, .. }
                        | Effect::Ended { late: false, .. }
                )
            };
            out.into_iter().filter(live).collect::<Vec<_>>()
        };
        assert_eq!(run(true), run(false), "{band:?}\n{arrivals:#?}");
    });
}

#[test]
fn a_restart_at_any_moment_changes_nothing_live() {
    for_each_case(|random| {
        let band = band(random);
        // As agents send while all is well: in order, with faults and gaps.
        let mut arrivals = arrivals(random);
        let mut at = START;
        for a in &mut arrivals {
            at += random.pick(&[10, 10, 10, 20, 20, 30, 40, 300]) * SECOND;
            (a.at, a.now, a.placed) = (at, at, true);
        }
        let restarts: Vec<bool> = arrivals.iter().map(|_| random.one_in(5)).collect();
        let run = |restarting: bool| {
            let mut state = State::new(vec![rule_of(band)], Settings::default());
            let mut kept = std::collections::BTreeMap::new();
            let mut out = Vec::new();
            for (a, restart) in arrivals.iter().zip(&restarts) {
                feed(&mut state, a, &mut out);
                for (key, value) in state.take_changed() {
                    match value {
                        Some(value) => kept.insert(key, value),
                        None => kept.remove(&key),
                    };
                }
                if *restart && restarting {
                    state = State::new(vec![rule_of(band)], Settings::default());
                    let restored = state.restore(kept.clone());
                    assert_eq!((restored.deleted, restored.tracks), (0, kept.len()));
                }
            }
            told(&out)
        };
        assert_eq!(run(true), run(false), "{band:?}\n{arrivals:#?}\n{restarts:?}");
    });
}

/// A rule that watches for silence, and when it matters.
fn quiet(random: &mut Random, points: &[&str], quiet: Quiet) -> (Rule, Place) {
    let expect = Expect::Silent { after_ms: quiet.after_ms, agent: points.is_empty() };
    let rule = Rule { when: plan::when(random), ..rule("quiet", points, expect, quiet.for_ms, quiet.clear_for_ms) };
    (rule, Place { kind: None, hours: Arc::new(plan::hours(random)) })
}

fn listening(rule: &Rule, place: &Place, settings: Settings) -> State {
    let mut state = State::new(vec![rule.clone()], settings);
    state.set_place(&source().venue, place.clone());
    state
}

fn length(random: &mut Random) -> Quiet {
    Quiet {
        after_ms: random.pick(&[20, 60]) * SECOND,
        for_ms: random.pick(&[0, 30]) * SECOND,
        clear_for_ms: random.pick(&[0, 30]) * SECOND,
        stall_ms: random.pick(&[45, 1_000]) * SECOND,
    }
}

#[test]
fn silences_are_what_the_definition_says() {
    let reached = std::cell::Cell::new((0u64, 0u64));
    for_each_case(|random| {
        let lengths = length(random);
        let settings = Settings { stall_ms: lengths.stall_ms, ..Settings::default() };
        let (rule, place) = quiet(random, &[], lengths);
        let mut state = listening(&rule, &place, settings);
        let (mut now, mut moments, mut out) = (START, Vec::new(), Vec::new());
        let (mut kept, mut newest) = (std::collections::BTreeMap::new(), START);
        for i in 0..2 + random.below(22) {
            now += random.pick(&[1, 5, 10, 10, 30, 50]) * SECOND;
            if i == 0 || random.one_in(2) {
                let at = now - random.pick(&[0, 0, 0, 3, 40]) * SECOND;
                feed(&mut state, &Arrival { now, at, placed: true, value: Some(20.0) }, &mut out);
                moments.push(Moment::Heard { now, at });
                newest = if i == 0 { at } else { newest.max(at) };
            } else {
                step(&mut state, &Event::Tick, now, &mut out);
                moments.push(Moment::Tick { now });
            }
            for (key, value) in state.take_changed() {
                kept.insert(key, value.expect("a silence is never forgotten"));
            }
            if random.one_in(10) {
                state = listening(&rule, &place, settings);
                assert_eq!(state.restore(kept.clone()).tracks, 1);
                state.heard(&source(), newest);
                moments.push(Moment::Restart { now });
            }
        }
        let mut expected = silences(&moments, lengths, &|at| plan::matters(&rule, &place, at, None));
        let over = expected.iter().filter(|(_, end)| end.is_some()).count() as u64;
        let mut told: Vec<_> = told(&out).into_iter().map(|e| (e.began_at, e.ended_at)).collect();
        expected.sort();
        told.sort();
        assert_eq!(told, expected, "{lengths:?}\n{rule:?}\n{place:?}\n{moments:#?}");
        reached.set((reached.get().0 + expected.len() as u64, reached.get().1 + over));
    });
    let (began, over) = reached.get();
    assert!(began > 0 && over > 0, "{began} silences, {over} of them over");
}

#[test]
fn the_comparison_catches_planted_mistakes() {
    type Mistake = (&'static str, fn(&mut Rule, &mut Settings));
    let mistakes: [Mistake; 8] = [
        ("counts `for` five seconds short", |r, _| r.for_ms -= 5 * SECOND),
        ("counts `clear_for` a millisecond long", |r, _| r.clear_for_ms += 1),
        ("does not see gaps", |r, _| r.gap_ms = i64::MAX),
        ("takes a whole gap for none", |r, _| r.gap_ms -= 5_001),
        ("takes old data as live", |_, s| s.live_horizon_ms *= 4),
        ("takes live data as old", |_, s| s.live_horizon_ms = 1),
        ("believes the future", |_, s| s.future_ms *= 2),
        ("knows no return limits", |r, _| {
            if let Expect::Band { low_return, high_return, .. } = &mut r.expect {
                (*low_return, *high_return) = (None, None);
            }
        }),
    ];
    for (name, plant) in mistakes {
        let caught = (0..20_000).any(|seed| {
            let random = &mut Random(seed);
            let (band, arrivals) = (band(random), arrivals(random));
            let (mut rule, mut settings) = (rule_of(band), Settings::default());
            plant(&mut rule, &mut settings);
            let (mut state, mut out) = (State::new(vec![rule], settings), Vec::new());
            arrivals.iter().for_each(|a| feed(&mut state, a, &mut out));
            let told = std::panic::catch_unwind(|| told(&out));
            told.map_or(true, |told| told != judge(&arrivals, band))
        });
        assert!(caught, "a rule that {name} was not caught");
    }
}

#[test]
fn points_and_agents_do_not_disturb_each_other() {
    const NAMES: [&str; 4] = ["a_celsius", "b_celsius", "c_celsius", "d_celsius"];
    for_some_cases(CASES / 30, |random| {
        let rule = Rule { points: vec!["*_celsius".into()], ..rule_of(band(random)) };
        let sources: Vec<Source> =
            ["pi-1", "pi-2", "pi-3"].map(|agent| Source { agent: id(agent), ..source() }).to_vec();
        let (mut now, mut samples) = (START, Vec::new());
        for _ in 0..random.below(30) {
            now += random.pick(&[1, 5, 10, 20]) * SECOND;
            // Any points, in any order: the places remembered from the last sample do not fit.
            let mut names: Vec<&str> = NAMES.into_iter().filter(|_| random.one_in(2)).collect();
            if random.one_in(2) {
                names.reverse();
            }
            let points: Vec<_> = names
                .into_iter()
                .map(|n| (PointName::parse(n).unwrap(), random.pick(&[17.0, 20.0, 20.0, 23.0])))
                .collect();
            samples.push((now, random.pick(&[0usize, 1, 2]), points));
        }
        let run = |wanted: &dyn Fn(usize, &PointName) -> bool| {
            let mut state = State::new(vec![rule.clone()], Settings::default());
            let mut out = Vec::new();
            for (now, from, points) in &samples {
                let points: Vec<_> = points.iter().filter(|(name, _)| wanted(*from, name)).cloned().collect();
                let source = &sources[*from];
                let event = Event::Sample { source, at: *now, placed: true, points: &points, faults: &[] };
                step(&mut state, &event, *now, &mut out);
            }
            out
        };
        let subject = |e: &Effect| match e {
            Effect::Began { key, .. } | Effect::Worse { key, .. } | Effect::Ended { key, .. } => key.subject.clone(),
        };
        let together = run(&|_, _| true);
        for (i, source) in sources.iter().enumerate() {
            for name in NAMES {
                let point = PointName::parse(name).unwrap();
                let alone = run(&|from, n| from == i && *n == point);
                let one = Subject { source: source.clone(), point: Some(point) };
                let part: Vec<_> = together.iter().filter(|e| subject(e) == one).cloned().collect();
                assert_eq!(part, alone);
            }
        }
    });
}

#[test]
fn silences_of_points_are_what_the_definition_says() {
    let reached = std::cell::Cell::new((0u64, 0u64));
    for_some_cases(CASES / 6, |random| {
        let lengths = length(random);
        let (rule, place) = quiet(random, &["temperature_celsius"], lengths);
        let mut state = listening(&rule, &place, Settings::default());
        let (mut now, mut words, mut out) = (START, Vec::new(), Vec::new());
        let mut valued = true;
        for _ in 0..1 + random.below(24) {
            let later = now + random.pick(&[5, 10, 10, 10, 20, 40, 290, 310]) * SECOND;
            while now < later {
                now = (now + 60 * SECOND).min(later);
                step(&mut state, &Event::Tick, now, &mut out);
            }
            if random.one_in(3) {
                valued = !valued;
            }
            let value = valued.then_some(20.0);
            feed(&mut state, &Arrival { now, at: now, placed: true, value }, &mut out);
            words.push(Word { at: now, valued });
        }
        let Quiet { after_ms, for_ms, clear_for_ms, .. } = lengths;
        let matters = |at| plan::matters(&rule, &place, at, None);
        let expected = point_silences(&words, (after_ms + for_ms, after_ms, clear_for_ms), &matters);
        let told: Vec<_> = told(&out).into_iter().map(|e| (e.began_at, e.ended_at)).collect();
        assert_eq!(told, expected, "{lengths:?}\n{rule:?}\n{place:?}\n{words:#?}");
        let over = expected.iter().filter(|(_, end)| end.is_some()).count() as u64;
        reached.set((reached.get().0 + expected.len() as u64, reached.get().1 + over));
    });
    let (began, over) = reached.get();
    assert!(began > 0 && over > 0, "{began} silences, {over} of them over");
}
