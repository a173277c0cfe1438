//! The shipped rules as they are written: turns every file of `collector/src/packs` into tables of
//! keys. Independent of how the collector reads them.

use std::path::{Path, PathBuf};

/// One `[[rule]]`.
pub struct Shipped {
    /// The pack that it is in: a file, or the folder of one.
    pub pack: String,
    /// Its name.
    pub id: String,
    /// Its keys.
    pub keys: toml::Table,
}

impl Shipped {
    /// A key that is a text.
    pub fn text(&self, key: &str) -> &str {
        self.keys.get(key).and_then(toml::Value::as_str).unwrap_or_default()
    }

    /// A key that is a number.
    pub fn number(&self, key: &str) -> Option<f64> {
        self.keys.get(key).and_then(toml::Value::as_float)
    }

    /// A key that is a length of time, in seconds; 0 where it is absent.
    pub fn seconds(&self, key: &str) -> i64 {
        let text = self.text(key);
        let Some(unit) = text.chars().last() else { return 0 };
        let number: i64 = text[..text.len() - 1].parse().unwrap();
        number * [('s', 1), ('m', 60), ('h', 3_600), ('d', 86_400)].iter().find(|(u, _)| *u == unit).unwrap().1
    }

    /// A key that is a list of texts.
    pub fn list(&self, key: &str) -> Vec<&str> {
        let list = self.keys.get(key).and_then(toml::Value::as_array);
        list.into_iter().flatten().map(|value| value.as_str().unwrap()).collect()
    }
}

/// All of them.
pub fn all() -> Vec<Shipped> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../collector/src/packs");
    let mut rules = Vec::new();
    for path in files(&folder) {
        let first = path.strip_prefix(&folder).unwrap().components().next().unwrap();
        let pack = first.as_os_str().to_str().unwrap().trim_end_matches(".toml").to_owned();
        let table: toml::Table = std::fs::read_to_string(&path).unwrap().parse().unwrap();
        for rule in table.get("rule").and_then(toml::Value::as_array).into_iter().flatten() {
            let keys = rule.as_table().unwrap().clone();
            rules.push(Shipped { pack: pack.clone(), id: keys["id"].as_str().unwrap().to_owned(), keys });
        }
    }
    assert!(rules.len() > 50, "the packs are there");
    rules
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|end| end == "toml") {
            found.push(path);
        }
    }
    found.sort();
    found
}
