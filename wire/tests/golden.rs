//! Released shapes: each file of `golden` reads and prints as it is, each of `golden/refused` is
//! refused with the very message beside it. Add files, never edit one; `HALLWATCH_BLESS=1` writes the
//! messages that are missing.

#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected has failed")]

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::Value;
use wire::{Error, about, ack, command, samples, status};

/// Reads a body by the kind that its file's name begins with, and prints it again.
fn read_and_print(name: &str, body: &[u8]) -> Result<String, Error> {
    match name.split(['-', '.']).next() {
        Some("sample" | "samples") => samples::parse(body).map(|entries| samples::print(&entries)),
        Some("status") => status::parse(body).map(|body| status::print(&body)),
        Some("about") => about::parse(body).map(|body| about::print(&body)),
        Some("ack") => ack::parse(body).map(|body| ack::print(&body)),
        Some("command") => command::parse(body).map(|body| command::print(&body)),
        Some("result") => command::parse_outcome(body).map(|body| command::print_outcome(&body)),
        other => panic!("`{name}`: no body is named {other:?}"),
    }
}

fn files(folder: &str, end: &str) -> BTreeMap<String, Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.filter(|path| path.extension().is_some_and(|found| found == end));
    files.map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(&path).unwrap())).collect()
}

#[test]
fn every_released_shape_reads_and_prints_as_it_is() {
    let files = files("golden", "json");
    assert!(files.len() >= 14);
    for (name, body) in files {
        let printed = read_and_print(&name, &body).unwrap_or_else(|error| panic!("`{name}`: {error}"));
        assert_eq!(printed, String::from_utf8(body).unwrap(), "`{name}`");
    }
}

#[test]
fn every_refused_shape_is_refused_with_its_message() {
    let bodies = files("golden/refused", "json");
    let mut messages = files("golden/refused", "txt");
    if std::env::var_os("HALLWATCH_BLESS").is_some() {
        for (name, body) in &bodies {
            let name_of_message = name.replace(".json", ".txt");
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/refused").join(&name_of_message);
            messages.entry(name_of_message).or_insert_with(|| {
                let message = format!("{}\n", read_and_print(name, body).expect_err(name));
                fs::write(path, &message).unwrap();
                message.into_bytes()
            });
        }
    }
    assert_eq!(bodies.len(), messages.len(), "a message for each");
    for (name, body) in bodies {
        let error = read_and_print(&name, &body).expect_err(&name).to_string();
        let message = &messages[&name.replace(".json", ".txt")];
        assert_eq!(error, String::from_utf8_lossy(message).trim_end(), "`{name}`");
    }
}

#[test]
fn a_sample_is_flat_numbers_but_for_its_header_and_its_faults() {
    let mut seen = 0;
    for (name, body) in files("golden", "json") {
        if !name.starts_with("sample") {
            continue;
        }
        let body: Value = serde_json::from_slice(&body).unwrap();
        let entries = body.as_array().cloned().unwrap_or_else(|| vec![body]);
        for entry in entries.iter().filter(|entry| entry.get("lost").is_none()) {
            seen += 1;
            for (key, value) in entry.as_object().unwrap() {
                match key.as_str() {
                    "spool" | "boot" => assert!(value.is_string(), "`{name}`: `{key}`"),
                    "faults" => assert!(value.as_object().unwrap().values().all(Value::is_string), "`{name}`"),
                    _ => assert!(value.is_number(), "`{name}`: `{key}`"),
                }
            }
        }
    }
    assert!(seen >= 6);
}

#[test]
fn unknown_fields_of_later_versions_are_tolerated() {
    let later = r#"{"at":1,"seq":1,"spool":"s","boot":"b","clock":1,"co2_ppm":5,"_note":{"by":["a"]}}"#;
    assert_eq!(samples::parse(later.as_bytes()).unwrap().len(), 1);
    let later = r#"{"state":"online","boot":"b","spool":"s","version":"9","mood":{"good":true}}"#;
    assert!(status::parse(later.as_bytes()).is_ok());
    assert!(ack::parse(br#"{"spool":"s","upto":1,"time":1,"next":[1]}"#).is_ok());
}

#[test]
fn a_body_over_the_limit_is_refused_unread() {
    let body = vec![b'x'; wire::BODY_BYTES_MAX + 1];
    assert_eq!(samples::parse(&body), Err(Error::TooLarge { bytes: body.len() }));
    assert_eq!(about::parse(&body), Err(Error::TooLarge { bytes: body.len() }));
}
