//! Turns episodes and people's actions into tickets, their history and what must be told to whom.
//! The deciding half is pure like [`crate::rules`]: `step(state, event, now)` imports `wire`, std and
//! the shared vocabulary only.
//!
//! [`step`](mod@step) decides: `by_data` what the readings do, `by_person` what people do by the table
//! in [`life`], both made of the changes in `change`. [`state`] is what is remembered, [`number`] names
//! tickets, [`tell`] picks who is told, [`refusal`] why not. Not of the deciding half: [`day`] (time
//! zones) and [`text`] (what people read).
//!
//! A ticket proves its own fix. What the data says decides:
//! - all episodes of a ticket ended: it becomes fixed, proved. P3 and P4 then close by themselves; P1
//!   and P2 wait for a person to look and close, unless a person had said that it is fixed.
//! - a person says fixed: the rule gets the patience it needed to find the fault. Then it is closed
//!   as proved, or handed back with the value and the limit, or, where no data came, left fixed and
//!   marked unverified for a person to close. Data that later says otherwise brings it back.

mod by_data;
mod by_person;
mod change;
pub mod day;
pub mod life;
pub mod number;
pub mod refusal;
pub mod state;
pub mod step;
pub mod tell;
pub mod text;

pub use refusal::Refusal;
pub use state::{Facts, Settings, State};
pub use step::step;

use wire::{Id, PointName, UnixMs};

use crate::episode::{EpisodeKey, Seen, Severity};

/// Who acts where no person does, in [`Transition::who`].
pub const DATA: &str = "data";

/// Where a ticket stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Opened, nobody has it.
    New,
    /// A team or a person has it.
    Assigned,
    /// Somebody said: I am on it.
    Acknowledged,
    /// Somebody is there.
    InProgress,
    /// Waiting, with a reason.
    OnHold,
    /// Somebody says it is mended.
    Fixed,
    /// The data is asked whether that is so.
    Verifying,
    /// Ended.
    Closed,
    /// Ended: there was nothing wrong.
    FalseAlarm,
    /// Ended: another ticket has it.
    Duplicate,
}

impl Stage {
    /// Every stage, in the order of a ticket's life.
    pub const ALL: [Stage; 10] = [
        Self::New,
        Self::Assigned,
        Self::Acknowledged,
        Self::InProgress,
        Self::OnHold,
        Self::Fixed,
        Self::Verifying,
        Self::Closed,
        Self::FalseAlarm,
        Self::Duplicate,
    ];

    /// Whether the ticket has ended.
    #[must_use]
    pub fn is_ended(self) -> bool {
        matches!(self, Self::Closed | Self::FalseAlarm | Self::Duplicate)
    }

    /// The stage as stored, in JSON and on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Assigned => "assigned",
            Self::Acknowledged => "acknowledged",
            Self::InProgress => "in_progress",
            Self::OnHold => "on_hold",
            Self::Fixed => "fixed",
            Self::Verifying => "verifying",
            Self::Closed => "closed",
            Self::FalseAlarm => "false_alarm",
            Self::Duplicate => "duplicate",
        }
    }
}

/// What the data said of a fix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// Not asked yet.
    None,
    /// The rule was quiet for `clear_for`.
    Proved,
    /// There was no data to ask.
    Unverified,
}

/// A ticket as it is stored and shown.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Ticket {
    /// Grows by one with each ticket of the ledger.
    pub id: u64,
    /// For people: `nanshan-20261123-004`.
    pub number: String,
    /// Where.
    pub venue: Id,
    /// Where.
    pub room: Id,
    /// The asset it is about, if the point has one.
    pub asset: Option<Id>,
    /// The rule that opened it; `None` where a person did.
    pub rule: Option<Id>,
    /// How bad.
    pub severity: Severity,
    /// Who mends it.
    pub team: Id,
    /// Where it stands.
    pub stage: Stage,
    /// Who has it.
    pub assignee: Option<String>,
    /// Why it waits.
    pub hold_reason: Option<String>,
    /// What the data says of the fix.
    pub proof: Proof,
    /// When the violation began.
    pub began_at: UnixMs,
    /// When the ticket was opened.
    pub opened_at: UnixMs,
    /// When somebody first said: I am on it.
    pub acknowledged_at: Option<UnixMs>,
    /// When it was last said to be mended, by a person or the data.
    pub fixed_at: Option<UnixMs>,
    /// When it ended.
    pub closed_at: Option<UnixMs>,
    /// How often it came back within 24 h.
    pub reopened_count: u32,
    /// How many episodes it has carried.
    pub episode_count: u32,
    /// Points whose episodes are still open.
    pub open_points: Vec<PointName>,
    /// The worst value, with its point.
    pub worst_point: Option<PointName>,
    /// The worst value.
    pub worst_value: Option<f64>,
    /// The limit it passed.
    pub limit: Option<f64>,
    /// What a person wrote when opening it by hand.
    pub description: Option<String>,
    /// How many lines its history has.
    #[serde(default)]
    pub moves: u32,
    /// Who last said that it is fixed; [`DATA`] where the readings did.
    #[serde(default)]
    pub fixed_by: Option<String>,
    /// When the data is asked whether the fix holds.
    #[serde(default)]
    pub verify_at: Option<UnixMs>,
    /// The ticket that has it, where it ended as a duplicate.
    #[serde(default)]
    pub duplicate_of: Option<String>,
    /// When the worst value was read.
    #[serde(default)]
    pub worst_at: Option<UnixMs>,
    /// The agent whose readings opened it.
    #[serde(default)]
    pub agent: Option<Id>,
}

