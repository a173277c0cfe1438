//! The month of a venue, written by the real conversion and loaded into a real InfluxDB 1.6, says what was
//! computed from its seed apart from it; and every measurement, tag and field of the table is among it.

#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected has failed")]

use std::collections::{BTreeMap, BTreeSet};

use collector::measures::{
    read::{Parsed, Value, parse},
    table::{self, Kind},
};
use tests::{
    House, Influxd,
    month::{self, FROM, Month, ROOMS, SEED, TO, room_name},
};

/// Sums of floats in another order differ in the last digits.
fn is_near(found: f64, expected: f64) -> bool {
    (found - expected).abs() <= 1e-9 * expected.abs().max(1.0)
}

#[track_caller]
fn near(what: &str, found: f64, expected: f64) {
    assert!(is_near(found, expected), "{what}: {found} instead of {expected}");
}

/// A database that is asked for single numbers of the month.
struct Asked(Influxd);

impl Asked {
    #[track_caller]
    fn one(&self, select: &str, rest: &str) -> f64 {
        let query = format!(
            "SELECT {select} FROM {rest}{}time >= {FROM}ms AND time < {TO}ms",
            if rest.contains("WHERE") { " AND " } else { " WHERE " }
        );
        let series = self.0.select(&query);
        let Some(found) = series.first() else { panic!("`{query}` gives nothing") };
        found.numbers(&found.columns[1])[0].1
    }

    /// All values of a field of tickets, in ascending order.
    fn all(&self, field: &str) -> Vec<f64> {
        let series = self.0.select(&format!("SELECT {field} FROM ticket"));
        let mut all: Vec<f64> = series.iter().flat_map(|s| s.numbers(field)).map(|(_, value)| value).collect();
        all.sort_by(f64::total_cmp);
        all
    }
}

fn count(n: usize) -> f64 {
    n as f64
}

#[test]
fn a_month_in_influxdb_says_what_was_computed_from_its_seed() {
    let house = House::new("month");
    let Month { lines, expected } = month::generate(SEED);
    let database = Influxd::start(&house);
    database.write(&lines);
    let asked = Asked(database);
    readings(&asked, &expected);
    tickets(&asked, &expected);
    present(&asked, &expected);
}

fn readings(asked: &Asked, expected: &month::Expected) {
    for place in 0..ROOMS {
        let of_room = format!("room WHERE room = '{}'", room_name(place));
        near("samples", asked.one("count(sample_seq)", &of_room), count(expected.samples[place]));
        let query = format!(
            "SELECT mean(temperature_celsius) FROM {of_room} AND time >= {FROM}ms AND time < {TO}ms GROUP BY time(1d)"
        );
        let days = asked.0.select(&query)[0].numbers("mean");
        let own: Vec<_> = expected.celsius.iter().filter(|((room, _), _)| *room == place).collect();
        assert_eq!(days.len(), own.len(), "days of {}", room_name(place));
        for ((at, found), ((_, day), mean)) in days.iter().zip(own) {
            assert_eq!(at, day);
            near("mean of a day", *found, *mean);
        }
        let shares = expected.in_band[place];
        assert!(shares.in_band < shares.judged, "a month in which all is well proves nothing");
        near("judged", asked.one("count(temperature_celsius_in_band)", &of_room), count(shares.judged));
        near("in band", asked.one("mean(temperature_celsius_in_band)", &of_room), shares.share());
        let hours = format!("room_1h WHERE room = '{}'", room_name(place));
        near("hours", asked.one("sum(temperature_celsius_count)", &hours), count(expected.samples[place]));
        near("open", asked.one("sum(open_seconds)", &hours), expected.open_seconds[place]);
    }
    near("in band", asked.one("mean(temperature_celsius_in_band)", "room"), expected.in_band_of_all().share());
}

fn tickets(asked: &Asked, expected: &month::Expected) {
    let sum = |field: &str| asked.one(&format!("sum({field})"), "ticket");
    near("opened", sum("opened"), count(expected.opened));
    near("reopened", sum("reopened"), count(expected.reopened));
    near("closed", sum("closed"), count(expected.closed));
    near("false alarms", sum("false_alarm"), count(expected.false_alarms));
    near("refused", sum("refused"), count(expected.refused));
    near("escalated", sum("escalated"), count(expected.escalated));
    near("duplicates", sum("duplicate"), 0.0);
    near("left open", sum("open_change"), count(expected.left_open));
    for (n, opened) in expected.opened_by_severity.iter().enumerate() {
        let of = format!("ticket WHERE severity = 'P{}'", n + 1);
        near(&of, asked.one("sum(opened)", &of), count(*opened));
    }
    for (team, opened) in &expected.opened_by_team {
        let of = format!("ticket WHERE team = '{team}'");
        near(&of, asked.one("sum(opened)", &of), count(*opened));
    }
    assert_eq!(asked.all("acknowledge_seconds"), expected.acknowledge_seconds);
    assert_eq!(asked.all("repair_seconds"), expected.repair_seconds);
    assert_eq!(asked.all("hold_seconds"), expected.hold_seconds);
    near("MTTA", asked.one("mean(acknowledge_seconds)", "ticket"), expected.mtta());
    near("MTTR", asked.one("mean(repair_seconds)", "ticket"), expected.mttr());
    near("p90", asked.one("percentile(repair_seconds, 90)", "ticket"), expected.p90());
    let (in_time, late) = expected.acknowledged_in_time;
    // The extinguisher's ticket is never acknowledged: late too.
    let oks = asked.all("acknowledge_ok");
    assert_eq!(oks.len(), in_time + late + 1);
    near("in time", oks.iter().sum(), count(in_time));
}

