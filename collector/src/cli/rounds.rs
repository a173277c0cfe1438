//! `rounds`: lists and shows scheduled inspections, and carries people's answers to the running
//! collector, as `tickets` does with theirs: the collector's next step decides and answers.

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Subcommand};
use jiff::ToSpan;
use wire::Id;

use super::{
    ConfigArgument, Failure, LanguageArgument,
    request::{self, Answer},
    table,
};
use crate::{
    config::Language,
    ledger::{Reader, RecordFilter, record_kind, sqlite::Sqlite},
    rounds::{Plans, Refusal, Round, Stage, record, text},
    texts::{fill, get},
    tickets::Action,
    venues::{self, Venues},
    world::{Clock, SystemClock},
};

/// Days back that a list goes where nobody says.
const DAYS_USUAL: u16 = 8;

/// Arguments of `rounds`.
#[derive(Debug, Args)]
pub struct RoundsArgument {
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
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lists rounds that are to be made, and those missed.
    List {
        /// Those that are complete, too.
        #[arg(long)]
        all: bool,
        /// Only of this venue.
        #[arg(long)]
        venue: Option<Id>,
        /// How many days back.
        #[arg(long, default_value_t = DAYS_USUAL)]
        days: u16,
    },
    /// Shows a round with its checks. ROUND may be the end of its name, such as weekly-fire.
    Show { round: String },
    /// Answers a check: all is well, or what is wrong.
    Confirm {
        /// The round, or the end of its name.
        round: String,
        /// The check, for everything that it is asked of, or CHECK/ASSET for one.
        check: String,
        /// Who looked.
        #[arg(long, value_name = "NAME")]
        by: String,
        /// What is wrong; opens a ticket.
        #[arg(long, value_name = "WHAT")]
        fail: Option<String>,
        /// What else there is to say.
        #[arg(long, value_name = "WORDS", conflicts_with = "fail")]
        note: Option<String>,
    },
    /// Lists the rounds of the coming days.
    Plan {
        /// Only of this venue.
        #[arg(long)]
        venue: Option<Id>,
        /// How many days ahead.
        #[arg(long, default_value_t = DAYS_USUAL)]
        days: u16,
    },
}

/// Runs the command.
pub fn run(argument: &RoundsArgument) -> Result<ExitCode, Failure> {
    let config = argument.config.load()?;
    let language = argument.language.or(config.language);
    let venues = venues::current::read(&config).map_err(|e| Failure::said(e.text(language)))?;
    if let Command::Plan { venue, days } = &argument.command {
        return Ok(plan(&venues, venue.as_ref(), *days, language));
    }
    let path = argument.ledger.clone().unwrap_or_else(|| config.ledger.path.clone());
    let store = Sqlite::beside(&path).map_err(|e| {
        let said = fill(language, "cli_error.no_ledger", &[("path", &path.display().to_string())]);
        Failure::Other(e.into(), said)
    })?;
    let desk = Desk { venues: &venues, language, json: argument.json, store: &store };
    match &argument.command {
        Command::List { all, venue, days } => desk.list(*all, venue.clone(), *days),
        Command::Show { round } => desk.show(&desk.find(round)?),
        Command::Confirm { round, check, by, fail, note } => {
            let round = desk.find(round)?;
            let note = fail.clone().or_else(|| note.clone()).unwrap_or_default();
            let action = Action::ConfirmCheck { check: check.clone(), passed: fail.is_none(), note };
            desk.confirm(&round, by, &action)
        }
        Command::Plan { .. } => Ok(ExitCode::SUCCESS),
    }
}

struct Desk<'a> {
    venues: &'a Venues,
    language: Language,
    json: bool,
    store: &'a Sqlite,
}

