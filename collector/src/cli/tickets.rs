//! `tickets`: lists and shows tickets, and carries people's actions to the running collector. The
//! action goes into the ledger as a request; the collector's next step decides and answers, so that
//! nothing but the step ever changes a ticket.

use std::{
    path::PathBuf,
    process::ExitCode,
    thread::sleep,
    time::{Duration, Instant},
};

use clap::{Args, Subcommand};
use wire::Id;

use super::{ConfigArgument, Failure, LanguageArgument, table};
use crate::{
    config::Language,
    episode::Severity,
    ledger::{Inbox, Reader, TicketFilter, sqlite::Sqlite},
    packs::Packs,
    texts::{self, fill, get},
    tickets::{
        Action, DATA, Refusal, Stage, Ticket, Transition,
        text::{self, Scene},
    },
    venues::{self, Venues},
    world::{Clock, SystemClock},
};

/// How long a running collector may take to answer.
const ANSWER_TIME: Duration = Duration::from_secs(5);

/// Real time between two looks for the answer.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Nobody answered in time; trying again later helps (sysexits' `EX_TEMPFAIL`).
const EXIT_NO_ANSWER: u8 = 75;

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
        /// Only of this room.
        #[arg(long)]
        room: Option<Id>,
        /// Only of this team.
        #[arg(long)]
        team: Option<Id>,
    },
    /// Explains a ticket and tells its history. NUMBER may be the end of it, such as 004.
    Show { number: String },
    #[command(flatten)]
    Act(Act),
}

/// What a person does with a ticket.
#[derive(Debug, Subcommand)]
enum Act {
    /// I am on it.
    Ack { number: String },
    /// I am there.
    Start { number: String },
    /// It waits: for parts, a vendor, closing time …
    Hold { number: String, reason: String },
    /// It goes on.
    Resume { number: String },
    /// It is mended; the readings are asked.
    Fixed { number: String, note: Option<String> },
    /// Ends a ticket that is fixed.
    Close { number: String },
    /// There was nothing wrong.
    FalseAlarm { number: String, note: String },
    /// Another ticket has it.
    Duplicate { number: String, of: String },
    /// Opens it again.
    Reopen { number: String, note: String },
    /// Says something.
    Comment { number: String, text: String },
    /// Gives it to a person.
    Assign { number: String, to: String },
    /// Opens one by hand.
    Open {
        /// The venue.
        venue: Id,
        /// The room.
        room: Id,
        /// What is wrong.
        description: String,
        /// P1 to P4.
        #[arg(long, default_value = "P3", value_parser = severity)]
        severity: Severity,
        /// Who mends it: av, it, hvac, electrical, fire, kitchen, cleaning, or one of your own.
        #[arg(long)]
        team: Id,
        /// The asset, if it is about one.
        #[arg(long)]
        asset: Option<Id>,
    },
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
    match &argument.command {
        Command::List { all, room, team } => desk.list(*all, room.clone(), team.clone()),
        Command::Show { number } => desk.show(&desk.find(number)?),
        Command::Act(act) => {
            let who = argument.who.clone().unwrap_or_else(user);
            let (number, action) = desk.action(act)?;
            desk.act(&who, &number, &action)
        }
    }
}

