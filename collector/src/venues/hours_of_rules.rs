//! What rules must know of venues: their kinds, and their hours around an instant as plain data.

use std::sync::Arc;

use jiff::{Timestamp, ToSpan};
use wire::UnixMs;

use super::{Calendar, Venue};
use crate::rules::{Hours, Place};

/// Hours are told for so many days before and after now. Older data is judged as if the venue were open.
const DAYS: i64 = 40;
/// Milliseconds of 24 hours.
const DAY_MS: i64 = 86_400_000;

impl Venue {
    /// Kind and hours, around `now`.
    #[must_use]
    pub fn place(&self, now: UnixMs) -> Place {
        Place { kind: self.file.kind.clone(), hours: Arc::new(hours(&self.calendar, now)) }
    }
}

/// Hours around `now`, some weeks back and ahead.
fn hours(calendar: &Calendar, now: UnixMs) -> Hours {
    let (from, until) = (now.saturating_sub(DAYS * DAY_MS), now.saturating_add(DAYS * DAY_MS));
    let open = calendar.opening_intervals(from, until).into_iter().map(|o| (o.from, o.to)).collect();
    Hours { from, until, open, days: days(calendar, from, until) }
}

/// When each local day begins.
fn days(calendar: &Calendar, from: UnixMs, until: UnixMs) -> Vec<(UnixMs, u16)> {
    let Ok(first) = Timestamp::from_millisecond(from) else { return Vec::new() };
    let mut date = calendar.zone.to_datetime(first).date();
    let mut days = Vec::new();
    while let Ok(begin) = date.to_zoned(calendar.zone.clone()) {
        let begin = begin.timestamp().as_millisecond();
        if begin >= until {
            break;
        }
        let number = i32::from(date.month()) * 100 + i32::from(date.day());
        days.push((begin, u16::try_from(number).unwrap_or(0)));
        let Ok(next) = date.checked_add(1.day()) else { break };
        date = next;
    }
    days
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::venues::{Holidays, Venues};

    #[test]
    fn hours_and_days_of_a_year_with_changing_clocks_agree_with_the_calendar() {
        let file = "[venue.a]\nzone = \"Europe/Berlin\"\n[[venue.a.hours]]\ndays = [\"mon-sat\"]\nopen = \"18:00\"\nclose = \"02:30\"\n";
        let venues = Venues::of(&[("a.toml".into(), file.into())], Holidays::default(), "UTC").unwrap();
        let venue = venues.venues.values().next().unwrap();
        // 2026-10-25T12:00:00Z: clocks changed in the morning.
        let now = 1_793_188_800_000;
        let place = venue.place(now);
        for step in 0..2_400 {
            let at = now - 20 * DAY_MS + step * 17 * 60_000 * 2;
            let found = place.at(at, None);
            assert_eq!(found.is_open, Some(venue.calendar.is_open(at)), "{at}");
            let local = venue.calendar.zone.to_datetime(Timestamp::from_millisecond(at).unwrap());
            let day = i32::from(local.month()) * 100 + i32::from(local.day());
            assert_eq!(found.day.map(i32::from), Some(day), "{at}");
        }
    }
}
