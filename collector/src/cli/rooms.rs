//! `rooms`: says how a room stands where no sensor can: prepared, empty, locked. The word goes to the running
//! collector as a request, like everything that people do.

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Subcommand, ValueEnum};
use wire::Id;

use super::{
    ConfigArgument, Failure, LanguageArgument,
    request::{self, Answer},
    table,
};
use crate::{
    episode::RoomState,
    ledger::{Reader as _, RecordFilter, record_kind, sqlite::Sqlite},
    texts::{self, fill, get},
    tickets::{Action, text},
    venues,
};

/// Rooms that are listed, at most.
const ROOMS_MAX: usize = 10_000;

/// Arguments of `rooms`.
#[derive(Debug, Args)]
pub struct RoomsArgument {
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
    /// Lists what people said of rooms.
    List,
    /// Says how a room stands.
    Set {
        /// The room, as VENUE/ROOM.
        #[arg(value_parser = place)]
        room: (Id, Id),
        /// How it stands.
        #[arg(value_enum)]
        state: Stands,
        /// In whose name; by default the user of the system.
        #[arg(long, value_name = "NAME")]
        who: Option<String>,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Stands {
    /// Made ready for guests (待客).
    Prepared,
    /// Guests are in it (使用中).
    Occupied,
    /// Nobody is in it (空房).
    Empty,
    /// Not in use (停用): it is left out of the report and of accounting.
    Locked,
    /// Takes back what was said.
    Unknown,
}

impl Stands {
    fn state(self) -> Option<RoomState> {
        match self {
            Self::Prepared => Some(RoomState::Prepared),
            Self::Occupied => Some(RoomState::Occupied),
            Self::Empty => Some(RoomState::Empty),
            Self::Locked => Some(RoomState::Locked),
            Self::Unknown => None,
        }
    }
}

fn place(text: &str) -> Result<(Id, Id), String> {
    let wanted = || "VENUE/ROOM, such as nanshan/k03".to_owned();
    let (venue, room) = text.split_once('/').ok_or_else(wanted)?;
    Ok((Id::parse(venue).map_err(|_| wanted())?, Id::parse(room).map_err(|_| wanted())?))
}

/// Runs the command.
pub fn run(argument: &RoomsArgument) -> Result<ExitCode, Failure> {
    let config = argument.config.load()?;
    let language = argument.language.or(config.language);
    let venues = venues::current::read(&config)?;
    let path = argument.ledger.clone().unwrap_or_else(|| config.ledger.path.clone());
    let store = Sqlite::beside(&path).map_err(|e| {
        let said = fill(language, "cli_error.no_ledger", &[("path", &path.display().to_string())]);
        Failure::Other(e.into(), said)
    })?;
    let failed = |e| Failure::other("ask the collector", e);
    let (venue, room, state, who) = match &argument.command {
        Command::Set { room: (venue, room), state, who } => (venue, room, state.state(), who),
        Command::List => {
            let filter = RecordFilter {
                kind: record_kind::ROOM_STATE.into(),
                venue: None,
                from: None,
                to: None,
                limit: ROOMS_MAX,
            };
            let mut records = store.records(&filter).map_err(failed)?;
            records.sort_by(|a, b| (&a.venue, &a.key).cmp(&(&b.venue, &b.key)));
            let mut rows = vec![
                ["venue", "room", "state", "since", "who"]
                    .map(|k| get(language, &format!("cli_venues.{k}")).to_owned())
                    .to_vec(),
            ];
            for record in records {
                let state: Option<RoomState> = serde_json::from_value(record.body["state"].clone()).ok().flatten();
                let Some(state) = state else { continue };
                let since = text::time(record.at, venues.zone(&record.venue), language);
                let who = record.body["who"].as_str().unwrap_or_default().to_owned();
                let state = texts::room_state(language, state).to_owned();
                rows.push(vec![record.venue.to_string(), record.key, state, since, who]);
            }
            print!("{}", table::lay_out(&rows));
            return Ok(ExitCode::SUCCESS);
        }
    };
    let action = Action::Room { venue: venue.clone(), room: room.clone(), state };
    let who = who.clone().unwrap_or_else(request::user);
    match request::ask(&store, &who, "", &action, language)? {
        Answer::Nobody(code) => Ok(code),
        Answer::Given(_) => {
            let unsaid = || get(language, "cli_venues.unsaid");
            let words = state.map_or_else(unsaid, |state| texts::room_state(language, state));
            let name = venues.room_name(venue, room, language);
            println!("{}", fill(language, "cli_venues.set", &[("room", &name), ("state", words)]));
            Ok(ExitCode::SUCCESS)
        }
    }
}
