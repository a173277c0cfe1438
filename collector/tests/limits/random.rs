//! Random venues, agreements and deeds: what the tickets of the real plan are told, and when, is what a
//! walk second by second says. `HALLWATCH_CASES` asks for more cases, `HALLWATCH_SEED` for a certain run.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, ToSpan, tz::TimeZone};

use crate::{
    house::House,
    walk::{Agreed, Deed, Hours, walk},
};

/// Cases in the default run.
const CASES: u64 = 250;
/// How long a case lasts, in seconds: two nights and more.
const LENGTH: i64 = 60 * 3_600;
/// Minutes that are known beyond the end, for limits that run out later.
const BEYOND: usize = 8 * 1_440;

pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % n
    }

    fn up_to(&mut self, n: i64) -> i64 {
        self.below(n as u64) as i64
    }

    pub fn pick<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len() as u64) as usize].clone()
    }
}

fn hours(random: &mut Random, days: &BTreeSet<jiff::civil::Date>) -> Hours {
    let zones = ["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/St_Johns"];
    let time = |random: &mut Random| random.up_to(96) * 15;
    let count = random.below(4);
    let entry = |random: &mut Random| {
        let days: [bool; 7] = std::array::from_fn(|_| random.below(4) > 0);
        (days, time(random), time(random))
    };
    // An entry without days would be one for every day.
    let entries = (0..count).map(|_| entry(random)).filter(|(days, ..)| days.contains(&true)).collect();
    let some = |random: &mut Random| days.iter().copied().filter(|_| random.below(6) == 0).collect();
    Hours {
        zone: TimeZone::get(random.pick(&zones)).unwrap(),
        entries,
        shut: some(random),
        off: some(random),
        holiday: (random.below(2) == 0).then(|| (time(random), time(random))),
    }
}

fn agreed(random: &mut Random) -> Agreed {
    let mut length = || match random.below(3) {
        0 => 1 + random.up_to(600),
        1 => 60 * (1 + random.up_to(240)),
        _ => 1_800 * (1 + random.up_to(30)),
    };
    let (acknowledge, arrive, fix) = (length(), length(), length());
    let (mut chain, mut after) = (Vec::new(), 0);
    for _ in 0..random.below(5) {
        let team = random.pick(&["av", "boss"]);
        if random.below(2) == 0 {
            chain.push((random.up_to(2 * fix.min(40_000)), true, team));
        } else {
            after += 1 + random.up_to(7_200);
            chain.push((after, false, team));
        }
    }
    Agreed { acknowledge, arrive, fix, open_clock: random.below(3) > 0, chain }
}

fn deeds(random: &mut Random, begin: i64) -> BTreeMap<i64, Deed> {
    use Deed::{Acknowledge, Assign, Fixed, Hold, Reopen, Resume, Start};
    let all = [Acknowledge, Start, Hold(true), Hold(true), Hold(false), Resume, Resume, Assign, Fixed, Reopen, Reopen];
    let mut at = begin;
    let mut deeds = BTreeMap::new();
    for _ in 0..random.below(12) {
        at += 1 + random.pick(&[20, 600, 7_200, 36_000]) * random.up_to(60) / 60;
        deeds.insert(at, random.pick(&all));
    }
    deeds.retain(|at, _| *at < begin + LENGTH);
    deeds
}

/// Some second of 2026, often within two days of a change of clocks.
fn begin(random: &mut Random) -> i64 {
    let first: Timestamp = "2026-01-02T00:00:00Z".parse().unwrap();
    let day = match random.below(2) {
        0 => random.up_to(350),
        // Before 8 and 29 March, 5 April, 4 and 25 October, 1 November.
        _ => random.pick(&[64, 85, 92, 274, 295, 302]) + random.up_to(2),
    };
    first.as_second() + day * 86_400 + random.up_to(86_400)
}

fn case(seed: u64) {
    let random = &mut Random(seed);
    let begin = begin(random);
    let today = Timestamp::from_second(begin).unwrap().to_zoned(TimeZone::UTC).date();
    let days: BTreeSet<_> = (-2_i64..12).map(|n| today.saturating_add(n.days())).collect();
    let (hours, agreed, deeds) = (hours(random, &days), agreed(random), deeds(random, begin));
    let minutes = (LENGTH / 60) as usize + 2 + BEYOND;
    let open = hours.minutes(begin.div_euclid(60) * 60, minutes);
    let expected = walk(&open, &agreed, &deeds, (begin, begin + LENGTH));

    let mut house = House::open(&hours, &agreed, begin);
    house.restarts = random.below(2) == 0;
    let mut instants: BTreeSet<i64> = expected.due.keys().flat_map(|s| [s - 1, *s, s + 1]).collect();
    instants.extend(deeds.keys());
    instants.extend((0..40).map(|_| begin + random.up_to(LENGTH)));
    instants.extend([begin, begin + LENGTH]);
    instants.retain(|second| (begin..=begin + LENGTH).contains(second));
    let mut told: BTreeMap<i64, BTreeSet<String>> = BTreeMap::new();
    for second in instants {
        let mut now = house.tick(second);
        if let Some(deed) = deeds.get(&second) {
            assert_eq!(house.act(*deed, second), expected.done.contains(&second), "{deed:?} at {second}");
            now.extend(house.tick(second));
        }
        if let Some(by) = expected.fix_by.get(&second).copied().flatten() {
            assert_eq!(house.ticket().limits.fix_by, Some(by * 1_000), "limit for mending after second {second}");
        }
        if !now.is_empty() {
            let all = now.len();
            let now: BTreeSet<String> = now.into_iter().collect();
            assert_eq!(now.len(), all, "told twice: {now:?}");
            told.insert(second, now);
        }
    }
    assert_eq!(told, expected.due, "{agreed:?} {deeds:?}");
}

#[test]
fn limits_and_escalations_come_at_the_second_that_a_walk_gives() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let (cases, first) = (number("HALLWATCH_CASES").unwrap_or(CASES), number("HALLWATCH_SEED").unwrap_or(1));
    for seed in first..first + cases {
        if let Err(panic) = std::panic::catch_unwind(|| case(seed)) {
            eprintln!("HALLWATCH_SEED={seed} HALLWATCH_CASES=1 runs this case alone");
            std::panic::resume_unwind(panic);
        }
    }
}
