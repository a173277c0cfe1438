//! When a rule matters: in opening hours, before opening, in a season, in certain states of a room, at
//! venues of its kind. Plain data comes in from outside; no calendar is known here.
//!
//! All conditions that a rule names must hold; outside of them a value is not shown to the rule, so it
//! neither begins nor worsens nor ends anything, as if nothing had been read. What ended an evening bad
//! is thus still open in the morning, and only a good value in the rule's own time ends it. A silence is
//! counted only while the rule matters; hearing something always counts. Where hours are not known for an
//! instant the venue counts as open: a rule is not switched off silently, and nobody is told of an open
//! door "after closing" at a venue that never said when it closes.
//!
//! Worked example: `when = { open = true, before_opening = "60m" }` with hours from 12:00 to 02:00 shows
//! the rule what is read from 11:00 to 02:00. A room that is 25 °C from 01:30 until 03:00 and 20 °C at
//! 11:00 is one episode from 01:30 to 11:00, of which nothing between 02:00 and 11:00 is known.

use std::sync::Arc;

use wire::{Id, UnixMs};

use crate::episode::RoomState;

/// When a rule matters. The default is always.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct When {
    /// While the venue is open.
    pub open: bool,
    /// While it is closed.
    pub closed: bool,
    /// For so long before it opens, in milliseconds; with `open` from then until it closes.
    pub before_opening_ms: Option<i64>,
    /// Between these days of the year, both included, as month · 100 + day; may go over New Year.
    pub seasons: Vec<(u16, u16)>,
    /// In these states of the room; a state that is not known counts as any.
    pub states: Vec<RoomState>,
}

/// When a venue is open, for some weeks around now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hours {
    /// Known from here …
    pub from: UnixMs,
    /// … to here, not included.
    pub until: UnixMs,
    /// Openings in order, each from its first to its first closed instant; cut at both ends.
    pub open: Vec<(UnixMs, UnixMs)>,
    /// When each local day begins, and its month · 100 + day.
    pub days: Vec<(UnixMs, u16)>,
}

/// What is known of a venue.
#[derive(Debug, Clone, Default)]
pub struct Place {
    /// Its kind, such as `ktv`; `None` where nobody said.
    pub kind: Option<Id>,
    /// Its hours.
    pub hours: Arc<Hours>,
}

/// How things stand at an instant in a room, as far as it is known.
#[derive(Debug, Clone, Copy, Default)]
pub struct Circumstances<'a> {
    /// The kind of the venue.
    pub kind: Option<&'a Id>,
    /// Whether it is open.
    pub is_open: Option<bool>,
    /// How long until it opens, while it is closed; `i64::MAX` where no opening is near.
    pub opens_in_ms: i64,
    /// Month · 100 + day.
    pub day: Option<u16>,
    /// The state of the room.
    pub room: Option<RoomState>,
}

impl Place {
    /// How things stand at `at` in a room of that state.
    #[must_use]
    pub fn at(&self, at: UnixMs, room: Option<RoomState>) -> Circumstances<'_> {
        let mut found = Circumstances { kind: self.kind.as_ref(), opens_in_ms: i64::MAX, room, ..Default::default() };
        let hours = &*self.hours;
        if at < hours.from || at >= hours.until {
            return found;
        }
        let next = hours.open.partition_point(|(from, _)| *from <= at);
        let is_open = next > 0 && at < hours.open[next - 1].1;
        found.is_open = Some(is_open);
        if !is_open && let Some((from, _)) = hours.open.get(next) {
            found.opens_in_ms = from - at;
        }
        let day = hours.days.partition_point(|(from, _)| *from <= at);
        found.day = day.checked_sub(1).map(|day| hours.days[day].1);
        found
    }
}

impl When {
    /// Whether a rule with this matters always.
    #[must_use]
    pub fn is_always(&self) -> bool {
        *self == Self::default()
    }

    /// Whether it matters now.
    #[must_use]
    pub fn holds(&self, now: &Circumstances<'_>) -> bool {
        self.holds_by_hours(now) && self.holds_by_season(now) && self.holds_by_room(now)
    }

    fn holds_by_hours(&self, now: &Circumstances<'_>) -> bool {
        let Some(is_open) = now.is_open else { return !self.closed };
        if !self.open && !self.closed && self.before_opening_ms.is_none() {
            return true;
        }
        let before = self.before_opening_ms.is_some_and(|ms| !is_open && now.opens_in_ms <= ms);
        before || is_open && self.open || !is_open && self.closed
    }

    fn holds_by_season(&self, now: &Circumstances<'_>) -> bool {
        let Some(day) = now.day else { return true };
        let within = |(first, last): &(u16, u16)| match first <= last {
            true => (*first..=*last).contains(&day),
            false => day >= *first || day <= *last,
        };
        self.seasons.is_empty() || self.seasons.iter().any(within)
    }

    fn holds_by_room(&self, now: &Circumstances<'_>) -> bool {
        self.states.is_empty() || now.room.is_none_or(|state| self.states.contains(&state))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;

    /// Open from 12 to 26 on the first day, and on the second from 36.
    fn place() -> Place {
        let open = vec![(12 * HOUR, 26 * HOUR), (36 * HOUR, 50 * HOUR)];
        let days = vec![(0, 1_231), (24 * HOUR, 101)];
        Place { kind: None, hours: Arc::new(Hours { from: 0, until: 50 * HOUR, open, days }) }
    }

    fn holds(when: &When, hour: i64) -> bool {
        when.holds(&place().at(hour * HOUR, None))
    }

    #[test]
    fn opening_hours_and_the_time_before_them() {
        let open = When { open: true, ..When::default() };
        let before = When { before_opening_ms: Some(HOUR), ..When::default() };
        let both = When { open: true, ..before.clone() };
        let closed = When { closed: true, ..When::default() };
        for (hour, expected) in
            [(10, "---c"), (11, "-bBc"), (12, "o-B-"), (25, "o-B-"), (26, "---c"), (35, "-bBc"), (49, "o-B-")]
        {
            let mark = |when: &When, letter| if holds(when, hour) { letter } else { '-' };
            let found: String = [(&open, 'o'), (&before, 'b'), (&both, 'B'), (&closed, 'c')]
                .map(|(when, letter)| mark(when, letter))
                .iter()
                .collect();
            assert_eq!(found, expected, "hour {hour}");
        }
        assert!(holds(&open, -1) && holds(&open, 50), "where hours are not known a venue is open");
        assert!(!holds(&closed, -1) && !holds(&closed, 50), "and not closed");
    }

    #[test]
    fn seasons_may_go_over_new_year_and_unknown_states_count_as_any() {
        let season = |first, last| When { seasons: vec![(first, last)], ..When::default() };
        assert!(holds(&season(1_201, 228), 1) && holds(&season(1_201, 228), 30));
        assert!(!holds(&season(601, 930), 1) && holds(&season(101, 101), 30));
        let occupied = When { states: vec![RoomState::Occupied], ..When::default() };
        let at = |state| occupied.holds(&place().at(0, state));
        assert!(at(None) && at(Some(RoomState::Occupied)) && !at(Some(RoomState::Locked)));
    }
}