impl Desk<'_> {
    /// Rounds of the last days, newest first.
    fn rounds(&self, venue: Option<Id>, days: u16) -> Result<Vec<Round>, Failure> {
        let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
        let from = today.saturating_sub(i64::from(days).days()).to_string();
        let kind = record_kind::ROUND.to_owned();
        let filter = RecordFilter { kind, venue, from: Some(from), ..RecordFilter::default() };
        let records = self.store.records(&filter).map_err(|e| Failure::other("read the rounds", e))?;
        Ok(records.iter().filter_map(record::round).collect())
    }

    fn list(&self, all: bool, venue: Option<Id>, days: u16) -> Result<ExitCode, Failure> {
        let mut rounds = self.rounds(venue, days)?;
        rounds.retain(|round| all || round.stage.takes_answers());
        if self.json {
            println!("{}", json(&rounds));
        } else if rounds.is_empty() {
            println!("{}", get(self.language, if all { "rounds.none_at_all" } else { "rounds.none" }));
        } else {
            let keys = ["round", "venue", "name", "stage", "left", "failed", "due", "team"];
            let head = keys.map(|key| get(self.language, &format!("rounds.{key}")).to_owned()).to_vec();
            let rows: Vec<_> = [head].into_iter().chain(rounds.iter().map(|round| self.row(round))).collect();
            print!("{}", table::lay_out(&rows));
        }
        Ok(ExitCode::SUCCESS)
    }

    fn row(&self, round: &Round) -> Vec<String> {
        vec![
            round.name(),
            self.venues.name(&round.venue, self.language).to_owned(),
            text::name(round, self.language).to_owned(),
            text::stage(round.stage, self.language).to_owned(),
            format!("{}/{}", round.left(), round.items.len()),
            round.failed().to_string(),
            text::clock(round.due, round, self.venues, self.language),
            self.venues.team_name(&round.venue, &round.team, self.language).into_owned(),
        ]
    }

    fn show(&self, round: &Round) -> Result<ExitCode, Failure> {
        if self.json {
            println!("{}", json(round));
            return Ok(ExitCode::SUCCESS);
        }
        let language = self.language;
        let venue = self.venues.name(&round.venue, language);
        let stage = text::stage(round.stage, language);
        println!("{venue} · {} · {} · {stage}", text::name(round, language), round.date);
        let clock = |at| text::clock(at, round, self.venues, language);
        println!("{}", fill(language, "rounds.from_to", &[("from", &clock(round.from)), ("to", &clock(round.due))]));
        if let Some(date) = &round.moved_from {
            println!("{}", fill(language, "rounds.moved", &[("date", date)]));
        }
        if let Some(ticket) = &round.ticket {
            println!("{}", fill(language, "rounds.ticket", &[("ticket", ticket)]));
        }
        for flag in &round.flags {
            println!("{}", text::flag(round, flag, self.venues, language));
        }
        println!();
        let head = ["check", "target", "question", "answer", "by", "at"];
        let head = head.map(|key| get(language, &format!("rounds.{key}")).to_owned()).to_vec();
        let rows = round.items.iter().map(|item| {
            let answer = item.answer();
            vec![
                item.name(),
                text::target(round, item, self.venues, language),
                text::question(item, language).to_owned(),
                text::answer_of(item, language),
                answer.map_or_else(String::new, |a| text::by(&a.by, language)),
                answer.map_or_else(String::new, |a| clock(a.at)),
            ]
        });
        print!("{}", table::lay_out(&[head].into_iter().chain(rows).collect::<Vec<_>>()));
        if round.stage.takes_answers() {
            println!("\n{}", fill(language, "rounds.confirm_hint", &[("round", &round.name())]));
        }
        Ok(ExitCode::SUCCESS)
    }

    /// The round of that name, or the only one whose name ends so: among those that take answers, else
    /// among all.
    fn find(&self, name: &str) -> Result<Round, Failure> {
        let end = format!("/{name}");
        let rounds = self.rounds(None, DAYS_USUAL)?;
        if let Some(round) = rounds.iter().find(|round| round.name() == name) {
            return Ok(round.clone());
        }
        for open in [true, false] {
            let fits = |round: &&Round| round.name().ends_with(&end) && (!open || round.stage.takes_answers());
            let mut fitting: Vec<&Round> = rounds.iter().filter(fits).collect();
            // Of one plan at one venue the one that can be made now is meant.
            if fitting.iter().filter(|r| r.stage == Stage::Open).count() == 1 {
                fitting.retain(|r| r.stage == Stage::Open);
            }
            match fitting[..] {
                [] => {}
                [round] => return Ok(round.clone()),
                _ => {
                    let known = fitting.iter().map(|r| format!("`{}`", r.name())).collect::<Vec<_>>().join(", ");
                    let values = [("round", name), ("known", &*known)];
                    return Err(Failure::said(fill(self.language, "rounds_refused.many", &values)));
                }
            }
        }
        let unknown = Refusal::Unknown { round: name.to_owned() };
        Err(Failure::said(text::refusal(self.language, &unknown)))
    }

    fn confirm(&self, round: &Round, who: &str, action: &Action) -> Result<ExitCode, Failure> {
        match request::ask(self.store, who, &round.name(), action, self.language)? {
            Answer::Given(Ok(done)) => {
                self.say_done(&done);
                Ok(ExitCode::SUCCESS)
            }
            Answer::Given(Err(refused)) => {
                let words = Refusal::from_stored(&refused).map(|r| text::refusal(self.language, &r));
                Err(Failure::said(words.unwrap_or(refused)))
            }
            Answer::Nobody(code) => Ok(code),
        }
    }

    fn say_done(&self, done: &str) {
        #[derive(serde::Deserialize)]
        struct Done {
            round: String,
            stage: Stage,
            left: usize,
        }
        match serde_json::from_str::<Done>(done) {
            Ok(done) if !self.json => {
                let (n, stage) = (done.left.to_string(), text::stage(done.stage, self.language));
                let key = if done.left == 0 { "rounds.taken_all" } else { "rounds.taken" };
                println!("{}", fill(self.language, key, &[("round", &done.round), ("n", &n), ("stage", stage)]));
            }
            _ => println!("{done}"),
        }
    }
}

