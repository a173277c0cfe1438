//! Cases by hand.

use std::collections::{BTreeMap, BTreeSet};

use wire::{Clock, Fault, Id, Sample};

use super::{HORIZON_MS, point, source};
use crate::silence::{
    Account, Note, Notes, Reason,
    account::Shares,
    hour::{Evidence, divide},
    note::{STRETCHES_MAX, Stretch},
    notes::Changed,
};

fn sample(at: i64, value: Option<f64>) -> Sample {
    let id = |text| Id::parse(text).unwrap();
    let fault = value.is_none().then_some((point("co2_ppm"), Fault::BadCrc));
    Sample {
        at,
        seq: 1,
        spool: id("spool-a"),
        boot: id("boot-1"),
        clock: Clock::Trusted,
        points: value.map(|value| (point("co2_ppm"), value)).into_iter().collect(),
        faults: fault.into_iter().collect(),
    }
}

fn divided(samples: &[Sample], note: &Note, from: i64, to: i64) -> Account {
    let known = BTreeSet::new();
    let period_ms = |_: &wire::PointName| Some(10_000);
    let evidence = Evidence { samples, note, locked: &[], period_ms: &period_ms, known: &known, day_from: from };
    divide(&evidence, from, to).remove(&point("co2_ppm")).unwrap_or_default()
}

#[test]
fn a_value_stands_for_one_and_a_half_periods_at_most() {
    let samples = [sample(0, Some(600.0)), sample(10_000, Some(610.0)), sample(60_000, None)];
    let account = divided(&samples, &Note::default(), 0, 80_000);
    assert_eq!(account.measured_ms, 10_000 + 15_000);
    let lost = BTreeMap::from([(Reason::Fault(Fault::BadCrc), 15_000), (Reason::AgentAway, 35_000 + 5_000)]);
    assert_eq!(account.lost, lost);
    assert_eq!(account.counted_ms(), 80_000);
}

#[test]
fn what_was_never_heard_of_does_not_count() {
    assert_eq!(divided(&[], &Note::default(), 0, 80_000), Account::default());
    let account = divided(&[sample(30_000, Some(600.0))], &Note::default(), 0, 80_000);
    assert_eq!(account.counted_ms(), 50_000, "from its first word on");
}

#[test]
fn shares_add_up_to_a_million_however_they_are_rounded() {
    let account = |m, b, l, p| {
        let mut account = Account { measured_ms: m, backfilled_ms: b, planned_off_ms: p, ..Account::default() };
        account.lose(Reason::AgentAway, l);
        account.shares_ppm()
    };
    let thirds = account(1, 1, 1, 0);
    assert_eq!(thirds.measured_ppm + thirds.backfilled_ppm + thirds.lost_ppm, 1_000_000);
    let whole = Shares { measured_ppm: 1_000_000, ..Shares::default() };
    assert_eq!(account(3_600_000, 0, 0, 0), whole);
    assert_eq!(account(0, 0, 0, 0), Shares::default());
    let large = account(i64::MAX / 8, i64::MAX / 8, i64::MAX / 8, i64::MAX / 8);
    assert_eq!(large.measured_ppm, 250_000);
}

fn note_of(notes: &mut Notes, now: i64) -> Option<Note> {
    let mut found = None;
    notes.take_changed(now, |changed| {
        if let Changed::Agent(_, note) = changed {
            found = Some(note.clone());
        }
    });
    found
}

#[test]
fn a_live_sample_and_a_long_drain_write_nothing() {
    let mut notes = Notes::new(HORIZON_MS);
    notes.sample(&source(), 1_000_000, 1_000_100);
    assert!(note_of(&mut notes, 1_000_100).is_some(), "the agent is new");
    for at in 101..200 {
        notes.sample(&source(), at * 10_000, at * 10_000 + 50);
        assert_eq!(note_of(&mut notes, at * 10_000 + 50), None);
    }
    let now = 10_000_000;
    notes.sample(&source(), 2_100_000, now);
    let late = note_of(&mut notes, now).unwrap().late;
    assert_eq!(late, [Stretch { from: 2_100_000, to: None, revision: 2 }]);
    for at in 211..900 {
        notes.sample(&source(), at * 10_000, now);
        assert_eq!(note_of(&mut notes, now), None, "the drain is under way");
    }
    notes.sample(&source(), 9_990_000, now);
    let late = note_of(&mut notes, now).unwrap().late;
    assert_eq!(late, [Stretch { from: 2_100_000, to: Some(9_990_000), revision: 3 }]);
}

