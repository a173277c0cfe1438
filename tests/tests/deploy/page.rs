//! The page that a technician follows names what is there: dashboards by their address, services, files and keys.

use std::collections::BTreeSet;

use tests::{House, program};

use crate::{site::Site, yaml};

const PAGES: [&str; 2] = ["docs/grafana.md", "docs/grafana.zh-CN.md"];

/// The words that follow `before` in a text, up to the first character that no name has.
fn named(text: &str, before: &str) -> BTreeSet<String> {
    let ends = |c: char| !c.is_ascii_alphanumeric() && !"-_./".contains(c);
    let words = text.split(before).skip(1).map(|rest| rest.split(ends).next().unwrap().to_owned());
    words.filter(|word| !word.is_empty()).collect()
}

fn pages() -> Vec<(&'static str, String)> {
    PAGES.map(|page| (page, std::fs::read_to_string(program::workspace().join(page)).unwrap())).into()
}

#[test]
fn every_address_of_a_dashboard_is_one() {
    let mut known = BTreeSet::new();
    for language in ["zh-CN", "en"] {
        let folder = program::workspace().join("dashboards/grafana").join(language);
        for entry in std::fs::read_dir(folder).unwrap() {
            let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
            let board: serde_json::Value = serde_json::from_str(&text).unwrap();
            known.insert(board["uid"].as_str().unwrap().to_owned());
        }
    }
    for (page, text) in pages() {
        let used = named(&text, "/d/");
        assert!(used.len() >= 2 && used.is_subset(&known), "`{page}` names {used:?}, there are {known:?}");
    }
}

#[test]
fn every_service_and_file_of_the_page_exists() {
    let house = House::new("deploy-page");
    let site = Site::new(&house);
    site.script("agent-password", &["pi-k01"]);
    let compose = yaml("compose.yaml");
    for (page, text) in pages() {
        for verb in ["logs --tail 50 ", "exec ", "compose restart ", "compose build ", "compose logs "] {
            for name in named(&text, verb).into_iter().filter(|name| !name.starts_with('-')) {
                assert!(compose["services"][&name].is_object(), "`{page}`: no service is called `{name}`");
            }
        }
        for file in named(&text, "cat deploy/") {
            assert!(site.deploy.join(&file).is_file(), "`{page}` shows `deploy/{file}`");
        }
        for key in ["HALLWATCH_LANGUAGE", "HALLWATCH_GRAFANA_LANGUAGE"] {
            let used = compose["services"]["grafana"]["environment"].to_string();
            assert!(text.contains(&format!("{key}=")) && used.contains(&format!("${{{key}:-")), "`{page}`: `{key}`");
        }
        for row in text.lines().filter_map(|line| line.strip_prefix("| `tokens/")) {
            let name = row.split('`').next().unwrap();
            assert!(site.deploy.join("secrets/tokens").join(name).is_file(), "`{page}`: `tokens/{name}`");
        }
    }
    assert_eq!(named("compose restart collector)", "compose restart "), BTreeSet::from(["collector".to_owned()]));
}
