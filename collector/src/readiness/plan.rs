//! When the pre-opening report of a venue is made: some minutes before the first opening of each business
//! date, moved a little so that not all venues write at once. Pure arithmetic over the venue's calendar:
//! holidays, openings past midnight and days when clocks change are its business.

use jiff::{Timestamp, civil::Date};
use wire::{Id, UnixMs};

use crate::venues::{Calendar, Venue};

/// Before the opening, where the venue does not say: 30 minutes, in milliseconds.
pub const REPORT_BEFORE_MS: i64 = 30 * 60_000;
/// The report is moved by at least so much, in seconds …
const MOVED_S_MIN: u64 = 60;
/// … and at most so much, so that it comes 26 minutes before the opening at the latest.
const MOVED_S_MAX: u64 = 240;
/// Chat services are busiest in these minutes of an hour and refuse more than usual.
const BUSY_MINUTES: [i8; 2] = [0, 30];

/// The report of one business date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// The business date.
    pub date: Date,
    /// The first opening of it.
    pub opening: UnixMs,
    /// When the report is made.
    pub due: UnixMs,
}

/// The first opening of a business date; `None` on a closed day and where the venue never closes.
#[must_use]
pub fn first_opening(calendar: &Calendar, date: Date) -> Option<UnixMs> {
    let begin = calendar.first_at(date.to_datetime(calendar.cut_off))?;
    let opening = calendar.next_opening(begin.saturating_sub(1))?;
    (calendar.business_date(opening)? == date).then_some(opening)
}

/// The report of a business date.
#[must_use]
pub fn slot(id: &Id, venue: &Venue, date: Date) -> Option<Slot> {
    let opening = first_opening(&venue.calendar, date)?;
    Some(Slot { date, opening, due: due(id, &venue.calendar, opening, before_ms(venue)) })
}

/// How long before the opening the report of a venue is made.
#[must_use]
pub fn before_ms(venue: &Venue) -> i64 {
    venue.file.report_before.as_deref().and_then(crate::packs::length::parse).unwrap_or(REPORT_BEFORE_MS)
}

/// When the report for `opening` is made: by a minute to four earlier or later, the same for a venue
/// every day, and never in a busy minute of the wall clock.
#[must_use]
pub fn due(id: &Id, calendar: &Calendar, opening: UnixMs, before_ms: i64) -> UnixMs {
    let middle = opening.saturating_sub(before_ms);
    let moved = (0..32u8).map(|turn| {
        let hash = hash(id, turn);
        let by = i64::try_from(MOVED_S_MIN + hash / 2 % (MOVED_S_MAX - MOVED_S_MIN + 1)).unwrap_or(0) * 1_000;
        if hash.is_multiple_of(2) { middle - by } else { middle + by }
    });
    let is_quiet = |at: &UnixMs| {
        let minute = Timestamp::from_millisecond(*at).map(|at| calendar.zone.to_datetime(at).minute());
        !minute.is_ok_and(|minute| BUSY_MINUTES.contains(&minute))
    };
    moved.clone().find(is_quiet).unwrap_or(middle - 60_000)
}

/// The openings before `opening`, the newest first: those of past mornings.
#[must_use]
pub fn past_openings(calendar: &Calendar, opening: UnixMs, count: usize) -> Vec<UnixMs> {
    /// Days looked back at most: a venue that opens once a week has four mornings to learn from.
    const DAYS_BACK_MAX: usize = 30;
    let Some(mut date) = calendar.business_date(opening) else { return Vec::new() };
    let mut found = Vec::new();
    for _ in 0..DAYS_BACK_MAX {
        let Ok(before) = date.yesterday() else { break };
        date = before;
        found.extend(first_opening(calendar, date));
        if found.len() == count {
            break;
        }
    }
    found
}

/// FNV-1a: the same for ever, unlike the hashes of std.
fn hash(id: &Id, turn: u8) -> u64 {
    let bytes = id.as_str().bytes().chain([turn]);
    let hash =
        bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    // The low bits of FNV depend on little; the high ones on everything.
    hash ^ (hash >> 29)
}

#[cfg(test)]
mod tests;
