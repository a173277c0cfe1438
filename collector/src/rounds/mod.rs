//! Rounds 巡检: scheduled inspections of a venue, proven by readers at the brackets and by people's
//! names. Turns plans, time, readings and confirmations into rounds that are complete, late or missed.
//!
//! [`plan`] is what a venue makes, [`plans`] all of them, [`when`] the instants of a business date.
//! [`round`] is one of them as it is stored; [`state`] and [`step`](mod@step) decide, with [`evidence`]
//! for what counts: pure, like rules and tickets. Beside them stand [`readers`] (what samples say of
//! brackets), [`record`] (rounds as documents of the ledger), [`refusal`] and [`text`] (words).

pub mod evidence;
pub mod plan;
pub mod plans;
pub mod readers;
pub mod record;
pub mod refusal;
pub mod round;
pub mod state;
pub mod step;
pub mod text;
pub mod when;

pub use plan::{Evidence, Plan, Target};
pub use plans::Plans;
pub use readers::Readers;
pub use refusal::Refusal;
pub use round::{Answer, By, Flag, Item, Round, Stage};
pub use state::{Cursor, State};
pub use step::step;

use wire::{Id, UnixMs};

/// What rounds may be told.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Time passed.
    Tick,
    /// A reader says that something hangs in its place.
    Seen {
        /// At which venue.
        venue: Id,
        /// Which agent reads it.
        agent: Id,
        /// Its room, where other agents of the venue use the same name for what they read; `None` where
        /// nobody else does.
        room: Option<Id>,
        /// What hangs there.
        asset: Id,
        /// When it was read.
        at: UnixMs,
        /// What was read.
        reading: Reading,
    },
    /// A person answered.
    Person {
        /// Who.
        who: String,
        /// Name of the round: `nanshan/2026-11-23/weekly-fire`.
        round: String,
        /// The check: `condition` for all of it, `condition/extinguisher-1` for one.
        check: String,
        /// Whether all is well.
        passed: bool,
        /// What is wrong, or what else there is to say.
        note: String,
    },
    /// The ticket that a missed round or a failed question opened.
    Opened {
        /// Name of the round.
        round: String,
        /// The question that failed; `None` where the round was missed.
        item: Option<String>,
        /// Number of the ticket.
        ticket: String,
    },
    /// A ticket has ended: what fails again wants another.
    Ended {
        /// At which venue.
        venue: Id,
        /// Number of the ticket.
        ticket: String,
    },
}

/// What a reader says of something that hangs in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// Its tag answers.
    Tag {
        /// The tag's own number.
        tag: u64,
        /// Whether it is genuine, where the reader can tell.
        is_valid: Option<bool>,
        /// How often it was read, where the reader asks.
        count: Option<u64>,
    },
    /// A contact is closed.
    Contact,
}

/// What follows.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// The round is now so: store it.
    Stored(Box<Round>),
    /// How far a venue's rounds were looked after, and the tags last seen: store it.
    Cursor {
        /// Of which venue.
        venue: Id,
        /// What to store.
        cursor: Cursor,
    },
    /// It was not complete in time: open a ticket, and say its number by [`Event::Opened`].
    Missed(Box<Round>),
    /// Something is wrong: open a ticket.
    Failed {
        /// The round.
        round: Box<Round>,
        /// The question.
        item: Box<Item>,
        /// The open ticket that tells of it already.
        known: Option<String>,
        /// Who says so.
        who: String,
        /// What is wrong.
        note: String,
    },
    /// A missed round is complete: its ticket can be ended.
    Late {
        /// The round.
        round: Box<Round>,
        /// Who gave the last answer.
        who: String,
    },
    /// A person's answer was taken.
    Taken {
        /// Name of the round.
        round: String,
        /// How it stands now.
        stage: Stage,
        /// Questions left.
        left: usize,
    },
    /// A person's answer was refused.
    Refused(Refusal),
}

#[cfg(test)]
mod tests;
