//! `register`: the extinguishers of all venues as a table, and as CSV for a spreadsheet. Reads the
//! files of venues, and from the ledger what agents' tags last said; changes nothing.

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Subcommand};
use wire::{Id, Source, UnixMs};

use super::{ConfigArgument, Failure, LanguageArgument, table};
use crate::{
    config::Language,
    ledger::{Loaded, Reader, sqlite::Sqlite},
    live::Live,
    readings,
    register::{Extinguisher, csv, job, text},
    texts::get,
    venues::{self, Venues},
    world::{Clock, SystemClock},
};

/// How far back from an agent's newest sample its readers' last words are looked for, and in how many
/// samples at most: one a second.
const LAST_MS: i64 = 10 * 60_000;
const SAMPLES_MAX: usize = 600;

/// Arguments of `register`.
#[derive(Debug, Args)]
pub struct RegisterArgument {
    #[command(flatten)]
    config: ConfigArgument,
    #[command(flatten)]
    language: LanguageArgument,
    /// The ledger itself, instead of the one that the configuration names.
    #[arg(long, global = true, value_name = "FILE")]
    ledger: Option<PathBuf>,
    /// Only of this venue.
    #[arg(long, global = true)]
    venue: Option<Id>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Clone, Copy, Subcommand)]
enum Command {
    /// Lists extinguishers, the worst first, with what to do.
    List,
    /// Prints the register as CSV: `register export > extinguishers.csv`.
    Export,
}

/// Runs the command.
pub fn run(argument: &RegisterArgument) -> Result<ExitCode, Failure> {
    let config = argument.config.load()?;
    let language = argument.language.or(config.language);
    let venues = venues::current::read(&config).map_err(|e| Failure::said(e.text(language)))?;
    let path = argument.ledger.clone().unwrap_or_else(|| config.ledger.path.clone());
    // A register without a collector that ever ran is what the files say.
    let live = if path.exists() {
        let store = Sqlite::beside(&path).map_err(|e| Failure::other("read the ledger", e))?;
        last_said(&store).map_err(|e| Failure::other("read the ledger", e))?
    } else {
        Live::default()
    };
    let now = SystemClock.now();
    let mut all = job::of_all(&venues, &live, now);
    all.retain(|e| argument.venue.as_ref().is_none_or(|venue| *venue == e.venue));
    match argument.command {
        Command::Export => print!("{}", csv::print(&all, now, &venues, language)),
        Command::List if all.is_empty() => {
            println!("{}\n{}", get(language, "register.none"), get(language, "register.none_hint"));
        }
        Command::List => list(&all, now, &venues, language),
    }
    Ok(ExitCode::SUCCESS)
}

fn list(all: &[Extinguisher], now: UnixMs, venues: &Venues, language: Language) {
    let keys = ["venue", "room", "name", "type", "standing", "due", "scrap", "place"];
    let mut rows = vec![keys.map(|key| get(language, &format!("register.{key}")).to_owned()).to_vec()];
    let due = |(date, far): (String, String)| if far.is_empty() { date } else { format!("{date} · {far}") };
    for e in all {
        let room = e.room.as_ref().map_or_else(String::new, |r| venues.room_name(&e.venue, r, language).into_owned());
        rows.push(vec![
            venues.name(&e.venue, language).to_owned(),
            room,
            venues.asset_name(&e.venue, &e.asset, language).into_owned(),
            e.filling.map_or("-", |kind| kind.words(language)).to_owned(),
            text::standing(e.standing(), language).to_owned(),
            due(text::due(e.days.service, e.service_days(), language)),
            due(text::due(e.days.scrap, e.scrap_days(), language)),
            text::place(e, now, venues.zone(&e.venue), language),
        ]);
    }
    print!("{}", table::lay_out(&rows));
    for e in all {
        let name = venues.asset_name(&e.venue, &e.asset, language);
        for difference in &e.differences {
            println!("{name} · {}", text::difference(difference, language));
        }
    }
    println!("\n{}", text::count(all, language));
}

/// What every agent last said of itself and of its points.
fn last_said(store: &Sqlite) -> Result<Live, crate::ledger::Error> {
    let loaded = Loaded { devices: store.devices()?, ..Loaded::default() };
    let mut live = Live::restore(&loaded);
    let readings = readings::over(std::sync::Arc::new(store.clone()));
    let with_assets = |source: &Source| {
        let about = live.agents.get(source).and_then(|agent| agent.about.as_ref());
        about.is_some_and(|about| about.points.values().any(|point| point.asset.is_some()))
    };
    let mut marks = store.watermarks()?;
    marks.retain(|mark| mark.sample_at != UnixMs::MIN && with_assets(&mark.source));
    for mark in marks {
        // A sample holds what was due at its instant; a slow reader's turn is within the last minutes.
        let from = mark.sample_at.saturating_sub(LAST_MS);
        let newest = readings.samples(&mark.source, from, mark.sample_at.saturating_add(1), SAMPLES_MAX)?;
        newest.iter().for_each(|sample| live.sample(&mark.source, sample, sample.at));
    }
    Ok(live)
}
