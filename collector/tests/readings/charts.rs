//! Charts say the same whether readings lie in commits, hours, days or roll-ups.

use collector::readings::{
    Query, Series,
    pack::{Limits, pack},
};

use crate::house::{House, id, name, sample, source};

const HOUR: i64 = 3_600_000;
/// 2025-11-23T00:00:00Z.
const DAY: i64 = 1_763_856_000_000;

fn ask(house: &House, point: &str, from: i64, to: i64, marks_max: usize) -> Series {
    let query = Query { venue: id("nanshan"), room: id("k01"), agent: None, point: name(point), from, to, marks_max };
    house.readings.series(&query).unwrap()
}

fn days(house: &mut House, days: i64) {
    let mut seq = 0;
    for hour in 0..days * 24 {
        let mut commit = Vec::new();
        for tick in 0..60 {
            seq += 1;
            let at = DAY + hour * HOUR + tick * 60_000;
            commit.push((source("k01", "pi-1"), sample(at, seq)));
            if hour % 24 < 12 {
                commit.push((source("k01", "pi-2"), sample(at + 30_000, seq)));
            }
        }
        house.commit(commit);
    }
}

fn pack_before(house: &mut House, instant: i64) {
    let limits = Limits { pack_hour: (instant / HOUR) as u32, raw_hour: 0, rollup_hour: 0 };
    pack(&mut house.archivist, &limits, &mut || true).unwrap();
}

#[test]
fn a_stretch_is_the_same_before_and_after_every_move() {
    let mut house = House::new();
    days(&mut house, 3);
    let (from, to) = (DAY + 5 * HOUR + 123, DAY + 50 * HOUR + 4_567);
    let ask_all = |house: &House| {
        let points = ["temperature_celsius", "door_open", "co2_ppm", "load_ratio", "unknown_point"];
        points.map(|point| (ask(house, point, from, to, 300), ask(house, point, from, to, 100_000)))
    };
    let fresh = ask_all(&house);
    assert!(!fresh[0].0.marks.is_empty() && !fresh[2].0.faults.is_empty() && fresh[4].0.marks.is_empty());
    assert!(fresh[0].1.marks.iter().any(|m| m.uncertain) && fresh[0].1.step_ms == 0);
    house.compact();
    assert_eq!(ask_all(&house), fresh);
    // A day of which half is packed, then whole days.
    for hour in [30, 48] {
        pack_before(&mut house, DAY + hour * HOUR);
        assert_eq!(ask_all(&house), fresh);
    }
}

#[test]
fn marks_of_hours_come_from_roll_ups_and_count_every_reading() {
    let mut house = House::new();
    days(&mut house, 6);
    house.compact();
    pack_before(&mut house, DAY + 4 * 24 * HOUR + 6 * HOUR);
    // More comes for a day and an hour that have a roll-up already.
    house.commit(vec![(source("k01", "pi-1"), sample(DAY + 4 * 24 * HOUR + 17, 999_999))]);
    house.compact();
    let raw = ask(&house, "co2_ppm", DAY, DAY + 6 * 24 * HOUR, 100_000);
    let rolled = ask(&house, "co2_ppm", DAY, DAY + 6 * 24 * HOUR, 60);
    assert!(rolled.step_ms >= HOUR && rolled.marks.len() <= 60, "{} marks", rolled.marks.len());
    let count = |series: &Series| series.marks.iter().map(|m| u64::from(m.count)).sum::<u64>();
    assert_eq!(count(&rolled), count(&raw));
    for mark in &rolled.marks {
        let start = mark.at.div_euclid(rolled.step_ms) * rolled.step_ms;
        let inside = raw.marks.iter().filter(|m| m.at >= start && m.at < start + rolled.step_ms);
        let values: Vec<f64> = inside.map(|m| m.mean).collect();
        assert_eq!(values.len(), mark.count as usize);
        assert_eq!(values.iter().copied().fold(f64::MAX, f64::min), mark.min);
        assert_eq!(values.iter().copied().fold(f64::MIN, f64::max), mark.max);
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        assert!((mean - mark.mean).abs() < 1e-3, "{mean} {}", mark.mean);
    }
}

#[test]
fn points_of_a_room_are_known_wherever_they_lie() {
    let mut house = House::new();
    days(&mut house, 2);
    let known = |house: &House, from| {
        let points = house.readings.points(&id("nanshan"), &id("k01"), from).unwrap();
        points.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let all = ["co2_ppm", "door_open", "load_ratio", "temperature_celsius"];
    assert_eq!(known(&house, 0), all);
    house.compact();
    assert_eq!(known(&house, 0), all);
    pack_before(&mut house, DAY + 48 * HOUR);
    assert_eq!(known(&house, i64::MIN), all);
    assert_eq!(known(&house, DAY + 47 * HOUR), all);
    assert!(known(&house, DAY + 48 * HOUR).is_empty());
}
