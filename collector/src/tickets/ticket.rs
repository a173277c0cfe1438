//! A ticket as it is stored and shown, the stages of its life, and the lines of its history.
//! Decides nothing.

use wire::{Id, PointName, UnixMs};

use super::limits::{Deadlines, Hold, Limit};
use crate::episode::{Cause, EpisodeKey, Severity, Subject};

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
    /// How it became known.
    #[serde(default)]
    pub origin: Origin,
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
    /// Who last said that it is fixed; [`super::DATA`] where the readings did.
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
    /// The cause, where it is more than the thing that the rule watches.
    #[serde(default)]
    pub cause: Option<Cause>,
    /// What only follows from it, the first [`SYMPTOMS_MAX`].
    #[serde(default)]
    pub symptoms: Vec<Symptom>,
    /// How many symptoms there were.
    #[serde(default)]
    pub symptom_count: u32,
    /// Until when what must have happened.
    #[serde(default)]
    pub limits: Deadlines,
    /// Limits that have run out and were told.
    #[serde(default)]
    pub overrun: Vec<Limit>,
    /// When its clocks began to run: when it was opened, or opened again.
    #[serde(default)]
    pub clock_from: Option<UnixMs>,
    /// Rungs of the chain that were taken, a bit each.
    #[serde(default)]
    pub escalated: u32,
    /// When somebody was first there.
    #[serde(default)]
    pub arrived_at: Option<UnixMs>,
    /// The wait that it is in.
    #[serde(default)]
    pub hold: Option<Hold>,
    /// How long its clocks have stood, in milliseconds.
    #[serde(default)]
    pub held_ms: i64,
    /// Who wants to hear of it beside the one who has it.
    #[serde(default)]
    pub watchers: Vec<String>,
    /// When it may be worked at.
    #[serde(default)]
    pub work_window: WorkWindow,
}

/// When work may begin: no overhaul, welding or painting while guests are there (公安部令39号 art. 14-17).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkWindow {
    /// At any time.
    #[default]
    Any,
    /// While nobody is in the room.
    RoomEmpty,
    /// While the venue is closed.
    Closed,
}

impl WorkWindow {
    /// The window as stored and on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::RoomEmpty => "room_empty",
            Self::Closed => "closed",
        }
    }
}

/// How the collector came to know of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The readings.
    #[default]
    Readings,
    /// Somebody who works there reported it.
    Person,
    /// A round found it, or was not made.
    Round,
    /// A guest complained.
    Complaint,
}

impl Origin {
    /// The origin as stored and shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Readings => "readings",
            Self::Person => "person",
            Self::Round => "round",
            Self::Complaint => "complaint",
        }
    }

    /// That of a ticket by hand.
    #[must_use]
    pub fn person() -> Self {
        Self::Person
    }
}

/// Symptoms that a ticket names; the others are counted. A ticket is stored whole with each change.
pub const SYMPTOMS_MAX: usize = 100;

/// Something that only follows from the cause of a ticket.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Symptom {
    /// The rule that found it.
    pub rule: Id,
    /// Where.
    pub room: Id,
    /// The agent that told it.
    pub agent: Id,
    /// The point; `None` where it is the agent itself.
    pub point: Option<PointName>,
    /// Since when.
    pub began_at: UnixMs,
    /// Since when not any more.
    pub ended_at: Option<UnixMs>,
}

impl Symptom {
    /// An episode as a symptom.
    #[must_use]
    pub fn of(key: &EpisodeKey) -> Self {
        let Subject { source, point } = &key.subject;
        let (rule, room, agent) = (key.rule.clone(), source.room.clone(), source.agent.clone());
        Self { rule, room, agent, point: point.clone(), began_at: key.began_at, ended_at: None }
    }

    /// Whether it is that episode.
    #[must_use]
    pub fn is(&self, key: &EpisodeKey) -> bool {
        self.began_at == key.began_at
            && self.rule == key.rule
            && self.point == key.subject.point
            && self.agent == key.subject.source.agent
            && self.room == key.subject.source.room
    }
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
    /// What was said; where [`super::DATA`] acted, one of the words of [`super::note`].
    pub note: String,
    /// The value seen at that moment, if the data acted.
    pub value: Option<f64>,
    /// The limit that the value passed, where the data refused a fix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<f64>,
    /// The point of both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub point: Option<PointName>,
    /// Which line of the ticket's history this is, from 1.
    #[serde(default)]
    pub line: u32,
}
