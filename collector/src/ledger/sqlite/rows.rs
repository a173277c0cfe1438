//! Rows of the file and the ledger's types, both ways, for every module beside.

use rusqlite::{Connection, OptionalExtension, Row};
use wire::{Id, LostReason, PointName, Sample, Source};

use super::Failure;
use crate::{
    episode::{EpisodeKey, Seen, Subject},
    ledger::{EpisodeRow, Error, Message, NewMessage, Record, blob, store},
};

/// A stored text that no longer reads as what it was.
pub(super) fn damaged(what: &str, reason: impl std::fmt::Display) -> Failure {
    Failure::Ledger(Error::Damaged { what: what.to_owned(), reason: reason.to_string() })
}

pub(super) fn id(text: &str) -> Result<Id, Failure> {
    Id::parse(text).map_err(|e| damaged("an identifier", e))
}

/// JSON of a column; the type's own (de)serialisation is the stored shape.
pub(super) fn from_json<T: serde::de::DeserializeOwned>(what: &str, text: &str) -> Result<T, Failure> {
    serde_json::from_str(text).map_err(|e| damaged(what, e))
}

pub(super) fn to_json<T: serde::Serialize>(value: &T) -> Result<String, Failure> {
    serde_json::to_string(value).map_err(|e| damaged("a value to store", e))
}

/// Columns `venue, room, agent` from `first` on.
pub(super) fn source(row: &Row<'_>, first: usize) -> Result<Source, Failure> {
    let text =
        |i: usize| -> Result<Id, Failure> { id(row.get_ref(first + i)?.as_str().map_err(rusqlite::Error::from)?) };
    Ok(Source { venue: text(0)?, room: text(1)?, agent: text(2)? })
}

/// The row number of a source that is known.
pub(super) fn source_row(connection: &Connection, source: &Source) -> Result<Option<i64>, rusqlite::Error> {
    connection
        .prepare_cached("SELECT id FROM source WHERE venue = ?1 AND room = ?2 AND agent = ?3")?
        .query_row((source.venue.as_str(), source.room.as_str(), source.agent.as_str()), |r| r.get(0))
        .optional()
}

/// Columns of [`episode`], in its order, from `episode e JOIN source s`.
pub(super) const EPISODE_COLUMNS: &str = "e.rule, s.venue, s.room, s.agent, e.point, e.began_at, e.severity, \
     e.late, e.seen_at, e.value, e.limit_value, e.ended_at, e.ticket";

pub(super) fn episode(row: &Row<'_>) -> Result<EpisodeRow, Failure> {
    let point: String = row.get(4)?;
    let point = match point.as_str() {
        "" => None,
        name => Some(PointName::parse(name).map_err(|e| damaged("a point", e))?),
    };
    let rule: String = row.get(0)?;
    Ok(EpisodeRow {
        key: EpisodeKey {
            rule: id(&rule)?,
            subject: Subject { source: source(row, 1)?, point },
            began_at: row.get(5)?,
        },
        severity: store::severity_of(row.get(6)?),
        late: row.get(7)?,
        seen: Seen { at: row.get(8)?, value: row.get(9)?, limit: row.get(10)? },
        ended_at: row.get(11)?,
        ticket: row.get::<_, Option<i64>>(12)?.map(|t| t as u64),
    })
}

/// Columns of [`message`], in its order.
pub(super) const MESSAGE_COLUMNS: &str = "id, channel, key, ticket, severity, due_at, payload, attempts";

pub(super) fn message(row: &Row<'_>) -> Result<Message, Failure> {
    let payload: String = row.get(6)?;
    Ok(Message {
        id: row.get::<_, i64>(0)? as u64,
        message: NewMessage {
            channel: row.get(1)?,
            key: row.get(2)?,
            ticket: row.get::<_, Option<i64>>(3)?.map(|t| t as u64),
            severity: store::severity_of(row.get(4)?),
            due_at: row.get(5)?,
            payload: from_json("a message", &payload)?,
        },
        attempts: row.get(7)?,
    })
}

pub(super) fn lost_reason(reason: LostReason) -> &'static str {
    match reason {
        LostReason::NeverDurable => "never_durable",
        LostReason::Evicted => "evicted",
        LostReason::Corrupt => "corrupt",
    }
}

pub(super) fn lost_reason_of(text: &str) -> Result<LostReason, Failure> {
    match text {
        "never_durable" => Ok(LostReason::NeverDurable),
        "evicted" => Ok(LostReason::Evicted),
        "corrupt" => Ok(LostReason::Corrupt),
        other => Err(damaged("a lost run", format!("unknown reason `{other}`"))),
    }
}

/// Samples of a blob, or the ledger's error.
pub(super) fn blob_samples(body: &[u8]) -> Result<Vec<(Source, Sample)>, Failure> {
    blob::decode(body).map_err(Failure::Ledger)
}

/// A document, from `kind, venue, key, at, body`.
pub(super) fn record(row: &Row<'_>) -> Result<Record, Failure> {
    Ok(Record {
        kind: row.get(0)?,
        venue: id(&row.get::<_, String>(1)?)?,
        key: row.get(2)?,
        at: row.get(3)?,
        body: from_json("a record", &row.get::<_, String>(4)?)?,
    })
}
