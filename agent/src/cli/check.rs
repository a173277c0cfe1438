//! `check`: reads every sensor once and prints a table for each bus; never publishes and never
//! touches the spool.

use std::{path::Path, process::ExitCode, time::Duration};

use agent::{
    clock::SystemClock,
    config::Config,
    driver::{Place, probe::tcp},
    sampler::{self, Finding, Findings},
    texts::{self, Lang, check as text},
    world::World,
};

use wire::Fault;

use super::{say, tell};

/// How long the broker may take to accept.
const BROKER_TIMEOUT: Duration = Duration::from_secs(2);

pub(super) fn check(config: &Config, lang: Lang) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            tell(&error.to_string());
            return ExitCode::FAILURE;
        }
    };
    let world = World { clock: SystemClock::new(), room: None };
    let Findings { sensors: findings, strangers } = match runtime.block_on(sampler::check(config, &world)) {
        Ok(findings) => findings,
        Err(error) => {
            tell(&error.to_string());
            return ExitCode::FAILURE;
        }
    };
    say(&format!("hallwatch-agent {} · {}\n", env!("CARGO_PKG_VERSION"), config.source()));
    for (index, bus) in config.buses.iter().enumerate() {
        say(&text::bus(bus.name.as_str(), &bus.backend.to_string(), lang));
        let here: Vec<&Finding> =
            findings.iter().filter(|finding| finding.sensor.driver.place().bus() == Some(&bus.name)).collect();
        match failed_bus(&here, lang) {
            Some(text) => say(&text),
            None => print_table(here.into_iter(), lang),
        }
        if let Some(addresses) = strangers.get(&index).filter(|addresses| !addresses.is_empty()) {
            say(&format!("  {}\n", text::strangers(addresses, lang)));
        }
    }
    if findings.iter().any(|finding| finding.sensor.driver.place().bus().is_none()) {
        say(text::no_bus(lang));
        print_table(findings.iter().filter(|finding| finding.sensor.driver.place().bus().is_none()), lang);
    }
    print_surroundings(config, lang);
    let silent = findings.iter().filter(|finding| !finding.answered()).count();
    say(&format!("\n{}", text::verdict(findings.len(), silent, lang)));
    if silent == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// One line for a bus on which nothing can be read, in place of one for each of its chips.
fn failed_bus(findings: &[&Finding], lang: Lang) -> Option<String> {
    let on_i2c = |finding: &&&Finding| matches!(finding.sensor.driver.place(), Place::Chip(_));
    let chips: Vec<&&Finding> = findings.iter().filter(on_i2c).collect();
    let all_failed = chips.len() == findings.len() && chips.iter().all(|f| f.fault() == Some(&Fault::BusFailed));
    let first = chips.first().filter(|_| all_failed && chips.len() > 1)?;
    let names: Vec<String> = chips.iter().map(|finding| format!("`{}`", finding.sensor.name)).collect();
    let hint = hint(first, lang)?;
    Some(format!("  {}\n      {hint}\n", text::failed_bus(&names.join(lang.pick(", ", "、")), lang)))
}

fn print_table<'a>(findings: impl Iterator<Item = &'a Finding>, lang: Lang) {
    let mut rows = vec![text::bus_heads(lang).map(str::to_owned)];
    let mut hints = vec![None];
    for finding in findings {
        rows.push(row(finding, lang));
        hints.push(hint(finding, lang));
    }
    if rows.len() == 1 {
        say(&format!("  {}\n", text::empty(lang)));
        return;
    }
    let widths: Vec<usize> =
        (0..4).map(|column| rows.iter().map(|row| texts::columns(&row[column])).max().unwrap_or(0)).collect();
    for (row, hint) in rows.iter().zip(hints) {
        let mut line = String::from(" ");
        for (cell, width) in row.iter().zip(&widths) {
            line += &format!(" {cell}{} ", " ".repeat(width - texts::columns(cell)));
        }
        say(format!("{line} {}", row[4]).trim_end());
        if let Some(hint) = hint {
            say(&format!("      {hint}"));
        }
    }
    say("");
}

fn row(finding: &Finding, lang: Lang) -> [String; 5] {
    let driver = &finding.sensor.driver;
    let place = driver.place().on_bus();
    let answered = match (&finding.identity, finding.answered()) {
        (Some(identity), true) => identity.clone(),
        (_, answered) => text::answered(answered, lang).to_owned(),
    };
    let points = finding.points.iter().map(|(name, unit, value)| match value {
        Ok(value) if matches!(*unit, "/" | "1") => format!("{name} {value}"),
        Ok(value) => format!("{name} {value} {}", texts::unit(unit)),
        Err(fault) => format!("{name}: {}", text::fault(fault, lang)),
    });
    let reading = match finding.fault() {
        // One reason for all.
        Some(fault) if !finding.answered() || finding.warms_up() => text::fault(fault, lang),
        _ => points.collect::<Vec<_>>().join(", "),
    };
    [place, finding.sensor.name.to_string(), driver.kind().word.to_owned(), answered, reading]
}

fn hint(finding: &Finding, lang: Lang) -> Option<String> {
    if finding.warms_up() {
        return None;
    }
    let hint = text::hint(finding.fault()?, &*finding.sensor.driver, lang);
    let trouble = finding.trouble.as_ref().map_or_else(String::new, |trouble| format!("{trouble}\n      "));
    Some(format!("{trouble}{}{hint}", text::hint_word(lang)))
}

fn print_surroundings(config: &Config, lang: Lang) {
    let broker = tcp::Settings::new(config.mqtt.host.clone(), config.mqtt.port, BROKER_TIMEOUT);
    let reachable = tcp::read(&broker).is_ok_and(|measured| measured.iter().any(|m| m.value == Ok(1.0)));
    say(&text::broker(&format!("{}:{}", broker.host, broker.port), reachable, lang));
    let trouble = spool_trouble(&config.spool.path).map(|error| error.to_string());
    say(&text::spool(&config.spool.path.display().to_string(), trouble.as_deref(), lang));
}

/// Why the spool's folder could not be used: it, or the folder that it would be made in.
fn spool_trouble(path: &Path) -> Option<std::io::Error> {
    let nearest = path.ancestors().find(|path| path.exists()).unwrap_or(path);
    let writable = rustix::fs::access(nearest, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK);
    writable.err().map(Into::into)
}
