//! When rounds are due: closed days, midnight, months and clocks that change.

use jiff::{Timestamp, civil::date};

use super::{id, ms, venues};
use crate::rounds::{
    plan::plans,
    when::{Occurrence, occurrences},
};

/// Rounds of `plan` on these dates: business date, first and last instant on the venue's clock, and the
/// date it moved from.
fn check(text: &str, days_off: &[&str], plan: &str, dates: &[(i16, i8, i8)], expected: &[&str]) {
    let venues = venues(text, days_off);
    let venue = venues.venue(&id("v")).unwrap();
    let plans = plans(&venue.file).unwrap();
    let plan = plans.iter().find(|p| p.id == id(plan)).unwrap();
    let zone = &venue.calendar.zone;
    let wall = |at| zone.to_datetime(Timestamp::from_millisecond(at).unwrap()).strftime("%m-%d %H:%M").to_string();
    let shown = |o: Occurrence| {
        let moved = o.moved_from.map_or(String::new(), |date| format!(" from {date}"));
        format!("{}: {} to {}{moved}", o.date, wall(o.from), wall(o.due))
    };
    let all: Vec<String> =
        dates.iter().flat_map(|(y, m, d)| occurrences(plan, &venue.calendar, date(*y, *m, *d))).map(shown).collect();
    assert_eq!(all, expected);
}

const HALL: &str = "[venue.v]\nkind = \"telecom-hall\"\n[[venue.v.hours]]\nopen = \"09:00\"\nclose = \"18:00\"\n";
const HALL_SHUT_ON_HOLIDAYS: &str = "[venue.v]\nkind = \"telecom-hall\"\n[[venue.v.hours]]\nopen = \"09:00\"\nclose = \"18:00\"\n[[venue.v.hours]]\nkind = \"holiday\"\n";
const KTV: &str = "[venue.v]\nkind = \"ktv\"\n[[venue.v.hours]]\nopen = \"12:00\"\nclose = \"02:00\"\n[[venue.v.round]]\nid = \"fire-patrol\"\n";

#[test]
fn the_monday_round_is_overdue_on_tuesday_at_midnight() {
    let week = [(2026, 11, 22), (2026, 11, 23), (2026, 11, 24)];
    check(HALL, &[], "weekly-fire", &week, &["2026-11-23: 11-23 06:00 to 11-24 00:00"]);
}

#[test]
fn a_monday_that_is_closed_moves_to_the_next_open_day_and_says_so() {
    let off = ["2026-10-05", "2026-10-06"];
    let days = [(2026, 10, 4), (2026, 10, 5), (2026, 10, 6), (2026, 10, 7), (2026, 10, 8)];
    let moved = ["2026-10-07: 10-07 06:00 to 10-08 00:00 from 2026-10-05"];
    check(HALL_SHUT_ON_HOLIDAYS, &off, "weekly-fire", &days, &moved);
}

#[test]
fn two_closed_mondays_in_a_row_make_one_round() {
    let text = format!("{HALL}[[venue.v.hours]]\nkind = \"closed\"\nfrom = \"2026-11-02\"\nto = \"2026-11-10\"\n");
    let days: Vec<_> = (1..=17).map(|day| (2026, 11, day)).collect();
    let expected = ["2026-11-11: 11-11 06:00 to 11-12 00:00 from 2026-11-09", "2026-11-16: 11-16 06:00 to 11-17 00:00"];
    check(&text, &[], "weekly-fire", &days, &expected);
}

#[test]
fn karaoke_is_checked_on_the_1st_and_the_16th() {
    let days: Vec<_> = (1..=28).map(|day| (2026, 2, day)).collect();
    let expected = ["2026-02-01: 02-01 06:00 to 02-02 00:00", "2026-02-16: 02-16 06:00 to 02-17 00:00"];
    check(KTV, &[], "half-monthly-fire", &days, &expected);
}

