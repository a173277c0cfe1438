//! Lives with outages, faults, late delivery, restarts and kills: at the end every hour of every point
//! is divided exactly as the brute force divides it, and at no time do shares not add up.
//!
//! `HALLWATCH_CASES` asks for more cases, `HALLWATCH_SEED` for a certain run; a failure prints both.

use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
};

use wire::{Clock, Id, PointName, Sample, UnixMs};

use super::{
    HORIZON_MS, Random,
    brute::{Log, Share, Truth, What},
    life::{BEGIN, Ledger, Life, POINTS},
    point,
};
use crate::silence::{Account, Day, account::MILLION, day::HOUR_MS, judge::Agent};

/// Lives in the default run.
const CASES: u64 = 60;
/// Hours of a day of these tests, so that a life has several.
const DAY_HOURS: i64 = 4;
/// Hours of a life.
const LIFE_HOURS: i64 = 14;

/// The accounts as stored.
type Stored = BTreeMap<i64, Day>;

fn samples(log: &Log, from: UnixMs, to: UnixMs) -> Vec<Sample> {
    let id = |text| Id::parse(text).unwrap();
    let mut all = Vec::new();
    for (_, what) in log {
        if let What::Sample(at, words) = what
            && (from..to).contains(at)
        {
            let values = words.iter().filter(|(_, fault)| fault.is_none());
            let faults = words.iter().filter_map(|(name, fault)| Some((point(name), fault.clone()?)));
            all.push(Sample {
                at: *at,
                seq: 1,
                spool: id("spool-a"),
                boot: id("boot-1"),
                clock: Clock::Trusted,
                points: values.map(|(name, _)| (point(name), 1.0)).collect(),
                faults: faults.collect(),
            });
        }
    }
    all.sort_by_key(|sample| sample.at);
    all
}

fn periods_ms() -> BTreeMap<PointName, i64> {
    POINTS.iter().map(|(name, seconds)| (point(name), seconds * 1_000)).collect()
}

/// What the job does, over days of [`DAY_HOURS`] hours.
fn account(ledger: &Ledger, stored: &Stored, now: UnixMs) -> Stored {
    let Some(note) = &ledger.note else { return Stored::new() };
    let periods_ms = periods_ms();
    let agent = Agent { note, room: &ledger.room, periods_ms: &periods_ms };
    let upto = now - HORIZON_MS - 60_000;
    let number = |at: UnixMs| (at - BEGIN).div_euclid(DAY_HOURS * HOUR_MS);
    let newest = stored.values().next_back();
    let first =
        newest.map_or(note.since, |newest| agent.first_news(newest).unwrap_or(newest.from.max(newest.upto - 1)));
    let days = (number(first)..=number(upto)).map(|n| {
        let from = BEGIN + n * DAY_HOURS * HOUR_MS;
        let blank = || Day::new(from, from + DAY_HOURS * HOUR_MS);
        (n.to_string(), stored.get(&n).cloned().unwrap_or_else(blank))
    });
    let eve = stored.get(&(number(first) - 1)).cloned();
    let mut lend = |from, to| Ok::<_, Infallible>(samples(&ledger.log, from, to));
    let Ok(judged) = agent.walk(eve, days.collect(), upto, &mut lend);
    judged.into_iter().filter(|(_, day)| !day.points.is_empty()).map(|(n, day)| (n.parse().unwrap(), day)).collect()
}

fn adds_up(day: &Day) {
    for hours in day.points.values() {
        for (index, hour) in hours.iter().enumerate() {
            let (from, to) = day.hour(index);
            let counted = hour.counted_ms();
            assert!((0..=to.min(day.upto) - from).contains(&counted), "{counted} ms of an hour count");
            let shares = hour.shares_ppm();
            let sum = shares.measured_ppm + shares.backfilled_ppm + shares.lost_ppm + shares.planned_off_ppm;
            assert_eq!(sum, if counted == 0 { 0 } else { MILLION });
        }
    }
    assert_eq!(Day::from_json(&day.to_json()).as_ref(), Some(day), "reads back what it wrote");
}

