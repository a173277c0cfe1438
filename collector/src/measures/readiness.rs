//! A pre-opening report as lines, one a room: ready, not ready or unknown, with the worst reason in words.
//! Time is when the report was made; how rooms stood at the opening is a second set at that instant. Locked
//! rooms say nothing: nobody asks.

use wire::{Id, UnixMs};

use super::{
    Facts, Line,
    names::{READINESS, field, tag},
};
use crate::{
    config::Language,
    readiness::{
        Report, Room, Verdict,
        text::{Scene, reason},
    },
};

/// Milliseconds of a minute.
const MINUTE_MS: f64 = 60_000.0;

/// Adds the lines of a report.
pub fn report_lines(out: &mut String, facts: &Facts, report: &Report) {
    // What was found after the opening, by a collector that had been down, is no word about it.
    room_lines(out, facts, &report.venue, &report.rooms, report.at, report.opening);
    if let Some(then) = &report.at_opening {
        room_lines(out, facts, &report.venue, &then.rooms, then.at, report.opening);
    }
}

#[expect(clippy::cast_precision_loss, reason = "hours are far below 2^52 ms")]
fn room_lines(out: &mut String, facts: &Facts, venue: &Id, rooms: &[Room], at: UnixMs, opening: UnixMs) {
    for room in rooms.iter().filter(|room| room.verdict != Verdict::Locked) {
        let mut line = Line::begin(out, READINESS);
        line.tag(tag::VENUE, venue.as_str()).tag(tag::ROOM, room.room.as_str());
        line.flag(field::READY, room.verdict == Verdict::Ready);
        line.flag(field::NOT_READY, room.verdict == Verdict::NotReady);
        line.flag(field::UNKNOWN, room.verdict == Verdict::Unknown);
        if let Some(worst) = room.reasons.first() {
            let scene = |language| Scene { language, packs: facts.packs(), venues: facts.venues(), venue };
            line.text(field::REASON_ZH, &reason(worst, at, scene(Language::ZhCn)));
            line.text(field::REASON_EN, &reason(worst, at, scene(Language::En)));
        }
        line.number(field::MINUTES_TO_OPENING, opening.saturating_sub(at) as f64 / MINUTE_MS);
        line.end(at, 0);
    }
}
