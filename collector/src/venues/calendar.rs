//! When a venue is open, as arithmetic: wall times of [`super::hours`] and a time zone become
//! instants. Holds over midnight, holidays, make-up days and days when clocks change. Never reads a
//! clock; the same arguments give the same answer for ever.
//!
//! Where clocks change: a wall time that does not exist is the instant of the change; of a double
//! one an opening takes the first and a closing the last, so a venue is never thought closed while
//! its door may be open.

use jiff::{
    Timestamp, ToSpan,
    civil::{Date, DateTime, Time},
    tz::{AmbiguousOffset, Offset, TimeZone},
};
use wire::UnixMs;

use super::hours::Week;

/// How far ahead an opening is looked for: a venue that opens once a year is still found.
pub const DAYS_AHEAD_MAX: i64 = 400;
/// Days looked at in one go.
const DAYS_STEP: i64 = 8;
/// Milliseconds of 24 hours.
const DAY_MS: i64 = 86_400_000;

/// From when to when a venue is open, the end not included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opening {
    /// The first instant.
    pub from: UnixMs,
    /// The first instant after it.
    pub to: UnixMs,
}

/// The calendar of one venue.
#[derive(Debug, Clone)]
pub struct Calendar {
    /// Its zone.
    pub zone: TimeZone,
    /// Its hours.
    pub week: Week,
    /// When its business day begins; what is earlier belongs to the day before.
    pub cut_off: Time,
}

impl Calendar {
    /// A calendar without hours, thus always open.
    #[must_use]
    pub fn always(zone: TimeZone) -> Self {
        Self { zone, week: Week::default(), cut_off: Time::constant(6, 0, 0, 0) }
    }

    /// Whether the venue names no hours at all and so counts as open always.
    #[must_use]
    pub fn is_always_open(&self) -> bool {
        self.week.hours.is_empty()
    }

    /// Stretches between `from` and `to` in which the venue is open, cut at both ends, in order;
    /// those that touch are one.
    #[must_use]
    pub fn opening_intervals(&self, from: UnixMs, to: UnixMs) -> Vec<Opening> {
        if from >= to {
            return Vec::new();
        }
        if self.is_always_open() {
            return vec![Opening { from, to }];
        }
        let (Some(first), Some(last)) = (self.date(from), self.date(to)) else { return Vec::new() };
        // An opening of the day before may still last; two days, since clocks may change by many hours.
        let mut date = first.saturating_sub(2.days());
        let mut all = Vec::new();
        loop {
            let openings = self.week.openings(date);
            all.extend(openings.into_iter().filter_map(|(open, close)| {
                let opening = Opening { from: self.first_at(open)?.max(from), to: self.last_at(close)?.min(to) };
                (opening.from < opening.to).then_some(opening)
            }));
            match date.tomorrow() {
                Ok(next) if next <= last => date = next,
                _ => break,
            }
        }
        merged(all)
    }

    /// Whether the venue is open at `at`.
    #[must_use]
    pub fn is_open(&self, at: UnixMs) -> bool {
        !self.opening_intervals(at, at.saturating_add(1)).is_empty()
    }

    /// The first opening after `at`; while the venue is open, the one after the present. `None` where
    /// it never closes or does not open within [`DAYS_AHEAD_MAX`].
    #[must_use]
    pub fn next_opening(&self, at: UnixMs) -> Option<UnixMs> {
        if self.is_always_open() {
            return None;
        }
        let mut from = at;
        for _ in 0..=DAYS_AHEAD_MAX / DAYS_STEP {
            let to = from.saturating_add(DAYS_STEP * DAY_MS);
            // What begins at the edge of the window may have begun before it: ask one millisecond back.
            let back = from.saturating_sub(1);
            let found = self.opening_intervals(back, to).into_iter().find(|o| o.from > at && o.from > back);
            if let Some(opening) = found {
                return Some(opening.from);
            }
            from = to;
        }
        None
    }

