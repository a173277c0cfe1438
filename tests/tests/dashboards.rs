//! The dashboards: what stands in the repository is what their source makes, and both languages show the same.

use std::collections::BTreeSet;

use serde_json::Value;

fn files() -> Vec<(String, String)> {
    dashboards::generate()
}

#[test]
fn the_dashboards_of_the_repository_are_what_their_source_makes() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../dashboards/grafana");
    let files = files();
    assert_eq!(files.len(), 18, "nine boards in two languages");
    for (path, text) in &files {
        let stored = std::fs::read_to_string(format!("{folder}/{path}")).unwrap_or_default();
        assert!(stored == *text, "`{path}` differs\nhint: `cargo run -p dashboards -- generate`");
    }
    let known: BTreeSet<&str> = files.iter().map(|(path, _)| path.as_str()).collect();
    for language in ["zh-CN", "en"] {
        for entry in std::fs::read_dir(format!("{folder}/{language}")).unwrap() {
            let name = format!("{language}/{}", entry.unwrap().file_name().to_string_lossy());
            assert!(known.contains(name.as_str()), "`{name}` is of no board");
        }
    }
}

/// Keys whose texts people read; everything else must be the same in both languages.
const READ: [&str; 9] = ["title", "description", "label", "alias", "displayName", "text", "noValue", "name", "value"];

/// A board without what a language may change: words for people, its own end of a `uid`, fields of texts.
fn shape(value: &Value, key: &str, is_english: bool) -> Value {
    match value {
        Value::Array(list) => list.iter().map(|inner| shape(inner, key, is_english)).collect(),
        Value::Object(map) => {
            // `value` is a word only of a column's name.
            let is_name = map.get("id").and_then(Value::as_str) == Some("displayName");
            map.iter()
                .map(|(key, inner)| {
                    let key = if key == "value" && !is_name { "" } else { key };
                    (key.to_owned(), shape(inner, key, is_english))
                })
                .collect()
        }
        Value::String(text) if READ.contains(&key) && !text.starts_with('$') => Value::String(String::new()),
        Value::String(text) if is_english => {
            let text = text.replace("text_en", "text_zh").replace("reason_en", "reason_zh");
            let uid =
                |text: &str| text.strip_prefix("hallwatch-").and_then(|t| t.strip_suffix("-en")).map(str::to_owned);
            let text = uid(&text).map_or(text, |name| format!("hallwatch-{name}-zh"));
            let links = text
                .replace("hallwatch-venue-en", "hallwatch-venue-zh")
                .replace("hallwatch-room-en", "hallwatch-room-zh");
            Value::String(if links == "en" { "zh-CN".to_owned() } else { links })
        }
        other => other.clone(),
    }
}

#[test]
fn both_languages_differ_in_words_only() {
    let files = files();
    let board = |path: &str| -> Value {
        let (_, text) = files.iter().find(|(of, _)| of == path).unwrap();
        serde_json::from_str(text).unwrap()
    };
    for (path, _) in files.iter().filter(|(path, _)| path.starts_with("en/")) {
        let (en, zh) = (board(path), board(&path.replace("en/", "zh-CN/")));
        assert_eq!(shape(&en, "", true), shape(&zh, "", false), "{path}");
        assert_ne!(en["title"], zh["title"], "{path}");
        assert!(zh["title"].as_str().unwrap().chars().any(|c| c > '\u{4e00}'), "{path}");
    }
}
