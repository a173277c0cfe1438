//! The calendar against an evaluator that walks minute by minute over a clock on the wall and knows
//! nothing of offsets; and days that people ask about.

use std::collections::BTreeMap;

use jiff::civil::{Weekday, date, time};
use proptest::prelude::*;

use super::*;
use crate::venues::hours::{Day, Hours, Kind, Weekdays};

const MINUTE_MS: i64 = 60_000;
const ONE: Time = Time::constant(1, 0, 0, 0);

fn entry(kind: Kind, days: Weekdays, times: Option<(Time, Time)>) -> Hours {
    Hours { kind, days, times, from: None, to: None }
}

fn calendar(zone: &str, hours: Vec<Hours>) -> Calendar {
    let week = Week { hours, holidays: BTreeMap::new(), make_up_as: Some(Weekday::Monday) };
    Calendar { week, ..Calendar::always(TimeZone::get(zone).unwrap()) }
}

fn workdays() -> Weekdays {
    use Weekday::{Friday, Monday, Thursday, Tuesday, Wednesday};
    [Monday, Tuesday, Wednesday, Thursday, Friday].into_iter().fold(Weekdays::NONE, Weekdays::with)
}

fn office(zone: &str) -> Calendar {
    calendar(zone, vec![entry(Kind::Normal, workdays(), Some((time(8, 0, 0, 0), time(18, 0, 0, 0))))])
}

fn ms(text: &str) -> UnixMs {
    text.parse::<Timestamp>().unwrap().as_millisecond()
}

fn shown(at: Option<UnixMs>) -> String {
    at.map_or("never".into(), |at| Timestamp::from_millisecond(at).unwrap().to_string())
}

/// Every minute of `from..to`, open or not: for each business day, the minutes from the first that
/// shows its opening or later to the last that shows its closing, or where none does, to the last
/// that shows less.
fn minute_by_minute(calendar: &Calendar, from: UnixMs, to: UnixMs) -> Vec<bool> {
    let margin = 3 * DAY_MS;
    let walls: Vec<DateTime> = (from - margin..to + margin)
        .step_by(MINUTE_MS as usize)
        .map(|at| calendar.zone.to_datetime(Timestamp::from_millisecond(at).unwrap()))
        .collect();
    let mut open = vec![calendar.week.hours.is_empty(); walls.len()];
    let mut day = walls[0].date();
    while day <= walls[walls.len() - 1].date() {
        for (opens, closes) in calendar.week.openings(day) {
            let first = walls.iter().position(|wall| *wall >= opens).unwrap_or(walls.len());
            let less = walls.iter().rposition(|wall| *wall < closes).map_or(0, |last| last + 1);
            let behind = walls.iter().rposition(|wall| *wall == closes).unwrap_or(less);
            (first..behind).for_each(|minute| open[minute] = true);
        }
        day = day.tomorrow().unwrap();
    }
    let skipped = (margin / MINUTE_MS) as usize;
    open[skipped..walls.len() - skipped].to_vec()
}

fn any_hours() -> impl Strategy<Value = Hours> {
    let times = prop::option::weighted(0.9, (0..96_i8, 0..96_i8))
        .prop_map(|quarters| quarters.map(|(a, b)| (time(a / 4, a % 4 * 15, 0, 0), time(b / 4, b % 4 * 15, 0, 0))));
    let kind = prop_oneof![6 => Just(Kind::Normal), 2 => Just(Kind::Holiday), 1 => Just(Kind::Closed)];
    (kind, prop_oneof![0..128_u8, Just(127)], times, prop::option::weighted(0.2, 0..20_i64)).prop_map(
        |(kind, days, times, season)| {
            let weekday = |n: i8| Weekday::from_monday_zero_offset(n).unwrap();
            let days = (0..7).filter(|n| days & 1 << n != 0).map(weekday).fold(Weekdays::NONE, Weekdays::with);
            let season = season.map(|n| date(2026, 1, 1).saturating_add((n * 18).days()));
            Hours { kind, days, times, from: season, to: season.map(|from| from.saturating_add(60.days())) }
        },
    )
}

