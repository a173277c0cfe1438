//! Cases that people ask about, each with the second that a person with a calendar in his hand says.

use std::sync::Arc;

use collector::{
    episode::Severity,
    tickets::Plan,
    venues::{Holidays, Venues},
};
use jiff::Timestamp;

use crate::{
    house::{House, id},
    walk::Deed,
};

/// Mon–Fri 08–18, four hours to mend, a step an hour before: the cases of a change to GLPI (pull request
/// 22678), whose steps were taken at midnight.
const OFFICE: &str = r#"
[venue.v]
zone = "Europe/Paris"
[[venue.v.hours]]
days = ["mon-fri"]
open = "08:00"
close = "18:00"
[venue.v.limits.P3]
acknowledge = "28d"
arrive = "28d"
fix = "4h"
clock = "open"
[[venue.v.escalation.P3]]
before_limit = "1h"
team = "boss"
channels = ["c0"]
[venue.v.team.boss]
"#;

const LOUNGE: &str = r#"
[venue.v]
zone = "Asia/Shanghai"
[[venue.v.hours]]
open = "12:00"
close = "02:00"
[[venue.v.escalation.P1]]
after = "3m"
team = "lead"
channels = ["c0"]
[[venue.v.escalation.P1]]
after = "8m"
team = "boss"
channels = ["c1"]
[venue.v.team.lead]
[venue.v.team.boss]
"#;

fn second(text: &str) -> i64 {
    text.parse::<Timestamp>().unwrap_or_else(|e| panic!("{text}: {e}")).as_second()
}

fn venues(text: &str, holidays: Holidays) -> Result<Arc<Venues>, String> {
    Venues::of(&[("v.toml".into(), text.into())], holidays, "UTC").map(Arc::new).map_err(|e| e.to_string())
}

/// A ticket of a venue without a holiday list.
fn ticket(text: &str, severity: Severity, opened: &str) -> House {
    House::of(venues(text, Holidays::default()).unwrap(), severity, second(opened))
}

/// What is told between two instants, each with its time on the wall; the collector looks every second.
fn told(house: &mut House, from: &str, until: &str) -> Vec<String> {
    let zone = house.venues.zone(&id("v")).clone();
    let mut all = Vec::new();
    for at in second(from)..=second(until) {
        let wall =
            || Timestamp::from_second(at).unwrap().to_zoned(zone.clone()).strftime("%a %d %H:%M:%S%:z").to_string();
        all.extend(house.tick(at).into_iter().map(|what| format!("{} {what}", wall())));
    }
    all
}

#[test]
fn a_limit_and_a_step_before_it_within_one_day() {
    let mut house = ticket(OFFICE, Severity::P3, "2026-01-12T10:00:00+01:00");
    let all = told(&mut house, "2026-01-12T10:00:00+01:00", "2026-01-13T18:00:00+01:00");
    assert_eq!(all, ["Mon 12 13:00:00+01:00 c0>boss", "Mon 12 14:00:00+01:00 late_fix"]);
}

#[test]
fn a_step_before_a_limit_of_the_next_working_day_is_not_taken_at_midnight() {
    let mut house = ticket(OFFICE, Severity::P3, "2026-01-12T17:00:00+01:00");
    let all = told(&mut house, "2026-01-12T17:00:00+01:00", "2026-01-14T08:00:00+01:00");
    assert_eq!(all, ["Tue 13 10:00:00+01:00 c0>boss", "Tue 13 11:00:00+01:00 late_fix"]);
}

#[test]
fn over_a_weekend_and_the_day_on_which_clocks_change() {
    // Friday evening before 29 March 2026; Sunday has 23 hours, of which none is open.
    let mut house = ticket(OFFICE, Severity::P3, "2026-03-27T16:30:30+01:00");
    let all = told(&mut house, "2026-03-27T16:30:30+01:00", "2026-03-30T12:00:00+02:00");
    assert_eq!(all, ["Mon 30 09:30:30+02:00 c0>boss", "Mon 30 10:30:30+02:00 late_fix"]);
}