/// The account of an hour, a second at a time: everything happens at full seconds.
fn by_hand(truth: &Truth<'_>, name: &str, from: UnixMs, to: UnixMs) -> Account {
    let all = POINTS.map(|(name, _)| name);
    let mut account = Account::default();
    for t in (from..to).step_by(1_000) {
        match truth.share(name, t, &all) {
            Some(Share::Measured) => account.measured_ms += 1_000,
            Some(Share::Backfilled) => account.backfilled_ms += 1_000,
            Some(Share::PlannedOff) => account.planned_off_ms += 1_000,
            Some(Share::Lost(reason)) => account.lose(reason, 1_000),
            None => {}
        }
    }
    account
}

fn one_life(random: &mut Random) -> BTreeSet<&'static str> {
    let rounds = 3 + random.below(20);
    let mut killed = Random(random.0 ^ 0xD1E);
    let mut stored = Stored::new();
    let mut life = Life::new(random);
    let end = BEGIN + LIFE_HOURS * HOUR_MS;
    for round in 1..=rounds {
        life.until(BEGIN + (end - BEGIN) * round / rounds);
        let filed = account(&life.ledger, &stored, life.now());
        filed.values().for_each(adds_up);
        // A kill between the judging and the commit of what was filed.
        if !killed.one_in(3) {
            stored.extend(filed);
        }
    }
    life.recover();
    stored.extend(account(&life.ledger, &stored, life.now()));
    let again = account(&life.ledger, &stored, life.now());
    for (n, day) in &again {
        assert_eq!(Some(day), stored.get(n), "judged twice is judged alike");
    }
    let periods_ms = periods_ms();
    let truth = Truth::of(&life.ledger.log, &periods_ms);
    let mut seen = BTreeSet::new();
    for day in stored.values() {
        adds_up(day);
        for index in 0..day.hours() {
            let (from, to) = day.hour(index);
            for (name, _) in POINTS {
                let found =
                    day.points.get(&point(name)).and_then(|hours| hours.get(index)).cloned().unwrap_or_default();
                let wanted = by_hand(&truth, name, from, to.min(day.upto));
                if found.counted_ms() == 0 && wanted.lost.is_empty() && wanted.counted_ms() == wanted.planned_off_ms {
                    // Taken out since before the day began: no longer counted.
                    continue;
                }
                assert_eq!(found, wanted, "{name} {from}: hour {index} of {day:?}");
                note(&found, &mut seen);
            }
        }
    }
    seen
}

fn note(found: &Account, seen: &mut BTreeSet<&'static str>) {
    let shares =
        [(found.measured_ms, "measured"), (found.backfilled_ms, "backfilled"), (found.planned_off_ms, "planned_off")];
    seen.extend(shares.into_iter().filter(|(ms, _)| *ms > 0).map(|(_, word)| word));
    for word in ["agent_away", "not_reported", "never_durable", "evicted", "no_response"] {
        if found.lost.keys().any(|reason| reason.as_str() == word) {
            seen.insert(word);
        }
    }
}

#[test]
fn every_hour_is_divided_as_the_definition_says_whatever_happens() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let (cases, first) = (number("HALLWATCH_CASES").unwrap_or(CASES), number("HALLWATCH_SEED").unwrap_or(1));
    let mut seen = BTreeSet::new();
    for seed in first..first + cases {
        let caught = std::panic::catch_unwind(|| one_life(&mut Random(seed)));
        match caught {
            Ok(some) => seen.extend(some),
            Err(panic) => {
                eprintln!("HALLWATCH_SEED={seed} HALLWATCH_CASES=1 runs this case alone");
                std::panic::resume_unwind(panic);
            }
        }
    }
    if cases >= CASES {
        assert_eq!(seen.len(), 8, "the lives are too quiet: only {seen:?}");
    }
}