/// What a person does with a ticket.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Action {
    /// Give it to a person.
    Assign {
        /// To whom.
        to: String,
    },
    /// I am on it.
    Acknowledge,
    /// I am there.
    Start,
    /// It waits.
    Hold {
        /// For parts, a vendor, closing time …
        reason: String,
    },
    /// It goes on.
    Resume,
    /// It is mended; the data is asked.
    Fixed {
        /// What was done.
        note: String,
    },
    /// End it; only what is fixed and proved, or a person's word where no data can say.
    Close,
    /// There was nothing wrong.
    FalseAlarm {
        /// Why.
        note: String,
    },
    /// Another ticket has it.
    Duplicate {
        /// Number of the other.
        of: String,
    },
    /// Open it again.
    Reopen {
        /// Why.
        note: String,
    },
    /// Say something.
    Comment {
        /// What.
        text: String,
    },
    /// Open one by hand; the number of the ticket stays empty.
    Open {
        /// Where.
        venue: Id,
        /// Where.
        room: Id,
        /// On which asset.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        asset: Option<Id>,
        /// How bad.
        severity: Severity,
        /// Who mends it.
        team: Id,
        /// What is wrong.
        description: String,
    },
}

/// What tickets may be told.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A live episode began.
    Began {
        /// Which.
        key: EpisodeKey,
        /// The asset of its point, as the agent's `about` says.
        asset: Option<Id>,
        /// How bad.
        severity: Severity,
        /// Who mends it.
        team: Id,
        /// What was seen.
        seen: Seen,
    },
    /// A live episode became clearly worse.
    Worse {
        /// Which.
        key: EpisodeKey,
        /// The worst value so far.
        seen: Seen,
    },
    /// A live episode ended.
    Ended {
        /// Which.
        key: EpisodeKey,
        /// What was seen.
        seen: Seen,
    },
    /// A person acted.
    Person {
        /// Who.
        who: String,
        /// Number of the ticket.
        ticket: String,
        /// What.
        action: Action,
    },
    /// The answer to a question of [`State::questions`].
    Looked {
        /// Which ticket asked.
        ticket: u64,
        /// What the readings say of each of its open episodes.
        looks: Vec<(EpisodeKey, Look)>,
    },
    /// Time passed.
    Tick,
}

/// What the readings say now of an episode that has not ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Look {
    /// Still violated; the last value.
    Bad(Seen),
    /// Good again, and not yet for long enough; the last value.
    Clearing(Seen),
    /// No value for longer than the rule's gap.
    NoData,
}

/// A line of a ticket's history; never altered once written.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Transition {
    /// Which ticket.
    pub ticket: u64,
    /// When.
    pub at: UnixMs,
    /// Who: a person's name, or `data` for what the readings did.
    pub who: String,
    /// From where; `None` at its opening.
    pub from: Option<Stage>,
    /// To where; the same as `from` for a comment.
    pub to: Stage,
    /// What was said; where [`DATA`] acted, one of the words of [`note`].
    pub note: String,
    /// The value seen at that moment, if the data acted.
    pub value: Option<f64>,
    /// Which line of the ticket's history this is, from 1.
    #[serde(default)]
    pub line: u32,
}

/// What [`Transition::note`] says where [`DATA`] acted; texts for people are made from it.
pub mod note {
    /// A violation opened the ticket.
    pub const OPENED: &str = "opened";
    /// It came back within 24 h.
    pub const RELAPSED: &str = "relapsed";
    /// The readings are good again.
    pub const RECOVERED: &str = "recovered";
    /// The fix is proved.
    pub const PROVED: &str = "proved";
    /// The fix is refused: it is still bad, with the value.
    pub const STILL_BAD: &str = "still_bad";
    /// There is no data to prove the fix.
    pub const UNVERIFIED: &str = "unverified";
    /// Episodes of a duplicate were added.
    pub const MERGED: &str = "merged";
}

/// What follows.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// The ticket is now so: store it.
    Stored(Box<Ticket>),
    /// This happened to it: append it, and tell those who want to know.
    Moved(Transition),
    /// An open episode is now carried by another ticket than the one it began with.
    Carried {
        /// Which.
        key: EpisodeKey,
        /// The ticket.
        ticket: u64,
    },
    /// A person's action was carried out.
    Done {
        /// Number of the ticket; of the new one where it was opened.
        ticket: String,
        /// Where it stands now.
        stage: Stage,
    },
    /// A person's action was refused.
    Refused {
        /// Number of the ticket.
        ticket: String,
        /// Why; [`Refusal::to_stored`] keeps it, texts make words of it.
        reason: Refusal,
    },
}

#[cfg(test)]
mod tests;
