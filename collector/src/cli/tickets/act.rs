//! What people do with tickets on the command line: turns arguments into an [`Action`], puts it into
//! the ledger as a request, and says what the running collector answered. Never changes a ticket.

use std::process::ExitCode;

use clap::Subcommand;
use jiff::tz::TimeZone;
use wire::Id;

use super::{Desk, severity};
use crate::{
    cli::{
        Failure,
        request::{self, Answer},
    },
    episode::Severity,
    ledger::Reader,
    texts::{self, fill},
    tickets::{Action, HoldReason, Origin, Refusal, Stage, WorkWindow, text},
};

/// What a person does with a ticket.
#[derive(Debug, Subcommand)]
pub(super) enum Act {
    /// I am on it.
    Ack { number: String },
    /// I am there, and begin.
    Start {
        number: String,
        /// Why it is begun outside its window all the same.
        #[arg(long, value_name = "REASON")]
        anyway: Option<String>,
    },
    /// It waits. For parts, a vendor or closing time its clock stands meanwhile.
    Hold {
        number: String,
        /// parts, vendor, closing, approval or other.
        #[arg(value_parser = hold_reason)]
        why: HoldReason,
        /// In words; needed for `other`.
        #[arg(default_value = "")]
        reason: String,
    },
    /// Says when it may be worked at.
    Window {
        number: String,
        /// any, room_empty or closed.
        #[arg(value_parser = work_window)]
        window: WorkWindow,
    },
    /// I want to hear of it.
    Watch { number: String },
    /// I do not want to hear of it any more.
    Unwatch { number: String },
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
        /// A guest complained of it.
        #[arg(long)]
        complaint: bool,
    },
}

fn hold_reason(text: &str) -> Result<HoldReason, String> {
    let known = HoldReason::ALL.map(HoldReason::as_str).join(", ");
    HoldReason::ALL.into_iter().find(|why| why.as_str() == text).ok_or(format!("one of {known}"))
}

fn work_window(text: &str) -> Result<WorkWindow, String> {
    let all = [WorkWindow::Any, WorkWindow::RoomEmpty, WorkWindow::Closed];
    all.into_iter().find(|window| window.as_str() == text).ok_or("one of any, room_empty, closed".into())
}

impl Desk<'_> {
    /// Which ticket, by its whole number, and what to do with it.
    pub(super) fn action(&self, act: &Act) -> Result<(String, Action), Failure> {
        let (number, action) = match act {
            Act::Ack { number } => (number, Action::Acknowledge),
            Act::Start { number, anyway } => (number, Action::Start { anyway: anyway.clone() }),
            Act::Hold { number, why, reason } => (number, Action::Hold { why: *why, reason: reason.clone() }),
            Act::Window { number, window } => (number, Action::Window { window: *window }),
            Act::Watch { number } => (number, Action::Watch),
            Act::Unwatch { number } => (number, Action::Unwatch),
            Act::Resume { number } => (number, Action::Resume),
            Act::Fixed { number, note } => (number, Action::Fixed { note: note.clone().unwrap_or_default() }),
            Act::Close { number } => (number, Action::Close),
            Act::FalseAlarm { number, note } => (number, Action::FalseAlarm { note: note.clone() }),
            Act::Duplicate { number, of } => (number, Action::Duplicate { of: self.find(of)?.number }),
            Act::Reopen { number, note } => (number, Action::Reopen { note: note.clone() }),
            Act::Comment { number, text } => (number, Action::Comment { text: text.clone() }),
            Act::Assign { number, to } => (number, Action::Assign { to: to.clone() }),
            Act::Open { venue, room, description, severity, team, asset, complaint } => {
                let (venue, room, team, asset) = (venue.clone(), room.clone(), team.clone(), asset.clone());
                let description = description.clone();
                let origin = if *complaint { Origin::Complaint } else { Origin::Person };
                let open = Action::Open { venue, room, asset, severity: *severity, team, description, origin };
                return Ok((String::new(), open));
            }
        };
        Ok((self.find(number)?.number, action))
    }

    pub(super) fn act(&self, who: &str, number: &str, action: &Action) -> Result<ExitCode, Failure> {
        match request::ask(self.store, who, number, action, self.language)? {
            Answer::Given(Ok(done)) => {
                self.say_done(&done);
                Ok(ExitCode::SUCCESS)
            }
            Answer::Given(Err(refused)) => {
                let words =
                    Refusal::from_stored(&refused).map(|r| texts::refusal(self.language, &r, &self.zone(number)));
                Err(Failure::said(words.unwrap_or(refused)))
            }
            Answer::Nobody(code) => Ok(code),
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
                if let Some(time) = self.asked_at(&d.ticket).filter(|_| d.stage == Stage::Verifying) {
                    println!("{}", fill(self.language, "cli.verified_at", &[("time", &time)]));
                }
            }
            _ => println!("{done}"),
        }
    }

    /// The zone of the venue of a ticket.
    fn zone(&self, number: &str) -> TimeZone {
        let ticket = self.store.ticket(number).ok().flatten();
        ticket.map_or(TimeZone::UTC, |t| self.venues.zone(&t.venue).clone())
    }

    /// When the readings have their say on a fix.
    fn asked_at(&self, number: &str) -> Option<String> {
        let ticket = self.store.ticket(number).ok()??;
        Some(text::time(ticket.verify_at?, self.venues.zone(&ticket.venue), self.language))
    }
}
