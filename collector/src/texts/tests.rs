//! Words of things: every name has both languages, and what nobody named is shown as it is.

use super::*;

#[test]
fn every_text_is_there_in_both_languages_with_the_same_blanks() {
    let blanks = |text: &str| {
        let mut names: Vec<String> = text.split('{').skip(1).map(|p| p.split('}').next().unwrap().into()).collect();
        names.sort();
        names
    };
    for (key, text) in TABLE.iter() {
        assert!(!text.zh.trim().is_empty() && !text.en.trim().is_empty(), "{key}");
        assert_eq!(blanks(&text.zh), blanks(&text.en), "{key}");
    }
}

/// Every literal in the sources that looks like a name of a text, by its group, names one.
#[test]
fn every_text_that_the_sources_name_exists() {
    let groups: Vec<&str> = TABLE.keys().filter_map(|key| Some(key.split_once('.')?.0)).collect();
    let mut folders = vec![std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut names = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let source = std::fs::read_to_string(&path).unwrap();
                for literal in source.split('"') {
                    let Some((group, key)) = literal.split_once('.') else { continue };
                    let plain =
                        key != "toml" && !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
                    if plain && groups.contains(&group) && source.contains("texts") {
                        assert!(TABLE.contains_key(literal), "`{literal}` in {}", path.display());
                        names += 1;
                    }
                }
            }
        }
    }
    assert!(names > 50, "{names} names found: the search itself is broken");
}

#[test]
fn every_fixed_word_has_a_text() {
    for language in [Language::ZhCn, Language::En] {
        for s in Stage::ALL {
            assert!(!stage(language, s).is_empty());
        }
        for s in [Severity::P1, Severity::P2, Severity::P3, Severity::P4] {
            assert!(!severity(language, s).is_empty());
        }
        for f in Fault::ALL {
            assert!(find(language, &format!("fault.{}", f.as_str())).is_some(), "{f:?}");
        }
    }
}

#[test]
fn points_are_named_by_asset_and_quantity() {
    let check = |name: &str, zh: &str, en: &str| {
        let name = PointName::parse(name).unwrap();
        assert_eq!((&*point(Language::ZhCn, &name), &*point(Language::En, &name)), (zh, en));
    };
    check("temperature_celsius", "温度", "temperature");
    check("amplifier_power_on", "功放电源", "amplifier power");
    check("song_server_reachable", "点歌服务器网络连接", "song server network connection");
    check("amplifier_2_power_on", "2 号功放电源", "amplifier 2 power");
    check("extinguisher_k01_present", "K01 灭火器在位", "extinguisher K01 in place");
    check("hyperdrive_flux", "hyperdrive_flux", "hyperdrive_flux");
}

#[test]
fn values_and_durations_read_naturally() {
    let name = PointName::parse("temperature_celsius").unwrap();
    assert_eq!(value(Some(&name), 23.50), "23.5 °C");
    assert_eq!(value(Some(&name), -0.001), "0 °C");
    assert_eq!(value(None, 1500.0), "1500");
    assert_eq!(duration(Language::ZhCn, 15 * 60_000), "15 分钟");
    assert_eq!(duration(Language::En, 7_500_000), "2 h 5 min");
    assert_eq!(duration(Language::En, 900), "1 s");
    assert_eq!(duration(Language::En, 90_000_000), "1 d 1 h");
}
