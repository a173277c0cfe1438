//! The program itself: what it prints, in which language, and with which exit code it ends.
#![allow(clippy::unwrap_used)]

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("agent.toml")
}

/// Runs the program with nothing of this computer's language or log settings.
fn agent(arguments: &[&str], config: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hallwatch-agent"));
    for name in ["LC_ALL", "LC_MESSAGES", "LANG", "HALLWATCH_LOG", "JOURNAL_STREAM"] {
        command.env_remove(name);
    }
    command.args(arguments).arg("--config").arg(config).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A configuration in a folder of its own.
fn config(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("agent.toml");
    std::fs::write(&path, text).unwrap();
    (folder, path)
}

#[test]
fn check_of_the_shipped_configuration_finds_every_sensor() {
    let output = agent(&["check"], &shipped());
    let stdout = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{stdout}");
    for word in ["SHT4x 0f4a11c7", "SCD4x f89631a107b3", "illuminance_lux", "temperature_celsius", "amplifier_power_on"]
    {
        assert!(stdout.contains(word), "{word} in\n{stdout}");
    }
    assert!(stdout.ends_with("all 5 sensors answer\n"), "{stdout}");
}

#[test]
fn check_speaks_chinese_where_it_is_asked_to() {
    let output = agent(&["check", "--lang", "zh-CN"], &shipped());
    assert!(text(&output.stdout).ends_with("5 个传感器全部正常\n"), "{}", text(&output.stdout));
}

#[test]
fn a_sensor_that_does_not_answer_is_named_with_a_way_out_and_exit_code_1() {
    let (_folder, path) = config(
        "venue = \"v\"\nroom = \"r\"\nagent = \"a\"\n\
         [[bus]]\nname = \"i2c-9\"\nbackend = \"linux\"\ni2c = \"/dev/no-such-bus\"\n\
         [[sensor]]\nname = \"air\"\ndriver = \"sht4x\"\nbus = \"i2c-9\"\n",
    );
    let output = agent(&["check"], &path);
    let stdout = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{stdout}");
    for word in ["bus failed", "/dev/no-such-bus", "hint: enable I2C", "1 of 1 sensors do not answer"] {
        assert!(stdout.contains(word), "{word} in\n{stdout}");
    }
}

#[test]
fn a_bus_that_failed_is_one_line_and_not_one_for_each_sensor() {
    let (_folder, path) = config(
        "venue = \"v\"\nroom = \"r\"\nagent = \"a\"\n\
         [[bus]]\nname = \"i2c-9\"\nbackend = \"linux\"\ni2c = \"/dev/no-such-bus\"\n\
         [[sensor]]\nname = \"air\"\ndriver = \"sht4x\"\nbus = \"i2c-9\"\n\
         [[sensor]]\nname = \"co2\"\ndriver = \"scd4x\"\nbus = \"i2c-9\"\n",
    );
    let stdout = text(&agent(&["check"], &path).stdout);
    assert!(stdout.contains("THE BUS FAILED: nothing on it can be read (`air`, `co2`)"), "{stdout}");
    assert_eq!(stdout.matches("/dev/no-such-bus").count(), 2, "once as the bus, once as the cause:\n{stdout}");
}

#[test]
fn a_chip_at_another_address_than_configured_is_pointed_out() {
    let (_folder, path) = config(
        "venue = \"v\"\nroom = \"r\"\nagent = \"a\"\n\
         [[bus]]\nname = \"sim\"\nbackend = \"simulated\"\nfitted = false\n\
         [[sensor]]\nname = \"air\"\ndriver = \"sht4x\"\nbus = \"sim\"\naddress = 0x45\n\
         [[sensor]]\nname = \"co2\"\ndriver = \"scd4x\"\nbus = \"sim\"\n",
    );
    let output = agent(&["check"], &path);
    let stdout = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{stdout}");
    let line = stdout.lines().find(|line| line.contains("also answering, but in no `[[sensor]]`")).unwrap();
    assert!(line.contains(": 0x23 (bh1750"), "{stdout}");
    assert!(line.contains(", 0x44 (sht"), "{stdout}");
}

#[test]
fn what_a_scan_suggests_is_a_configuration_of_everything_that_answers() {
    let (_folder, path) = config(
        "venue = \"v\"\nroom = \"r\"\nagent = \"a\"\n\
         [[bus]]\nname = \"sim\"\nbackend = \"simulated\"\n\
         [[sensor]]\nname = \"left\"\ndriver = \"sht4x\"\nbus = \"sim\"\nasset = \"left\"\nmux = 0x70\nchannel = 2\naddress = 0x45\n",
    );
    let output = agent(&["scan"], &path);
    let suggested = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{suggested}");
    let suggested =
        agent::config::parse(&suggested.replace("\"sht4x-2\"", "\"sht4x-2\"\nasset = \"left\""), "scan", []).unwrap();
    let places: Vec<String> = suggested.sensors.iter().map(|sensor| sensor.driver.place().to_string()).collect();
    assert_eq!(places, ["sim 0x23", "sim 0x44", "sim 0x62", "sim 0x70:2 0x45", ""]);
}

#[test]
fn a_scan_of_a_network_says_who_cannot_be_found_that_way() {
    let (_folder, path) =
        config("venue = \"v\"\nroom = \"r\"\nagent = \"a\"\n[[bus]]\nname = \"sim\"\nbackend = \"simulated\"\n");
    let output = agent(&["scan", "--network", "127.0.0.1"], &path);
    let stdout = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{stdout}");
    assert!(stdout.contains("## No PJLink device of class 2 answered"), "{stdout}");
    assert!(agent::config::parse(&stdout, "scan", []).is_ok(), "{stdout}");
}

#[test]
fn a_bus_that_cannot_be_asked_is_named_by_a_scan() {
    let (_folder, path) = config(
        "venue = \"v\"\nroom = \"r\"\nagent = \"a\"\n\
         [[bus]]\nname = \"i2c-9\"\nbackend = \"linux\"\ni2c = \"/dev/no-such-bus\"\n",
    );
    let output = agent(&["scan"], &path);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("## i2c-9: /dev/no-such-bus: No such file"), "{}", text(&output.stdout));
}

