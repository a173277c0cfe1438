//! What people do with tickets, as they ask for it and as the ledger keeps it until the next step.

use wire::Id;

use super::{
    limits::HoldReason,
    ticket::{Origin, WorkWindow},
};
use crate::episode::{RoomState, Severity};

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
    /// I am there, and begin.
    Start {
        /// Why it is begun outside its window all the same.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        anyway: Option<String>,
    },
    /// It waits.
    Hold {
        /// For what; whether the clocks stand depends on it.
        #[serde(default)]
        why: HoldReason,
        /// In words; needed where `why` says nothing.
        #[serde(default)]
        reason: String,
    },
    /// Say when it may be worked at.
    Window {
        /// When.
        window: WorkWindow,
    },
    /// I want to hear of it.
    Watch,
    /// I do not want to hear of it any more.
    Unwatch,
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
    /// Answer a question of a round; the number of the ticket is the name of the round. Tickets refuse
    /// it: it is for [`crate::rounds`].
    ConfirmCheck {
        /// The check, or one question of it.
        check: String,
        /// Whether all is well.
        passed: bool,
        /// What is wrong, or what else there is to say.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        note: String,
    },
    /// Say how a room stands; the number of the ticket stays empty.
    Room {
        /// Its venue.
        venue: Id,
        /// The room.
        room: Id,
        /// How; absent takes back what was said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        state: Option<RoomState>,
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
        /// How it became known.
        #[serde(default = "Origin::person")]
        origin: Origin,
    },
}
