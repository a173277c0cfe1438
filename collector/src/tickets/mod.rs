//! Turns episodes and people's actions into tickets, their history and what must be told to whom.
//! The deciding half is pure like [`crate::rules`]: `step(state, event, now)` imports `wire`, std and
//! the shared vocabulary only.
//!
//! [`step`](mod@step) decides: `by_data` what the readings do, `by_person` what people do by the table
//! in [`life`], both made of the changes in `change`. [`state`] is what is remembered, [`number`] names
//! tickets, [`tell`] picks who is told, [`refusal`] why not. Not of the deciding half: [`text`] and
//! [`cause`] (what people read). Which ticket an episode belongs to is decided before, by causes.
//!
//! A ticket proves its own fix. What the data says decides:
//! - all episodes of a ticket ended: it becomes fixed, proved. P3 and P4 then close by themselves; P1
//!   and P2 wait for a person to look and close, unless a person had said that it is fixed.
//! - a person says fixed: the rule gets the patience it needed to find the fault. Then it is closed
//!   as proved, or handed back with the value and the limit, or, where no data came, left fixed and
//!   marked unverified for a person to close. Data that later says otherwise brings it back.

pub mod action;
mod by_data;
mod by_person;
pub mod cause;
mod change;
mod figures;
pub mod life;
pub mod limits;
pub mod number;
mod passing;
pub mod plan;
pub mod refusal;
pub mod state;
pub mod step;
pub mod tell;
pub mod text;
pub mod ticket;
pub mod until;

pub use action::Action;
pub use limits::{Deadlines, Hold, HoldReason, Limit};
pub use plan::Plan;
pub use refusal::Refusal;
pub use state::{Facts, Settings, State};
pub use step::step;
pub use ticket::{Origin, Proof, Stage, Symptom, Ticket, Transition, WorkWindow};

use wire::Id;

use crate::episode::{EpisodeKey, Home, Seen};

/// Who acts where no person does, in [`Transition::who`].
pub const DATA: &str = "data";

/// What tickets may be told.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A live episode is to be worked at.
    Began {
        /// Which.
        key: EpisodeKey,
        /// Where it belongs: to a ticket of its own, or to that of its cause. An episode that has a
        /// ticket already may be told again, with another home.
        home: Home,
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
    /// Another ticket is about the cause of this one.
    pub const FOLLOWS: &str = "follows";
    /// Nobody acknowledged it in time.
    pub const LATE_ACKNOWLEDGE: &str = "late_acknowledge";
    /// Nobody was there in time.
    pub const LATE_ARRIVE: &str = "late_arrive";
    /// It was not mended in time.
    pub const LATE_FIX: &str = "late_fix";
    /// The next in the chain was told; a colon and the team follow.
    pub const ESCALATED: &str = "escalated";
    /// Something that only follows from the cause is good again; a colon, its room, a slash and its point follow.
    pub const SYMPTOM_OVER: &str = "symptom_over";
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
    /// The next in the chain is to be told.
    Escalated {
        /// Of which ticket.
        ticket: u64,
        /// The team.
        team: Id,
        /// The channels; empty means those of the team.
        channels: Vec<String>,
        /// The line of its history that says so.
        line: u32,
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
