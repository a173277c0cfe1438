//! Every file of known mistakes is given to the real program: it ends with 78 (`EX_CONFIG` of
//! sysexits.h, which the systemd units treat as final) and says what the file beside it says.

#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected has failed")]

use std::{path::Path, process::Command};

use tests::program;

/// `EX_CONFIG`: something was found in an unconfigured or misconfigured state.
const EX_CONFIG: i32 = 78;

/// Runs `program() run` on each `*.toml` of `folder`, in that folder.
fn check(folder: &str, program: fn() -> Command) {
    let folder = program::workspace().join(folder);
    let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    assert!(files.len() >= 10, "`{}` holds {} mistakes", folder.display(), files.len());
    for file in files {
        for verb in ["run", "check"] {
            refuses(verb, &folder, &file, program());
        }
    }
}

fn refuses(verb: &str, folder: &Path, file: &Path, mut command: Command) {
    let expected = std::fs::read_to_string(file.with_extension("txt")).unwrap();
    command.current_dir(folder).env("LC_ALL", "en_US.UTF-8").env("LANG", "en_US.UTF-8");
    let output = command.args([verb, "--config"]).arg(file.file_name().unwrap()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(EX_CONFIG), "{verb} {}: {said}", file.display());
    assert!(said.contains(expected.trim()), "{verb} {}\nsaid:\n{said}\nand not:\n{expected}", file.display());
}

#[test]
fn the_agent_explains_each_mistake() {
    check("agent/tests/bad-config", program::agent);
}

#[test]
fn the_collector_explains_each_mistake() {
    check("collector/tests/bad-config", program::collector);
}