/// A calendar, and an instant of 2026, often near a change of clocks.
fn any_case() -> impl Strategy<Value = (Calendar, UnixMs)> {
    let zones = ["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/St_Johns"];
    let days = prop::collection::btree_map(0..365_i64, any::<bool>(), 0..40);
    let start = prop_oneof![
        0..525_600_i64,
        // The two days before 8 and 29 March, 5 April, 4 and 25 October and 1 November.
        (prop::sample::select(vec![66_i64, 87, 94, 276, 297, 304]), 0..1_440_i64)
            .prop_map(|(d, m)| d * 1_440 - 720 + m),
    ];
    (prop::sample::select(zones.to_vec()), prop::collection::vec(any_hours(), 0..5), days, start).prop_map(
        |(zone, hours, days, minute)| {
            let mut calendar = calendar(zone, hours);
            let day = |is_off| Day { name: "holiday".into(), is_off };
            calendar.week.holidays =
                days.into_iter().map(|(n, off)| (date(2026, 1, 1).saturating_add(n.days()), day(off))).collect();
            (calendar, ms("2026-01-01T00:00:00Z") + minute * MINUTE_MS)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn every_answer_is_what_a_walk_minute_by_minute_gives((calendar, start) in any_case(), limit in 1..3_000_i64) {
        let minutes = 6 * 1_440_usize;
        let end = start + minutes as i64 * MINUTE_MS;
        let open = minute_by_minute(&calendar, start, end);
        let at = |minute: usize| start + minute as i64 * MINUTE_MS;

        let mut mine = vec![false; minutes];
        for Opening { from, to } in calendar.opening_intervals(start, end) {
            (((from - start) / MINUTE_MS) as usize..((to - start) / MINUTE_MS) as usize).for_each(|m| mine[m] = true);
        }
        prop_assert_eq!(&mine, &open);
        for minute in (0..minutes).step_by(97) {
            prop_assert_eq!(calendar.is_open(at(minute)), open[minute], "minute {}", minute);
        }
        let count = open.iter().filter(|o| **o).count() as i64;
        prop_assert_eq!(calendar.open_ms(start, end), count * MINUTE_MS);

        let next = (1..minutes).find(|m| open[*m] && !open[*m - 1]).map(at);
        match (calendar.next_opening(start), next) {
            (found, Some(next)) => prop_assert_eq!(found, Some(next)),
            (Some(found), None) => prop_assert!(found >= end),
            (None, None) => {}
        }
        let closes = open[0].then(|| (1..minutes).find(|m| !open[*m])).flatten().map(at);
        match (calendar.closes_at(start), closes) {
            (found, Some(closes)) => prop_assert_eq!(found, Some(closes)),
            (Some(found), None) => prop_assert!(open[0] && found >= end),
            (None, None) => {}
        }
        let due = (0..minutes).filter(|m| open[*m]).nth(limit as usize - 1).map(|m| at(m + 1));
        match (calendar.add_open_ms(start, limit * MINUTE_MS), due) {
            (found, Some(due)) => prop_assert_eq!(found, Some(due)),
            (Some(found), None) => prop_assert!(found > end),
            (None, None) => {}
        }
    }

    #[test]
    fn open_time_added_is_open_time_found_again((calendar, start) in any_case(), limit in 1..200_000_000_i64) {
        if let Some(end) = calendar.add_open_ms(start, limit) {
            prop_assert_eq!(calendar.open_ms(start, end), limit);
            prop_assert_eq!(calendar.open_ms(start, end - 1), limit - 1);
        }
    }
}

/// The two cases of a help desk whose reminders once fell on midnight (glpi-project/glpi, pull
/// request 22678): Monday to Friday 8 to 18, four hours, a reminder one hour before.
#[test]
fn a_limit_and_its_reminder_stay_within_working_hours() {
    let check = |created: &str, reminder: &str, due: &str| {
        let (calendar, created) = (office("UTC"), ms(created));
        assert_eq!(shown(calendar.add_open_ms(created, 4 * 60 * MINUTE_MS)), due);
        assert_eq!(shown(calendar.add_open_ms(created, 3 * 60 * MINUTE_MS)), reminder);
    };
    check("2026-11-23T10:00:00Z", "2026-11-23T13:00:00Z", "2026-11-23T14:00:00Z");
    check("2026-11-23T17:00:00Z", "2026-11-24T10:00:00Z", "2026-11-24T11:00:00Z");
    // Over a weekend, from outside the hours, and a day filled exactly.
    check("2026-11-27T17:00:00Z", "2026-11-30T10:00:00Z", "2026-11-30T11:00:00Z");
    check("2026-11-28T03:00:00Z", "2026-11-30T11:00:00Z", "2026-11-30T12:00:00Z");
    check("2026-11-23T14:00:00Z", "2026-11-23T17:00:00Z", "2026-11-23T18:00:00Z");
}

#[test]
fn a_night_is_as_long_as_the_clocks_make_it() {
    let night = || vec![entry(Kind::Normal, Weekdays::ALL, Some((time(22, 0, 0, 0), time(4, 0, 0, 0))))];
    let check = |from: &str, to: &str, hours: i64| {
        let open = calendar("Europe/Berlin", night()).open_ms(ms(from), ms(to));
        assert_eq!(open, hours * 60 * MINUTE_MS, "{from}");
    };
    check("2026-03-21T12:00:00Z", "2026-03-22T12:00:00Z", 6);
    check("2026-03-28T12:00:00Z", "2026-03-29T12:00:00Z", 5);
    check("2026-10-24T12:00:00Z", "2026-10-25T12:00:00Z", 7);
}

#[test]
fn a_wall_time_that_is_missing_or_double_keeps_the_door_watched() {
    let until_half_past_two = || vec![entry(Kind::Normal, Weekdays::ALL, Some((time(12, 0, 0, 0), time(2, 30, 0, 0))))];
    let calendar = calendar("Europe/Berlin", until_half_past_two());
    // 02:30 does not exist: closed when the clocks jump, at 01:00 UTC.
    assert_eq!(shown(calendar.closes_at(ms("2026-03-29T00:30:00Z"))), "2026-03-29T01:00:00Z");
    // 02:30 comes twice: open until the second, also between the two.
    assert_eq!(shown(calendar.closes_at(ms("2026-10-25T00:00:00Z"))), "2026-10-25T01:30:00Z");
    assert!(calendar.is_open(ms("2026-10-25T00:45:00Z")));
    // So too for the first of the double times, which the change itself shows again.
    let all_saturday = vec![entry(Kind::Normal, Weekdays::NONE.with(Weekday::Saturday), Some((ONE, ONE)))];
    let calendar = super::tests::calendar("America/New_York", all_saturday);
    assert_eq!(shown(calendar.closes_at(ms("2026-10-31T12:00:00Z"))), "2026-11-01T06:00:00Z");
}

#[test]
fn half_past_one_is_open_on_yesterdays_business_day() {
    let ktv = calendar(
        "Asia/Shanghai",
        vec![entry(Kind::Normal, Weekdays::ALL, Some((time(12, 0, 0, 0), time(2, 0, 0, 0))))],
    );
    let at = ms("2026-11-24T01:30:00+08:00");
    assert!(ktv.is_open(at));
    assert_eq!(ktv.business_date(at), Some(date(2026, 11, 23)));
    assert_eq!(ktv.business_date(ms("2026-11-24T06:00:00+08:00")), Some(date(2026, 11, 24)));
    assert_eq!(shown(ktv.closes_at(at)), "2026-11-23T18:00:00Z");
    assert_eq!(shown(ktv.next_opening(at)), "2026-11-24T04:00:00Z");
    assert!(!ktv.is_open(ms("2026-11-24T02:00:00+08:00")));
}

/// National Day 2026 as a planted list: 7 October off, Saturday 10 October made up for it.
#[test]
fn holidays_close_and_make_up_days_open_a_bank() {
    let mut bank = office("Asia/Shanghai");
    bank.week.hours.push(entry(Kind::Holiday, Weekdays::ALL, None));
    let day = |is_off| Day { name: "国庆节".into(), is_off };
    bank.week.holidays = [(date(2026, 10, 7), day(true)), (date(2026, 10, 10), day(false))].into();
    assert!(!bank.is_open(ms("2026-10-07T10:00:00+08:00")));
    assert!(bank.is_open(ms("2026-10-10T10:00:00+08:00")));
    assert!(!bank.is_open(ms("2026-10-17T10:00:00+08:00")));
    // Without holiday hours of its own a venue opens on holidays as ever; a closure wins over all.
    bank.week.hours.pop();
    assert!(bank.is_open(ms("2026-10-07T10:00:00+08:00")));
    bank.week.hours.push(entry(Kind::Closed, Weekdays::ALL, None));
    assert_eq!(bank.next_opening(ms("2026-10-07T10:00:00+08:00")), None);
}

#[test]
fn hours_of_a_season_replace_those_of_the_year() {
    let mut shop = office("Asia/Shanghai");
    let season = entry(Kind::Normal, Weekdays::ALL, Some((time(10, 0, 0, 0), time(12, 0, 0, 0))));
    shop.week.hours.push(Hours { from: Some(date(2026, 7, 1)), to: Some(date(2026, 8, 31)), ..season });
    assert!(shop.is_open(ms("2026-06-30T09:00:00+08:00")));
    assert!(!shop.is_open(ms("2026-07-01T09:00:00+08:00")));
    assert!(shop.is_open(ms("2026-08-31T11:00:00+08:00")));
    assert!(shop.is_open(ms("2026-09-01T09:00:00+08:00")));
}
