//! Two public clients of PJLink from the Python package index read the tests' projector and must find what
//! the probe finds: the projector is one not only to its author. They are installed into the build's own
//! folder, which needs `python3` with `venv` and, once, the index.
#![allow(clippy::unwrap_used)]

#[path = "support/projector.rs"]
mod projector;

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

use agent::{
    config::Secret,
    driver::{
        Measured, Probe,
        probe::pjlink::{Pjlink, Settings},
    },
};
use projector::{Habit, Projector, State};

/// The clients, as they were tried.
const PACKAGES: [&str; 2] = ["aiopjlink==1.0.5", "pypjlink2==1.2.2"];

/// Runs a program to its end and returns what it said.
fn run(command: &mut Command, hint: &str) -> String {
    let shown = format!("{command:?}");
    let output = command.output().unwrap_or_else(|error| panic!("{shown}: {error}\nhint: {hint}"));
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{shown} failed\n{out}{err}\nhint: {hint}");
    out.into_owned()
}

/// The Python that has the clients; installs them the first time, one test at a time.
fn python() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pjlink-clients");
    fs::create_dir_all(&folder).unwrap();
    let lock = File::create(folder.join("lock")).unwrap();
    lock.lock().unwrap();
    let (venv, ready) = (folder.join("venv"), folder.join("ready"));
    let python = venv.join("bin/python");
    if fs::read_to_string(&ready).is_ok_and(|text| text == PACKAGES.join(" ")) && python.exists() {
        return python;
    }
    let hint = "tests/run installs python3 and python3-venv; the clients come from the Python package index";
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&venv), hint);
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    run(Command::new(&python).args(install).args(PACKAGES), hint);
    fs::write(ready, PACKAGES.join(" ")).unwrap();
    python
}

/// What a client says about a projector, a line each.
fn ask(client: &str, projector: &Projector, password: &str) -> Vec<String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/pjlink_clients.py");
    let port = projector.port.to_string();
    let mut command = Command::new(python());
    command.env("PYTHONIOENCODING", "utf-8").arg("-B").arg(script).args([client, &port, password]);
    run(&mut command, "the projector of the tests does not speak PJLink as others do").lines().map(Into::into).collect()
}

/// What the probe says, in the same words; only what class 1 knows where asked so.
fn probe(projector: &Projector, password: &str, class_1: bool) -> Vec<String> {
    let password = Some(password).filter(|password| !password.is_empty()).map(Secret::new);
    let mut probe = Pjlink::new(Settings { port: projector.port, password, ..Settings::new("127.0.0.1") });
    let measured = probe.read().unwrap();
    let is_shared = |m: &&Measured| !["reachable", "latency_ms", "device_failed"].contains(&&*m.quantity);
    let is_known = |m: &&Measured| !class_1 || !["input_signal", "filter_hours"].contains(&&*m.quantity);
    let mut lines: Vec<String> = (measured.iter().filter(is_shared).filter(is_known))
        .map(|m| format!("{} {}", m.quantity, m.value.clone().unwrap()))
        .collect();
    lines.push(format!("identity {}", probe.identity().unwrap()));
    lines
}

fn rooms() -> [State; 4] {
    let healthy = State::default();
    let ailing =
        State { errors: "012012".into(), lamps: "8253 1 13442 0".into(), mute: "31".into(), ..State::default() };
    let dark = State { resolution: "-".into(), mute: "11".into(), ..State::default() };
    let asleep = State { power: '0', lamps: "1234 0".into(), ..State::default() };
    [healthy, ailing, dark, asleep]
}

#[test]
fn a_client_of_class_2_finds_what_the_probe_finds() {
    for state in rooms() {
        for password in ["", "JBMIAProjectorLink"] {
            let password_set = (!password.is_empty()).then(|| password.to_owned());
            let projector = Projector::start(State { password: password_set, ..state.clone() });
            let expected = probe(&projector, password, false);
            let mut found = ask("aiopjlink", &projector, password);
            if state.power == '1' {
                assert_eq!(found.split_off(found.len() - 2), ["ordered True 32", "inputs 6"]);
                assert_eq!(projector.state().input, "32");
            }
            assert_eq!(found, expected, "{state:?}");
        }
    }
}

#[test]
fn a_client_of_class_1_finds_what_the_probe_finds() {
    for state in rooms() {
        let projector = Projector::start(State { class: 1, password: Some("hall".into()), ..state.clone() });
        let expected = probe(&projector, "hall", true);
        let mut found = ask("pypjlink", &projector, "hall");
        if state.power == '1' {
            assert_eq!(found.pop().as_deref(), Some("ordered off"));
            assert_eq!(projector.state().power, '0');
        }
        assert_eq!(found, expected, "{state:?}");
    }
}

#[test]
fn both_clients_are_refused_with_a_wrong_password() {
    for client in ["aiopjlink", "pypjlink"] {
        let projector = Projector::start(State { password: Some("hall".into()), ..State::default() });
        assert_eq!(ask(client, &projector, "wall"), ["refused"]);
    }
}

#[test]
fn a_projector_that_says_all_in_small_letters_is_one_to_others_too() {
    let projector = Projector::with(Habit::SmallLetters);
    assert_eq!(ask("aiopjlink", &projector, "")[0], "power_on 1");
}