#[test]
fn a_limit_within_the_hour_that_there_is_twice() {
    let text = OFFICE.replace("08:00", "22:00").replace("18:00", "06:00").replace("mon-fri", "mon-sun");
    // 25 October 2026: 03:00 becomes 02:00, so four hours after 23:00 a clock shows 02:00 for the second time.
    let mut house = ticket(&text, Severity::P3, "2026-10-24T23:00:00+02:00");
    let all = told(&mut house, "2026-10-24T23:00:00+02:00", "2026-10-25T08:00:00+01:00");
    assert_eq!(all, ["Sun 25 02:00:00+02:00 c0>boss", "Sun 25 02:00:00+01:00 late_fix"]);
}

#[test]
fn a_holiday_has_no_hours_and_a_make_up_day_has() {
    let mut holidays = Holidays::default();
    let days =
        ["10-01", "10-02"].map(|day| format!("{{\"name\":\"国庆节\",\"date\":\"2026-{day}\",\"isOffDay\":true}}"));
    let make_up = "{\"name\":\"国庆节\",\"date\":\"2026-10-10\",\"isOffDay\":false}";
    holidays.add(&format!("{{\"year\":2026,\"days\":[{},{make_up}]}}", days.join(","))).unwrap();
    let text = OFFICE.replace("Europe/Paris", "Asia/Shanghai")
        + "[[venue.v.hours]]\nkind = \"holiday\"\n[venue.v.limits.P2]\nacknowledge = \"28d\"\narrive = \"28d\"\nfix = \"32h\"\nclock = \"open\"\n";
    // Wednesday 30 September, 17:00; Thursday and Friday are days off.
    let mut house =
        House::of(venues(&text, holidays.clone()).unwrap(), Severity::P3, second("2026-09-30T17:00:00+08:00"));
    let all = told(&mut house, "2026-09-30T17:00:00+08:00", "2026-10-05T18:00:00+08:00");
    assert_eq!(all, ["Mon 05 10:00:00+08:00 c0>boss", "Mon 05 11:00:00+08:00 late_fix"]);
    // Wednesday 7 October, 16:00: 2 h, 10 h, 10 h, and Saturday the 10th is worked.
    let mut house = House::of(venues(&text, holidays).unwrap(), Severity::P2, second("2026-10-07T16:00:00+08:00"));
    assert!(house.act(Deed::Acknowledge, second("2026-10-07T16:00:00+08:00")));
    let all = told(&mut house, "2026-10-07T16:00:00+08:00", "2026-10-10T19:00:00+08:00");
    assert_eq!(all, ["Sat 10 18:00:00+08:00 late_fix"]);
}

#[test]
fn safety_is_escalated_by_the_minute_over_midnight_until_somebody_says_that_he_is_on_it() {
    let opened = "2026-11-23T23:55:10+08:00";
    let mut house = ticket(LOUNGE, Severity::P1, opened);
    let all = told(&mut house, opened, "2026-11-24T00:30:00+08:00");
    let expected = [
        "Mon 23 23:58:10+08:00 late_acknowledge",
        "Mon 23 23:58:10+08:00 c0>lead",
        "Tue 24 00:03:10+08:00 late_arrive",
        "Tue 24 00:03:10+08:00 c1>boss",
        "Tue 24 00:25:10+08:00 late_fix",
    ];
    assert_eq!(all, expected);

    let mut house = ticket(LOUNGE, Severity::P1, opened);
    let before = told(&mut house, opened, "2026-11-24T00:01:00+08:00");
    assert_eq!(before, expected[..2]);
    assert!(house.act(Deed::Acknowledge, second("2026-11-24T00:01:00+08:00")));
    let after = told(&mut house, "2026-11-24T00:01:00+08:00", "2026-11-24T00:24:00+08:00");
    assert_eq!(after, expected[2..3], "who is on it is not chased, but has to arrive");
}

