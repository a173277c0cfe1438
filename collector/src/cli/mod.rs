//! The command line: reads arguments, sets up the log, and gives each command its own file.
//! Exit codes: 0 all right, 1 it failed, 78 the configuration cannot be used (sysexits' EX_CONFIG).
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod ask;
mod check;

mod config;
mod influx;
mod notify;
mod readiness;
mod readings;
mod register;
mod request;
mod rooms;
mod rounds;
mod rules;
mod run;
mod silence;
mod stretch;
mod table;
mod tickets;
mod venues;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

use crate::{
    Config,
    config::{Error as ConfigError, Language},
    packs,
};

/// The configuration cannot be used (sysexits).
pub const EXIT_CONFIG: u8 = 78;

/// Stores what Hallwatch agents report, decides what is wrong, and chases tickets to their end.
#[derive(Debug, Parser)]
#[command(name = "hallwatch-collector", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// The configuration to use.
#[derive(Debug, clap::Args)]
pub struct ConfigArgument {
    /// TOML file; without it the defaults, and HALLWATCH_COLLECTOR__… from the environment.
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

impl ConfigArgument {
    /// Reads it.
    pub fn load(&self) -> Result<Config, ConfigError> {
        Config::load(self.config.as_deref())
    }
}

/// In which language to answer.
#[derive(Debug, clap::Args)]
pub struct LanguageArgument {
    /// zh-CN or en; by default the one of the configuration.
    #[arg(long, global = true, value_name = "LANGUAGE", value_parser = language)]
    lang: Option<Language>,
}

impl LanguageArgument {
    /// The language asked for, else `usual`.
    #[must_use]
    pub fn or(&self, usual: Language) -> Language {
        self.lang.unwrap_or(usual)
    }
}

fn language(text: &str) -> Result<Language, String> {
    match text {
        "zh-CN" | "zh" => Ok(Language::ZhCn),
        "en" => Ok(Language::En),
        _ => Err("`zh-CN` or `en`".into()),
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs until SIGTERM or Ctrl-C.
    Run(ConfigArgument),
    /// Says whether a collector with this configuration could run here; changes nothing.
    Check(ConfigArgument),
    /// Prints every key of the configuration with its meaning and default.
    Config,
    /// Lists tickets, explains them, and carries what people do with them to the collector.
    Tickets(tickets::TicketsArgument),
    /// Prints the past of a point; lists venues, rooms and points where none is named.
    Readings(readings::ReadingsArgument),
    /// Says how complete the data of rooms and points is, and why something is missing.
    Silence(silence::SilenceArgument),
    /// Says whether each room can be opened, now or as a stored pre-opening report says.
    Readiness(readiness::ReadinessArgument),
    /// Sends a test message by a channel.
    Notify(notify::NotifyArgument),
    /// Lists scheduled inspections, and carries people's answers to the collector.
    Rounds(rounds::RoundsArgument),
    /// Lists extinguishers and when they are due; exports them as CSV.
    Register(register::RegisterArgument),
    /// Lists venues; shows hours, rooms, assets and teams of one.
    Venues(venues::VenuesArgument),
    /// Says how a room stands: prepared, occupied, empty, locked.
    Rooms(rooms::RoomsArgument),
    /// How far readings are written to the database of dashboards, and what it refused.
    Influx(influx::InfluxArgument),
    /// Lists the rules in force and explains them.
    Rules(rules::RulesArgument),
    /// Asks an agent for something: sample now, identify, recalibrate a sensor.
    Ask(ask::AskArgument),
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The configuration.
    #[error("the configuration cannot be used")]
    Config(#[from] ConfigError),
    /// A rule pack, which is configuration too.
    #[error("the configuration cannot be used")]
    Packs(#[source] packs::Error),
    /// The files of venues, which are configuration too.
    #[error("the configuration cannot be used")]
    Venues(#[from] crate::venues::Error),
    /// What was asked for cannot be done, in words in the reader's language.
    #[error("{0}")]
    Said(String),
    /// Anything else; the chain is printed.
    #[error("{1}")]
    Other(#[source] anyhow::Error, String),
}

impl Failure {
    /// Words in the reader's language.
    pub fn said(words: impl Into<String>) -> Self {
        Self::Said(words.into())
    }

    /// A failure of `doing`.
    pub fn other(doing: &str, e: impl Into<anyhow::Error>) -> Self {
        Self::Other(e.into(), format!("cannot {doing}"))
    }
}

/// Runs the command line of the process.
#[must_use]
pub fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Run(argument) => run::run(&argument),
        Command::Check(argument) => check::run(&argument),
        Command::Tickets(argument) => tickets::run(&argument),
        Command::Readings(argument) => readings::run(&argument),
        Command::Silence(argument) => silence::run(&argument),
        Command::Readiness(argument) => readiness::run(&argument),
        Command::Notify(argument) => notify::run(&argument),
        Command::Rounds(argument) => rounds::run(&argument),
        Command::Register(argument) => register::run(&argument),
        Command::Venues(argument) => venues::run(&argument),
        Command::Rooms(argument) => rooms::run(&argument),
        Command::Influx(argument) => influx::run(&argument),
        Command::Rules(argument) => rules::run(&argument),
        Command::Ask(argument) => ask::run(&argument),
        Command::Config => {
            config::print();
            Ok(ExitCode::SUCCESS)
        }
    };
    done.unwrap_or_else(|failure| {
        eprint!("{}", explain(&failure));
        match failure {
            Failure::Config(_) | Failure::Packs(_) | Failure::Venues(_) => ExitCode::from(EXIT_CONFIG),
            Failure::Said(_) | Failure::Other(..) => ExitCode::FAILURE,
        }
    })
}

/// The language of the terminal: Chinese where the environment asks for it, else English.
#[must_use]
pub fn terminal_language() -> Language {
    let asked =
        ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(|v| std::env::var(v).ok().filter(|v| !v.is_empty()));
    if asked.is_some_and(|v| v.starts_with("zh")) { Language::ZhCn } else { Language::En }
}

/// The whole chain of causes, hints last; for a configuration just what is wrong with it.
fn explain(failure: &Failure) -> String {
    if let Failure::Config(e) = failure {
        return format!("{}\n", e.text(terminal_language()));
    }
    if let Failure::Venues(e) = failure {
        return format!("{}\n", e.text(terminal_language()));
    }
    let (mut causes, mut hints) = (Vec::new(), Vec::new());
    let mut next: Option<&dyn std::error::Error> = Some(failure);
    while let Some(e) = next {
        let text = e.to_string();
        let (cause, hint) = text.split_once("\nhint: ").map_or((text.as_str(), None), |(c, h)| (c, Some(h)));
        if causes.last().is_none_or(|last: &String| last != cause) {
            causes.push(cause.to_owned());
        }
        hints.extend(hint.map(str::to_owned));
        next = e.source();
    }
    let mut text = format!("error: {}\n", causes.join("\n  because: "));
    for hint in hints {
        text += &format!("hint: {hint}\n");
    }
    text
}