    /// When the present opening ends; `None` where the venue is closed, or open for longer than
    /// [`DAYS_AHEAD_MAX`].
    #[must_use]
    pub fn closes_at(&self, at: UnixMs) -> Option<UnixMs> {
        let mut from = at;
        for _ in 0..=DAYS_AHEAD_MAX / DAYS_STEP {
            let to = from.saturating_add(DAYS_STEP * DAY_MS);
            match self.opening_intervals(from, to).first() {
                Some(opening) if opening.from == from && opening.to < to => return Some(opening.to),
                Some(opening) if opening.from == from => from = to,
                _ if from > at => return Some(from),
                _ => return None,
            }
        }
        None
    }

    /// Open milliseconds between two instants; 0 where `to` is not after `from`.
    #[must_use]
    pub fn open_ms(&self, from: UnixMs, to: UnixMs) -> i64 {
        self.opening_intervals(from, to).iter().map(|o| o.to - o.from).sum()
    }

    /// The first instant by which `open_ms` milliseconds of opening have passed since `start`; `start`
    /// itself for none. A limit that fills the day exactly ends at closing time, not at the next
    /// opening. `None` where the venue does not open that long within [`DAYS_AHEAD_MAX`].
    #[must_use]
    pub fn add_open_ms(&self, start: UnixMs, open_ms: i64) -> Option<UnixMs> {
        if open_ms <= 0 {
            return Some(start);
        }
        if self.is_always_open() {
            return start.checked_add(open_ms);
        }
        let (mut from, mut left) = (start, open_ms);
        for _ in 0..=DAYS_AHEAD_MAX / DAYS_STEP {
            let to = from.saturating_add(DAYS_STEP * DAY_MS);
            for opening in self.opening_intervals(from, to) {
                let length = opening.to - opening.from;
                if left <= length {
                    return Some(opening.from + left);
                }
                left -= length;
            }
            from = to;
        }
        None
    }

    /// The business day of an instant: its local date, or the day before until the cut-off. `None`
    /// outside the years that the calendar knows.
    #[must_use]
    pub fn business_date(&self, at: UnixMs) -> Option<Date> {
        let local = self.zone.to_datetime(Timestamp::from_millisecond(at).ok()?);
        if local.time() < self.cut_off { local.date().yesterday().ok() } else { Some(local.date()) }
    }

    fn date(&self, at: UnixMs) -> Option<Date> {
        Some(self.zone.to_datetime(Timestamp::from_millisecond(at).ok()?).date())
    }

    /// The first instant at which a clock on the wall shows `wall` or later.
    #[must_use]
    pub fn first_at(&self, wall: DateTime) -> Option<UnixMs> {
        match self.zone.to_ambiguous_timestamp(wall).offset() {
            AmbiguousOffset::Unambiguous { offset } | AmbiguousOffset::Fold { before: offset, .. } => at(offset, wall),
            AmbiguousOffset::Gap { after, .. } => self.change_after(after, wall),
        }
    }

    /// The last instant at which a clock on the wall shows `wall`; the change where none does.
    #[must_use]
    pub fn last_at(&self, wall: DateTime) -> Option<UnixMs> {
        match self.zone.to_ambiguous_timestamp(wall).offset() {
            AmbiguousOffset::Unambiguous { offset } | AmbiguousOffset::Fold { after: offset, .. } => at(offset, wall),
            AmbiguousOffset::Gap { after, .. } => self.change_after(after, wall),
        }
    }

    /// The change of clocks that swallowed `wall`. With the offset after it, `wall` lies before it.
    fn change_after(&self, after: Offset, wall: DateTime) -> Option<UnixMs> {
        let before = after.to_timestamp(wall).ok()?;
        self.zone.following(before).next().map(|change| change.timestamp().as_millisecond())
    }
}

fn at(offset: Offset, wall: DateTime) -> Option<UnixMs> {
    Some(offset.to_timestamp(wall).ok()?.as_millisecond())
}

/// In order, with those that overlap or touch made one.
fn merged(mut all: Vec<Opening>) -> Vec<Opening> {
    all.sort_by_key(|o| o.from);
    let mut out: Vec<Opening> = Vec::with_capacity(all.len());
    for opening in all {
        match out.last_mut() {
            Some(last) if opening.from <= last.to => last.to = last.to.max(opening.to),
            _ => out.push(opening),
        }
    }
    out
}

#[cfg(test)]
mod tests;
