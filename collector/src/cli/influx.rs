//! `influx`: how far readings are written to the database of the configuration, whether it is there, and what it
//! refused. Looks into the ledger beside a collector that may be running.

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Subcommand};

use super::{ConfigArgument, Failure, LanguageArgument, table};
use crate::{
    Config,
    config::Language,
    influx::client::Client,
    ledger::{
        export::{Exporter as _, cursor},
        sqlite::{Sqlite, SqliteExporter},
    },
    notify::secret::Secret,
    texts::{self, fill, get},
    world::{Clock, SystemClock},
};

/// Refused lines that are shown.
const REFUSED_SHOWN: usize = 20;

/// Arguments of `influx`.
#[derive(Debug, Args)]
pub struct InfluxArgument {
    #[command(flatten)]
    config: ConfigArgument,
    #[command(flatten)]
    language: LanguageArgument,
    /// The ledger itself, instead of the one that the configuration names.
    #[arg(long, global = true, value_name = "FILE")]
    ledger: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Whether the database is there, and what waits for it.
    Status,
    /// The newest lines that the database refused for good, and why.
    Refused,
}

/// Runs the command.
pub fn run(argument: &InfluxArgument) -> Result<ExitCode, Failure> {
    let config = argument.config.load()?;
    let language = argument.language.or(config.language);
    let path = argument.ledger.clone().unwrap_or_else(|| config.ledger.path.clone());
    let store = Sqlite::beside(&path).map_err(|e| {
        let said = fill(language, "cli_error.no_ledger", &[("path", &path.display().to_string())]);
        Failure::Other(e.into(), said)
    })?;
    let mut exporter = store.exporter().map_err(|e| Failure::other("look into the ledger", e))?;
    match argument.command {
        Command::Status => status(&config, &mut exporter, language),
        Command::Refused => refused(&mut exporter, language),
    }
}

fn status(config: &Config, exporter: &mut SqliteExporter, language: Language) -> Result<ExitCode, Failure> {
    let token = config.influx.token_file.as_ref().map(|path| Secret::read(path)).transpose();
    let token = token.map_err(|e| Failure::other("read `influx.token_file`", e))?;
    let Some(client) = Client::new(&config.influx, token.as_ref()) else {
        return Err(Failure::said(get(language, "cli_influx.none")));
    };
    let url = config.influx.url.as_deref().unwrap_or_default();
    let answer = client.ping();
    let reason = answer.as_ref().err().cloned().unwrap_or_default();
    let key = if answer.is_ok() { "cli_influx.there" } else { "cli_influx.away" };
    println!("{}", fill(language, key, &[("url", url), ("reason", &reason)]));
    let failed = |e| Failure::other("look into the ledger", e);
    let position = exporter.position(cursor::SAMPLES).map_err(failed)?;
    let waiting = exporter.waiting(position).map_err(failed)?;
    let lag_ms = waiting.since.map_or(0, |since| SystemClock.now().saturating_sub(since).max(0));
    #[expect(clippy::cast_precision_loss, reason = "a few MiB")]
    let mib = format!("{:.1}", waiting.bytes as f64 / 1_048_576.0);
    let blanks = [
        ("commits", &*waiting.commits.to_string()),
        ("mib", &*mib),
        ("most", &*config.influx.waiting_mib_max.to_string()),
        ("lag", &*texts::duration(language, lag_ms)),
    ];
    let key = if waiting.commits == 0 { "cli_influx.nothing_waits" } else { "cli_influx.waits" };
    println!("{}", fill(language, key, &blanks));
    Ok(if answer.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn refused(exporter: &mut SqliteExporter, language: Language) -> Result<ExitCode, Failure> {
    let lines = exporter.refused(REFUSED_SHOWN).map_err(|e| Failure::other("look into the ledger", e))?;
    if lines.is_empty() {
        println!("{}", get(language, "cli_influx.none_refused"));
        return Ok(ExitCode::SUCCESS);
    }
    let head = ["at", "reason", "line"].map(|key| get(language, &format!("cli_influx.{key}")).to_owned()).to_vec();
    let rows = lines.into_iter().map(|refused| {
        let at = crate::tickets::text::time(refused.at, &jiff::tz::TimeZone::system(), language);
        vec![at, refused.reason, refused.line]
    });
    print!("{}", table::lay_out(&[head].into_iter().chain(rows).collect::<Vec<_>>()));
    Ok(ExitCode::SUCCESS)
}
