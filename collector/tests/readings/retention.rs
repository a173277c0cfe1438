//! What is past retention goes, roll-ups stay longer, and a wrong clock deletes nothing.

use collector::{
    config,
    readings::{
        Query,
        pack::{Limits, pack},
    },
};

use crate::house::{House, id, name, sample, source};

const HOUR: i64 = 3_600_000;
const DAYS: i64 = 24 * HOUR;
/// 2025-11-23T00:00:00Z.
const DAY: i64 = 1_763_856_000_000;

fn config(retention_days: u32, rollup_retention_days: u32) -> config::Readings {
    config::Readings { retention_days, rollup_retention_days, ..config::Readings::default() }
}

fn ten_days() -> House {
    let mut house = House::new();
    for hour in 0..240 {
        let samples = (0..6).map(|i| sample(DAY + hour * HOUR + i * 600_000, (hour * 6 + i) as u64 + 1));
        house.commit(samples.map(|s| (source("k01", "pi-1"), s)).collect());
    }
    house.compact();
    house
}

fn months(house: &House) -> u64 {
    let (venue, room, point) = (id("nanshan"), id("k01"), name("temperature_celsius"));
    let query = Query { venue, room, agent: None, point, from: DAY - DAYS, to: DAY + 20 * DAYS, marks_max: 100 };
    house.readings.series(&query).unwrap().marks.iter().map(|m| u64::from(m.count)).sum()
}

#[test]
fn samples_go_after_their_days_and_roll_ups_after_theirs() {
    let mut house = ten_days();
    let now = DAY + 10 * DAYS + 3 * HOUR;
    let limits = |retention, rollups| Limits::at(now, Some(now), &config(retention, rollups));
    pack(&mut house.archivist, &limits(4, 100), &mut || true).unwrap();
    let left = house.stored(&source("k01", "pi-1"));
    assert_eq!(left.first().unwrap().at, DAY + 6 * DAYS);
    assert_eq!(left.len(), 4 * 144);
    assert_eq!(months(&house), 1_440, "roll-ups still know every reading");
    pack(&mut house.archivist, &limits(4, 7), &mut || true).unwrap();
    assert_eq!(months(&house), 7 * 144);
}

#[test]
fn a_sample_later_than_retention_still_counts_once() {
    let mut house = ten_days();
    let now = DAY + 10 * DAYS + 3 * HOUR;
    let limits = Limits::at(now, Some(now), &config(4, 100));
    pack(&mut house.archivist, &limits, &mut || true).unwrap();
    house.commit(vec![(source("k01", "pi-1"), sample(DAY + HOUR + 7, 9_000))]);
    for _ in 0..3 {
        house.compact();
        pack(&mut house.archivist, &limits, &mut || true).unwrap();
        assert_eq!(months(&house), 1_441);
    }
    assert_eq!(house.stored(&source("k01", "pi-1")).len(), 4 * 144);
}

#[test]
fn a_collector_whose_clock_runs_ahead_deletes_nothing() {
    let mut house = ten_days();
    let newest = DAY + 10 * DAYS;
    let limits = Limits::at(newest + 3_650 * DAYS, Some(newest), &config(30, 60));
    let done = pack(&mut house.archivist, &limits, &mut || true).unwrap();
    assert_eq!(done.expired, 0);
    assert_eq!(house.stored(&source("k01", "pi-1")).len(), 1_440);
}

#[test]
fn the_file_does_not_grow_once_as_much_goes_as_comes() {
    use collector::ledger::Reader;
    let mut house = House::new();
    let mut sizes = Vec::new();
    for day in 0..12 {
        for hour in 0..24 {
            let samples = (0..60).map(|i| {
                let n = (day * 24 + hour) * 60 + i;
                (source("k01", "pi-1"), sample(DAY + n * 60_000, n as u64 + 1))
            });
            house.commit(samples.collect());
        }
        house.compact();
        let now = DAY + (day + 1) * DAYS + 3 * HOUR;
        let limits = Limits::at(now, Some(now), &config(3, 6));
        pack(&mut house.archivist, &limits, &mut || true).unwrap();
        sizes.push(house.sqlite.size().unwrap().file_bytes);
    }
    assert!(sizes[11] <= sizes[6] + 64 * 1024, "{sizes:?}");
}
