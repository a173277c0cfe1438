//! Each outside library that touches the world has one door: the place that may name it. So it can
//! be replaced there and nowhere else.

use crate::{
    caught,
    code::{code, is_test, names_library},
    none,
    tree::{File, files},
};

/// A library and the beginnings of the paths that may name it.
const DOORS: &[(&str, &[&str])] = &[
    ("rusqlite", &["collector/src/ledger/sqlite/"]),
    ("pco", &["collector/src/readings/"]),
    ("rppal", &["agent/src/driver/bus/pi.rs"]),
    ("embedded_hal", &["agent/src/driver/"]),
    ("linux_embedded_hal", &["agent/src/driver/bus/linux.rs"]),
    ("gpiocdev", &["agent/src/driver/bus/linux.rs"]),
    ("surge_ping", &["agent/src/driver/probe/icmp.rs"]),
    // `cli/check.rs` tries whether the broker lets the collector in, with the options of ingest;
    // `run.rs` hands those options over.
    ("rumqttc", &["agent/src/uplink/", "collector/src/ingest/", "collector/src/run.rs", "collector/src/cli/check.rs"]),
    ("rumqttd", &["collector/src/ingest/"]),
    ("lettre", &["collector/src/notify/"]),
    ("hmac", &["collector/src/notify/", "agent/src/driver/tag/", "agent/src/driver/probe/snmp/usm.rs"]),
    ("aes", &["agent/src/driver/probe/snmp/usm.rs"]),
    ("md5", &["agent/src/driver/probe/pjlink/line.rs", "agent/src/driver/probe/snmp/usm.rs"]),
    ("minicbor", &["agent/src/driver/tag/record.rs"]),
    ("ureq", &["collector/src/notify/", "collector/src/influx/client.rs", "agent/src/driver/probe/http.rs"]),
    ("tiny_skia", &["collector/src/chart/png.rs"]),
    // The telephones of the demo receive webhooks.
    ("axum", &["collector/src/web/", "demo/src/phones.rs"]),
    ("askama", &["collector/src/web/", "collector/src/notify/html.rs"]),
    ("sd_notify", &["agent/src/watchdog.rs", "collector/src/cli/run.rs"]),
];

/// What makes a line of the computer an output, and the files that may name it: the three backends, the
/// face before them, and the lamp of `[identify]`. Whoever listens to a fire panel can thus not drive it
/// by mistake. `into_io` is the backend's own way to free a hung I2C bus.
const OUTPUTS: [&str; 7] =
    ["open_output", "into_output", "into_output_low", "into_output_high", "into_io", "as_output", "with_output_lines"];
const DRIVERS_OF_LINES: [&str; 5] = [
    "agent/src/driver/bus/mod.rs",
    "agent/src/driver/bus/pi.rs",
    "agent/src/driver/bus/linux.rs",
    "agent/src/driver/bus/simulated.rs",
    "agent/src/driver/contact/beacon.rs",
];

fn driven_lines(files: &[File]) -> Vec<String> {
    let mut complaints = Vec::new();
    let listeners = |file: &&File| file.path.starts_with("agent/src/") && !DRIVERS_OF_LINES.contains(&&*file.path);
    for file in files.iter().filter(listeners) {
        let code = code(&file.text);
        for word in code.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| OUTPUTS.contains(word)) {
            complaints.push(format!("`{}` drives a line by `{word}`; it may only listen", file.path));
        }
    }
    complaints
}

#[test]
fn no_line_is_driven_but_the_lamp() {
    none(&driven_lines(&files(".rs")));
    let planted = [File::planted("agent/src/driver/contact/mod.rs", "let pin = gpio.get(22)?.into_output_low();")];
    caught(&driven_lines(&planted), "`into_output_low`");
}

/// Tests, benches and examples look behind doors: that is their work.
fn second_doors(files: &[File]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files.iter().filter(|file| !is_test(&file.path)) {
        let code = code(&file.text);
        for (library, doors) in DOORS {
            if names_library(&code, library) && !doors.iter().any(|door| file.path.starts_with(door)) {
                complaints.push(format!("`{}` names `{library}`, whose door is `{}`", file.path, doors.join("`, `")));
            }
        }
    }
    complaints
}

#[test]
fn each_library_has_one_door() {
    none(&second_doors(&files(".rs")));
}

#[test]
fn every_door_is_used() {
    let files: Vec<File> = files(".rs").into_iter().filter(|file| !is_test(&file.path)).collect();
    for (library, doors) in DOORS {
        for door in *doors {
            let used = files.iter().any(|f| f.path.starts_with(door) && names_library(&code(&f.text), library));
            assert!(used, "nothing in `{door}` names `{library}`");
        }
    }
}

#[test]
fn a_second_door_is_caught() {
    let planted = |path| [File::planted(path, "use rusqlite::Connection;")];
    caught(&second_doors(&planted("collector/src/web/api.rs")), "`rusqlite`");
    none(&second_doors(&planted("collector/src/ledger/sqlite/mod.rs")));
    caught(&second_doors(&[File::planted("agent/src/driver/sht4x.rs", "fn f(pin: rppal::gpio::Pin) {}")]), "`rppal`");
}
