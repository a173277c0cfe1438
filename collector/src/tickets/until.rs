//! Until when, why it waits and when it may be worked at, in words: what a ticket says of its clocks, and
//! what people are told when one runs out. Looks nothing up.

use wire::{Id, UnixMs};

use super::{
    Hold, Limit, Ticket, Transition, WorkWindow, note,
    text::{Scene, time},
};
use crate::texts::{self, fill, get};

impl Limit {
    fn word(self) -> &'static str {
        match self {
            Self::Acknowledge => "limit.acknowledge",
            Self::Arrive => "limit.arrive",
            Self::Fix => "limit.fix",
        }
    }
}

/// What a ticket says of its clocks, a line each: limits ahead or run out, a wait, a window, who watches.
#[must_use]
pub fn lines(ticket: &Ticket, scene: Scene<'_>) -> Vec<String> {
    let language = scene.language;
    let mut lines = Vec::new();
    lines.extend(limits(ticket, scene));
    lines.extend(ticket.hold.as_ref().map(|hold| wait(ticket, hold, scene)));
    if ticket.work_window != WorkWindow::Any && !ticket.stage.is_ended() {
        let when = get(language, &format!("window.{}", ticket.work_window.as_str()));
        lines.push(fill(language, "explain.window", &[("when", when)]));
    }
    if !ticket.watchers.is_empty() {
        let names = ticket.watchers.join(get(language, "join.list"));
        lines.push(fill(language, "explain.watchers", &[("names", &names)]));
    }
    lines
}

/// The next thing that must happen to a ticket and by when, in a few words; `None` where its clocks stand.
#[must_use]
pub fn next(ticket: &Ticket, scene: Scene<'_>) -> Option<String> {
    let next = ticket.pending_limits().into_iter().min_by_key(|(_, by)| *by);
    next.map(|(limit, by)| one(ticket, limit, by, scene))
}

fn one(ticket: &Ticket, limit: Limit, by: UnixMs, scene: Scene<'_>) -> String {
    let key = if ticket.overrun.contains(&limit) { "limit.late" } else { "limit.by" };
    let limit = get(scene.language, limit.word());
    fill(scene.language, key, &[("limit", limit), ("time", &at(ticket, by, scene))])
}

/// Limits that are still to be kept, and those that have run out.
fn limits(ticket: &Ticket, scene: Scene<'_>) -> Option<String> {
    let language = scene.language;
    let pending = ticket.pending_limits();
    let late = ticket.overrun.iter().filter(|limit| !pending.iter().any(|(other, _)| other == *limit));
    let late = late.map(|limit| fill(language, "limit.missed", &[("limit", get(language, limit.word()))]));
    let ahead = pending.iter().map(|(limit, by)| one(ticket, *limit, *by, scene));
    let all: Vec<String> = ahead.chain(late).collect();
    (!all.is_empty()).then(|| fill(language, "explain.limits", &[("limits", &all.join(get(language, "join.clause")))]))
}

/// Why it waits, and whether its clocks stand.
fn wait(ticket: &Ticket, hold: &Hold, scene: Scene<'_>) -> String {
    let language = scene.language;
    let why = get(language, &format!("hold.{}", hold.why.as_str()));
    let why = match &ticket.hold_reason {
        Some(words) => fill(language, "hold.with_words", &[("why", why), ("words", words)]),
        None => why.to_owned(),
    };
    let key = if hold.why.stops() { "explain.hold_stopped" } else { "explain.hold" };
    fill(language, key, &[("reason", &why), ("time", &at(ticket, hold.since, scene))])
}

/// What is late, by the line of history that says so.
#[must_use]
pub fn late(moved: &Transition, scene: Scene<'_>) -> &'static str {
    get(
        scene.language,
        match moved.note.as_str() {
            note::LATE_ACKNOWLEDGE => "news.late_acknowledge",
            note::LATE_ARRIVE => "news.late_arrive",
            _ => "news.late_fix",
        },
    )
}

/// The team that a line of history says was told next.
fn told(moved: &Transition) -> Option<Id> {
    Id::parse(moved.note.strip_prefix(note::ESCALATED)?.strip_prefix(':')?).ok()
}

/// Why the next in the chain is told: nobody is on it, or the limit for mending is near.
#[must_use]
pub fn escalated(ticket: &Ticket, moved: &Transition, scene: Scene<'_>) -> String {
    let language = scene.language;
    let team = told(moved).unwrap_or_else(|| ticket.team.clone());
    let team = scene.venues.team_name(&ticket.venue, &team, language);
    match (ticket.acknowledged_at, ticket.limits.fix_by, ticket.clock_from) {
        (None, _, Some(from)) => {
            let duration = texts::duration(language, moved.at.saturating_sub(from));
            fill(language, "news.escalated_unheard", &[("team", &team), ("duration", &duration)])
        }
        (_, Some(by), _) => {
            fill(language, "news.escalated_limit", &[("team", &team), ("time", &at(ticket, by, scene))])
        }
        _ => fill(language, "news.escalated", &[("team", &team)]),
    }
}

/// A line of history that says who was told next, in words and by the name that the venue gave to the team.
#[must_use]
pub fn told_next(ticket: &Ticket, moved: &Transition, scene: Scene<'_>) -> Option<String> {
    let team = told(moved)?;
    let team = scene.venues.team_name(&ticket.venue, &team, scene.language);
    Some(fill(scene.language, "news.escalated", &[("team", &team)]))
}

/// The same where no venue is at hand.
#[must_use]
pub fn escalation_note(moved: &Transition, language: crate::config::Language) -> Option<String> {
    let team = told(moved)?;
    Some(fill(language, "news.escalated", &[("team", &texts::team(language, &team))]))
}

fn at(ticket: &Ticket, instant: UnixMs, scene: Scene<'_>) -> String {
    time(instant, scene.venues.zone(&ticket.venue), scene.language)
}
