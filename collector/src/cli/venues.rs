//! `venues`: what the files of venues mean: when each opens and closes, who works, and what is not yet as it
//! should be. Reads files, asks nobody.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use wire::{Id, UnixMs};

use super::{ConfigArgument, Failure, LanguageArgument, table};
use crate::{
    config::Language,
    texts::{fill, get},
    venues::{self, Venue, Venues},
    world::{Clock, SystemClock},
};

/// Days whose hours `show` lists, today included.
const DAYS: i64 = 8;
const DAY_MS: i64 = 86_400_000;

/// Arguments of `venues`.
#[derive(Debug, Args)]
pub struct VenuesArgument {
    #[command(flatten)]
    config: ConfigArgument,
    #[command(flatten)]
    language: LanguageArgument,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lists the venues, and whether each is open.
    List,
    /// Shows one venue: its hours in the coming days, rooms, assets and teams.
    Show {
        /// Its identifier.
        venue: Id,
    },
}

/// Runs the command.
pub fn run(argument: &VenuesArgument) -> Result<ExitCode, Failure> {
    let config = argument.config.load()?;
    let language = argument.language.or(config.language);
    let venues = venues::current::read(&config)?;
    let desk = Desk { venues: &venues, language, now: SystemClock.now() };
    if venues.venues.is_empty() {
        return Err(Failure::said(get(language, "cli_venues.none")));
    }
    match &argument.command {
        Command::List => print!("{}", desk.list()),
        Command::Show { venue } => {
            let Some(found) = venues.venue(venue) else {
                let known: Vec<&str> = venues.venues.keys().map(Id::as_str).collect();
                let blanks = [("venue", venue.as_str()), ("known", &*known.join(" "))];
                return Err(Failure::said(fill(language, "cli_venues.unknown", &blanks)));
            };
            print!("{}", desk.show(venue, found));
        }
    }
    for advice in venues.advice(jiff::Zoned::now().date()) {
        let (text, hint) = advice.text(language);
        println!("{}", fill(language, "cli_venues.advice", &[("text", &text), ("hint", hint)]));
    }
    Ok(ExitCode::SUCCESS)
}

struct Desk<'a> {
    venues: &'a Venues,
    language: Language,
    now: UnixMs,
}