#[test]
fn every_driver_is_listed_with_what_it_measures() {
    for (lang, measures) in [("en", "temperature, humidity"), ("zh-CN", "温度、湿度")] {
        let output = agent(&["drivers", "--lang", lang], Path::new("/no/such/agent.toml"));
        let stdout = text(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{stdout}");
        let line = stdout.lines().find(|line| line.starts_with("sht4x ")).unwrap();
        for word in [measures, "I2C 0x44-0x46", "Sensirion SHT40, SHT41, SHT45"] {
            assert!(line.contains(word), "{word} in {line}");
        }
        for kind in agent::driver::table::TABLE {
            assert!(stdout.lines().any(|line| line.starts_with(&format!("{} ", kind.word))), "{}", kind.word);
        }
    }
}

#[test]
fn a_bad_configuration_is_exit_code_78_whatever_was_asked() {
    let (_folder, path) = config("venue = \"v\"\nroom = \"r\"\nagent = \"a\"\n[mqtt]\nhots = \"x\"\n");
    for command in ["run", "check", "config"] {
        let output = agent(&[command], &path);
        assert_eq!(output.status.code(), Some(78), "{command}");
        let stderr = text(&output.stderr);
        assert!(stderr.contains("`mqtt.hots`: unknown key\n  hint: did you mean `host`?"), "{stderr}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn a_configuration_that_is_not_there_is_exit_code_78() {
    let output = agent(&["run"], Path::new("/no/such/agent.toml"));
    assert_eq!(output.status.code(), Some(78));
    assert!(text(&output.stderr).contains("`/no/such/agent.toml`"));
    assert!(text(&output.stderr).contains("hint: name the file with `--config`"));
}

#[test]
fn config_prints_what_is_in_force_and_can_be_read_back() {
    let output = agent(&["config"], &shipped());
    assert_eq!(output.status.code(), Some(0));
    let (_folder, path) = config(&text(&output.stdout));
    assert_eq!(text(&agent(&["config"], &path).stdout), text(&output.stdout));
}

#[test]
fn help_has_examples_and_exit_codes_in_both_languages() {
    for (lang, words) in [("en", ["Examples:", "78 the configuration"]), ("zh-CN", ["示例:", "78 配置有误"])] {
        let output = agent(&["--lang", lang, "--help"], &shipped());
        for word in words {
            assert!(text(&output.stdout).contains(word), "{word} in\n{}", text(&output.stdout));
        }
    }
}
