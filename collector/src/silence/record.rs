//! Notes and accounts as documents of the ledger, and back. What cannot be read back is said in the log and
//! begun anew, never guessed.

use serde::de::DeserializeOwned;
use wire::{Id, Source, UnixMs};

use super::{
    day::{Day, key},
    note::{Note, RoomNote},
    notes::{Changed, Notes},
};
use crate::ledger::{Error, Reader, Record, RecordFilter, record_kind};

/// The word for a locked room in documents of rooms' states.
const LOCKED: &str = "locked";

/// The document of a note that changed.
#[must_use]
pub fn of_note(changed: &Changed<'_>, at: UnixMs) -> Record {
    let (venue, key, body) = match changed {
        Changed::Agent(source, note) => (&source.venue, note_key(source), serde_json::to_value(note)),
        Changed::Room(venue, room, note) => (*venue, room.to_string(), serde_json::to_value(note)),
    };
    let body = body.expect("a note prints as JSON");
    Record { kind: record_kind::SILENCE_NOTE.into(), venue: venue.clone(), key, at, body }
}

/// The document of a day's account.
#[must_use]
pub fn of_day(source: &Source, date: &str, day: &Day, at: UnixMs) -> Record {
    let kind = record_kind::SILENCE.into();
    Record { kind, venue: source.venue.clone(), key: key(source, date), at, body: day.to_json() }
}

fn note_key(source: &Source) -> String {
    format!("{}/{}", source.room, source.agent)
}

/// Lets notes go on where the last commit left them.
pub fn restore(notes: &mut Notes, records: &[Record]) {
    for record in records.iter().filter(|record| record.kind == record_kind::SILENCE_NOTE) {
        let (room, agent) = match record.key.split_once('/') {
            Some((room, agent)) => (Id::parse(room), Some(Id::parse(agent))),
            None => (Id::parse(&record.key), None),
        };
        let venue = record.venue.clone();
        match (room, agent) {
            (Ok(room), Some(Ok(agent))) => {
                if let Some(note) = read::<Note>(record) {
                    notes.restore(Source { venue, room, agent }, note);
                }
            }
            (Ok(room), None) => {
                if let Some(note) = read::<RoomNote>(record) {
                    notes.restore_room(venue, room, note);
                }
            }
            _ => tracing::error!(key = record.key, "a stored note names no agent"),
        }
    }
}

/// Takes the states of rooms that a step is about to store.
pub fn locks(notes: &mut Notes, records: &[Record], now: UnixMs) {
    for record in records.iter().filter(|record| record.kind == record_kind::ROOM_STATE) {
        if let Ok(room) = Id::parse(&record.key) {
            let locked = record.body.get("state").and_then(|state| state.as_str()) == Some(LOCKED);
            notes.room(&record.venue, &room, locked, now);
        }
    }
}

fn read<T: DeserializeOwned>(record: &Record) -> Option<T> {
    match serde_json::from_value(record.body.clone()) {
        Ok(read) => Some(read),
        Err(error) => {
            tracing::error!(%error, venue.id = %record.venue, key = record.key, "a stored note cannot be read");
            None
        }
    }
}

/// The note of an agent, and that of its room.
pub fn notes_of(reader: &dyn Reader, source: &Source) -> Result<(Option<Note>, RoomNote), Error> {
    let one = |key: String| {
        let filter = RecordFilter {
            kind: record_kind::SILENCE_NOTE.into(),
            venue: Some(source.venue.clone()),
            from: Some(key.clone()),
            to: Some(key),
            limit: 1,
        };
        Ok::<_, Error>(reader.records(&filter)?.pop())
    };
    let note = one(note_key(source))?.as_ref().and_then(read);
    let room = one(source.room.to_string())?.as_ref().and_then(read);
    Ok((note, room.unwrap_or_default()))
}

/// The accounts of an agent from business date `from` to `to`, both included, oldest first.
pub fn days_of(reader: &dyn Reader, source: &Source, from: &str, to: &str) -> Result<Vec<(String, Day)>, Error> {
    let filter = RecordFilter {
        kind: record_kind::SILENCE.into(),
        venue: Some(source.venue.clone()),
        from: Some(key(source, from)),
        to: Some(key(source, to)),
        limit: 0,
    };
    let mut days = Vec::new();
    for record in reader.records(&filter)?.into_iter().rev() {
        match Day::from_json(&record.body) {
            Some(day) => days.push((super::day::date_of(&record.key).to_owned(), day)),
            None => tracing::error!(key = record.key, "a stored account of silence cannot be read; it is made anew"),
        }
    }
    Ok(days)
}

/// The newest account of an agent.
pub fn newest_day(reader: &dyn Reader, source: &Source) -> Result<Option<Day>, Error> {
    let filter = RecordFilter {
        kind: record_kind::SILENCE.into(),
        venue: Some(source.venue.clone()),
        from: Some(key(source, "")),
        to: Some(key(source, "9")),
        limit: 1,
    };
    Ok(reader.records(&filter)?.pop().and_then(|record| Day::from_json(&record.body)))
}
