//! Who may depend on whom among the crates of the workspace, as their manifests say it.

use std::collections::BTreeMap;

use crate::{
    caught, none,
    tree::{File, files},
};

/// Each crate and those of the workspace that it may name. Nobody names `tests`.
const MAY_NAME: [(&str, &[&str]); 5] = [
    ("wire", &[]),
    ("agent", &["wire"]),
    ("collector", &["wire"]),
    ("demo", &["wire", "agent", "collector"]),
    ("tests", &["wire", "agent", "collector", "demo"]),
];

fn wrong_dependencies(manifests: &[File]) -> Vec<String> {
    let mut complaints = Vec::new();
    for (name, may) in MAY_NAME {
        let path = format!("{name}/Cargo.toml");
        let Some(file) = manifests.iter().find(|file| file.path == path) else { continue };
        let manifest: toml::Table = toml::from_str(&file.text).unwrap();
        for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let Some(table) = manifest.get(kind) else { continue };
            let table: BTreeMap<String, toml::Value> = table.clone().try_into().unwrap();
            for (other, value) in table {
                if MAY_NAME.iter().any(|(of_us, _)| *of_us == other) && !may.contains(&other.as_str()) {
                    complaints.push(format!("`{path}`: `{name}` depends on `{other}`"));
                }
                if value.get("workspace").is_none() {
                    complaints.push(format!("`{path}`: `{other}` has a version of its own"));
                }
            }
        }
    }
    complaints
}

/// Packages come from the public index, whoever built last.
fn foreign_sources(locks: &[File]) -> Vec<String> {
    let index = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";
    let lines = |file: &File| {
        let wrong = file.text.lines().filter(|line| line.starts_with("source = ") && *line != index);
        wrong.map(|line| format!("`{}`: {line}", file.path)).collect::<Vec<_>>()
    };
    locks.iter().flat_map(lines).collect()
}

#[test]
fn crates_depend_on_each_other_in_one_direction() {
    let manifests = files("/Cargo.toml");
    assert!(MAY_NAME.iter().all(|(name, _)| manifests.iter().any(|m| m.path == format!("{name}/Cargo.toml"))));
    none(&wrong_dependencies(&manifests));
}

#[test]
fn packages_come_from_the_public_index() {
    none(&foreign_sources(&files("Cargo.lock")));
}

#[test]
fn a_wrong_dependency_is_caught() {
    let manifest = |text| [File::planted("agent/Cargo.toml", text)];
    caught(&wrong_dependencies(&manifest("[dependencies]\ncollector.workspace = true")), "`collector`");
    caught(&wrong_dependencies(&manifest("[dev-dependencies]\ntests.workspace = true")), "`tests`");
    caught(&wrong_dependencies(&manifest("[dependencies]\nserde = \"1\"")), "`serde`");
    let lock = "[[package]]\nsource = \"registry+https://packages.example/index\"";
    caught(&foreign_sources(&[File::planted("Cargo.lock", lock)]), "packages.example");
}
