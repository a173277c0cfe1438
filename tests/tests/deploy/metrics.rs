//! `/metrics` of a running collector, as Prometheus reads it: promtool finds nothing wrong, the page describes
//! exactly what is there, and every figure that an alert asks for exists.

use std::{
    collections::BTreeMap,
    io::Write,
    process::{Command, Stdio},
    time::{SystemTime, UNIX_EPOCH},
};

use tests::{Collector, House, collector::Wanted, program, wait};

use crate::{read, run, yaml};

/// A channel, so that figures by channel have somebody to tell of.
const CHANNEL: &str = "[notify.channel.duty]\nkind = \"ntfy\"\nurl = \"https://ntfy.example.com\"\ntopic = \"x\"\n";

fn scraped() -> String {
    let house = House::new("deploy-metrics");
    let collector = Collector::start(&house, &Wanted { more: CHANNEL.to_owned(), ..Wanted::default() });
    let now = unix_seconds() * 1000.0;
    let sample = format!(
        r#"{{"at":{now:.0},"seq":1,"spool":"k3f9x0q2","boot":"7c1e04aa","clock":1,"temperature_celsius":20.4}}"#
    );
    let port = collector.mqtt().to_string();
    let topic = "hallwatch/v1/nanshan/k01/pi-1/samples";
    // Some figures are there only when there is something to tell. What comes before the collector listens
    // is lost, as its broker promises nothing; what comes twice counts once.
    wait::until("a room is told of", wait::READY_WITHIN, || {
        run(Command::new("mosquitto_pub").args([
            "-h",
            "127.0.0.1",
            "-p",
            &port,
            "-q",
            "1",
            "-t",
            topic,
            "-m",
            &sample,
        ]));
        collector.get("/metrics").filter(|text| text.contains("\nhallwatch_oldest_room_seconds "))
    })
}

fn unix_seconds() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64()
}

/// Kind and help of each figure, by name.
fn described(text: &str) -> BTreeMap<String, (String, String)> {
    let mut figures: BTreeMap<String, (String, String)> = BTreeMap::new();
    for line in text.lines() {
        if let Some((name, help)) = line.strip_prefix("# HELP ").and_then(|rest| rest.split_once(' ')) {
            figures.entry(name.to_owned()).or_default().1 = help.to_owned();
        } else if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|rest| rest.split_once(' ')) {
            figures.entry(name.to_owned()).or_default().0 = kind.to_owned();
        }
    }
    figures
}

/// Names in an expression that begin as ours do.
fn asked(expression: &str) -> Vec<String> {
    let words = expression.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("hallwatch_")).map(str::to_owned).collect()
}

#[test]
fn promtool_finds_nothing_wrong_with_what_is_scraped() {
    let text = scraped();
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    promtool.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = promtool.wait_with_output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.trim().is_empty(), "{said}");
    assert!(text.contains("hallwatch_outbox_oldest_seconds{channel=\"duty\"} 0\n"), "{text}");
    let value = |name: &str| -> f64 {
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name} ")));
        line.unwrap_or_else(|| panic!("`{name}` is missing:\n{text}")).parse().unwrap()
    };
    assert!(value("process_resident_memory_bytes") > 1e6, "a collector needs more than 1 MB");
    assert!(value("hallwatch_disk_free_bytes") <= value("hallwatch_disk_size_bytes"));
    let age = unix_seconds() - value("process_start_time_seconds");
    assert_eq!(value("hallwatch_samples_total"), 1.0);
    assert!((-5.0..600.0).contains(&age), "it began {age} s ago");
}

#[test]
fn the_page_describes_every_figure_and_no_other() {
    let page = std::fs::read_to_string(program::workspace().join("docs/prometheus.md")).unwrap();
    let rows = page.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| `")?.strip_suffix(" |")?.split(" | ");
        let name = cells.next()?.strip_suffix('`')?.to_owned();
        let kind = cells.next()?.to_owned();
        Some((name, (kind, cells.next()?.to_owned())))
    });
    let written: BTreeMap<String, (String, String)> = rows.collect();
    let real = described(&scraped());
    let wanted: String = real.iter().map(|(name, (kind, help))| format!("| `{name}` | {kind} | {help} |\n")).collect();
    assert!(written == real, "the table of docs/prometheus.md should be:\n{wanted}");
}

#[test]
fn every_alert_is_valid_and_asks_for_figures_that_exist() {
    let folder = program::workspace().join("deploy/prometheus");
    run(Command::new("promtool").args(["check", "config"]).arg(folder.join("prometheus.yml")));
    let real = described(&scraped());
    let rules = yaml("prometheus/hallwatch.rules.yml");
    let rules = rules["groups"][0]["rules"].as_array().unwrap();
    assert!(!rules.is_empty());
    for rule in rules {
        for name in asked(rule["expr"].as_str().unwrap()) {
            assert!(real.contains_key(&name), "`{}` asks for `{name}`, which nobody tells", rule["alert"]);
        }
        for note in ["summary", "runbook"] {
            assert!(rule["annotations"][note].is_string(), "`{}` has no {note}", rule["alert"]);
        }
    }
    assert!(read("prometheus/prometheus.yml").contains("hallwatch.rules.yml"));
    assert_eq!(asked("hallwatch_a{x=\"1\"} / sum(hallwatch_b)"), ["hallwatch_a", "hallwatch_b"]);
}
