//! The rules of the house that a program can check: who may import whom, which library has which
//! door, what every file looks like, what no file may name, and that documents agree with each
//! other and with the tree. Reads the tracked files of this repository and changes none.
//!
//! Each check is a pure function from texts to complaints, and each is shown to complain about a
//! planted mistake, or its silence would prove nothing. What the crates check themselves is not
//! repeated here: that `agent/agent.toml` and `collector/collector.toml` equal the defaults and
//! that their examples are valid stands in `agent/tests/config.rs` and `collector/tests/config.rs`,
//! that every shipped rule is in the runbook in `collector/src/packs/tests.rs`.
#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected has failed")]

#[path = "tidy/code.rs"]
mod code;
#[path = "tidy/coverage.rs"]
mod coverage;
#[path = "tidy/crates.rs"]
mod crates;
#[path = "tidy/documents.rs"]
mod documents;
#[path = "tidy/doors.rs"]
mod doors;
#[path = "tidy/files.rs"]
mod files;
#[path = "tidy/names.rs"]
mod names;
#[path = "tidy/pure.rs"]
mod pure;
#[path = "tidy/stages.rs"]
mod stages;
#[path = "tidy/tree.rs"]
mod tree;

/// Fails with every complaint, not only the first.
#[track_caller]
fn none(complaints: &[String]) {
    assert!(complaints.is_empty(), "{} complaints:\n{}", complaints.len(), complaints.join("\n"));
}

/// Fails unless exactly one complaint names `word`: the check caught the planted mistake.
#[track_caller]
fn caught(complaints: &[String], word: &str) {
    assert!(complaints.len() == 1 && complaints[0].contains(word), "`{word}` is not what was caught: {complaints:?}");
}
