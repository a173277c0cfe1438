//! `readiness`: prints whether each room can be opened, with why not and what to do; with `--date` the stored
//! pre-opening report of that day. Looks into the ledger beside a collector that may be running.

use std::{path::PathBuf, process::ExitCode, sync::Arc, sync::RwLock};

use clap::Args;
use jiff::civil::Date;
use wire::{Id, UnixMs};

use super::{ConfigArgument, Failure, LanguageArgument, table};
use crate::{
    ledger::{Error, Loaded, Reader, RecordFilter, record_kind, sqlite::Sqlite},
    live::Live,
    packs::Packs,
    readiness::{
        Report, Room, Verdict,
        assess::STALE_MS,
        gather::{Past, Sources, opening_ahead},
        message,
        text::{self, Scene},
    },
    readings,
    texts::fill,
    venues,
    world::{Clock, SystemClock},
};

/// How far back from an agent's newest sample its points' last words are looked for, in milliseconds.
const LAST_MS: i64 = 2 * STALE_MS;
/// Samples of that time that are read: one a second.
const SAMPLES_MAX: usize = 360;

/// Arguments of `readiness`.
#[derive(Debug, Args)]
pub struct ReadinessArgument {
    #[command(flatten)]
    config: ConfigArgument,
    #[command(flatten)]
    language: LanguageArgument,
    /// The ledger itself, instead of the one that the configuration names.
    #[arg(long, value_name = "FILE")]
    ledger: Option<PathBuf>,
    /// Only of this venue.
    venue: Option<Id>,
    /// The report of this business date, 2026-11-23, instead of the present.
    #[arg(long)]
    date: Option<Date>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn run(argument: &ReadinessArgument) -> Result<ExitCode, Failure> {
    let config = argument.config.load()?;
    let language = argument.language.or(config.language);
    let venues = venues::current::read(&config)?;
    let packs = Packs::load(&config.rules).map_err(Failure::Packs)?;
    let path = argument.ledger.clone().unwrap_or_else(|| config.ledger.path.clone());
    let store = Sqlite::beside(&path).map_err(|e| {
        let said = fill(language, "cli_error.no_ledger", &[("path", &path.display().to_string())]);
        Failure::Other(e.into(), said)
    })?;
    let unread = |e: Error| Failure::other("read the ledger", e);
    if let Some(date) = argument.date {
        let reports = reports(&store, argument.venue.clone(), date).map_err(unread)?;
        if argument.json {
            println!("{}", serde_json::to_string_pretty(&reports).expect("reports print as JSON"));
            return Ok(ExitCode::SUCCESS);
        }
        if reports.is_empty() {
            let venue = argument.venue.as_ref().map_or("-", Id::as_str);
            let blanks = [("venue", venue), ("date", &*date.to_string())];
            return Err(Failure::said(fill(language, "readiness.no_such_report", &blanks)));
        }
        for report in &reports {
            let scene = Scene { language, packs: &packs, venues: &venues, venue: &report.venue };
            print!("{}", of_report(report, scene));
        }
        return Ok(ExitCode::SUCCESS);
    }
    let now = SystemClock.now();
    let (live, past) = (RwLock::new(last_said(&store).map_err(unread)?), Past::default());
    let readings = readings::over(Arc::new(store.clone()));
    let (packs, venues) = (&packs, &venues);
    let sources = Sources { reader: &store, readings: &*readings, packs, venues, live: &live, past: &past };
    let all = sources.venues();
    if let Some(venue) = argument.venue.as_ref().filter(|venue| !all.contains(*venue)) {
        return Err(Failure::said(fill(language, "readiness.no_such_venue", &[("venue", venue.as_str())])));
    }
    let mut json = serde_json::Map::new();
    for venue in all.into_iter().filter(|venue| argument.venue.as_ref().is_none_or(|only| only == venue)) {
        let opening = opening_ahead(venues.calendar(&venue), now);
        let rooms = sources.rooms(&venue, opening, now).map_err(unread)?;
        if argument.json {
            json.insert(venue.to_string(), serde_json::to_value(&rooms).expect("rooms print as JSON"));
        } else {
            let scene = Scene { language, packs, venues, venue: &venue };
            let when = match opening {
                Some(at) => {
                    let day = text::local(at, venues.zone(&venue), "%m-%d");
                    scene.fill("opens_on", &[("date", &day), ("time", &scene.clock(at))])
                }
                None => scene.t("open_now").to_owned(),
            };
            println!("{} · {when}\n{}", venues.name(&venue, language), text::counts(&rooms, scene));
            print!("{}", of_rooms(&rooms, None, now, scene));
        }
    }
    if argument.json {
        println!("{}", serde_json::to_string_pretty(&json).expect("rooms print as JSON"));
    }
    Ok(ExitCode::SUCCESS)
}

/// A stored report: its message, then how it went.
fn of_report(report: &Report, scene: Scene<'_>) -> String {
    let mut out = format!("{}\n", message::subject(report, scene));
    let then = report.at_opening.as_ref();
    out += &of_rooms(&report.rooms, then.map(|then| &*then.rooms), report.at, scene);
    for line in report.urgent.iter().map(|ticket| message::ticket_line(ticket, scene)) {
        out += &format!("· {line}\n");
    }
    for line in message::facts(report, scene) {
        out += &format!("{line}\n");
    }
    let went = match then {
        Some(then) => text::counts(&then.rooms, scene),
        None if report.opening_missed => scene.t("opening_missed").into(),
        None => scene.t("opening_ahead").into(),
    };
    out + &format!("{}: {went}\n\n", scene.t("at_opening"))
}

/// Rooms that are not simply ready, a line each; the ready ones are in the count.
fn of_rooms(rooms: &[Room], then: Option<&[Room]>, at: UnixMs, scene: Scene<'_>) -> String {
    let mut rows = Vec::new();
    for room in rooms {
        let later = then.and_then(|then| then.iter().find(|r| r.room == room.room));
        let later = later.filter(|later| later.verdict != room.verdict);
        if room.verdict == Verdict::Ready && later.is_none() {
            continue;
        }
        let mut why = text::all(room, at, scene);
        if let Some(later) = later {
            why.push(format!("{}: {}", scene.t("at_opening"), text::verdict(later.verdict, scene.language)));
        }
        rows.push(vec![
            scene.room(&room.room).into_owned(),
            text::verdict(room.verdict, scene.language).to_owned(),
            why.join(scene.t("and_also")),
            text::action(room, scene).unwrap_or_default(),
        ]);
    }
    let moving = message::in_time(rooms, scene).map(|line| format!("{line}\n")).unwrap_or_default();
    if rows.is_empty() {
        return moving;
    }
    rows.insert(0, ["room", "verdict", "why", "do"].map(|key| scene.t(key).to_owned()).to_vec());
    table::lay_out(&rows) + &moving
}

fn reports(store: &Sqlite, venue: Option<Id>, date: Date) -> Result<Vec<Report>, Error> {
    let (kind, date) = (record_kind::READINESS.to_owned(), Some(date.to_string()));
    let filter = RecordFilter { kind, venue, from: date.clone(), to: date, limit: 0 };
    Ok(store.records(&filter)?.iter().filter_map(Report::of).collect())
}

/// What every agent last said of itself and of its points.
fn last_said(store: &Sqlite) -> Result<Live, Error> {
    let mut live = Live::restore(&Loaded { devices: store.devices()?, ..Loaded::default() });
    let readings = readings::over(Arc::new(store.clone()));
    for mark in store.watermarks()?.into_iter().filter(|mark| mark.sample_at != UnixMs::MIN) {
        let from = mark.sample_at.saturating_sub(LAST_MS);
        let newest = readings.samples(&mark.source, from, mark.sample_at.saturating_add(1), SAMPLES_MAX)?;
        newest.iter().for_each(|sample| live.sample(&mark.source, sample, sample.at));
    }
    Ok(live)
}
