//! `tickets`: lists and shows tickets, and carries people's actions to the running collector. The
//! action goes into the ledger as a request; the collector's next step decides and answers, so that
//! nothing but the step ever changes a ticket.

mod act;

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Subcommand};
use wire::Id;

use act::Act;

use super::{ConfigArgument, Failure, LanguageArgument, request, table};
use crate::{
    config::Language,
    episode::Severity,
    ledger::{Reader, TicketFilter, sqlite::Sqlite},
    packs::Packs,
    texts::{self, fill, get},
    tickets::{
        DATA, Ticket, Transition,
        text::{self, Scene},
        until,
    },
    venues::{self, Venues},
};

/// Arguments of `tickets`.
#[derive(Debug, Args)]
pub struct TicketsArgument {
    #[command(flatten)]
    config: ConfigArgument,
    #[command(flatten)]
    language: LanguageArgument,
    /// The ledger itself, instead of the one that the configuration names.
    #[arg(long, global = true, value_name = "FILE")]
    ledger: Option<PathBuf>,
    /// Print JSON.
    #[arg(long, global = true)]
    json: bool,
    /// In whose name; by default the user of the system.
    #[arg(long, global = true, value_name = "NAME")]
    who: Option<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lists tickets that have not ended.
    List {
        /// Those that ended, too.
        #[arg(long)]
        all: bool,
        /// Only of this venue.
        #[arg(long)]
        venue: Option<Id>,
        /// Only of this room.
        #[arg(long)]
        room: Option<Id>,
        /// Only of this team.
        #[arg(long)]
        team: Option<Id>,
        /// Only those at least this bad, P1 to P4.
        #[arg(long, value_parser = severity)]
        severity: Option<Severity>,
        /// Only those that are yours; --who says who you are.
        #[arg(long)]
        mine: bool,
        /// Only those of which a limit has run out.
        #[arg(long)]
        late: bool,
    },
    /// Explains a ticket and tells its history. NUMBER may be the end of it, such as 004.
    Show {
        /// Its number, or the end of it.
        number: String,
    },
    #[command(flatten)]
    Act(Act),
}

fn severity(text: &str) -> Result<Severity, String> {
    match text {
        "P1" => Ok(Severity::P1),
        "P2" => Ok(Severity::P2),
        "P3" => Ok(Severity::P3),
        "P4" => Ok(Severity::P4),
        _ => Err("one of P1, P2, P3, P4".into()),
    }
}

/// Runs the command.
pub fn run(argument: &TicketsArgument) -> Result<ExitCode, Failure> {
    let config = argument.config.load()?;
    let language = argument.language.or(config.language);
    let packs = Packs::load(&config.rules).map_err(|e| Failure::other("load the rules", e))?;
    let path = argument.ledger.clone().unwrap_or_else(|| config.ledger.path.clone());
    let store = Sqlite::beside(&path).map_err(|e| {
        let said = fill(language, "cli_error.no_ledger", &[("path", &path.display().to_string())]);
        Failure::Other(e.into(), said)
    })?;
    let venues = venues::current::read(&config)?;
    let desk = Desk { packs: &packs, venues: &venues, language, json: argument.json, store: &store };
    let who = argument.who.clone().unwrap_or_else(request::user);
    match &argument.command {
        Command::List { all, venue, room, team, severity, mine, late } => {
            let (venue, room, team) = (venue.clone(), room.clone(), team.clone());
            let filter = TicketFilter { open: !all, venue, room, team, ..TicketFilter::default() };
            let wanted = |t: &Ticket| {
                severity.is_none_or(|least| t.severity <= least)
                    && (!mine || t.assignee.as_deref() == Some(&*who))
                    && (!late || !t.overrun.is_empty())
            };
            desk.list(&filter, wanted)
        }
        Command::Show { number } => desk.show(&desk.find(number)?),
        Command::Act(act) => {
            let (number, action) = desk.action(act)?;
            desk.act(&who, &number, &action)
        }
    }
}

/// Everything that a command needs.
struct Desk<'a> {
    packs: &'a Packs,
    venues: &'a Venues,
    language: Language,
    json: bool,
    store: &'a Sqlite,
}

