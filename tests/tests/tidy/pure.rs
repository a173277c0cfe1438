//! What decides is pure: `collector/src/rules`, `causes`, `measures`, `rounds`, `tickets` and the judging halves of `readiness` and `silence` import `wire`, std, the
//! derives of serde and the vocabulary of `collector/src/episode.rs`, and never name a clock, a
//! socket or a file. So live running, restart and simulation call the same functions.

use std::collections::BTreeMap;

use crate::{
    caught,
    code::{code, crate_modules, is_test, names_library, without_tests},
    none,
    tree::{File, files, root},
};

/// Where decisions are made.
const DECIDING: [&str; 14] = [
    "collector/src/rules/",
    "collector/src/causes/",
    "collector/src/rounds/",
    "collector/src/tickets/",
    "collector/src/episode.rs",
    "collector/src/measures/",
    "collector/src/readiness/assess.rs",
    "collector/src/readiness/warm_up.rs",
    "collector/src/silence/account.rs",
    "collector/src/silence/hour.rs",
    "collector/src/silence/judge.rs",
    "collector/src/silence/note.rs",
    "collector/src/silence/notes.rs",
    "collector/src/silence/spans.rs",
];

/// Files below those folders that decide nothing, or name one more thing: path, what, why.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("collector/src/measures/facts.rs", "packs", "the bands of rules, as they were loaded"),
    ("collector/src/measures/facts.rs", "rules", "when a band matters"),
    ("collector/src/measures/facts.rs", "venues", "kinds, hours and rooms, as they were read"),
    ("collector/src/measures/readiness.rs", "config", "words: the language"),
    ("collector/src/measures/readiness.rs", "readiness", "a report and its words"),
    ("collector/src/measures/silence.rs", "silence", "an account as it is stored"),
    ("collector/src/measures/snapshot.rs", "ledger", "severities as numbers"),
    ("collector/src/measures/snapshot.rs", "live", "the present as it is shown"),
    ("collector/src/measures/snapshot.rs", "readiness", "how rooms stand"),
    ("collector/src/measures/snapshot.rs", "register", "how extinguishers stand"),
    ("collector/src/measures/snapshot.rs", "tickets", "open tickets"),
    ("collector/src/measures/ticket.rs", "config", "words: the language"),
    ("collector/src/measures/ticket.rs", "tickets", "a ticket's history and its words"),
    ("collector/src/readiness/assess.rs", "rules", "what rules will ask for at opening"),
    ("collector/src/readiness/assess.rs", "tickets", "where an open ticket stands"),
    ("collector/src/rounds/plan.rs", "jiff", "wall times of plans"),
    ("collector/src/rounds/plan.rs", "packs", "lengths of time as people write them"),
    ("collector/src/rounds/plan.rs", "toml", "the built-in rounds, as people write them"),
    ("collector/src/rounds/plan.rs", "venues", "rounds as the files of venues have them"),
    ("collector/src/rounds/plans.rs", "jiff", "business dates"),
    ("collector/src/rounds/plans.rs", "venues", "the calendar of each venue"),
    ("collector/src/rounds/record.rs", "ledger", "a round as a document; decides nothing"),
    ("collector/src/rounds/record.rs", "serde_json", "the same"),
    ("collector/src/rounds/record.rs", "tracing", "says which document cannot be read"),
    ("collector/src/rounds/refusal.rs", "serde_json", "a refusal's own JSON, so that print and read stand together"),
    ("collector/src/rounds/text.rs", "config", "words: the language"),
    ("collector/src/rounds/text.rs", "texts", "words: sentences in both languages"),
    ("collector/src/rounds/text.rs", "tickets", "words: instants as tickets show them"),
    ("collector/src/rounds/text.rs", "venues", "words: names and zones"),
    ("collector/src/rounds/when.rs", "jiff", "the calendar of a zone is arithmetic; the instant is an argument"),
    ("collector/src/rounds/when.rs", "venues", "when a venue is open is arithmetic too"),
    ("collector/src/tickets/cause.rs", "texts", "words: causes and symptoms"),
    ("collector/src/tickets/refusal.rs", "serde_json", "a refusal's own JSON, so that print and read stand together"),
    ("collector/src/tickets/cause.rs", "config", "words: the language"),
    ("collector/src/tickets/figures.rs", "config", "words: the language"),
    ("collector/src/tickets/figures.rs", "packs", "words: what the rule expects"),
    ("collector/src/tickets/figures.rs", "rules", "words: what the number of a kind is"),
    ("collector/src/tickets/figures.rs", "texts", "words: sentences in both languages"),
    ("collector/src/tickets/text.rs", "config", "words: the language"),
    ("collector/src/tickets/text.rs", "jiff", "words: instants as a clock on the wall shows them"),
    ("collector/src/tickets/text.rs", "packs", "words: titles and hints of rules"),
    ("collector/src/tickets/text.rs", "rules", "words: the limit that was left"),
    ("collector/src/tickets/text.rs", "texts", "words: sentences in both languages"),
    ("collector/src/tickets/text.rs", "venues", "words: names and zones"),
    ("collector/src/tickets/until.rs", "config", "words: the language"),
    ("collector/src/tickets/until.rs", "texts", "words: limits, waits and windows"),
];

