//! What a set of venues allows and people should still look at: karaoke by night, a holiday list that
//! is missing, a business day that begins while the venue is open. Warnings, never errors.

use jiff::{ToSpan, civil::Date};

use super::{hours::Kind, set::Venues};
use crate::{
    config::Language,
    texts::{fill, get},
};

/// Days looked at from today: a week shows every weekday.
const DAYS: i64 = 7;

/// Something to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// The name of its text, which has a hint of the same name.
    pub kind: &'static str,
    /// The venue.
    pub venue: String,
    /// The year whose list is missing, or empty.
    pub year: String,
}

impl Advice {
    /// What it is, and what to do.
    #[must_use]
    pub fn text(&self, language: Language) -> (String, &'static str) {
        let text = fill(language, &format!("venues.{}", self.kind), &[("venue", &self.venue), ("year", &self.year)]);
        (text, get(language, &format!("venues.{}_hint", self.kind)))
    }
}

impl Venues {
    /// What to look at, as of `today`.
    #[must_use]
    pub fn advice(&self, today: Date) -> Vec<Advice> {
        let mut all = Vec::new();
        for (id, venue) in &self.venues {
            let mut add = |kind, year: String| all.push(Advice { kind, venue: id.to_string(), year });
            let week = &venue.calendar.week;
            let days = || (0..DAYS).map(|n| today.saturating_add(n.days()));
            let openings: Vec<_> =
                days().flat_map(|day| week.openings(day).into_iter().map(move |o| (day, o))).collect();
            let open_at = |day: Date, hour: i8, minute: i8| {
                let wall = day.at(hour, minute, 0, 0);
                openings.iter().any(|(_, (from, to))| *from <= wall && wall < *to)
            };
            let by_night = |day: Date| {
                let (two, eight) = (day.at(2, 0, 0, 0), day.at(8, 0, 0, 0));
                openings.iter().any(|(_, (from, to))| *from < eight && two < *to)
            };
            if venue.file.kind.as_ref().is_some_and(|kind| kind.as_str() == "ktv") && days().any(by_night) {
                add("ktv_night", String::new());
            }
            let cut_off = venue.calendar.cut_off;
            if days().skip(1).any(|day| open_at(day, cut_off.hour(), cut_off.minute())) {
                add("cut_off_open", String::new());
            }
            let follows = week.hours.iter().any(|h| h.kind == Kind::Holiday);
            if let Some(year) = self.holidays.missing(today).filter(|_| follows) {
                add("no_list", year.to_string());
            }
        }
        all
    }
}
