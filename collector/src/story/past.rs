//! Tickets of the same kind that have ended, and what ended them. Pure.

use wire::{Id, UnixMs};

use crate::tickets::{DATA, Stage, Ticket, Transition};

/// Past tickets that are told.
pub const TOLD_MAX: usize = 3;

/// A ticket that has ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Past {
    /// Its number.
    pub number: String,
    /// Its room.
    pub room: Id,
    /// When it was opened.
    pub opened_at: UnixMs,
    /// How it ended.
    pub end: End,
}

/// How a ticket ended.
#[derive(Debug, Clone, PartialEq)]
pub enum End {
    /// Somebody mended it.
    Fixed {
        /// Who.
        who: String,
        /// What was done, in his words; empty where he said nothing.
        words: String,
        /// From its opening to that word.
        took_ms: i64,
    },
    /// The readings became good again, and nobody said why.
    ByItself {
        /// From its opening until then.
        took_ms: i64,
    },
    /// There was nothing wrong.
    FalseAlarm {
        /// Who said so.
        who: String,
        /// Why.
        words: String,
    },
}

/// Whether `other` ended before `ticket` began to matter, so that it can teach something.
#[must_use]
pub fn has_ended(other: &Ticket, ticket: &Ticket, at: UnixMs) -> bool {
    let taught = matches!(other.stage, Stage::Closed | Stage::FalseAlarm);
    other.id != ticket.id && taught && other.closed_at.is_some_and(|closed| closed <= at)
}

/// Whether both are about the same kind of thing: no asset, or assets of the same name but for the number.
#[must_use]
pub fn is_same_kind(other: &Ticket, ticket: &Ticket) -> bool {
    let kind = |asset: &Option<Id>| {
        asset.as_ref().map(|id| id.as_str().trim_end_matches(|c: char| c.is_ascii_digit() || c == '-').to_owned())
    };
    kind(&other.asset) == kind(&ticket.asset)
}

/// What a ticket's history says of its end; `None` where it says nothing.
#[must_use]
pub fn past(ticket: &Ticket, history: &[Transition]) -> Option<Past> {
    let took = |moved: &Transition| moved.at.saturating_sub(ticket.opened_at).max(0);
    let end = if ticket.stage == Stage::FalseAlarm {
        let moved = history.iter().rev().find(|moved| moved.to == Stage::FalseAlarm)?;
        End::FalseAlarm { who: moved.who.clone(), words: moved.note.clone() }
    } else {
        // The word that was last believed: what was refused before it mended nothing.
        let said = |moved: &&Transition| {
            moved.who != DATA && matches!(moved.to, Stage::Fixed | Stage::Verifying) && moved.from != Some(moved.to)
        };
        let recovered = |moved: &&Transition| moved.who == DATA && matches!(moved.to, Stage::Fixed | Stage::Closed);
        match history.iter().rev().find(said) {
            Some(moved) => End::Fixed { who: moved.who.clone(), words: moved.note.clone(), took_ms: took(moved) },
            None => End::ByItself { took_ms: took(history.iter().find(recovered)?) },
        }
    };
    let (number, room) = (ticket.number.clone(), ticket.room.clone());
    Some(Past { number, room, opened_at: ticket.opened_at, end })
}
