//! What tickets ask of venues, answered from their files and calendars: how long people have, who is
//! told next, when it is quiet. Where a file says nothing, the defaults of [`limits_of`] and [`rungs_of`]
//! hold: proposals of the trade, to be changed for each venue.

use jiff::{Timestamp, ToSpan, civil::Time};
use wire::{Id, UnixMs};

use super::{Calendar, Venues, business_day, file, set};
use crate::{
    episode::Severity,
    packs::length,
    tickets::{
        Plan,
        plan::{ClockKind, EVERY_CHANNEL, Limits, Moment, Rung},
    },
};

const MINUTE_MS: i64 = 60_000;

/// How long people have where a venue says nothing, in minutes: acknowledge, arrive, mend. P1 and P2
/// count day and night, P3 and P4 while the venue is open: a day's opening for P3, about a week's for P4.
fn limits_of(severity: Severity) -> Limits {
    let (acknowledge, arrive, fix, clock) = match severity {
        Severity::P1 => (3, Some(8), 30, ClockKind::Always),
        Severity::P2 => (10, Some(30), 120, ClockKind::Always),
        Severity::P3 => (30, Some(60), 12 * 60, ClockKind::Open),
        Severity::P4 => (8 * 60, None, 70 * 60, ClockKind::Open),
    };
    let ms = |minutes: i64| Some(minutes * MINUTE_MS);
    Limits { acknowledge_ms: ms(acknowledge), arrive_ms: arrive.and_then(ms), fix_ms: ms(fix), clock }
}

/// When everybody is told again where a venue names no chain, in minutes after opening.
fn rungs_of(severity: Severity) -> Vec<Rung> {
    let minutes: &[i64] = match severity {
        Severity::P1 => &[3, 8, 15],
        Severity::P2 => &[10, 30, 60],
        Severity::P3 => &[120],
        Severity::P4 => &[],
    };
    let rung = |(place, after): (usize, &i64)| {
        // The ticket's team again, and in the end everybody.
        let last = severity <= Severity::P2 && place + 1 == minutes.len();
        let channels = if last { vec![EVERY_CHANNEL.to_owned()] } else { Vec::new() };
        Rung { moment: Moment::After(after * MINUTE_MS), team: None, channels }
    };
    minutes.iter().enumerate().map(rung).collect()
}

/// A length of the file; it was checked when the file was read.
fn ms(text: Option<&String>) -> Option<i64> {
    text.and_then(|text| length::parse(text))
}

impl Venues {
    fn clock(&self, venue: &Id, clock: ClockKind) -> Option<&Calendar> {
        (clock == ClockKind::Open).then(|| self.calendar(venue))
    }

    fn file(&self, venue: &Id) -> Option<&file::Venue> {
        self.venue(venue).map(|v| &v.file)
    }
}

impl Plan for Venues {
    fn business_day(&self, venue: &Id, at: UnixMs) -> u32 {
        business_day(self.calendar(venue), at)
    }

    fn limits(&self, venue: &Id, severity: Severity) -> Limits {
        let usual = limits_of(severity);
        let Some(own) = self.file(venue).and_then(|file| file.limits.get(&format!("{severity:?}"))) else {
            return usual;
        };
        Limits {
            acknowledge_ms: ms(own.acknowledge.as_ref()).or(usual.acknowledge_ms),
            arrive_ms: ms(own.arrive.as_ref()).or(usual.arrive_ms),
            fix_ms: ms(own.fix.as_ref()).or(usual.fix_ms),
            clock: own.clock.unwrap_or(usual.clock),
        }
    }

    fn add(&self, venue: &Id, clock: ClockKind, from: UnixMs, ms: i64) -> UnixMs {
        let plain = from.saturating_add(ms);
        // A venue that does not open within a year has no clock but that on the wall.
        self.clock(venue, clock).map_or(plain, |calendar| calendar.add_open_ms(from, ms).unwrap_or(plain))
    }

    fn spent(&self, venue: &Id, clock: ClockKind, from: UnixMs, to: UnixMs) -> i64 {
        let plain = to.saturating_sub(from).max(0);
        self.clock(venue, clock).map_or(plain, |calendar| calendar.open_ms(from, to))
    }

    fn rungs(&self, venue: &Id, severity: Severity) -> Vec<Rung> {
        let own = self.file(venue).and_then(|file| file.escalation.get(&format!("{severity:?}")));
        let Some(steps) = own else { return rungs_of(severity) };
        let rung = |step: &file::Escalation| {
            let after = length::parse(&step.after).map(Moment::After);
            let before = ms(step.before_limit.as_ref()).map(Moment::BeforeLimit);
            let channels = step.channels.iter().map(ToString::to_string).collect();
            Some(Rung { moment: before.or(after)?, team: step.team.clone(), channels })
        };
        steps.iter().filter_map(rung).collect()
    }

    fn quiet_until(&self, venue: &Id, severity: Severity, at: UnixMs) -> Option<UnixMs> {
        let (begin, end) = quiet(self.file(venue)?, severity)?;
        let calendar = self.calendar(venue);
        let today = calendar.zone.to_datetime(Timestamp::from_millisecond(at).ok()?).date();
        // The stretch that began today, or yesterday and goes over midnight. Where clocks change it is
        // as long as a venue would be open.
        [0, 1].into_iter().find_map(|back| {
            let day = today.checked_sub(back.days()).ok()?;
            let last = if end <= begin { day.checked_add(1.day()).ok()? } else { day };
            let (from, until) = (calendar.first_at(day.to_datetime(begin))?, calendar.last_at(last.to_datetime(end))?);
            (from <= at && at < until).then_some(until)
        })
    }

    fn channels_of(&self, venue: &Id, team: &Id) -> Vec<String> {
        let team = self.file(venue).and_then(|file| file.team.get(team));
        team.map_or_else(Vec::new, |team| team.channels.iter().map(ToString::to_string).collect())
    }

    fn teams_of(&self, venue: &Id, person: &str) -> Vec<Id> {
        let teams = self.file(venue).into_iter().flat_map(|file| &file.team);
        teams.filter(|(_, team)| team.members.iter().any(|name| name == person)).map(|(id, _)| id.clone()).collect()
    }

    fn is_given(&self, channel: &str) -> bool {
        let mut teams = self.venues.values().flat_map(|venue| venue.file.team.values());
        teams.any(|team| team.channels.iter().any(|name| name.as_str() == channel))
    }

    fn open_until(&self, venue: &Id, at: UnixMs) -> Option<Option<UnixMs>> {
        let calendar = self.calendar(venue);
        // Of a venue whose hours nobody wrote down it is not known when it is closed.
        (!calendar.is_always_open() && calendar.is_open(at)).then(|| calendar.closes_at(at))
    }
}

/// From when to when messages of a severity wait.
fn quiet(file: &file::Venue, severity: Severity) -> Option<(Time, Time)> {
    let text = file.quiet.get(&format!("{severity:?}"))?;
    let (begin, end) = text.split_once('-')?;
    Some((set::time(begin)?, set::time(end)?))
}
