//! Quiet hours against somebody who looks at the clock on the wall every minute. They begin when it first
//! shows their beginning or later, and end when it last shows their end: where clocks change, nobody is
//! woken in between.

use std::collections::BTreeSet;

use collector::{
    episode::Severity,
    tickets::Plan,
    venues::{Holidays, Venues},
};
use jiff::{Timestamp, tz::TimeZone};

use crate::{house::id, random::Random, walk::Hours};

const CASES: u64 = 400;

#[test]
fn messages_wait_until_the_clock_on_the_wall_shows_the_end_of_the_quiet_hours() {
    let zones = ["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/St_Johns"];
    let mut waited = 0;
    for seed in 1..=CASES {
        let random = &mut Random(seed);
        let name = random.pick(&zones);
        let zone = TimeZone::get(name).unwrap();
        let (begin, end) = (random.below(96) as i64 * 15, random.below(96) as i64 * 15);
        // A day may be an hour shorter.
        if (end - begin).rem_euclid(1_440) > 22 * 60 || begin == end {
            continue;
        }
        let time = |minute: i64| format!("{:02}:{:02}", minute / 60, minute % 60);
        let text = format!("[venue.v]\nzone = \"{name}\"\n[venue.v.quiet]\nP3 = \"{}-{}\"\n", time(begin), time(end));
        let venues = Venues::of(&[("v.toml".into(), text.clone())], Holidays::default(), "UTC").unwrap();
        // The days around changes of clocks, and any other.
        let any = random.below(360) as i64;
        let day = random.pick(&[66, 87, 94, 276, 297, 304, any]);
        let first = "2026-01-01T00:00:00Z".parse::<Timestamp>().unwrap().as_second() / 60 + day * 1_440;
        let hours = Hours {
            zone,
            entries: vec![([true; 7], begin, end)],
            shut: BTreeSet::new(),
            off: BTreeSet::new(),
            holiday: None,
        };
        let quiet = hours.minutes(first * 60, 5 * 1_440);
        for minute in (first..first + 3 * 1_440).step_by(7) {
            let ahead = &quiet[(minute - first) as usize..];
            let expected = ahead[0].then(|| (minute + ahead.iter().position(|is| !is).unwrap() as i64) * 60_000);
            let found = venues.quiet_until(&id("v"), Severity::P3, minute * 60_000);
            let at = Timestamp::from_second(minute * 60).unwrap();
            assert_eq!(found, expected, "seed {seed}: {text}at {at}");
            assert_eq!(venues.quiet_until(&id("v"), Severity::P2, minute * 60_000), None);
            waited += u64::from(found.is_some());
        }
    }
    assert!(waited > 10_000, "{waited}");
}
