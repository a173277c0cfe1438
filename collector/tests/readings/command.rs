//! `hallwatch-collector readings` beside a ledger that is in use: lists what is not named, prints
//! tables for people in both languages, CSV and JSON for programs.

use std::process::{Command, Output};

use crate::house::{House, sample, source};

const HOUR: i64 = 3_600_000;
/// 2025-11-23T00:00:00Z, 08:00 in Shenzhen.
const DAY: i64 = 1_763_856_000_000;

fn house() -> House {
    let mut house = House::new();
    for hour in 0..3 {
        let minutes = (0..60).filter(|minute| hour != 1 || *minute < 30);
        let samples =
            minutes.map(|minute| sample(DAY + hour * HOUR + minute * 60_000, (hour * 60 + minute) as u64 + 1));
        house.commit(samples.map(|s| (source("k01", "pi-1"), s)).collect());
    }
    house.commit(vec![(source("k02", "pi-2"), sample(DAY, 1))]);
    house.compact();
    house
}

fn ask(house: &House, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hallwatch-collector"));
    command.current_dir(house.folder.path()).args(["readings", "--ledger", "hallwatch.db"]).args(arguments);
    command.output().unwrap()
}

fn told(house: &House, arguments: &[&str]) -> String {
    let output = ask(house, arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn refused(house: &House, arguments: &[&str]) -> String {
    let output = ask(house, arguments);
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn what_is_not_named_is_listed() {
    let house = house();
    let rooms = told(&house, &["--lang", "en"]);
    assert!(rooms.contains("nanshan  k01   pi-1") && rooms.contains("k02"), "{rooms}");
    let points = told(&house, &["--lang", "zh-CN", "--room", "k01", "--from", "2025-11-23"]);
    assert!(points.contains("co2_ppm") && points.contains("二氧化碳"), "{points}");
    let end = ["--room", "k01", "--from", "2025-11-23"];
    assert!(refused(&house, &["--lang", "en", "--room", "k09"]).contains("hint:"));
    let unknown = refused(&house, &[&end[..], &["--lang", "zh-CN", "--point", "nothing_here"]].concat());
    assert!(unknown.contains("`nothing_here`") && unknown.contains("提示"), "{unknown}");
}

#[test]
fn a_table_shows_the_time_of_the_venue_and_the_gap() {
    let house = house();
    let point = ["--room", "k01", "--point", "temperature_celsius", "--from", "2025-11-23 08:00", "--points", "0"];
    let table = told(&house, &[&point[..], &["--lang", "en"]].concat());
    assert_eq!(table.lines().count(), 2 + 150, "{table}");
    assert!(table.contains("2025-11-23 08:01:00  20.04 °C"), "{table}");
    let gap: Vec<_> = table.lines().filter(|line| line.contains("after a gap")).collect();
    assert!(gap.len() == 1 && gap[0].starts_with("2025-11-23 10:00:00"), "{gap:?}");
    let few = told(&house, &["--room", "k01", "--point", "co2_ppm", "--from", "2025-11-23", "--points", "10"]);
    assert!(few.lines().filter(|line| line.starts_with("2025-11-23 ") && !line.contains('：')).count() <= 10, "{few}");
    assert!(few.contains("传感器无应答"), "{few}");
}

#[test]
fn programs_get_every_reading() {
    let house = house();
    let point = ["--room", "k01", "--point", "temperature_celsius", "--from", "2025-11-23", "--format"];
    let csv = told(&house, &[&point[..], &["csv"]].concat());
    assert_eq!(csv.lines().count(), 1 + 150);
    assert!(csv.contains("\n2025-11-23T08:01:00.000+08:00,20.04,20.04,20.04,1,0,"), "{csv}");
    let json: serde_json::Value = serde_json::from_str(&told(&house, &[&point[..], &["json"]].concat())).unwrap();
    assert_eq!(json["marks"].as_array().unwrap().len(), 150);
    assert_eq!(json["marks"][1]["at"], DAY + 60_000);
    assert_eq!(json["marks"][1]["mean"], 20.04);
}