#[test]
fn a_ticket_that_is_opened_again_is_chased_from_the_beginning() {
    let opened = "2026-11-23T20:00:00+08:00";
    let mut house = ticket(LOUNGE, Severity::P1, opened);
    assert!(house.act(Deed::Fixed, second("2026-11-23T20:01:00+08:00")));
    assert_eq!(told(&mut house, "2026-11-23T20:01:00+08:00", "2026-11-23T21:00:00+08:00"), [""; 0]);
    assert!(house.act(Deed::Reopen, second("2026-11-23T21:00:00+08:00")));
    house.restarts = true;
    let all = told(&mut house, "2026-11-23T21:00:00+08:00", "2026-11-23T21:05:00+08:00");
    assert_eq!(all, ["Mon 23 21:03:00+08:00 late_acknowledge", "Mon 23 21:03:00+08:00 c0>lead"]);
}

#[test]
fn waiting_for_parts_stops_the_clock_and_waiting_for_a_signature_does_not() {
    let opened = "2026-01-12T08:00:00+01:00";
    for (stops, expected) in [
        (true, ["Tue 13 09:00:00+01:00 c0>boss", "Tue 13 10:00:00+01:00 late_fix"]),
        (false, ["Mon 12 11:00:00+01:00 c0>boss", "Mon 12 12:00:00+01:00 late_fix"]),
    ] {
        let mut house = ticket(OFFICE, Severity::P3, opened);
        assert!(house.act(Deed::Hold(stops), second("2026-01-12T10:00:00+01:00")));
        let mut all = told(&mut house, "2026-01-12T10:00:00+01:00", "2026-01-13T08:00:00+01:00");
        assert!(house.act(Deed::Resume, second("2026-01-13T08:00:00+01:00")));
        all.extend(told(&mut house, "2026-01-13T08:00:00+01:00", "2026-01-13T12:00:00+01:00"));
        assert_eq!(all, expected);
        let stood = if stops { 22 * 3_600_000 } else { 0 };
        assert_eq!(house.ticket().held_ms, stood, "as a clock on the wall counts");
    }
}

#[test]
fn new_limits_in_the_file_leave_what_was_promised_alone() {
    let opened = "2026-01-12T10:00:00+01:00";
    let mut house = ticket(OFFICE, Severity::P3, opened);
    house.venues = venues(&OFFICE.replace("\"4h\"", "\"9h\""), Holidays::default()).unwrap();
    house.restarts = true;
    let all = told(&mut house, opened, "2026-01-12T15:00:00+01:00");
    assert_eq!(all, ["Mon 12 13:00:00+01:00 c0>boss", "Mon 12 14:00:00+01:00 late_fix"]);
}

#[test]
fn a_venue_that_names_nothing_has_the_usual_limits() {
    let plain = "[venue.v]\nzone = \"Asia/Shanghai\"\n[[venue.v.hours]]\nopen = \"12:00\"\nclose = \"02:00\"\n";
    let limits = |severity| {
        let house = ticket(plain, severity, "2026-11-23T20:00:00+08:00");
        let limits = house.ticket().limits;
        [limits.acknowledge_by, limits.arrive_by, limits.fix_by]
            .map(|by| by.map(|by| (by / 1_000 - second("2026-11-23T20:00:00+08:00")) / 60))
    };
    assert_eq!(limits(Severity::P1), [Some(3), Some(8), Some(30)]);
    assert_eq!(limits(Severity::P2), [Some(10), Some(30), Some(120)]);
    assert_eq!(limits(Severity::P3)[..2], [Some(30), Some(60)]);
    assert_eq!(limits(Severity::P4)[1], None);
}

#[test]
fn safety_cannot_be_made_quiet() {
    let error = venues("[venue.v]\n[venue.v.quiet]\nP1 = \"22:00-09:00\"\n", Holidays::default()).unwrap_err();
    assert!(error.contains("P1"), "{error}");
    let venues = venues(LOUNGE, Holidays::default()).unwrap();
    assert_eq!(venues.quiet_until(&id("v"), Severity::P1, 1_795_000_000_000), None);
}