#[test]
fn the_check_after_closing_belongs_to_the_day_that_closed() {
    check(KTV, &[], "after-close", &[(2026, 11, 23)], &["2026-11-23: 11-24 02:00 to 11-24 03:00"]);
    let twice = "[venue.v]\nkind = \"restaurant\"\n[[venue.v.hours]]\nopen = \"11:00\"\nclose = \"14:00\"\n[[venue.v.hours]]\nopen = \"17:00\"\nclose = \"22:00\"\n";
    check(twice, &[], "after-close", &[(2026, 11, 23)], &["2026-11-23: 11-23 22:00 to 11-23 23:00"]);
    check("[venue.v]\nkind = \"ktv\"\n", &[], "after-close", &[(2026, 11, 23)], &[]);
}

#[test]
fn a_patrol_has_every_whole_interval_of_the_opening() {
    let expected = [
        "2026-11-23: 11-23 12:00 to 11-23 14:00",
        "2026-11-23: 11-23 14:00 to 11-23 16:00",
        "2026-11-23: 11-23 16:00 to 11-23 18:00",
        "2026-11-23: 11-23 18:00 to 11-23 20:00",
        "2026-11-23: 11-23 20:00 to 11-23 22:00",
        "2026-11-23: 11-23 22:00 to 11-24 00:00",
        "2026-11-23: 11-24 00:00 to 11-24 02:00",
    ];
    check(KTV, &[], "fire-patrol", &[(2026, 11, 23)], &expected);
    check(HALL, &[], "weekly-fire", &[(2026, 11, 25)], &[]);
}

#[test]
fn a_day_when_clocks_change_has_its_rounds_too() {
    let berlin = |rounds: &str| {
        format!(
            "[venue.v]\nkind = \"ktv\"\nzone = \"Europe/Berlin\"\nbusiness_day_begins = \"05:00\"\n[[venue.v.hours]]\nopen = \"18:00\"\nclose = \"02:30\"\n{rounds}"
        )
    };
    // 2026-03-29 02:00 becomes 03:00; 2026-10-25 03:00 becomes 02:00.
    let spring = [(2026, 3, 28)];
    check(&berlin(""), &[], "after-close", &spring, &["2026-03-28: 03-29 03:00 to 03-29 04:00"]);
    check(&berlin(""), &[], "after-close", &[(2026, 10, 24)], &["2026-10-24: 10-25 02:30 to 10-25 03:30"]);
    let closing = |at: &str| ms(at);
    let venues = venues(&berlin(""), &[]);
    let venue = venues.venue(&id("v")).unwrap();
    let plans = plans(&venue.file).unwrap();
    let after = plans.iter().find(|p| p.id == id("after-close")).unwrap();
    let autumn = &occurrences(after, &venue.calendar, date(2026, 10, 24))[0];
    assert_eq!(autumn.from, closing("2026-10-25T02:30:00+01:00"), "the second 02:30: the door may be open until then");
}

#[test]
fn a_due_time_after_midnight_belongs_to_the_business_day() {
    let round = "[[venue.v.round]]\nid = \"night\"\nkind = \"daily\"\nbegin = \"22:00\"\ndue = \"03:00\"\n[[venue.v.round.check]]\nid = \"exits\"\nzh = \"通道\"\nen = \"exits\"\n";
    check(&format!("{KTV}{round}"), &[], "night", &[(2026, 11, 23)], &["2026-11-23: 11-23 22:00 to 11-24 03:00"]);
}

#[test]
fn what_no_sensor_sees_is_asked_before_opening_where_a_venue_wants_it() {
    for (kind, round, due) in [
        ("ktv", "ktv-opening", "18:00"),
        ("telecom-hall", "hall-opening", "09:00"),
        ("bank", "branch-opening", "09:00"),
        ("restaurant", "restaurant-opening", "11:00"),
        ("shop", "shop-opening", "10:00"),
    ] {
        let venue = format!("[venue.v]\nkind = \"{kind}\"\n[venue.v.team.manager]\nname_en = \"manager\"\n");
        let off = venues(&venue, &[]);
        assert!(plans(&off.venue(&id("v")).unwrap().file).unwrap().iter().all(|plan| plan.id != id(round)), "{round}");
        let on = format!("{venue}[[venue.v.round]]\nid = \"{round}\"\non = true\n");
        check(&on, &[], round, &[(2026, 11, 23)], &[&format!("2026-11-23: 11-23 06:00 to 11-23 {due}")]);
    }
}