/// The user of the system, for the history.
fn user() -> String {
    ["USER", "LOGNAME"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty()))
        .unwrap_or_else(|| "cli".into())
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
    fn list(&self, all: bool, room: Option<Id>, team: Option<Id>) -> Result<ExitCode, Failure> {
        let filter = TicketFilter { open: !all, room, team, ..TicketFilter::default() };
        let mut tickets = self.store.tickets(&filter).map_err(|e| Failure::other("read the tickets", e))?;
        // What is worst stands first, and among equals what waits longest.
        tickets.sort_by_key(|t| (t.stage.is_ended(), t.severity, t.opened_at));
        if self.json {
            println!("{}", json(&tickets));
        } else if tickets.is_empty() {
            println!("{}", get(self.language, if all { "cli.no_tickets_at_all" } else { "cli.no_tickets" }));
        } else {
            print!("{}", self.table(&tickets));
        }
        Ok(ExitCode::SUCCESS)
    }

    fn table(&self, tickets: &[Ticket]) -> String {
        let keys = ["number", "severity", "stage", "team", "assignee", "opened", "what"];
        let head = keys.map(|key| get(self.language, &format!("cli.{key}")).to_owned()).to_vec();
        let row = |t: &Ticket| {
            vec![
                t.number.clone(),
                format!("{:?}", t.severity),
                texts::stage(self.language, t.stage).into(),
                texts::team(self.language, &t.team).into_owned(),
                t.assignee.clone().unwrap_or_else(|| "-".into()),
                text::time(t.opened_at, self.venues.zone(&t.venue), self.language),
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
        let mut note = text::note(line, self.language);
        if let Some(value) = line.value {
            note.push_str(&format!(" ({})", texts::value(ticket.worst_point.as_ref(), value)));
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

    /// Which ticket, by its whole number, and what to do with it.
    fn action(&self, act: &Act) -> Result<(String, Action), Failure> {
        let (number, action) = match act {
            Act::Ack { number } => (number, Action::Acknowledge),
            Act::Start { number } => (number, Action::Start),
            Act::Hold { number, reason } => (number, Action::Hold { reason: reason.clone() }),
            Act::Resume { number } => (number, Action::Resume),
            Act::Fixed { number, note } => (number, Action::Fixed { note: note.clone().unwrap_or_default() }),
            Act::Close { number } => (number, Action::Close),
            Act::FalseAlarm { number, note } => (number, Action::FalseAlarm { note: note.clone() }),
            Act::Duplicate { number, of } => (number, Action::Duplicate { of: self.find(of)?.number }),
            Act::Reopen { number, note } => (number, Action::Reopen { note: note.clone() }),
            Act::Comment { number, text } => (number, Action::Comment { text: text.clone() }),
            Act::Assign { number, to } => (number, Action::Assign { to: to.clone() }),
            Act::Open { venue, room, description, severity, team, asset } => {
                let (venue, room, team, asset) = (venue.clone(), room.clone(), team.clone(), asset.clone());
                let description = description.clone();
                let open = Action::Open { venue, room, asset, severity: *severity, team, description };
                return Ok((String::new(), open));
            }
        };
        Ok((self.find(number)?.number, action))
    }

    fn act(&self, who: &str, number: &str, action: &Action) -> Result<ExitCode, Failure> {
        let failed = |e| Failure::other("ask the collector", e);
        let id = self.store.put_request(SystemClock.now(), who, number, action).map_err(failed)?;
        let end = Instant::now() + ANSWER_TIME;
        loop {
            match self.store.answer(id).map_err(failed)? {
                Some(Ok(done)) => {
                    self.say_done(&done);
                    return Ok(ExitCode::SUCCESS);
                }
                Some(Err(refused)) => {
                    let words = Refusal::from_stored(&refused).map(|r| texts::refusal(self.language, &r));
                    return Err(Failure::said(words.unwrap_or(refused)));
                }
                None if Instant::now() >= end => {
                    eprintln!("{}", get(self.language, "cli_error.no_answer"));
                    return Ok(ExitCode::from(EXIT_NO_ANSWER));
                }
                None => sleep(LOOK_EVERY),
            }
        }
    }

    fn say_done(&self, done: &str) {
        #[derive(serde::Deserialize)]
        struct Done {
            ticket: String,
            stage: Stage,
        }
        match serde_json::from_str::<Done>(done) {
            Ok(d) if !self.json => {
                let values = [("number", &*d.ticket), ("stage", texts::stage(self.language, d.stage))];
                println!("{}", fill(self.language, "cli.done", &values));
            }
            _ => println!("{done}"),
        }
    }
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(value).expect("tickets print as JSON")
}
