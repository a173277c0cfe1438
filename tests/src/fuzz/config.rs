//! The readers of configuration files, given broken TOML. What each refuses must be explained: a
//! message that names something, and no panic.

use std::path::Path;

use collector::{
    config::Language,
    packs::Packs,
    venues::{Holidays, Venues},
};

use super::{Target, text};
use crate::program;

/// Everything that a person writes for a program: both configurations, venues and rules.
#[must_use]
pub fn targets() -> Vec<Target> {
    vec![
        Target { name: "config_agent", seeds: agent_seeds, mutate: text::mutate, run: read_agent },
        Target { name: "config_collector", seeds: collector_seeds, mutate: text::mutate, run: read_collector },
        Target { name: "config_venues", seeds: venues_seeds, mutate: text::mutate, run: read_venues },
        Target { name: "config_rules", seeds: rules_seeds, mutate: text::mutate, run: read_rules },
    ]
}

/// The shipped file, once with every default written out.
fn agent_seeds() -> Vec<Vec<u8>> {
    let shipped = std::fs::read(program::workspace().join("agent/agent.toml")).expect("agent.toml is shipped");
    let text = String::from_utf8_lossy(&shipped).into_owned();
    let printed = agent::config::parse(&text, "agent.toml", []).map(|config| config.print().into_bytes());
    [shipped].into_iter().chain(printed).collect()
}

/// Reads a configuration of the agent.
#[must_use]
pub fn read_agent(input: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(input) else { return false };
    match agent::config::parse(text, "fuzzed.toml", []) {
        Ok(config) => {
            if config.mqtt.password.is_none() {
                let printed = config.print();
                let again = agent::config::parse(&printed, "printed.toml", []).expect("what is printed can be read");
                assert_eq!(again, config, "printed as {printed}");
            }
            true
        }
        Err(error) => {
            for lang in [agent::texts::Lang::En, agent::texts::Lang::ZhCn] {
                assert!(!error.text(lang).trim().is_empty(), "a refusal says why");
            }
            false
        }
    }
}

const COLLECTOR: &str = r#"zone = "Asia/Shanghai"
language = "en"
[ledger]
path = "hallwatch.db"
[mqtt]
host = "127.0.0.1"
port = 8883
user = "collector"
password_file = "/etc/hallwatch/mqtt"
ca_file = "ca.pem"
keep_alive_seconds = 30
venues = ["nanshan", "futian"]
[ingest]
commit_age_ms_max = 5
live_horizon_seconds = 300
[readings]
retention_days = 400
[rules]
packs = ["ktv"]
[notify.channel.av]
kind = "webhook"
url = "http://127.0.0.1:9/hook"
teams = ["av"]
severity_min = "P2"
[notify.channel.mail]
kind = "smtp"
host = "localhost"
security = "none"
from = "hallwatch@example.com"
to = ["av@example.com"]
[web]
listen = "127.0.0.1:0"
[venues]
path = "venues.toml"
"#;

fn collector_seeds() -> Vec<Vec<u8>> {
    let sample = std::fs::read(program::workspace().join("collector/collector.toml"));
    sample.into_iter().chain([COLLECTOR.into()]).collect()
}

/// Reads a configuration of the collector.
#[must_use]
pub fn read_collector(input: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(input) else { return false };
    match collector::Config::parse(text, Path::new("fuzzed.toml")) {
        Ok(_) => true,
        Err(error) => {
            assert!(error.to_string().contains("hint:"), "a refusal shows a way out: {error}");
            false
        }
    }
}

fn shipped(path: &str) -> Vec<u8> {
    std::fs::read(program::workspace().join(path)).expect("the repository is whole")
}

fn venues_seeds() -> Vec<Vec<u8>> {
    vec![shipped("collector/venues.toml"), shipped("demo/venues.toml")]
}

/// Reads venues.
#[must_use]
pub fn read_venues(input: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(input) else { return false };
    match Venues::of(&[("fuzzed.toml".into(), text.into())], Holidays::default(), "Asia/Shanghai") {
        Ok(_) => true,
        Err(error) => {
            assert!(error.text(Language::En).contains("\nhint: "), "a refusal shows a way out");
            assert!(error.text(Language::ZhCn).contains("\n提示："), "in Chinese too");
            false
        }
    }
}

fn rules_seeds() -> Vec<Vec<u8>> {
    ["ktv", "bank", "shop"].map(|pack| shipped(&format!("collector/src/packs/{pack}.toml"))).into()
}

/// Reads a pack of rules.
#[must_use]
pub fn read_rules(input: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(input) else { return false };
    match Packs::parse("fuzzed", text) {
        Ok(_) => true,
        Err(error) => {
            assert!(error.to_string().contains("hint:"), "a refusal shows a way out: {error}");
            false
        }
    }
}
