//! The readers of configuration files, given broken TOML. What each refuses must be explained: a
//! message that names something, and no panic.

use std::path::Path;

use super::{Target, text};
use crate::program;

/// Both configurations.
#[must_use]
pub fn targets() -> Vec<Target> {
    vec![
        Target { name: "config_agent", seeds: agent_seeds, mutate: text::mutate, run: read_agent },
        Target { name: "config_collector", seeds: collector_seeds, mutate: text::mutate, run: read_collector },
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
[venue.nanshan]
name_zh = "南山店"
zone = "Asia/Shanghai"
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
