//! What holds for every body: what is printed reads back the same to the last bit, and no bytes
//! panic a reader.

#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected has failed")]

use proptest::{collection::vec, option, prelude::*};
use serde_json::{Map, Value};
use wire::{
    About, Ack, Clock, Command, Entry, Fault, Id, Lost, LostReason, Outcome, PointAbout, PointName, Sample, State,
    Status, about::SensorAbout, samples,
};

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

/// A text as a body may carry it.
fn text() -> impl Strategy<Value = String> {
    "\\PC{0,60}"
}

fn status() -> impl Strategy<Value = Status> {
    let state = proptest::sample::select(vec![State::Online, State::Stopped, State::Lost]);
    (state, id(), id(), option::of(0..i64::MAX), text()).prop_map(|(state, boot, spool, since, version)| Status {
        state,
        boot,
        spool,
        since,
        version,
    })
}

fn point_about() -> impl Strategy<Value = PointAbout> {
    let number = || option::of(value());
    (text(), number(), number(), number(), option::of(id()), option::of(any::<u8>()), option::of(text())).prop_map(
        |(unit, low, high, period_seconds, asset, precision, sensor)| PointAbout {
            unit,
            low,
            high,
            period_seconds,
            asset,
            precision,
            sensor,
        },
    )
}

fn about() -> impl Strategy<Value = About> {
    let sensor = (text(), text(), text()).prop_map(|(name, driver, place)| SensorAbout { name, driver, place });
    let points = proptest::collection::btree_map(point(), point_about(), 0..8);
    (text(), text(), vec(sensor, 0..4), points).prop_map(|(model, version, sensors, points)| About {
        model,
        version,
        sensors,
        points,
    })
}

/// Arguments of any JSON.
fn map() -> impl Strategy<Value = Map<String, Value>> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        value().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    let value = leaf.prop_recursive(2, 8, 3, |inner| vec(inner, 0..3).prop_map(Value::from));
    vec((text(), value), 0..4).prop_map(|fields| fields.into_iter().collect())
}

proptest! {
    #[test]
    fn what_is_printed_reads_back_the_same(entries in vec(prop_oneof![4 => sample(), 1 => lost()], 1..6)) {
        let body = samples::print(&entries);
        // To the last bit of each number: a value of a spool must not change on its way.
        prop_assert_eq!(&samples::parse(body.as_bytes()).unwrap(), &entries);
        let (fitted, count) = samples::fit(&entries, wire::BODY_BYTES_MAX);
        prop_assert_eq!(count, entries.len());
        prop_assert_eq!(fitted, body);
    }

    #[test]
    fn entries_in_as_many_bodies_as_a_limit_needs_are_the_same_entries(
        entries in vec(prop_oneof![4 => sample(), 1 => lost()], 1..12),
        bytes_max in 1..4000_usize,
    ) {
        let (mut rest, mut read) = (entries.as_slice(), Vec::new());
        while !rest.is_empty() {
            let (body, count) = samples::fit(rest, bytes_max);
            prop_assert!(count >= 1);
            prop_assert!(count == 1 || body.len() <= bytes_max);
            // One more would not have fitted.
            prop_assert!(count == rest.len() || samples::print(&rest[..=count]).len() > bytes_max);
            read.extend(samples::parse(body.as_bytes()).unwrap());
            rest = &rest[count..];
        }
        prop_assert_eq!(read, entries);
    }

    #[test]
    fn small_bodies_read_back_the_same(
        status in status(),
        about in about(),
        (spool, upto, time) in (id(), any::<u64>(), 0..i64::MAX),
        (id, name, args) in (id(), id(), map()),
        (ok, error, data) in (any::<bool>(), option::of(text()), map()),
    ) {
        prop_assert_eq!(wire::status::parse(wire::status::print(&status).as_bytes()).unwrap(), status);
        prop_assert_eq!(wire::about::parse(wire::about::print(&about).as_bytes()).unwrap(), about);
        let ack = Ack { spool, upto, time };
        prop_assert_eq!(wire::ack::parse(wire::ack::print(&ack).as_bytes()).unwrap(), ack);
        let outcome = Outcome { id: id.clone(), ok, error, data };
        let body = wire::command::print_outcome(&outcome);
        prop_assert_eq!(wire::command::parse_outcome(body.as_bytes()).unwrap(), outcome);
        let command = Command { id, name, args };
        prop_assert_eq!(wire::command::parse(wire::command::print(&command).as_bytes()).unwrap(), command);
    }

    #[test]
    fn no_bytes_panic_a_reader(body in vec(any::<u8>(), 0..300), text in "\\PC*") {
        for body in [body.as_slice(), text.as_bytes()] {
            let _ = (samples::parse(body), wire::status::parse(body), wire::about::parse(body));
            let _ = (wire::ack::parse(body), wire::command::parse(body), wire::command::parse_outcome(body));
        }
        let _ = wire::Topic::parse(&text);
    }
}
