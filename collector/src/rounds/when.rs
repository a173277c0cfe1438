//! When rounds are due: turns a plan and a venue's calendar into the rounds of one business date, each
//! with its first and last instant. Holds over closed days, midnight and days when clocks change.
//! Never reads a clock; the same arguments give the same rounds for ever.

use jiff::{
    ToSpan,
    civil::{Date, Time},
};
use wire::UnixMs;

use super::plan::{Plan, Span, When};
use crate::venues::Calendar;

/// How many closed days in a row a round moves over: a venue that is shut for a year still makes it.
const CLOSED_DAYS_MAX: usize = 400;

/// One round that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occurrence {
    /// Its business date.
    pub date: Date,
    /// Which of the day, from 1, where there are several; 0 where there is one.
    pub slot: u32,
    /// From when it can be made.
    pub from: UnixMs,
    /// When it is missed if it is not complete.
    pub due: UnixMs,
    /// The date it was planned for, where that was a closed day.
    pub moved_from: Option<Date>,
}

/// The rounds of `plan` on the business date `date`, in order.
#[must_use]
pub fn occurrences(plan: &Plan, calendar: &Calendar, date: Date) -> Vec<Occurrence> {
    match &plan.when {
        When::Weekly(days, span) => planned(calendar, date, |date| days.has(date.weekday()))
            .and_then(|moved_from| day_long(calendar, date, *span, moved_from)),
        When::HalfMonthly(dates, span) => planned(calendar, date, |date| dates.contains(&date.day()))
            .and_then(|moved_from| day_long(calendar, date, *span, moved_from)),
        When::Daily(span) => {
            if is_open_day(calendar, date) {
                day_long(calendar, date, *span, None)
            } else {
                None
            }
        }
        When::Interval(every_ms) => return interval(calendar, date, *every_ms),
        When::AfterClose(within_ms) => after_close(calendar, date, *within_ms),
    }
    .into_iter()
    .collect()
}

/// Whether the venue opens on that business date.
fn is_open_day(calendar: &Calendar, date: Date) -> bool {
    calendar.is_always_open() || !calendar.week.openings(date).is_empty()
}

/// Whether a round is made on `date`, and the closed day that it was planned for, if it moved. Several
/// closed days that ask for it make one round, named after the last of them.
fn planned(calendar: &Calendar, date: Date, asks: impl Fn(Date) -> bool) -> Option<Option<Date>> {
    if !is_open_day(calendar, date) {
        return None;
    }
    if asks(date) {
        return Some(None);
    }
    let mut before = date;
    for _ in 0..CLOSED_DAYS_MAX {
        before = before.yesterday().ok()?;
        if is_open_day(calendar, before) {
            return None;
        }
        if asks(before) {
            return Some(Some(before));
        }
    }
    None
}

/// A round that may be made during a stretch of the business day.
fn day_long(calendar: &Calendar, date: Date, span: Span, moved_from: Option<Date>) -> Option<Occurrence> {
    let from = calendar.first_at(on(calendar, date, span.begin.unwrap_or(calendar.cut_off))?)?;
    let due = match span.due {
        Some(time) => calendar.last_at(on(calendar, date, time)?)?,
        None => calendar.last_at(date.tomorrow().ok()?.at(0, 0, 0, 0))?,
    };
    // A span that a change of clocks swallowed, or one written backwards, still has an end: the day's.
    let due = if due > from { due } else { calendar.last_at(date.tomorrow().ok()?.to_datetime(calendar.cut_off))? };
    (from < due).then_some(Occurrence { date, slot: 0, from, due, moved_from })
}

/// A wall time of a business date: before its begin it is on the next day.
fn on(calendar: &Calendar, date: Date, time: Time) -> Option<jiff::civil::DateTime> {
    let date = if time < calendar.cut_off { date.tomorrow().ok()? } else { date };
    Some(date.to_datetime(time))
}

/// Stretches in which the venue is open on a business date, those that touch made one.
fn stretches(calendar: &Calendar, date: Date) -> Vec<(UnixMs, UnixMs)> {
    let instants = |(open, close): (jiff::civil::DateTime, jiff::civil::DateTime)| {
        Some((calendar.first_at(open)?, calendar.last_at(close)?))
    };
    let mut all: Vec<_> = if calendar.is_always_open() {
        let day = date.to_datetime(calendar.cut_off);
        let next = date.tomorrow().ok().map(|next| next.to_datetime(calendar.cut_off));
        next.and_then(|next| Some((calendar.first_at(day)?, calendar.first_at(next)?))).into_iter().collect()
    } else {
        calendar.week.openings(date).into_iter().filter_map(instants).collect()
    };
    all.sort_unstable();
    let mut merged: Vec<(UnixMs, UnixMs)> = Vec::new();
    for (from, to) in all {
        match merged.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => merged.push((from, to)),
        }
    }
    merged
}

/// One round for every whole interval of opening; what is shorter at the end belongs to the closing.
fn interval(calendar: &Calendar, date: Date, every_ms: i64) -> Vec<Occurrence> {
    let mut all = Vec::new();
    for (open, close) in stretches(calendar, date) {
        let mut from = open;
        while from + every_ms <= close {
            let slot = u32::try_from(all.len() + 1).unwrap_or(u32::MAX);
            all.push(Occurrence { date, slot, from, due: from + every_ms, moved_from: None });
            from += every_ms;
        }
    }
    all
}

/// The round after the day's last closing; none where the next opening follows at once.
fn after_close(calendar: &Calendar, date: Date, within_ms: i64) -> Option<Occurrence> {
    if calendar.is_always_open() {
        return None;
    }
    let from = stretches(calendar, date).last()?.1;
    if calendar.is_open(from) {
        return None;
    }
    let due = calendar.next_opening(from).map_or(from + within_ms, |next| next.min(from + within_ms));
    Some(Occurrence { date, slot: 0, from, due, moved_from: None })
}

/// Business dates near `at`, oldest first: those whose rounds can begin or end around it.
#[must_use]
pub fn dates_around(calendar: &Calendar, from: UnixMs, to: UnixMs) -> Vec<Date> {
    let (Some(first), Some(last)) = (calendar.business_date(from), calendar.business_date(to)) else {
        return Vec::new();
    };
    let mut all = Vec::new();
    // The check after closing of a day that closes past its cut-off begins on the day after it.
    let mut date = first.saturating_sub(1.day());
    while date <= last {
        all.push(date);
        match date.tomorrow() {
            Ok(next) => date = next,
            Err(_) => break,
        }
    }
    all
}
