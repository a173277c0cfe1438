//! The encoder against a reader that was written apart from it.

use proptest::prelude::*;

use super::*;
use crate::measures::read::Value;

proptest! {
    #[test]
    fn whatever_is_written_reads_back(
        measurement in "[ -~é房]{1,12}",
        tags in prop::collection::btree_map("[a-z ,=\\\\]{1,8}", "[ -~é房\n]{0,12}", 0..4),
        numbers in prop::collection::btree_map("n[a-z ,=]{0,8}", any::<f64>(), 0..4),
        texts in prop::collection::btree_map("t[a-z ,=]{0,8}", "[ -~é房\n\r\u{0}]{0,20}", 0..4),
        at in any::<i64>(),
        below in any::<i64>(),
    ) {
        let mut out = String::from("before\n");
        let mut line = Line::begin(&mut out, &measurement);
        for (key, value) in &tags {
            line.tag(key, value);
        }
        for (key, value) in &numbers {
            line.number(key, *value);
        }
        for (key, value) in &texts {
            line.text(key, value);
        }
        let is_line = line.end(at, below);
        let finite = numbers.values().filter(|value| value.is_finite()).count();
        prop_assert_eq!(is_line, finite + texts.len() > 0);
        prop_assert!(out.starts_with("before\n") && out.ends_with('\n'));
        prop_assert_eq!(out.lines().count(), 1 + usize::from(is_line));
        if !is_line {
            return Ok(());
        }
        let name = |text: &str| text.replace(['\\', '\n'], "_");
        // Two keys may become one where a backslash was in them: then nobody can read both back.
        prop_assume!(tags.keys().map(|k| name(k)).collect::<std::collections::BTreeSet<_>>().len() == tags.len());
        let found = parse(out.lines().last().unwrap());
        prop_assert!(found.is_some(), "{:?}", out);
        let found = found.unwrap();
        prop_assert_eq!(found.measurement, name(&measurement));
        let full = tags.iter().filter(|(_, value)| !value.is_empty());
        prop_assert_eq!(found.tags, full.map(|(k, v)| (name(k), name(v))).collect());
        let mut fields: std::collections::BTreeMap<String, Value> = numbers
            .iter()
            .filter(|(_, value)| value.is_finite())
            .map(|(key, value)| (key.clone(), Value::Number(*value)))
            .collect();
        let flat = |text: &str| text.replace(|c: char| c.is_control(), " ");
        fields.extend(texts.iter().map(|(key, value)| (key.clone(), Value::Text(flat(value)))));
        prop_assert_eq!(found.fields, fields);
    }
}

#[test]
fn numbers_are_never_integers_and_never_out_of_reach() {
    let check = |value: f64, expected: &str| {
        let mut out = String::new();
        let mut line = Line::begin(&mut out, "m");
        line.number("f", value);
        line.end(1, 0);
        assert_eq!(out, expected);
    };
    check(20.0, "m f=20.0 1000000\n");
    check(-0.25, "m f=-0.25 1000000\n");
    check(1e16, "m f=1.0e16 1000000\n");
    check(1.5e300, "m f=1.5e300 1000000\n");
    check(1e-7, "m f=1.0e-7 1000000\n");
    check(f64::NAN, "");
    check(f64::INFINITY, "");
}

#[test]
fn instants_beyond_what_a_database_holds_go_to_its_edge() {
    let at = |at| {
        let mut out = String::new();
        let mut line = Line::begin(&mut out, "m");
        line.flag("f", true);
        line.end(at, 0);
        parse(out.trim_end()).unwrap().time_ns
    };
    assert_eq!((at(i64::MIN), at(i64::MAX)), (i64::MIN + 2, i64::MAX - 1));
}

#[test]
fn the_reader_refuses_what_a_strict_server_would() {
    assert!(parse("m,t=a f=1.0 5").is_some());
    for bad in [
        "m f=1 5",
        "m f=1.0",
        "m f=1.0 x",
        "m 5",
        "m,t= f=1.0 5",
        "m,t=a,t=b f=1.0 5",
        "m f=1.0,f=2.0 5",
        "m f=\"a 5",
        ",t=a f=1.0 5",
        "m f=NaN 5",
        "m f=t 5",
        "",
    ] {
        assert_eq!(parse(bad), None, "{bad}");
    }
}