#[test]
fn a_note_is_bounded_and_counts_what_it_drops() {
    let mut notes = Notes::new(HORIZON_MS);
    let mut last = None;
    for n in 1..=200 {
        let now = n * 1_000_000;
        notes.sample(&source(), now - HORIZON_MS - 1, now);
        notes.sample(&source(), now, now);
        last = note_of(&mut notes, now).or(last);
    }
    let note = last.unwrap();
    assert_eq!(note.late.len(), STRETCHES_MAX);
    assert_eq!(note.dropped, 200 - STRETCHES_MAX as u64);
}

#[test]
fn a_sample_of_1970_does_not_open_fifty_years_of_accounts() {
    let mut notes = Notes::new(HORIZON_MS);
    let now = 1_795_392_000_000;
    notes.sample(&source(), 5, now);
    let note = note_of(&mut notes, now).unwrap();
    assert_eq!((note.since, note.late), (now, Vec::new()));
}

#[test]
fn a_room_that_people_lock_is_planned_off_from_the_commit_on() {
    use crate::ledger::{Record, record_kind};
    let mut notes = Notes::new(HORIZON_MS);
    let mut states = |state: serde_json::Value, now| {
        let (kind, venue, key) = (record_kind::ROOM_STATE.to_owned(), source().venue, "k01".to_owned());
        let body = serde_json::json!({ "state": state, "who": "wang" });
        crate::silence::record::locks(&mut notes, &[Record { kind, venue, key, at: now, body }], now);
        let mut locked = None;
        notes.take_changed(now, |changed| {
            if let Changed::Room(_, _, note) = changed {
                locked = Some(note.locked.clone());
            }
        });
        locked
    };
    assert_eq!(states("occupied".into(), 1_000), None);
    assert_eq!(states("locked".into(), 2_000).unwrap(), [Stretch { from: 2_000, to: None, revision: 1 }]);
    assert_eq!(states("locked".into(), 3_000), None);
    assert_eq!(states(serde_json::Value::Null, 4_000).unwrap()[0].to, Some(4_000), "what was said is taken back");
}

#[test]
fn a_point_that_late_data_makes_known_earlier_counts_in_the_hours_between_too() {
    use std::convert::Infallible;

    use crate::silence::{Day, day::HOUR_MS, judge::Agent, note::RoomNote};
    let (room, periods_ms) = (RoomNote::default(), BTreeMap::from([(point("co2_ppm"), 10_000)]));
    let mut note = Note { revision: 1, ..Note::default() };
    let mut samples = vec![sample(3 * HOUR_MS + 60_000, Some(600.0))];
    let account = |note: &Note, samples: &[Sample], day: Day| {
        let agent = Agent { note, room: &room, periods_ms: &periods_ms };
        let mut lend = |from, to| {
            let read = samples.iter().filter(|s| (from..to).contains(&s.at)).cloned().collect::<Vec<_>>();
            Ok::<_, Infallible>(read)
        };
        let Ok(mut judged) = agent.walk(None, vec![("day".into(), day)], 4 * HOUR_MS, &mut lend);
        judged.pop().map(|(_, day)| day)
    };
    let counted = |day: &Day| day.points[&point("co2_ppm")].iter().map(Account::counted_ms).collect::<Vec<_>>();
    let first = account(&note, &samples, Day::new(0, 4 * HOUR_MS)).unwrap();
    assert_eq!(counted(&first), [0, 0, 0, HOUR_MS - 60_000]);
    samples.insert(0, sample(1_800_000, Some(600.0)));
    note.late.push(Stretch { from: 1_800_000, to: Some(1_800_001), revision: 2 });
    note.revision = 2;
    let second = account(&note, &samples, first).unwrap();
    assert_eq!(counted(&second), [1_800_000, HOUR_MS, HOUR_MS, HOUR_MS]);
    assert_eq!(account(&note, &samples, second), None, "nothing is new");
}
