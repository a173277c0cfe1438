//! What rules are told of venues and rooms: hours and kinds from the files of venues, and what people say
//! of rooms, which is kept as records. Decides nothing.

use std::sync::Arc;

use wire::{Id, UnixMs};

use crate::{
    ledger::{Record, record_kind},
    rules::{Event, RoomState, State},
    venues::Venues,
};

/// Hours reach weeks ahead; they are told to the rules this often.
const HOURS_EVERY_MS: i64 = 6 * 3_600_000;

/// Venues in force, and when their hours were last told.
#[derive(Default)]
pub(super) struct Surroundings {
    venues: Option<Arc<Venues>>,
    told_at: Option<UnixMs>,
}

impl Surroundings {
    /// Other venues are in force.
    pub fn set_venues(&mut self, venues: &Arc<Venues>, rules: &mut State) {
        for (id, venue) in &venues.venues {
            for (room, told) in &venue.file.room {
                rules.set_state_point(id, room, told.state_point.clone());
            }
        }
        (self.venues, self.told_at) = (Some(venues.clone()), None);
    }

    /// Hours are told again when those that rules know have grown old.
    pub fn tell(&mut self, rules: &mut State, now: UnixMs) {
        if self.told_at.is_some_and(|at| (now - at).abs() < HOURS_EVERY_MS) {
            return;
        }
        self.told_at = Some(now);
        for (id, venue) in self.venues.iter().flat_map(|venues| &venues.venues) {
            rules.set_place(id, venue.place(now));
        }
    }
}

/// What a person said of a room, as it is kept.
pub(super) fn record(venue: &Id, room: &Id, state: Option<RoomState>, who: &str, at: UnixMs) -> Record {
    let (kind, key) = (record_kind::ROOM_STATE.to_owned(), room.to_string());
    Record { kind, venue: venue.clone(), key, at, body: serde_json::json!({ "state": state, "who": who }) }
}

/// Goes on with what people said of rooms before a restart.
pub(super) fn restore(records: &[Record], rules: &mut State) {
    for record in records.iter().filter(|r| r.kind == record_kind::ROOM_STATE) {
        let state = serde_json::from_value(record.body["state"].clone()).ok();
        if let (Ok(room), Some(state)) = (Id::parse(&record.key), state) {
            rules.tell_room(&Event::RoomState { venue: &record.venue, room: &room, state });
        }
    }
}
