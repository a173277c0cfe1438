//! What `deploy/` ships is taken as the programs it is for take it: compose, mosquitto, shells, promtool and
//! the collector. No container is started; what only a container engine could tell stays untried.

#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected has failed")]

#[path = "deploy/broker.rs"]
mod broker;
#[path = "deploy/compose.rs"]
mod compose;
#[path = "deploy/metrics.rs"]
mod metrics;
#[path = "deploy/page.rs"]
mod page;
#[path = "deploy/site.rs"]
mod site;

use std::{path::Path, process::Command};

use serde_json::Value;
use tests::program;

/// A file of `deploy/`.
fn read(name: &str) -> String {
    let path = program::workspace().join("deploy").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("`{}`: {error}", path.display()))
}

/// A YAML file of `deploy/`, as Debian's Python reads it.
fn yaml(name: &str) -> Value {
    let path = program::workspace().join("deploy").join(name);
    let script = "import json,sys,yaml; json.dump(yaml.safe_load(open(sys.argv[1])), sys.stdout)";
    let output = run(Command::new("/usr/bin/python3").args(["-c", script]).arg(&path));
    serde_json::from_str(&output).unwrap()
}

/// Runs it and gives its standard output; anything but success fails the test.
#[track_caller]
fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} ended with {}:\n{said}{complained}", output.status);
    said
}

/// Copies a folder with everything in it.
fn copy(from: &Path, to: &Path) {
    run(Command::new("cp").arg("-r").arg(from).arg(to));
}