impl Desk<'_> {
    fn list(&self, filter: &TicketFilter, wanted: impl Fn(&Ticket) -> bool) -> Result<ExitCode, Failure> {
        let mut tickets = self.store.tickets(filter).map_err(|e| Failure::other("read the tickets", e))?;
        tickets.retain(wanted);
        // What is worst stands first, and among equals what waits longest.
        tickets.sort_by_key(|t| (t.stage.is_ended(), t.severity, t.opened_at));
        if self.json {
            println!("{}", json(&tickets));
        } else if tickets.is_empty() {
            println!("{}", get(self.language, if filter.open { "cli.no_tickets" } else { "cli.no_tickets_at_all" }));
        } else {
            print!("{}", self.table(&tickets));
        }
        Ok(ExitCode::SUCCESS)
    }

    fn table(&self, tickets: &[Ticket]) -> String {
        let keys = ["number", "severity", "stage", "team", "assignee", "opened", "until", "what"];
        let head = keys.map(|key| get(self.language, &format!("cli.{key}")).to_owned()).to_vec();
        let row = |t: &Ticket| {
            vec![
                t.number.clone(),
                format!("{:?}", t.severity),
                texts::stage(self.language, t.stage).into(),
                texts::team(self.language, &t.team).into_owned(),
                t.assignee.clone().unwrap_or_else(|| "-".into()),
                text::time(t.opened_at, self.venues.zone(&t.venue), self.language),
                until::next(t, self.scene()).unwrap_or_else(|| "-".into()),
                text::title(t, self.scene()),
            ]
        };
        table::lay_out(&[head].into_iter().chain(tickets.iter().map(row)).collect::<Vec<_>>())
    }

    fn show(&self, ticket: &Ticket) -> Result<ExitCode, Failure> {
        let history = self.store.history(ticket.id).map_err(|e| Failure::other("read the history", e))?;
        let explained = text::explain(ticket, self.scene());
        if self.json {
            println!("{}", json(&serde_json::json!({ "ticket": ticket, "history": history, "explained": explained })));
            return Ok(ExitCode::SUCCESS);
        }
        println!("{}\n{}\n\n{}", ticket.number, explained.text(self.language), get(self.language, "cli.history"));
        let rows: Vec<_> = history.iter().map(|line| self.history_row(ticket, line)).collect();
        print!("{}", table::lay_out(&rows));
        Ok(ExitCode::SUCCESS)
    }

    fn history_row(&self, ticket: &Ticket, line: &Transition) -> Vec<String> {
        let who = if line.who == DATA { get(self.language, "cli.readings") } else { &line.who };
        let mut note = until::told_next(ticket, line, self.scene()).unwrap_or_else(|| text::note(line, self.language));
        if let Some(numbers) = text::numbers(ticket, line, self.scene()) {
            note.push_str(&format!(": {numbers}"));
        }
        let time = text::time(line.at, self.venues.zone(&ticket.venue), self.language);
        vec![time, who.to_owned(), texts::stage(self.language, line.to).to_owned(), note]
    }

    fn scene(&self) -> Scene<'_> {
        Scene { language: self.language, packs: self.packs, venues: self.venues }
    }

    /// The ticket of that number, or the only one whose number ends so: among those that have not
    /// ended, else among the newest of all.
    fn find(&self, number: &str) -> Result<Ticket, Failure> {
        let failed = |e| Failure::other("read the tickets", e);
        if let Some(ticket) = self.store.ticket(number).map_err(failed)? {
            return Ok(ticket);
        }
        let end = format!("-{number}");
        let said = |key| Failure::said(fill(self.language, key, &[("number", number)]));
        for open in [true, false] {
            let filter = TicketFilter { open, ..TicketFilter::default() };
            let mut fitting = self.store.tickets(&filter).map_err(failed)?;
            fitting.retain(|t| t.number.ends_with(&end));
            match fitting.len() {
                0 => {}
                1 => return Ok(fitting.remove(0)),
                _ => return Err(said("cli_error.many_tickets")),
            }
        }
        Err(said("cli_error.no_ticket"))
    }
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(value).expect("tickets print as JSON")
}