impl Desk<'_> {
    fn word(&self, key: &str) -> String {
        get(self.language, &format!("cli_venues.{key}")).to_owned()
    }

    fn list(&self) -> String {
        let head = ["venue", "name", "kind", "zone", "now", "rooms", "assets", "teams"].map(|key| self.word(key));
        let row = |(id, venue): (&Id, &Venue)| {
            let kind = venue.file.kind.as_ref().map_or_else(String::new, ToString::to_string);
            let zone = venue.calendar.zone.iana_name().unwrap_or_default().to_owned();
            let counts = [venue.file.room.len(), venue.file.asset.len(), venue.file.team.len()];
            let name = self.venues.name(id, self.language).to_owned();
            let first = [id.to_string(), name, kind, zone, self.standing(venue)];
            first.into_iter().chain(counts.map(|count| count.to_string())).collect()
        };
        table::lay_out(&[head.to_vec()].into_iter().chain(self.venues.venues.iter().map(row)).collect::<Vec<_>>())
    }

    /// Open until when, or closed until when.
    fn standing(&self, venue: &Venue) -> String {
        let calendar = &venue.calendar;
        if calendar.is_always_open() {
            return self.word("always");
        }
        let (key, until) = match calendar.is_open(self.now) {
            true => ("open_until", calendar.closes_at(self.now)),
            false => ("closed_until", calendar.next_opening(self.now)),
        };
        let until = until.map_or_else(|| "–".to_owned(), |at| self.time(venue, at));
        fill(self.language, &format!("cli_venues.{key}"), &[("time", &until)])
    }

    fn time(&self, venue: &Venue, at: UnixMs) -> String {
        crate::tickets::text::time(at, &venue.calendar.zone, self.language)
    }

    fn show(&self, id: &Id, venue: &Venue) -> String {
        let language = self.language;
        let mut out = format!("{} ({id})\n{}\n", self.venues.name(id, language), self.standing(venue));
        out += &format!("\n{}\n{}", self.word("hours"), self.hours(venue));
        let rooms = venue.file.room.iter().map(|(room, told)| {
            let kind = told.kind.as_ref().map_or_else(String::new, ToString::to_string);
            let state = told.state_point.as_ref().map_or_else(String::new, ToString::to_string);
            let name = self.venues.room_name(id, room, language).into_owned();
            vec![room.to_string(), name, told.floor.clone().unwrap_or_default(), kind, state]
        });
        out += &self.block("rooms", &["room", "name", "floor", "kind", "state_point"], rooms.collect());
        let assets = venue.file.asset.iter().map(|(asset, told)| {
            let place = told.room.as_ref().map_or_else(String::new, ToString::to_string);
            let team = told.team.as_ref().map(|team| self.venues.team_name(id, team, language).into_owned());
            let needs: Vec<&str> = told.depends_on.iter().map(Id::as_str).collect();
            let name = self.venues.asset_name(id, asset, language).into_owned();
            vec![asset.to_string(), name, place, team.unwrap_or_default(), needs.join(" ")]
        });
        out += &self.block("assets", &["asset", "name", "room", "team", "needs"], assets.collect());
        let teams = venue.file.team.iter().map(|(team, told)| {
            let channels: Vec<&str> = told.channels.iter().map(Id::as_str).collect();
            let name = self.venues.team_name(id, team, language).into_owned();
            vec![team.to_string(), name, told.members.join(" "), channels.join(" ")]
        });
        out + &self.block("teams", &["team", "name", "members", "channels"], teams.collect())
    }

    fn block(&self, title: &str, head: &[&str], rows: Vec<Vec<String>>) -> String {
        if rows.is_empty() {
            return String::new();
        }
        let head = head.iter().map(|key| self.word(key)).collect();
        format!("\n{}\n{}", self.word(title), table::lay_out(&[vec![head], rows].concat()))
    }

    /// When it opens and closes in the coming days, by business date.
    fn hours(&self, venue: &Venue) -> String {
        let calendar = &venue.calendar;
        let mut rows: Vec<Vec<String>> = Vec::new();
        for day in 0..DAYS {
            let Some(date) = calendar.business_date(self.now.saturating_add(day * DAY_MS)) else { continue };
            let begin = calendar.first_at(date.to_datetime(calendar.cut_off));
            let end = date.tomorrow().ok().and_then(|next| calendar.first_at(next.to_datetime(calendar.cut_off)));
            let (Some(begin), Some(end)) = (begin, end) else { continue };
            let clock = |at: UnixMs| {
                let instant = Timestamp::from_millisecond(at).unwrap_or_default();
                instant.to_zoned(calendar.zone.clone()).strftime("%H:%M").to_string()
            };
            let spans: Vec<String> = calendar
                .opening_intervals(begin, end)
                .into_iter()
                .filter(|span| span.from >= begin || calendar.is_always_open())
                .map(|span| match span.from <= begin && span.to >= end {
                    true => self.word("always"),
                    false => format!("{}–{}", clock(span.from), clock(span.to)),
                })
                .collect();
            let open = if spans.is_empty() { self.word("closed") } else { spans.join(" ") };
            let weekday =
                get(self.language, WEEKDAYS[usize::from(date.weekday().to_monday_zero_offset().unsigned_abs())]);
            rows.push(vec![date.to_string(), weekday.to_owned(), open]);
        }
        table::lay_out(&rows)
    }
}

const WEEKDAYS: [&str; 7] = [
    "cli_venues.mon",
    "cli_venues.tue",
    "cli_venues.wed",
    "cli_venues.thu",
    "cli_venues.fri",
    "cli_venues.sat",
    "cli_venues.sun",
];
