//! Samples move; none is lost, doubled or changed, wherever the work is cut off.

use collector::{
    ledger::Reader,
    readings::{
        compact::{CHUNK_ROWS_MAX, compact},
        pack::{Limits, pack},
    },
};
use proptest::prelude::*;
use wire::{Sample, Source};

use crate::house::{House, sample, source};

const HOUR: i64 = 3_600_000;
/// 2025-11-23T00:00:00Z.
const DAY: i64 = 1_763_856_000_000;

fn limits(pack_hour: i64) -> Limits {
    Limits { pack_hour: (pack_hour / HOUR) as u32, raw_hour: 0, rollup_hour: 0 }
}

fn three_rooms() -> Vec<Source> {
    vec![source("k01", "pi-1"), source("k01", "pi-2"), source("k02", "pi-3")]
}

fn hours_of(house: &mut House, hours: std::ops::Range<i64>) -> Vec<Vec<Sample>> {
    let rooms = three_rooms();
    let mut truth = vec![Vec::new(); rooms.len()];
    for minute in hours.start * 60..hours.end * 60 {
        let mut commit = Vec::new();
        for (i, room) in rooms.iter().enumerate() {
            let one = sample(DAY + minute * 60_000 + i as i64 * 7, minute as u64 + 1);
            truth[i].push(one.clone());
            commit.push((room.clone(), one));
        }
        house.commit(commit);
    }
    truth
}

#[test]
fn samples_are_the_same_in_commits_hours_and_days() {
    let mut house = House::new();
    let truth = hours_of(&mut house, 0..30);
    let check = |house: &House| {
        for (room, truth) in three_rooms().iter().zip(&truth) {
            assert_eq!(house.stored(room), *truth);
        }
    };
    check(&house);
    house.compact();
    check(&house);
    let size = house.sqlite.size().unwrap();
    assert_eq!((size.blobs, size.chunks), (0, 90));
    let done = pack(&mut house.archivist, &limits(DAY + 24 * HOUR), &mut || true).unwrap();
    assert_eq!(done.days, 3);
    assert_eq!(house.sqlite.size().unwrap().chunks, 3 + 18);
    check(&house);
    house = house.restart();
    check(&house);
}

#[test]
fn compaction_cut_off_anywhere_goes_on_and_loses_nothing() {
    for cut in 0..12 {
        let mut house = House::new();
        let mut truth = hours_of(&mut house, 6..26);
        let mut left = cut;
        let mut pace = || {
            left -= 1;
            left >= 0
        };
        compact(&mut house.archivist, 200_000, &mut pace).unwrap();
        if cut % 2 == 0 {
            house = house.restart();
        }
        for (room, truth) in three_rooms().iter().zip(&truth) {
            assert_eq!(house.stored(room), *truth, "cut after {cut}");
        }
        // New samples come while the first half is in chunks and the other is not.
        for (all, more) in truth.iter_mut().zip(hours_of(&mut house, 26..27)) {
            all.extend(more);
        }
        house.compact();
        pack(&mut house.archivist, &limits(DAY + 48 * HOUR), &mut || true).unwrap();
        for (room, truth) in three_rooms().iter().zip(&truth) {
            assert_eq!(house.stored(room), *truth, "cut after {cut}");
        }
    }
}

#[test]
fn a_late_sample_joins_its_hour_and_its_packed_day() {
    let mut house = House::new();
    let mut truth = hours_of(&mut house, 0..24).remove(0);
    house.compact();
    pack(&mut house.archivist, &limits(DAY + 24 * HOUR), &mut || true).unwrap();
    for (seq, at) in [(9_001, DAY + 5 * HOUR + 1), (9_002, DAY + 23 * HOUR + 59), (9_003, DAY + HOUR)] {
        let late = sample(at, seq);
        house.commit(vec![(source("k01", "pi-1"), late.clone())]);
        truth.push(late);
        truth.sort_by_key(|s| (s.at, s.seq));
        house.compact();
        assert_eq!(house.stored(&source("k01", "pi-1")), truth);
        let done = pack(&mut house.archivist, &limits(DAY + 24 * HOUR), &mut || true).unwrap();
        assert_eq!(done.days, 1);
        assert_eq!(house.stored(&source("k01", "pi-1")), truth);
    }
}

