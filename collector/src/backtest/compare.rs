//! Counts what followed from a past under one set of rules and under another: tickets, messages that would
//! have woken somebody, minutes of trouble, a line for each rule. Pure.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Time};
use serde::Serialize;
use wire::{Id, UnixMs};

use super::Outcome;
use crate::{
    episode::Severity,
    tickets::{Ticket, plan::Plan as _},
    venues::Venues,
};

/// Where a venue names no hours, people sleep from here …
const NIGHT_BEGIN: Time = Time::constant(22, 0, 0, 0);
/// … to here.
const NIGHT_END: Time = Time::constant(7, 0, 0, 0);

/// What one rule would have meant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Figures {
    /// Tickets that it opened.
    pub tickets: u32,
    /// Times that such a ticket came back.
    pub reopened: u32,
    /// Messages about them.
    pub messages: u32,
    /// Those that came while the venue was closed, or that wait for nobody (P1).
    pub wake_ups: u32,
    /// Minutes in which it was violated, of all its points together.
    pub minutes: f64,
}

/// A rule under both sets.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RuleFigures {
    /// Which.
    pub rule: Id,
    /// Under the rules in force.
    pub before: Figures,
    /// Under the changed ones.
    pub after: Figures,
}

/// A whole comparison.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// From here …
    pub from: UnixMs,
    /// … to here.
    pub to: UnixMs,
    /// Samples that were judged.
    pub samples: u64,
    /// Rules of which something followed, those that differ most first.
    pub rules: Vec<RuleFigures>,
    /// All together.
    pub before: Figures,
    /// All together.
    pub after: Figures,
}

impl Comparison {
    /// Counts what lies in [from, to).
    #[must_use]
    pub fn of(before: &Outcome, after: &Outcome, (from, to): (UnixMs, UnixMs), venues: &Venues) -> Self {
        let mut rules: BTreeMap<Id, RuleFigures> = BTreeMap::new();
        for (outcome, is_after) in [(before, false), (after, true)] {
            for (rule, figures) in count(outcome, (from, to), venues) {
                let new = || RuleFigures { rule: rule.clone(), before: Figures::default(), after: Figures::default() };
                let both = rules.entry(rule.clone()).or_insert_with(new);
                *(if is_after { &mut both.after } else { &mut both.before }) = figures;
            }
        }
        let mut rules: Vec<RuleFigures> = rules.into_values().collect();
        let sum =
            |figures: fn(&RuleFigures) -> Figures| rules.iter().map(figures).fold(Figures::default(), Figures::and);
        let (all_before, all_after) = (sum(|r| r.before), sum(|r| r.after));
        rules.sort_by_key(|r| {
            let (differs, most) = (r.before.tickets.abs_diff(r.after.tickets), r.before.tickets.max(r.after.tickets));
            (std::cmp::Reverse((r.before != r.after, differs, most)), r.rule.clone())
        });
        Self { from, to, samples: before.samples, rules, before: all_before, after: all_after }
    }
}

impl Figures {
    fn and(self, other: Self) -> Self {
        Self {
            tickets: self.tickets + other.tickets,
            reopened: self.reopened + other.reopened,
            messages: self.messages + other.messages,
            wake_ups: self.wake_ups + other.wake_ups,
            minutes: self.minutes + other.minutes,
        }
    }
}

/// Tickets of rules that were opened in [from, to), or came back in it.
pub fn tickets_in(outcome: &Outcome, (from, to): (UnixMs, UnixMs)) -> impl Iterator<Item = (&Id, &Ticket)> {
    let opened = move |ticket: &&Ticket| (from..to).contains(&ticket.opened_at);
    outcome.tickets.values().filter(opened).filter_map(|ticket| Some((ticket.rule.as_ref()?, ticket)))
}

fn count(outcome: &Outcome, (from, to): (UnixMs, UnixMs), venues: &Venues) -> BTreeMap<Id, Figures> {
    let mut rules: BTreeMap<Id, Figures> = BTreeMap::new();
    for (rule, ticket) in tickets_in(outcome, (from, to)) {
        let figures = rules.entry(rule.clone()).or_default();
        figures.tickets += 1;
        figures.reopened += ticket.reopened_count;
    }
    for message in outcome.messages.iter().filter(|message| (from..to).contains(&message.due_at)) {
        let ticket = message.ticket.and_then(|id| outcome.tickets.get(&id));
        let Some((rule, ticket)) = ticket.and_then(|ticket| Some((ticket.rule.as_ref()?, ticket))) else { continue };
        let figures = rules.entry(rule.clone()).or_default();
        figures.messages += 1;
        let wakes = message.severity == Severity::P1 || is_night(venues, &ticket.venue, message.due_at);
        figures.wake_ups += u32::from(wakes);
    }
    for episode in outcome.episodes.values().filter(|episode| !episode.late) {
        let (begin, end) = (episode.key.began_at.max(from), episode.ended_at.unwrap_or(to).min(to));
        if begin < end {
            #[expect(clippy::cast_precision_loss, reason = "lengths are far below 2^53 ms")]
            let minutes = (end - begin) as f64 / 60_000.0;
            rules.entry(episode.key.rule.clone()).or_default().minutes += minutes;
        }
    }
    rules
}

/// Whether nobody is at work: the venue is closed, or it is night where it never closes.
fn is_night(venues: &Venues, venue: &Id, at: UnixMs) -> bool {
    let calendar = venues.calendar(venue);
    if !calendar.is_always_open() {
        return venues.open_until(venue, at).is_none();
    }
    let Ok(instant) = Timestamp::from_millisecond(at) else { return false };
    let time = calendar.zone.to_datetime(instant).time();
    time >= NIGHT_BEGIN || time < NIGHT_END
}
