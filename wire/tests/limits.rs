//! Sizes that a body may have: each limit is reached without a refusal and passed with one.

#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected has failed")]

use wire::{Error, about, about::SENSORS_MAX, sample::SAMPLE_POINTS_MAX, samples, status};

/// Checks that `body(max)` is read and that `body(max + 1)` is refused at `path`.
#[track_caller]
fn check<T: std::fmt::Debug>(
    body: impl Fn(usize) -> String,
    parse: impl Fn(&[u8]) -> Result<T, Error>,
    max: usize,
    path: &str,
) {
    parse(body(max).as_bytes()).unwrap();
    match parse(body(max + 1).as_bytes()).unwrap_err() {
        Error::BadValue { path: found, .. } => assert_eq!(found, path),
        other => panic!("{other}"),
    }
}

fn list(count: usize, item: impl Fn(usize) -> String) -> String {
    (0..count).map(item).collect::<Vec<_>>().join(",")
}

#[test]
fn a_sample_carries_so_many_values_and_faults_together() {
    let sample = |values: usize, faults: usize| {
        let values: String = (0..values).map(|i| format!(r#","v{i}":{i}"#)).collect();
        let faults = list(faults, |i| format!(r#""f{i}":"stuck""#));
        format!(r#"{{"at":1,"seq":1,"spool":"s","boot":"b","clock":1{values},"faults":{{{faults}}}}}"#)
    };
    check(|count| sample(count, 0), samples::parse, SAMPLE_POINTS_MAX, "");
    check(|count| sample(0, count), samples::parse, SAMPLE_POINTS_MAX, "");
    check(|count| sample(100, count - 100), samples::parse, SAMPLE_POINTS_MAX, "");
    check(|count| format!("[{},{}]", sample(1, 1), sample(count, 0)), samples::parse, SAMPLE_POINTS_MAX, "[1]");
}

#[test]
fn an_agent_describes_so_many_sensors_and_points() {
    let about = |sensors: usize, points: usize| {
        let sensors = list(sensors, |i| format!(r#"{{"name":"s{i}","driver":"d"}}"#));
        let points = list(points, |i| format!(r#""p{i}":{{"unit":"Cel"}}"#));
        format!(r#"{{"model":"m","version":"1","sensors":[{sensors}],"points":{{{points}}}}}"#)
    };
    check(|count| about(count, 0), about::parse, SENSORS_MAX, "sensors");
    check(|count| about(0, count), about::parse, SAMPLE_POINTS_MAX, "points");
}

#[test]
fn a_text_has_so_many_characters_whatever_their_bytes() {
    for letter in ["x", "房"] {
        let version =
            |count| format!(r#"{{"state":"lost","boot":"b","spool":"s","version":"{}"}}"#, letter.repeat(count));
        check(version, status::parse, 256, "version");
        let fault = |count| {
            let reason = letter.repeat(count);
            format!(r#"{{"at":1,"seq":1,"spool":"s","boot":"b","clock":1,"faults":{{"co2_ppm":"{reason}"}}}}"#)
        };
        check(fault, samples::parse, 256, "faults.co2_ppm");
    }
}

#[test]
fn a_body_reaches_its_limit_and_not_a_byte_more() {
    let body = |bytes: usize| {
        let body = r#"{"spool":"s","seq":1,"upto":1,"lost":"evicted"}"#;
        format!("{body}{}", " ".repeat(bytes - body.len()))
    };
    assert!(samples::parse(body(wire::BODY_BYTES_MAX).as_bytes()).is_ok());
    let over = body(wire::BODY_BYTES_MAX + 1);
    assert_eq!(samples::parse(over.as_bytes()), Err(Error::TooLarge { bytes: over.len() }));
}
