//! Rounds as documents of the ledger: turns a round, and how far a venue was looked after, into a
//! record and back. What cannot be read back is left out and said, never guessed.

use wire::Id;

use super::{Cursor, Round};
use crate::ledger::{Record, record_kind};

/// Key of the document that says how far a venue's rounds were looked after; sorts before every date.
const CURSOR_KEY: &str = "0-cursor";

/// The document of a round.
#[must_use]
pub fn of_round(round: &Round, at: wire::UnixMs) -> Record {
    let body = serde_json::to_value(round).expect("a round prints as JSON");
    Record { kind: record_kind::ROUND.into(), venue: round.venue.clone(), key: round.key.clone(), at, body }
}

/// The document of a cursor.
#[must_use]
pub fn of_cursor(venue: &Id, cursor: &Cursor, at: wire::UnixMs) -> Record {
    let body = serde_json::to_value(cursor).expect("a cursor prints as JSON");
    Record { kind: record_kind::ROUND.into(), venue: venue.clone(), key: CURSOR_KEY.into(), at, body }
}

/// The round in a document; `None` where it holds something else.
#[must_use]
pub fn round(record: &Record) -> Option<Round> {
    if record.kind != record_kind::ROUND || record.key == CURSOR_KEY {
        return None;
    }
    match serde_json::from_value(record.body.clone()) {
        Ok(round) => Some(round),
        Err(error) => {
            tracing::error!(%error, venue.id = %record.venue, key = record.key, "a stored round cannot be read");
            None
        }
    }
}

/// The cursor in a document; `None` where it holds something else.
#[must_use]
pub fn cursor(record: &Record) -> Option<(Id, Cursor)> {
    if record.kind != record_kind::ROUND || record.key != CURSOR_KEY {
        return None;
    }
    Some((record.venue.clone(), serde_json::from_value(record.body.clone()).ok()?))
}
