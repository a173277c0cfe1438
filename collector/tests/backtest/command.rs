//! `rules backtest` and `rules test` as a person types them, over a ledger that a real evening filled.

use std::{
    path::Path,
    process::{Command, Output},
};

use serde_json::Value;

use crate::live::{BEGIN, Live, VENUES};

fn rules(folder: &Path, arguments: &[&str]) -> Output {
    let config = folder.join("collector.toml");
    let text = format!(
        "language = \"en\"\n[ledger]\npath = \"{0}/hallwatch.db\"\n[venues]\npath = \"{0}/venues.toml\"\n",
        folder.display()
    );
    std::fs::write(&config, text).unwrap();
    std::fs::write(folder.join("venues.toml"), VENUES).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_hallwatch-collector"));
    command.arg("rules").arg("--config").arg(&config).args(arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn a_changed_number_changes_its_own_rule_and_draws_it() {
    let mut live = Live::new(3, false);
    live.run(BEGIN + 4 * 3_600_000);
    let folder = live.folder.path();
    let picture = folder.join("p.svg");
    let path = picture.to_str().unwrap();
    let text = said(&rules(folder, &["backtest", "--json", "--set", "air-temperature.high=30", "--picture", path]));
    let comparison: Value = serde_json::from_str(&text).unwrap();
    let all = comparison["rules"].as_array().unwrap();
    assert!(all.len() >= 4, "{text}");
    for rule in all {
        let (before, after) = (&rule["before"], &rule["after"]);
        if rule["rule"] == "air-temperature" {
            assert!(before["tickets"].as_u64().unwrap() >= 1, "{rule}");
            assert_eq!((&after["tickets"], &after["minutes"]), (&0.into(), &0.0.into()), "{rule}");
        } else {
            assert_eq!((&before["tickets"], &before["minutes"]), (&after["tickets"], &after["minutes"]), "{rule}");
        }
    }
    let table = said(&rules(folder, &["backtest", "--set", "air-temperature.high=30"]));
    assert!(table.contains("Tickets that would no longer be opened:"), "{table}");
    let svg = std::fs::read_to_string(picture).unwrap();
    assert!(svg.starts_with("<svg ") && svg.matches("<rect").count() > all.len(), "{svg}");
}

#[test]
fn a_change_that_cannot_be_is_told_with_a_hint() {
    let folder = tempfile::tempdir().unwrap();
    for (change, reason) in [
        ("air-temperature.high", "there is no `=`"),
        ("high=3", "there is no `.`"),
        ("nobody.high=3", "no rule is named `nobody`"),
        ("air-temperature.hihg=3", "unknown field `hihg`"),
        ("air-temperature.for=soon", "soon"),
    ] {
        let output = rules(folder.path(), &["backtest", "--set", change]);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && error.contains(reason) && error.contains("hint: "), "{change}: {error}");
    }
}

#[test]
fn a_series_in_a_file_shows_what_a_rule_makes_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("evening.csv");
    let mut text = "time,temperature_celsius\n".to_owned();
    for minute in 0..60 {
        let value = if (10..40).contains(&minute) { 26.0 } else { 20.5 };
        text += &format!("2026-11-23 20:{minute:02},{value}\n");
    }
    std::fs::write(&file, text).unwrap();
    let path = file.to_str().unwrap();
    let shown = said(&rules(folder.path(), &["test", "air-temperature", "--series", path]));
    let at = |needle: &str| shown.find(needle).unwrap_or_else(|| panic!("`{needle}` is missing: {shown}"));
    assert!(at("23 Nov 20:10  begins") < at("23 Nov 20:25  ticket"), "{shown}");
    assert!(at("23 Nov 20:25  ticket") < at("23 Nov 20:45  ends"), "{shown}");
    let shown = said(&rules(folder.path(), &["test", "amplifier-power", "--series", path]));
    assert!(shown.contains("watches amplifier*_power_on") && shown.contains("temperature_celsius"), "{shown}");
    let output = rules(folder.path(), &["test", "air-temperature", "--series", "nowhere.csv"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("nowhere.csv"));
}