#[test]
fn an_hour_with_very_many_samples_has_several_chunks() {
    let mut house = House::new();
    let mut truth = Vec::new();
    for batch in 0..5 {
        let start = batch * 2_500;
        let some: Vec<_> = (start..start + 2_500).map(|i| sample(DAY + i * 200, i as u64 + 1)).collect();
        house.commit(some.iter().map(|s| (source("k01", "pi-1"), s.clone())).collect());
        truth.extend(some);
        house.compact();
    }
    assert!(truth.len() > 3 * CHUNK_ROWS_MAX);
    assert_eq!(house.stored(&source("k01", "pi-1")), truth);
    assert!(house.sqlite.size().unwrap().chunks >= 4);
}

#[test]
fn a_damaged_commit_or_chunk_costs_only_itself() {
    let mut house = House::new();
    let truth = hours_of(&mut house, 0..3);
    let file = rusqlite::Connection::open(house.sqlite.path()).unwrap();
    file.execute("UPDATE blob SET body = zeroblob(100) WHERE id = 61", []).unwrap();
    house.compact();
    let room = &three_rooms()[0];
    let without =
        |hidden: &dyn Fn(u64) -> bool| truth[0].iter().filter(|s| !hidden(s.seq)).cloned().collect::<Vec<_>>();
    assert_eq!(house.stored(room), without(&|seq| seq == 61));
    let aside: i64 = file.query_row("SELECT count(*) FROM damaged_blob WHERE id = 61", [], |r| r.get(0)).unwrap();
    assert_eq!(aside, 1);
    file.execute("UPDATE chunk SET body = substr(body, 1, 50) WHERE id = (SELECT min(id) FROM chunk)", []).unwrap();
    assert_eq!(house.stored(room), without(&|seq| seq <= 61));
    // It is neither packed nor overwritten, and what is new for its hour lies beside it.
    let fresh = sample(DAY + 5, 7_000);
    house.commit(vec![(room.clone(), fresh.clone())]);
    house.compact();
    pack(&mut house.archivist, &limits(DAY + 24 * HOUR), &mut || true).unwrap();
    assert_eq!(house.stored(room)[0], fresh);
    let kept: i64 = file.query_row("SELECT count(*) FROM chunk WHERE length(body) = 50", [], |r| r.get(0)).unwrap();
    assert_eq!(kept, 1);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Any samples in any order and any cuts: what was committed is stored, once.
    #[test]
    fn whatever_comes_is_stored_once(
        commits in prop::collection::vec(prop::collection::vec((0usize..3, -2i64..60 * HOUR), 1..40), 1..12),
        cuts in prop::collection::vec(0i32..6, 12),
    ) {
        let mut house = House::new();
        let rooms = three_rooms();
        let mut truth = vec![Vec::new(); rooms.len()];
        let mut seq = 0;
        for (commit, cut) in commits.into_iter().zip(cuts) {
            let mut samples = Vec::new();
            for (room, after) in commit {
                seq += 1;
                let one = sample(if after < 0 { after } else { DAY + after }, seq);
                truth[room].push(one.clone());
                samples.push((rooms[room].clone(), one));
            }
            house.commit(samples);
            let mut left = cut;
            compact(&mut house.archivist, 500, &mut || { left -= 1; left > 0 }).unwrap();
            if cut == 3 {
                pack(&mut house.archivist, &limits(DAY + 30 * HOUR), &mut || true).unwrap();
            }
        }
        for (room, truth) in rooms.iter().zip(&mut truth) {
            truth.sort_by_key(|s| (s.at, s.seq));
            prop_assert_eq!(&house.stored(room), truth);
        }
    }
}
