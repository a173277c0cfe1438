//! The readers of the wire. What each accepts is printed and read again, and must be the same.

use std::{fmt::Debug, path::Path};

use wire::{Entry, Topic, about, ack, command, samples, status};

use super::{Target, json, text};
use crate::program;

/// Name, seeds and reader of a body.
type Body = (&'static str, fn() -> Vec<Vec<u8>>, fn(&[u8]) -> bool);

/// Every reader of the wire.
#[must_use]
pub fn targets() -> Vec<Target> {
    let bodies: [Body; 6] = [
        ("wire_samples", || seeds("samples"), read_samples),
        ("wire_status", || seeds("status"), read_status),
        ("wire_about", || seeds("about"), read_about),
        ("wire_ack", || seeds("ack"), read_ack),
        ("wire_command", || seeds("command"), read_command),
        ("wire_result", || seeds("result"), read_result),
    ];
    let topic = Target { name: "wire_topic", seeds: topics, mutate: text::mutate, run: read_topic };
    let bodies = bodies.into_iter().map(|(name, seeds, run)| Target { name, seeds, mutate: json::mutate, run });
    bodies.chain([topic]).collect()
}

/// One body of each kind, for shapes that no released file has.
const BODIES: [(&str, &str); 8] = [
    (
        "samples",
        r#"{"at":1763880000123,"seq":4711,"spool":"k3f9x0q2","boot":"7c1e04aa","clock":1,"temperature_celsius":20.4,"humidity_percent":41.2,"co2_ppm":612,"faults":{"illuminance_lux":"no_response"}}"#,
    ),
    (
        "samples",
        r#"[{"at":1763880000123,"seq":1,"spool":"a","boot":"b","clock":0,"uncertainty_ms":86400000,"door_open":0},{"spool":"a","seq":2,"upto":9,"lost":"never_durable"},{"at":1763880001123,"seq":10,"spool":"a","boot":"b","clock":1,"door_open":1}]"#,
    ),
    ("status", r#"{"state":"online","boot":"7c1e04aa","spool":"k3f9x0q2","since":1763880000123,"version":"0.1.0"}"#),
    ("status", r#"{"state":"lost","boot":"7c1e04aa","spool":"k3f9x0q2","version":"0.1.0"}"#),
    (
        "about",
        r#"{"model":"Raspberry Pi 4","version":"0.1.0","sensors":[{"name":"air","driver":"sht4x","place":"i2c-1 0x44"}],"points":{"temperature_celsius":{"unit":"Cel","low":-40.0,"high":125.0,"period_seconds":10.0,"precision":2,"sensor":"air"}}}"#,
    ),
    ("ack", r#"{"spool":"k3f9x0q2","upto":4711,"time":1763880000456}"#),
    ("command", r#"{"id":"c1","name":"identify","args":{"seconds":5}}"#),
    ("result", r#"{"id":"c1","ok":false,"error":"unknown command","data":{"known":["identify"]}}"#),
];

/// Bodies of one kind: those above, and the released files whose names begin with it.
fn seeds(kind: &str) -> Vec<Vec<u8>> {
    let own = BODIES.iter().filter(|(name, _)| *name == kind);
    let mut found: Vec<Vec<u8>> = own.map(|(_, body)| body.as_bytes().to_vec()).collect();
    collect(&program::workspace().join("wire/golden"), kind, &mut found);
    found
}

fn collect(folder: &Path, kind: &str, found: &mut Vec<Vec<u8>>) {
    let mut paths: Vec<_> = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path()).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        // Files that are refused have a folder of their own, and are no seeds.
        if name.starts_with(kind) && name.ends_with(".json") {
            found.extend(std::fs::read(&path));
        }
    }
}

fn topics() -> Vec<Vec<u8>> {
    ["samples", "status", "about", "ack", "command", "result"]
        .iter()
        .map(|channel| format!("hallwatch/v1/nanshan/k01/pi-7/{channel}").into_bytes())
        .collect()
}

/// Reads, prints and reads again.
fn twice<T: PartialEq + Debug, E: Debug>(
    input: &[u8],
    parse: impl Fn(&[u8]) -> Result<T, E>,
    print: impl Fn(&T) -> String,
) -> Option<T> {
    let first = parse(input).ok()?;
    let printed = print(&first);
    let second = parse(printed.as_bytes()).expect("what is printed can be read");
    assert_eq!(first, second, "printed as {printed}");
    Some(first)
}

/// Reads a `samples` body.
#[must_use]
pub fn read_samples(input: &[u8]) -> bool {
    // Printing is only promised for what fits a body again, which numbers of many digits may not.
    let Ok(entries) = samples::parse(input) else { return false };
    for entry in &entries {
        let (first, last) = entry.seqs();
        assert!(first <= last, "{entry:?}");
        if let Entry::Sample(sample) = entry {
            assert!(sample.points.iter().all(|(_, value)| value.is_finite()), "{sample:?}");
            assert!(sample.points.iter().all(|(name, _)| sample.faults.iter().all(|(fault, _)| name != fault)));
        }
    }
    if samples::print(&entries).len() <= wire::BODY_BYTES_MAX {
        return twice(input, samples::parse, |entries| samples::print(entries)).is_some();
    }
    true
}

/// Reads a `status` body.
#[must_use]
pub fn read_status(input: &[u8]) -> bool {
    twice(input, status::parse, status::print).is_some()
}

/// Reads an `about` body.
#[must_use]
pub fn read_about(input: &[u8]) -> bool {
    twice(input, about::parse, about::print).is_some()
}

/// Reads an `ack` body.
#[must_use]
pub fn read_ack(input: &[u8]) -> bool {
    twice(input, ack::parse, ack::print).is_some()
}

/// Reads a `command` body.
#[must_use]
pub fn read_command(input: &[u8]) -> bool {
    twice(input, command::parse, command::print).is_some()
}

/// Reads a `result` body.
#[must_use]
pub fn read_result(input: &[u8]) -> bool {
    twice(input, command::parse_outcome, command::print_outcome).is_some()
}

/// Reads a topic.
#[must_use]
pub fn read_topic(input: &[u8]) -> bool {
    let Ok(input) = std::str::from_utf8(input) else { return false };
    let Ok(topic) = Topic::parse(input) else { return false };
    assert_eq!(topic.to_string(), input, "a topic has one spelling");
    true
}
