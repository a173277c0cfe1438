//! Opening hours as people write them: weekday sets with an opening and a closing time, for a season,
//! a holiday or a closure. Knows wall times of one business day only; [`super::calendar`] turns them
//! into instants. Never reads a clock.

use std::collections::BTreeMap;

use jiff::{
    ToSpan,
    civil::{Date, DateTime, Time, Weekday},
};

/// Which days an entry is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Every day but those that one of the other kinds covers.
    Normal,
    /// Days off of the holiday list.
    Holiday,
    /// Days without any opening: works, a private event. Wins over both others.
    Closed,
}

/// A set of weekdays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weekdays(u8);

impl Weekdays {
    /// All seven.
    pub const ALL: Self = Self(0b111_1111);
    /// None.
    pub const NONE: Self = Self(0);

    /// With `day` too.
    #[must_use]
    pub fn with(self, day: Weekday) -> Self {
        Self(self.0 | 1 << day.to_monday_zero_offset())
    }

    /// Whether `day` is one of them.
    #[must_use]
    pub fn has(self, day: Weekday) -> bool {
        self.0 & 1 << day.to_monday_zero_offset() != 0
    }
}

/// One entry of opening hours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hours {
    /// Which days it is for.
    pub kind: Kind,
    /// On which weekdays.
    pub days: Weekdays,
    /// From when to when; a close at or before the open is on the next day. `None` stays closed.
    pub times: Option<(Time, Time)>,
    /// The first date it is valid.
    pub from: Option<Date>,
    /// The last date it is valid.
    pub to: Option<Date>,
}

impl Hours {
    fn covers(&self, kind: Kind, date: Date, weekday: Weekday) -> bool {
        self.kind == kind
            && self.days.has(weekday)
            && self.from.is_none_or(|from| from <= date)
            && self.to.is_none_or(|to| date <= to)
    }

    fn is_seasonal(&self) -> bool {
        self.from.is_some() || self.to.is_some()
    }
}

/// What a holiday list says of a date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// The holiday it belongs to.
    pub name: String,
    /// A day off; otherwise a make-up working day (调休).
    pub is_off: bool,
}

/// Everything that decides when a venue opens, in wall times.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Week {
    /// The entries. None at all: always open, as nothing else is known.
    pub hours: Vec<Hours>,
    /// The holiday list.
    pub holidays: BTreeMap<Date, Day>,
    /// A make-up working day has the hours of this weekday; `None` leaves it its own.
    pub make_up_as: Option<Weekday>,
}

impl Week {
    /// Wall times between which the business day `date` is open, in the order of the entries; they
    /// may overlap. A closure wins; on a day off the holiday entries count where any covers the day.
    /// Of entries that cover it, those valid for a season only replace those valid always.
    #[must_use]
    pub fn openings(&self, date: Date) -> Vec<(DateTime, DateTime)> {
        let listed = self.holidays.get(&date);
        let weekday = match (listed, self.make_up_as) {
            (Some(day), Some(as_day)) if !day.is_off => as_day,
            _ => date.weekday(),
        };
        let covering = |kind| -> Vec<&Hours> {
            let all: Vec<_> = self.hours.iter().filter(|h| h.covers(kind, date, weekday)).collect();
            let seasonal: Vec<_> = all.iter().copied().filter(|h| h.is_seasonal()).collect();
            if seasonal.is_empty() { all } else { seasonal }
        };
        if !covering(Kind::Closed).is_empty() {
            return Vec::new();
        }
        let special = if listed.is_some_and(|day| day.is_off) { covering(Kind::Holiday) } else { Vec::new() };
        let entries = if special.is_empty() { covering(Kind::Normal) } else { special };
        entries.iter().filter_map(|h| h.times).filter_map(|times| on(date, times)).collect()
    }
}

/// Wall times of `date`; `None` at the end of the calendar.
fn on(date: Date, (open, close): (Time, Time)) -> Option<(DateTime, DateTime)> {
    let last = if close <= open { date.checked_add(1.day()).ok()? } else { date };
    Some((date.to_datetime(open), last.to_datetime(close)))
}
