//! When reports are due: holidays, midnight, clocks that change, several openings a day, busy minutes.

use jiff::tz::TimeZone;

use super::*;
use crate::venues::{Holidays, Venues};

fn venues(hours: &str, zone: &str, holidays: &str) -> Venues {
    let file = format!("[venue.a]\nzone = \"{zone}\"\n{hours}");
    let mut lists = Holidays::default();
    if !holidays.is_empty() {
        lists.add(holidays).unwrap();
    }
    Venues::of(&[("a.toml".into(), file)], lists, "UTC").unwrap()
}

fn ms(text: &str) -> UnixMs {
    text.parse::<Timestamp>().unwrap().as_millisecond()
}

fn check(hours: &str, zone: &str, date: &str, opening: Option<&str>) {
    let venues = venues(hours, zone, "");
    let (id, venue) = venues.venues.iter().next().unwrap();
    let found = slot(id, venue, date.parse().unwrap());
    assert_eq!(found.map(|slot| slot.opening), opening.map(ms), "{date}");
    if let Some(slot) = found {
        let before_min = (slot.opening - slot.due) as f64 / 60_000.0;
        assert!((26.0..=34.0).contains(&before_min) && (before_min - 30.0).abs() >= 1.0, "{before_min}");
    }
}

const LOUNGE: &str = "[[venue.a.hours]]\nopen = \"12:00\"\nclose = \"02:00\"\n";

#[test]
fn the_first_opening_of_the_business_date_counts() {
    check(LOUNGE, "Asia/Shanghai", "2026-11-23", Some("2026-11-23T12:00:00+08:00"));
    let twice = "[[venue.a.hours]]\nopen = \"17:00\"\nclose = \"22:00\"\n[[venue.a.hours]]\nopen = \"11:00\"\nclose = \"14:00\"\n";
    check(twice, "Asia/Shanghai", "2026-11-23", Some("2026-11-23T11:00:00+08:00"));
    // After midnight, and before the business day ends: still yesterday's.
    let night = "[[venue.a.hours]]\nopen = \"00:30\"\nclose = \"05:00\"\n";
    check(night, "Asia/Shanghai", "2026-11-23", Some("2026-11-24T00:30:00+08:00"));
    check("", "Asia/Shanghai", "2026-11-23", None);
}

#[test]
fn closed_days_and_holidays_have_no_report_or_their_own() {
    let bank = "[[venue.a.hours]]\ndays = [\"mon-fri\"]\nopen = \"09:00\"\nclose = \"17:00\"\n";
    check(bank, "Asia/Shanghai", "2026-11-21", None);
    check(bank, "Asia/Shanghai", "2026-11-23", Some("2026-11-23T09:00:00+08:00"));
    let hall = format!(
        "{}[[venue.a.hours]]\nkind = \"holiday\"\nopen = \"10:00\"\nclose = \"16:00\"\n",
        "[[venue.a.hours]]\nopen = \"09:00\"\nclose = \"18:00\"\n"
    );
    let list = r#"{"year":2026,"days":[{"name":"国庆节","date":"2026-10-01","isOffDay":true}]}"#;
    let venues = venues(&hall, "Asia/Shanghai", list);
    let (id, venue) = venues.venues.iter().next().unwrap();
    let opening = |date: &str| slot(id, venue, date.parse().unwrap()).map(|slot| slot.opening);
    assert_eq!(opening("2026-10-01"), Some(ms("2026-10-01T10:00:00+08:00")));
    assert_eq!(opening("2026-10-02"), Some(ms("2026-10-02T09:00:00+08:00")));
}

#[test]
fn where_clocks_change_it_is_still_half_an_hour_before_the_door_opens() {
    let early = "[[venue.a.hours]]\nopen = \"03:15\"\nclose = \"23:00\"\n";
    let early = &format!("business_day_begins = \"00:00\"\n{early}");
    // Clocks go from 02:00 to 03:00, and back from 03:00 to 02:00.
    check(early, "Europe/Berlin", "2026-03-29", Some("2026-03-29T01:15:00Z"));
    check(early, "Europe/Berlin", "2026-10-25", Some("2026-10-25T02:15:00Z"));
    let gone = "business_day_begins = \"00:00\"\n[[venue.a.hours]]\nopen = \"02:30\"\nclose = \"23:00\"\n";
    check(gone, "Europe/Berlin", "2026-03-29", Some("2026-03-29T01:00:00Z"));
}

#[test]
fn no_venue_writes_in_a_busy_minute_and_all_keep_their_time() {
    let zone = TimeZone::get("Asia/Shanghai").unwrap();
    let calendar = Calendar::always(zone.clone());
    let mut offsets = std::collections::BTreeSet::new();
    for n in 0..500 {
        let id = Id::parse(&format!("venue-{n}")).unwrap();
        for minute in 0..60 {
            let opening = ms("2026-11-23T04:00:00Z") + minute * 60_000;
            let due = due(&id, &calendar, opening, REPORT_BEFORE_MS);
            let before_s = (opening - due) / 1_000;
            assert!((26 * 60..=34 * 60).contains(&before_s) && (before_s - 1_800).abs() >= 60, "{before_s}");
            let wall = zone.to_datetime(Timestamp::from_millisecond(due).unwrap());
            assert!(!BUSY_MINUTES.contains(&wall.minute()), "{wall}");
            assert_eq!(due, self::due(&id, &calendar, opening, REPORT_BEFORE_MS));
            offsets.insert(before_s);
        }
    }
    assert!(offsets.len() > 200, "venues are spread: {}", offsets.len());
}

#[test]
fn past_mornings_are_first_openings_the_newest_first() {
    let venues = venues("[[venue.a.hours]]\ndays = [\"mon-fri\"]\nopen = \"09:00\"\nclose = \"17:00\"\n", "UTC", "");
    let calendar = &venues.venues.values().next().unwrap().calendar;
    let found = past_openings(calendar, ms("2026-11-23T09:00:00Z"), 3);
    let expected = ["2026-11-20T09:00:00Z", "2026-11-19T09:00:00Z", "2026-11-18T09:00:00Z"].map(ms);
    assert_eq!(found, expected);
}
