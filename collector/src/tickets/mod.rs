//! Turns episodes and people's actions into tickets, their history and what must be told to whom.
//! The deciding half is pure like [`crate::rules`]: `step(state, event, now)`.

use wire::{Id, PointName, UnixMs};

use crate::episode::{EpisodeKey, Seen, Severity};

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
    /// Time passed.
    Tick,
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
    /// Why, or what was said.
    pub note: String,
    /// The value seen at that moment, if the data acted.
    pub value: Option<f64>,
}

/// What follows.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// The ticket is now so: store it.
    Stored(Box<Ticket>),
    /// This happened to it: append it, and tell those who want to know.
    Moved(Transition),
    /// A person's action was refused, with the reason for them to read.
    Refused {
        /// Number of the ticket.
        ticket: String,
        /// Why, in words of [`crate::tickets`].
        reason: String,
    },
}