/// Rounds of the coming days, as the files of venues and the calendar have them.
fn plan(venues: &Venues, only: Option<&Id>, days: u16, language: Language) -> ExitCode {
    let keys = ["due", "venue", "name", "team"];
    let mut rows = vec![keys.map(|key| get(language, &format!("rounds.{key}")).to_owned()).to_vec()];
    let now = SystemClock.now();
    let mut coming = Vec::new();
    for (id, of) in Plans::of(venues).venues.iter().filter(|(id, _)| only.is_none_or(|only| only == *id)) {
        let Some(today) = of.calendar.business_date(now) else { continue };
        for date in (0..=i64::from(days)).map(|n| today.saturating_add(n.days())) {
            let due = of.of_date(date).into_iter().filter(|(_, o)| o.due > now);
            coming.extend(due.map(|(plan, o)| (o, id.clone(), plan.clone())));
        }
    }
    coming.sort_by_key(|(o, ..)| o.due);
    for (occurrence, venue, plan) in &coming {
        let mut name = text::plan_name(plan, language).to_owned();
        if let Some(date) = occurrence.moved_from {
            let note = fill(language, "rounds.moved", &[("date", &date.to_string())]);
            name = format!("{name} ({note})");
        }
        rows.push(vec![
            crate::tickets::text::time(occurrence.due, venues.zone(venue), language),
            venues.name(venue, language).to_owned(),
            name,
            venues.team_name(venue, &plan.team, language).into_owned(),
        ]);
    }
    if coming.is_empty() {
        println!("{}\n{}", get(language, "rounds.none"), get(language, "rounds.none_hint"));
    } else {
        print!("{}", table::lay_out(&rows));
    }
    ExitCode::SUCCESS
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(value).expect("rounds print as JSON")
}
