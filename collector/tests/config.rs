//! The configuration: the shipped file is the manual and equals the defaults, its examples are
//! valid, the environment overrides it, and each mistake has a file and its message.
#![allow(clippy::unwrap_used)]

use std::{
    fs,
    path::{Path, PathBuf},
};

use collector::{
    config::{Config, Error, Language},
    packs::Packs,
};

fn manifest(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn shipped() -> String {
    fs::read_to_string(manifest("collector.toml")).unwrap()
}

fn parse(text: &str) -> Result<Config, Error> {
    Config::parse(text, Path::new("collector.toml"))
}

/// The shipped file with its defaults, and its examples each alone, uncommented.
fn uncommented() -> (String, Vec<String>) {
    let (mut defaults, mut examples, mut in_example) = (String::new(), Vec::<String>::new(), false);
    for line in shipped().lines() {
        if line.starts_with("## Example:") {
            in_example = true;
            examples.push(String::new());
        } else if line.is_empty() {
            in_example = false;
        }
        let bare = line.strip_prefix('#').filter(|rest| !rest.starts_with('#'));
        match (in_example, bare) {
            (true, Some(rest)) => *examples.last_mut().unwrap() += &format!("{rest}\n"),
            (false, Some(rest)) => defaults += &format!("{rest}\n"),
            (false, None) => defaults += &format!("{line}\n"),
            (true, None) => {}
        }
    }
    (defaults, examples)
}

#[test]
fn the_shipped_file_changes_no_default_and_shows_every_one() {
    assert_eq!(parse(&shipped()).unwrap(), Config::default());
    let (defaults, _) = uncommented();
    assert_ne!(defaults, shipped());
    assert_eq!(parse(&defaults).unwrap(), Config::default());
    let every: toml::Table = toml::from_str(&toml::to_string(&Config::default()).unwrap()).unwrap();
    let shown: toml::Table = toml::from_str(&defaults).unwrap();
    for (table, keys) in every {
        let toml::Value::Table(keys) = keys else {
            assert!(shown.contains_key(&table), "`{table}` is not shown");
            continue;
        };
        for (key, value) in keys {
            let empty = value.as_table().is_some_and(toml::Table::is_empty);
            assert!(empty || shown[&table].get(&key).is_some(), "`{table}.{key}` is not shown");
        }
    }
}

#[test]
fn every_example_of_the_shipped_file_is_valid() {
    let (_, examples) = uncommented();
    assert!(examples.len() >= 4, "{examples:?}");
    for example in examples {
        let config = parse(&example).unwrap_or_else(|e| panic!("{example}\n{e}"));
        assert_ne!(config, Config::default(), "{example}");
    }
}

#[test]
fn each_mistake_has_its_message() {
    let mut files: Vec<PathBuf> =
        fs::read_dir(manifest("tests/bad-config")).unwrap().map(|e| e.unwrap().path()).collect();
    files.retain(|f| f.extension().is_some_and(|e| e == "toml"));
    files.sort();
    assert!(files.len() >= 25, "only {} files", files.len());
    for file in files {
        let name = file.file_name().unwrap().to_str().unwrap();
        let text = fs::read_to_string(&file).unwrap();
        let message = match Config::parse(&text, Path::new(name)) {
            Err(e) => {
                let chinese = e.text(Language::ZhCn);
                assert!(chinese.contains("\n提示："), "{name}: {chinese}");
                e.text(Language::En)
            }
            Ok(config) => {
                // Rules are configuration too; they are read where the collector starts.
                let error = Packs::load(&config.rules).expect_err(name);
                error.to_string().lines().next().unwrap().to_owned()
            }
        };
        let expected_file = file.with_extension("txt");
        // HALLWATCH_BLESS=1 writes what is said now, to be read and committed by a person.
        if std::env::var_os("HALLWATCH_BLESS").is_some() {
            fs::write(&expected_file, format!("{message}\n")).unwrap();
        }
        let expected = fs::read_to_string(&expected_file).unwrap_or_default();
        assert_eq!(format!("{message}\n"), expected, "{name}");
        assert!(!message.contains("hush"), "{name} shows a secret");
    }
}

#[test]
fn a_secret_that_stands_in_the_file_by_mistake_is_not_repeated() {
    for text in
        ["[mqtt]\npassword = \"hush\"", "[notify.channel.a]\nkind = \"webhook\"\nurl = \"https://x\"\ntoken = \"hush\""]
    {
        let error = parse(text).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hush"), "{error}");
    }
}