/// Modules of the collector that those who decide may name besides their own.
const VOCABULARY: [&str; 1] = ["episode"];

/// Libraries that those who decide may name.
const LIBRARIES: [&str; 2] = ["wire", "serde"];

/// What std has and a decision must not: clocks, files, sockets, threads, the environment.
const IMPURE: [&str; 10] = [
    "SystemTime",
    "Instant",
    "std::fs",
    "std::net",
    "std::io",
    "std::env",
    "std::thread",
    "std::process",
    "std::os",
    "println!",
];

/// Libraries of the collector as code names them.
fn libraries() -> Vec<String> {
    let manifest = std::fs::read_to_string(root().join("collector/Cargo.toml")).unwrap();
    let manifest: toml::Table = toml::from_str(&manifest).unwrap();
    let tables: BTreeMap<String, toml::Value> = manifest["dependencies"].clone().try_into().unwrap();
    tables.keys().map(|name| name.replace('-', "_")).collect()
}

fn impurities(files: &[File], libraries: &[String], exceptions: &[(&str, &str, &str)]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files.iter().filter(|file| DECIDING.iter().any(|d| file.path.starts_with(d)) && !is_test(&file.path)) {
        let whole = code(&file.text);
        let code = without_tests(&whole);
        let own = file.path.trim_start_matches("collector/src/").split(['/', '.']).next().unwrap();
        let mut named: Vec<String> = crate_modules(&file.path, code);
        named.retain(|module| module != own && !VOCABULARY.contains(&module.as_str()));
        named.extend(libraries.iter().filter(|l| !LIBRARIES.contains(&l.as_str()) && names_library(code, l)).cloned());
        named.extend(IMPURE.iter().filter(|word| code.contains(**word)).map(|word| (*word).to_owned()));
        named.sort();
        named.dedup();
        for what in named {
            if !exceptions.iter().any(|(path, excused, _)| file.path == *path && *excused == what) {
                complaints.push(format!("`{}` decides and names `{what}`", file.path));
            }
        }
    }
    complaints
}

#[test]
fn what_decides_names_no_clock_no_socket_and_no_file() {
    let (files, libraries) = (files(".rs"), libraries());
    none(&impurities(&files, &libraries, EXCEPTIONS));
    for (i, (path, what, why)) in EXCEPTIONS.iter().enumerate() {
        let rest = [&EXCEPTIONS[..i], &EXCEPTIONS[i + 1..]].concat();
        assert!(!impurities(&files, &libraries, &rest).is_empty(), "`{path}` need not name `{what}` ({why})");
    }
}

#[test]
fn an_impure_decision_is_caught() {
    let cases = [
        ("use std::time::SystemTime;", "`SystemTime`"),
        ("let bytes = std::fs::read(path);", "`std::fs`"),
        ("use crate::{episode::Seen, ledger::Commit};", "`ledger`"),
        ("use jiff::Timestamp;", "`jiff`"),
        ("tracing::info!(x);", "`tracing`"),
    ];
    for (text, word) in cases {
        caught(&impurities(&[File::planted("collector/src/rules/step.rs", text)], &libraries(), &[]), word);
    }
    let good = "use std::collections::BTreeMap;\nuse crate::episode::Seen;\nuse super::State;\nuse serde::Serialize;";
    none(&impurities(&[File::planted("collector/src/rules/step.rs", good)], &libraries(), &[]));
}