fn present(asked: &Asked, expected: &month::Expected) {
    near("open at the end", asked.one("last(tickets_open)", "venue"), count(expected.left_open));
    let lines = asked.one("count(ready)", "readiness");
    near("readiness", lines, count(expected.reports * 2 * ROOMS));
    near("devices", asked.one("last(agents_online)", "venue"), count(ROOMS));
    near("extinguishers", asked.one("last(extinguishers)", "venue"), count(ROOMS));
    near("due soon", asked.one("last(extinguishers_due_30d)", "venue"), 1.0);
    let lost = asked.one("count(spool_evicted_count_lost)", "silence");
    assert!((6.0..=9.0).contains(&lost), "three devices were silent for some hours, not for {lost}");
}

/// What a line overwrites: measurement, tags and time.
type Place = (String, Vec<(String, String)>, i64);

/// A line in the words of the table.
fn known(line: &Parsed) -> Result<Vec<(&'static str, String)>, String> {
    let of = |name: &str| table::ALL.iter().find(|m| m.name == name);
    let found = of(&line.measurement).ok_or_else(|| format!("measurement `{}`", line.measurement))?;
    let tags: BTreeSet<&str> = line.tags.keys().map(String::as_str).collect();
    if tags != found.tags.iter().copied().collect() {
        return Err(format!("tags of `{}`: {tags:?}", found.name));
    }
    let mut seen = Vec::new();
    for (name, value) in &line.fields {
        let fits = |f: &&table::Field| if f.each_point { name.ends_with(f.name) } else { name == f.name };
        let best = found.fields.iter().filter(fits).max_by_key(|f| (!f.each_point, f.name.len()));
        let best = best.ok_or_else(|| format!("field `{name}` of `{}`", found.name))?;
        match (best.kind, value) {
            (Kind::Text, Value::Text(_)) | (Kind::Number, Value::Number(_)) => {}
            (Kind::Flag, Value::Number(n)) if *n == 0.0 || *n == 1.0 => {}
            (Kind::Count, Value::Number(n)) if n.fract() == 0.0 => {}
            _ => return Err(format!("field `{name}` of `{}` is {value:?}, not {:?}", found.name, best.kind)),
        }
        seen.push((found.name, format!("{}{}", if best.each_point { "<point>" } else { "" }, best.name)));
    }
    Ok(seen)
}

/// Fields that a month without faulty sensors and untrusted clocks does not have.
const NOT_IN_A_MONTH: [(&str, &str); 3] =
    [("room", "<point>_fault"), ("room", "sample_clock_uncertain"), ("room", "sample_uncertainty_ms")];

#[test]
fn a_month_has_every_field_of_the_table_and_no_other_and_overwrites_nothing() {
    let month = month::generate(SEED + 1);
    let mut seen: BTreeSet<(&str, String)> = BTreeSet::new();
    let mut places: BTreeMap<Place, usize> = BTreeMap::new();
    for text in month.lines.lines() {
        let line = parse(text).unwrap_or_else(|| panic!("`{text}` does not read back"));
        seen.extend(known(&line).unwrap_or_else(|what| panic!("not in the table: {what}\n{text}")));
        let place = (line.measurement.clone(), line.tags.into_iter().collect(), line.time_ns);
        *places.entry(place).or_default() += 1;
    }
    let doubled: Vec<_> = places.iter().filter(|(_, n)| **n > 1).take(3).collect();
    assert!(doubled.is_empty(), "overwritten: {doubled:?}");
    for measurement in table::ALL {
        for field in measurement.fields {
            let name = format!("{}{}", if field.each_point { "<point>" } else { "" }, field.name);
            let excused = NOT_IN_A_MONTH.contains(&(measurement.name, name.as_str()));
            assert!(
                excused || seen.contains(&(measurement.name, name.clone())),
                "`{}` never has `{name}`",
                measurement.name
            );
        }
    }
}

#[test]
fn a_seed_gives_the_same_month_each_time() {
    let (one, two) = (month::generate(7), month::generate(7));
    assert_eq!(one.expected, two.expected);
    assert!(one.lines == two.lines, "two months of one seed differ");
}
