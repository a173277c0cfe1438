//! Shipped packs make sense; each mistake in a pack has a file and a message of its own.

use std::path::PathBuf;

use super::*;
use crate::texts;

fn ktv() -> Packs {
    Packs::load(&Config { packs: vec!["ktv".into()], ..Config::default() }).unwrap()
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
        let packs = Packs::load(&Config { packs: vec![name.into()], ..Config::default() }).unwrap();
        assert!(packs.rule(&Id::parse("agent-silent").unwrap()).is_some(), "{name}");
    }
}

/// Rules of all packs as they are shipped, each once.
fn shipped() -> Vec<PackRule> {
    BUILT_IN.iter().flat_map(|(name, text)| file::parse(name, text).unwrap().rules).collect()
}

#[test]
fn teams_of_shipped_rules_have_names() {
    for rule in shipped() {
        assert!(texts::find(Language::ZhCn, &format!("team.{}", rule.rule.team)).is_some(), "{}", rule.rule.id);
    }
}

#[test]
fn no_two_packs_have_a_rule_of_one_name() {
    let mut packs_of = BTreeMap::<Id, Vec<String>>::new();
    for rule in shipped() {
        packs_of.entry(rule.rule.id).or_default().push(rule.pack);
    }
    packs_of.retain(|_, packs| packs.len() > 1);
    assert!(packs_of.is_empty(), "two venues of different kinds would get the rule of one: {packs_of:?}");
}

/// What a title may have at most, in characters: it must fit a line of a telephone.
const TITLE_MAX: [usize; 2] = [20, 48];

#[test]
fn texts_of_shipped_rules_are_short_complete_and_in_their_language() {
    let chinese = |text: &str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
    for rule in shipped() {
        let id = &rule.rule.id;
        for (language, most) in [Language::ZhCn, Language::En].into_iter().zip(TITLE_MAX) {
            let words = rule.words(language);
            let count = words.title.chars().count();
            assert!(count <= most, "{id}: `{}` has {count} characters", words.title);
            assert!(!words.title.ends_with(['.', '。']), "{id}: a title is no sentence");
            for text in [&words.meaning, &words.hint] {
                assert!(text.ends_with(['.', '。']), "{id}: `{text}` ends without a full stop");
            }
            for text in [&words.title, &words.meaning, &words.hint] {
                assert_eq!(chinese(text), language == Language::ZhCn, "{id}: `{text}`");
                assert!(!text.contains(['{', '}', '<', '>', '|']), "{id}: `{text}` has a placeholder");
                assert!(!text.contains("  ") && text.trim() == text, "{id}: `{text}` has too many blanks");
            }
        }
        let halves: Vec<_> = rule.source.split(" / ").collect();
        let both = matches!(halves[..], [zh, en] if chinese(zh) && !chinese(en));
        assert!(both, "{id}: the source stands in Chinese and English: `{}`", rule.source);
    }
}

#[test]
fn what_is_only_proposed_or_second_hand_does_not_say_that_it_was_checked() {
    let doubtful =
        ["拟定值", "经验值", "惯例", "二手", "待核", "a proposal", "experience", "second-hand", "to be checked"];
    for rule in shipped().into_iter().filter(|rule| rule.verified) {
        let word = doubtful.iter().find(|word| rule.source.contains(**word));
        assert!(word.is_none(), "{}: `{}` and verified", rule.rule.id, word.unwrap());
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
