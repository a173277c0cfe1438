//! `silence`: prints how the time of rooms and points was spent: measured, backfilled, lost and why,
//! planned off; the worst first. Looks into the ledger beside a collector that may be running.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use wire::{Id, UnixMs};

use super::{ConfigArgument, Failure, LanguageArgument, stretch::length, table};
use crate::{
    config::Language,
    ledger::sqlite::Sqlite,
    silence::{
        job::BACK_DAYS,
        text,
        total::{self, RoomTotal, SINCE_MS_MAX, Which},
    },
    texts::{self, fill, get},
    tickets::text::time,
    venues::{self, Venues},
    world::{Clock, SystemClock},
};

/// Arguments of `silence`.
#[derive(Debug, Args)]
pub struct SilenceArgument {
    #[command(flatten)]
    config: ConfigArgument,
    #[command(flatten)]
    language: LanguageArgument,
    /// The ledger itself, instead of the one that the configuration names.
    #[arg(long, value_name = "FILE")]
    ledger: Option<PathBuf>,
    /// A venue, or one of its rooms with its points; every room where none is named.
    #[arg(value_name = "VENUE[/ROOM]", value_parser = place)]
    place: Option<(Id, Option<Id>)>,
    /// How far back from now: 12h, 7d, 4w.
    #[arg(long, default_value = "7d", value_name = "LENGTH", value_parser = length)]
    since: i64,
    /// Print JSON, in milliseconds.
    #[arg(long)]
    json: bool,
}

fn place(text: &str) -> Result<(Id, Option<Id>), String> {
    let refused = || "a venue such as nanshan, or a room of it such as nanshan/k01".to_owned();
    let id = |text| Id::parse(text).map_err(|_| refused());
    match text.split_once('/') {
        Some((venue, room)) => Ok((id(venue)?, Some(id(room)?))),
        None => Ok((id(text)?, None)),
    }
}

/// Runs the command.
pub fn run(argument: &SilenceArgument) -> Result<ExitCode, Failure> {
    let config = argument.config.load()?;
    let language = argument.language.or(config.language);
    let venues = venues::current::read(&config)?;
    let path = argument.ledger.clone().unwrap_or_else(|| config.ledger.path.clone());
    let store = Sqlite::beside(&path).map_err(|e| {
        let said = fill(language, "cli_error.no_ledger", &[("path", &path.display().to_string())]);
        Failure::Other(e.into(), said)
    })?;
    let (venue, room) = argument.place.clone().map_or((None, None), |(venue, room)| (Some(venue), room));
    let now = SystemClock.now();
    let which = Which { venue, room, from: now.saturating_sub(argument.since.min(SINCE_MS_MAX)), to: now };
    let rooms = total::rooms(&store, &venues, &which).map_err(|e| Failure::other("read the accounts", e))?;
    if argument.json {
        println!("{}", json(&rooms));
    } else if rooms.is_empty() {
        let name = [&which.venue, &which.room].into_iter().flatten().map(Id::as_str).collect::<Vec<_>>().join("/");
        if !name.is_empty() {
            return Err(Failure::said(fill(language, "silence.no_room", &[("name", &name)])));
        }
        println!("{}", get(language, "silence.nothing"));
    } else if which.room.is_some() {
        print!("{}", points(&rooms, language, &venues));
    } else {
        print!("{}", of_rooms(&rooms, language, &venues));
    }
    Ok(ExitCode::SUCCESS)
}

fn upto(at: UnixMs, venue: &Id, language: Language, venues: &Venues) -> String {
    time(at, venues.zone(venue), language)
}

/// A line a room.
fn of_rooms(rooms: &[RoomTotal], language: Language, venues: &Venues) -> String {
    let mut head = vec![get(language, "silence.venue").to_owned(), get(language, "silence.room").to_owned()];
    head.extend(text::heads(language).map(str::to_owned));
    head.push(get(language, "silence.upto").to_owned());
    let rows = rooms.iter().map(|room| {
        let mut row = vec![room.venue.to_string(), venues.room_name(&room.venue, &room.room, language).into_owned()];
        row.extend(text::cells(language, &room.account));
        row.push(upto(room.upto, &room.venue, language, venues));
        row
    });
    table::lay_out(&[head].into_iter().chain(rows).collect::<Vec<_>>())
}

/// A line for the room, and one for each of its points.
fn points(rooms: &[RoomTotal], language: Language, venues: &Venues) -> String {
    let mut out = String::new();
    for room in rooms {
        let name = venues.room_name(&room.venue, &room.room, language);
        let line = text::line(language, &room.account).unwrap_or_else(|| get(language, "silence.nothing").into());
        let upto = upto(room.upto, &room.venue, language, venues);
        out += &format!("{name}  {line}\n{} {upto}\n", get(language, "silence.upto"));
        out += &format!("{}\n\n", fill(language, "silence.back", &[("n", &BACK_DAYS.to_string())]));
        let mut head = vec![get(language, "silence.point").to_owned(), get(language, "silence.agent").to_owned()];
        head.extend(text::heads(language).map(str::to_owned));
        let rows = room.points.iter().map(|p| {
            let mut row = vec![texts::point(language, &p.point).into_owned(), p.source.agent.to_string()];
            row.extend(text::cells(language, &p.account));
            row
        });
        out += &table::lay_out(&[head].into_iter().chain(rows).collect::<Vec<_>>());
    }
    out
}

fn json(rooms: &[RoomTotal]) -> serde_json::Value {
    let account = |account: &crate::silence::Account| {
        serde_json::json!({
            "counted_ms": account.counted_ms(),
            "measured_ms": account.measured_ms,
            "backfilled_ms": account.backfilled_ms,
            "planned_off_ms": account.planned_off_ms,
            "lost_ms": account.lost.iter().map(|(why, ms)| (why.to_string(), *ms)).collect::<std::collections::BTreeMap<_, _>>(),
        })
    };
    let rooms = rooms.iter().map(|room| {
        let points = room
            .points
            .iter()
            .map(|p| serde_json::json!({ "agent": p.source.agent, "point": p.point, "account": account(&p.account) }));
        serde_json::json!({
            "venue": room.venue, "room": room.room, "upto": room.upto, "account": account(&room.account),
            "points": points.collect::<Vec<_>>(),
        })
    });
    rooms.collect::<Vec<_>>().into()
}
