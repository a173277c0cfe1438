//! What holds for every body: what is printed reads back the same, and no bytes panic a reader.

#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected has failed")]

use proptest::prelude::*;
use wire::{Clock, Entry, Fault, Id, Lost, LostReason, PointName, Sample, samples};

fn id() -> impl Strategy<Value = Id> {
    "[a-z0-9-]{1,64}".prop_map(|text| Id::parse(&text).unwrap())
}

fn point() -> impl Strategy<Value = PointName> {
    "[a-z][a-z0-9_]{0,20}_x".prop_map(|text| PointName::parse(&text).unwrap())
}

fn sample() -> impl Strategy<Value = Entry> {
    let clock =
        prop_oneof![Just(Clock::Trusted), any::<u64>().prop_map(|uncertainty_ms| Clock::Uncertain { uncertainty_ms })];
    let fault = prop_oneof![
        proptest::sample::select(Fault::ALL.to_vec()),
        "[ -~]{1,40}".prop_map(|text| Fault::from_wire(&text))
    ];
    let readings =
        proptest::collection::btree_map(point(), prop_oneof![value().prop_map(Ok), fault.prop_map(Err)], 0..20);
    (0..i64::MAX, 1..u64::MAX, id(), id(), clock, readings).prop_map(|(at, seq, spool, boot, clock, readings)| {
        let points = readings.iter().filter_map(|(n, r)| Some((n.clone(), *r.as_ref().ok()?))).collect();
        let faults = readings.iter().filter_map(|(n, r)| Some((n.clone(), r.as_ref().err()?.clone()))).collect();
        Entry::Sample(Sample { at, seq, spool, boot, clock, points, faults })
    })
}

fn value() -> impl Strategy<Value = f64> {
    any::<f64>().prop_filter("a value is finite", |value| value.is_finite())
}

fn lost() -> impl Strategy<Value = Entry> {
    (id(), 1..u64::MAX / 2, 0..u64::MAX / 4, proptest::sample::select(LostReason::ALL.to_vec()))
        .prop_map(|(spool, seq, more, reason)| Entry::Lost(Lost { spool, seq, upto: seq + more, reason }))
}

proptest! {
    #[test]
    fn what_is_printed_reads_back_the_same(entries in proptest::collection::vec(prop_oneof![4 => sample(), 1 => lost()], 1..6)) {
        let body = samples::print(&entries);
        let read = samples::parse(body.as_bytes()).unwrap();
        prop_assert_eq!(read.len(), entries.len());
        for (read, entry) in read.iter().zip(&entries) {
            match (read, entry) {
                (Entry::Sample(read), Entry::Sample(entry)) => {
                    for ((_, read), (_, value)) in read.points.iter().zip(&entry.points) {
                        // A decimal text may be one unit in the last place off.
                        prop_assert!((read - value).abs() <= value.abs() * f64::EPSILON, "{} {}", read, value);
                    }
                    prop_assert_eq!((read.at, read.seq, &read.spool, &read.boot, &read.clock, &read.faults),
                        (entry.at, entry.seq, &entry.spool, &entry.boot, &entry.clock, &entry.faults));
                }
                (read, entry) => prop_assert_eq!(read, entry),
            }
        }
        let (fitted, count) = samples::fit(&entries, wire::BODY_BYTES_MAX);
        prop_assert_eq!(count, entries.len());
        prop_assert_eq!(fitted, body);
    }

    #[test]
    fn no_bytes_panic_a_reader(body in proptest::collection::vec(any::<u8>(), 0..300), text in "\\PC*") {
        for body in [body.as_slice(), text.as_bytes()] {
            let _ = (samples::parse(body), wire::status::parse(body), wire::about::parse(body));
            let _ = (wire::ack::parse(body), wire::command::parse(body), wire::command::parse_outcome(body));
        }
        let _ = wire::Topic::parse(&text);
    }
}
