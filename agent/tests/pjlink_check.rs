//! The program with a projector: what `check` finds of it, what it says of a wrong password, and that the
//! password shows nowhere.
#![allow(clippy::unwrap_used)]

#[path = "support/projector.rs"]
mod projector;

use std::{path::PathBuf, process::Command};

use projector::{Projector, State};

const PASSWORD: &str = "hush-hush";

fn locked() -> Projector {
    Projector::start(State { password: Some(PASSWORD.into()), power: '0', ..State::default() })
}

/// A configuration that asks `projector` with `password`, in a folder of its own.
fn config(projector: &Projector, password: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("agent.toml");
    let text = format!(
        "venue = \"v\"\nroom = \"r\"\nagent = \"a\"\n[[sensor]]\nname = \"beamer\"\nasset = \"projector\"\n\
         driver = \"pjlink\"\nhost = \"127.0.0.1\"\nport = {}\npassword = \"{password}\"\n",
        projector.port
    );
    std::fs::write(&path, text).unwrap();
    (folder, path)
}

/// What the program prints, its log included, and its exit code.
fn agent(arguments: &[&str], config: &PathBuf) -> (String, Option<i32>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hallwatch-agent"));
    for name in ["LC_ALL", "LC_MESSAGES", "LANG", "HALLWATCH_LOG", "JOURNAL_STREAM"] {
        command.env_remove(name);
    }
    let output = command.args(arguments).args(["--log", "trace", "--config"]).arg(config).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8(text).unwrap();
    assert!(!text.contains(PASSWORD), "{text}");
    (text, output.status.code())
}

#[test]
fn check_says_what_answered_and_what_it_says() {
    let projector = locked();
    let (_folder, path) = config(&projector, PASSWORD);
    let (text, code) = agent(&["check"], &path);
    assert_eq!(code, Some(0), "{text}");
    for word in ["Hallwatch HW-4352 \"K01 投影\" PJLink class 2", "projector_power_state", "projector_filter_hours"] {
        assert!(text.contains(word), "{word} in\n{text}");
    }
    assert!(text.contains("all 1 sensors answer"), "{text}");
}

#[test]
fn a_wrong_password_is_named_with_a_way_out_in_both_languages() {
    let projector = locked();
    let (_folder, path) = config(&projector, "wall");
    for (language, words) in [
        ("en", ["refuses the password", "hint: `password` or `password_file`"]),
        ("zh-CN", ["权限不足", "提示：`password` 或 `password_file`"]),
    ] {
        let (text, code) = agent(&["check", "--lang", language], &path);
        assert_eq!(code, Some(1), "{text}");
        for word in words {
            assert!(text.contains(word), "{word} in\n{text}");
        }
    }
}

#[test]
fn the_configuration_is_printed_with_a_mask() {
    let projector = locked();
    let (_folder, path) = config(&projector, PASSWORD);
    let (text, code) = agent(&["config"], &path);
    assert_eq!(code, Some(0), "{text}");
    for line in ["password = \"********\"", "timeout = \"4s\"", "lamp_timeout = \"10s\""] {
        assert!(text.contains(line), "{line} in\n{text}");
    }
}
