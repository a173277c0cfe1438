//! Shipped packs make sense; each mistake in a pack has a file and a message of its own.

use std::path::PathBuf;

use super::*;
use crate::texts;

fn ktv() -> Packs {
    Packs::load(&Config { packs: vec!["ktv".into()], files: Vec::new() }).unwrap()
}

#[test]
fn the_house_band_is_the_default_comfort_rule_of_ktv() {
    let packs = ktv();
    let rule = packs.rule(&Id::parse("air-temperature").unwrap()).unwrap();
    let expected = Expect::Band { low: Some(18.0), high: Some(22.0), low_return: Some(18.5), high_return: Some(21.5) };
    assert_eq!((&rule.rule.expect, rule.rule.for_ms), (&expected, 900_000));
    let (room, point) = (Id::parse("k01").unwrap(), PointName::parse("temperature_celsius").unwrap());
    assert_eq!(packs.band(&room, &point), Some((Some(18.0), Some(22.0))));
}

#[test]
fn every_pack_includes_the_watching_itself() {
    for name in BUILT_IN.map(|(name, _)| name) {
        let packs = Packs::load(&Config { packs: vec![name.into()], files: Vec::new() }).unwrap();
        assert!(packs.rule(&Id::parse("agent-silent").unwrap()).is_some(), "{name}");
    }
}

#[test]
fn teams_of_shipped_rules_have_names() {
    for rule in ktv().all() {
        assert!(texts::find(Language::ZhCn, &format!("team.{}", rule.rule.team)).is_some(), "{}", rule.rule.id);
    }
}

#[test]
fn a_file_replaces_and_leaves_out_rules_of_a_pack() {
    let first = BUILT_IN[1].1.split("[[rule]]").nth(1).unwrap().replace("high = 22.0", "high = 26.0");
    let text = format!("includes = ['ktv']\nwithout = ['air-humidity']\n[[rule]]{first}");
    let packs = Packs::parse("own.toml", &text).unwrap();
    assert!(packs.rule(&Id::parse("air-humidity").unwrap()).is_none());
    let rule = packs.rule(&Id::parse("air-temperature").unwrap()).unwrap();
    assert!(matches!(rule.rule.expect, Expect::Band { high: Some(26.0), .. }));
    assert_eq!(rule.pack, "own.toml");
}

#[test]
fn each_mistake_in_a_pack_has_its_message() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata/packs");
    let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|f| f.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 18, "one file a mistake");
    for path in files {
        let name = path.file_name().unwrap().to_str().unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        // The first lines, `## …`, are the message to expect; the pack begins below them.
        let (head, pack): (Vec<_>, Vec<_>) = text.lines().partition(|l| l.starts_with("## "));
        let expected: Vec<_> = head.iter().map(|l| l.trim_start_matches("## ")).collect();
        let message = Packs::parse(name, &pack.join("\n")).unwrap_err().to_string();
        if std::env::var_os("UPDATE_TESTDATA").is_some() {
            let head: Vec<_> = message.lines().map(|l| format!("## {l}")).collect();
            std::fs::write(&path, format!("{}\n{}\n", head.join("\n"), pack.join("\n"))).unwrap();
            continue;
        }
        assert_eq!(message, expected.join("\n"), "{name}");
    }
}

#[test]
fn every_shipped_rule_has_a_heading_in_the_runbook() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/runbook.md");
    let runbook = std::fs::read_to_string(path).unwrap();
    for (name, text) in BUILT_IN {
        for rule in file::parse(name, text).unwrap().rules {
            let id = &rule.rule.id;
            assert!(runbook.lines().any(|l| l == format!("## {id}")), "{id}");
            for words in [&rule.zh.title, &rule.en.title] {
                assert!(runbook.contains(words.as_str()), "{id}: {words}");
            }
        }
    }
}
