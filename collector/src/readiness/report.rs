//! The pre-opening report as it is stored: what was known when it was made, and how the rooms stood when
//! the venue opened. Facts only; turns itself into a document of the ledger and back. Decides nothing.

use wire::{Id, UnixMs};

use super::{duty::OnDuty, room::Room};
use crate::{
    episode::Severity,
    ledger::{Record, record_kind},
    register::Standing,
    rounds, tickets,
};

/// Whether it was made in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Made {
    /// When it was due.
    InTime,
    /// Later, before the opening.
    Late,
    /// The collector did not run before the opening; nobody was told.
    Missed,
}

/// The report of one opening.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Report {
    /// Its venue.
    pub venue: Id,
    /// Business date.
    pub date: String,
    /// When the venue opens.
    pub opening: UnixMs,
    /// When it was made.
    pub at: UnixMs,
    /// Whether that was in time.
    pub made: Made,
    /// Every room, the worst first.
    pub rooms: Vec<Room>,
    /// Tickets that were opened on the business date before.
    pub yesterday: Yesterday,
    /// Open tickets of P1 and P2, the worst first.
    pub urgent: Vec<TicketLine>,
    /// Rounds of the day.
    pub rounds: Vec<RoundLine>,
    /// Extinguishers that are due within 30 days, overdue or missing.
    pub extinguishers: Vec<ExtinguisherLine>,
    /// Who is on shift when the venue opens.
    pub duty: Vec<OnDuty>,
    /// How the rooms stood at the opening; `None` before it, and where nobody looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_opening: Option<AtOpening>,
    /// Nobody looked at the opening: the collector did not run.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub opening_missed: bool,
}

/// How rooms stood at the opening.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct AtOpening {
    /// When that was looked at.
    pub at: UnixMs,
    /// Every room, the worst first.
    pub rooms: Vec<Room>,
}

/// Tickets of the business date before.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Yesterday {
    /// The date.
    pub date: String,
    /// How many were opened.
    pub opened: usize,
    /// How many of these have ended.
    pub ended: usize,
    /// Those that have not ended, the worst first, at most [`LINES_MAX`].
    pub left: Vec<TicketLine>,
}

/// Tickets that a report names of one kind; the rest is counted.
pub const LINES_MAX: usize = 50;

/// A ticket in a report.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct TicketLine {
    /// Its number.
    pub number: String,
    /// Its title, in both languages.
    pub title: String,
    /// How bad.
    pub severity: Severity,
    /// Where it stands.
    pub stage: tickets::Stage,
    /// When it was opened.
    pub opened_at: UnixMs,
}

/// A round in a report.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct RoundLine {
    /// Name in Chinese.
    pub name_zh: String,
    /// Name in English.
    pub name_en: String,
    /// Who makes it.
    pub team: Id,
    /// From when it can be made.
    pub from: UnixMs,
    /// When it is missed.
    pub due: UnixMs,
    /// How it stands; `None` where it is still to come.
    pub stage: Option<rounds::Stage>,
}

/// An extinguisher in a report.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ExtinguisherLine {
    /// Which.
    pub asset: Id,
    /// Where.
    pub room: Option<Id>,
    /// What is to be said of it.
    pub standing: Standing,
    /// Days that are left; negative when past.
    pub days: Option<i32>,
}

impl Report {
    /// As a document of the ledger.
    #[must_use]
    pub fn record(&self, at: UnixMs) -> Record {
        let body = serde_json::to_value(self).expect("a report prints as JSON");
        let (kind, key) = (record_kind::READINESS.to_owned(), self.date.clone());
        Record { kind, venue: self.venue.clone(), key, at, body }
    }

    /// The report in a document; `None`, and a line in the log, where it cannot be read.
    #[must_use]
    pub fn of(record: &Record) -> Option<Self> {
        match serde_json::from_value(record.body.clone()) {
            Ok(report) => Some(report),
            Err(error) => {
                tracing::error!(%error, venue.id = %record.venue, key = record.key, "a stored report cannot be read");
                None
            }
        }
    }
}
