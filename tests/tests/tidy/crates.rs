//! Who may depend on whom among the crates of the workspace, as their manifests say it.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    caught,
    code::code,
    none,
    tree::{File, files, root},
};

/// Each crate and those of the workspace that it may name. Nobody names `tests`.
const MAY_NAME: [(&str, &[&str]); 6] = [
    ("wire", &[]),
    ("agent", &["wire"]),
    ("collector", &["wire"]),
    ("dashboards", &["wire", "collector"]),
    ("demo", &["wire", "agent", "collector"]),
    ("tests", &["wire", "agent", "collector", "dashboards", "demo"]),
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

/// Dependencies that no code names: what they do, they do by being there.
const SILENT: [&str; 1] = ["log"];

/// Dependencies that nothing of their crate names.
fn unused(manifests: &[File], sources: &[File]) -> Vec<String> {
    let mut complaints = Vec::new();
    for (name, _) in MAY_NAME {
        let Some(file) = manifests.iter().find(|file| file.path == format!("{name}/Cargo.toml")) else { continue };
        let own = |source: &&File| source.path.starts_with(&format!("{name}/"));
        let code: String = sources.iter().filter(own).map(|source| code(&source.text)).collect();
        let words: BTreeSet<&str> = code.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
        let manifest: toml::Table = toml::from_str(&file.text).unwrap();
        for kind in ["dependencies", "dev-dependencies"] {
            for dependency in manifest.get(kind).and_then(toml::Value::as_table).into_iter().flat_map(toml::Table::keys)
            {
                if !words.contains(dependency.replace('-', "_").as_str()) && !SILENT.contains(&dependency.as_str()) {
                    complaints.push(format!("nothing in `{name}` names `{dependency}`"));
                }
            }
        }
    }
    complaints
}

/// Libraries of the workspace without a line of why, and lines without a library.
fn unexplained(manifest: &str, page: &str) -> Vec<String> {
    let manifest: toml::Table = toml::from_str(manifest).unwrap();
    let table = manifest["workspace"]["dependencies"].as_table().unwrap();
    let package = |(name, value): (&String, &toml::Value)| match value.get("package").and_then(toml::Value::as_str) {
        Some(package) => Some(package.to_owned()),
        None => value.get("path").is_none().then(|| name.clone()),
    };
    let used: BTreeSet<String> = table.iter().filter_map(package).collect();
    let row = |line: &str| Some(line.strip_prefix("| `")?.split_once('`')?.0.to_owned());
    let explained: BTreeSet<String> = page.lines().filter_map(row).collect();
    let lacking = used.difference(&explained).map(|name| format!("no line says why `{name}`"));
    lacking.chain(explained.difference(&used).map(|name| format!("a line explains `{name}`, which is gone"))).collect()
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
fn every_dependency_is_named_by_code_and_explained() {
    none(&unused(&files("/Cargo.toml"), &files(".rs")));
    let read = |path| std::fs::read_to_string(root().join(path)).unwrap();
    none(&unexplained(&read("Cargo.toml"), &read("docs/decisions/0002-dependencies.md")));
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

    let source = [File::planted("agent/src/lib.rs", "use serde_json::Value; // serde")];
    caught(
        &unused(&manifest("[dependencies]\nserde.workspace = true\nserde_json.workspace = true"), &source),
        "`serde`",
    );
    let workspace = "[workspace.dependencies]\nwire = { path = \"wire\" }\nhex = \"0.4\"";
    none(&unexplained(workspace, "| `hex` | 0.4.3 | text |"));
    caught(&unexplained(workspace, ""), "`hex`");
    caught(&unexplained(workspace, "| `hex` | 0.4.3 | text |\n| `pco` | 1 | numbers |"), "`pco`");
}
