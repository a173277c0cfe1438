//! Asks the ledger and the readings for what surrounds a ticket; a bounded amount of each, whatever a
//! ledger holds. Nothing that it gives is newer than the instant it is asked for.

use wire::{PointName, Source, UnixMs};

use super::{
    Story,
    changes::{self, Change, Told},
    course::{self, Course},
    past::{self, Past},
};
use crate::{
    ledger::{Error, Reader, TicketFilter},
    packs::Packs,
    readings::{Query, Readings},
    rules::Expect,
    texts,
    tickets::Ticket,
};

/// Marks of a course: about one for two pixels of a picture, and enough for every block of a strip.
const MARKS_MAX: usize = 720;
/// The newest reading is looked for so far back.
const LAST_MS: i64 = 3_600_000;
/// Readings of that time: more than one a second is thinned, and then it is a mean.
const LAST_MARKS_MAX: usize = 4_000;
/// Agents of a room that are asked what changed; more than that has no room.
const AGENTS_MAX: usize = 8;
/// Samples of an agent: an hour at four a second, or the newest part of it.
const SAMPLES_MAX: usize = 16_000;
/// Samples that say what is usual.
const USUAL_SAMPLES_MAX: usize = 4_000;
/// Other tickets of a room that are looked at.
const OTHERS_MAX: usize = 20;
/// Tickets of the same rule that are looked at for past ones.
const PAST_LOOKED_AT_MAX: usize = 60;

/// Where everything is asked.
#[derive(Clone, Copy)]
pub struct Desk<'a> {
    /// Tickets and their history.
    pub reader: &'a dyn Reader,
    /// The past of points.
    pub readings: &'a dyn Readings,
    /// Rules in force.
    pub packs: &'a Packs,
}

/// What surrounds `ticket` at `at`; `agents` are those of its room.
pub fn gather(ticket: &Ticket, agents: &[Source], at: UnixMs, desk: Desk<'_>) -> Result<Story, Error> {
    Ok(Story {
        at,
        course: course(ticket, at, desk)?,
        changes: changes(ticket, agents, at, desk)?,
        past: past(ticket, at, desk)?,
    })
}

/// The point that a ticket is about.
fn point(ticket: &Ticket) -> Option<&PointName> {
    ticket.worst_point.as_ref().or(ticket.open_points.first())
}

fn course(ticket: &Ticket, at: UnixMs, desk: Desk<'_>) -> Result<Option<Course>, Error> {
    let rule = ticket.rule.as_ref().and_then(|id| desk.packs.rule(id));
    // What nobody reads has no course: days until a date, and agents themselves.
    let dated = rule.is_some_and(|rule| matches!(rule.rule.expect, Expect::Due { .. }));
    let Some(point) = point(ticket).filter(|_| !dated) else { return Ok(None) };
    let to = at.saturating_add(1);
    let from = course::begins(ticket.began_at, at);
    let query = |from, marks_max| Query {
        venue: ticket.venue.clone(),
        room: ticket.room.clone(),
        agent: ticket.agent.clone(),
        point: point.clone(),
        from,
        to,
        marks_max,
    };
    let series = desk.readings.series(&query(from, MARKS_MAX))?;
    let newest = desk.readings.series(&query(to.saturating_sub(LAST_MS), LAST_MARKS_MAX))?;
    let last = newest.marks.last().filter(|_| newest.step_ms == 0).map(|mark| (mark.at, mark.mean));
    let band = match rule.map(|rule| &rule.rule.expect) {
        Some(Expect::Band { low, high, .. } | Expect::Share { low, high, .. }) => (*low, *high),
        _ => desk.packs.band(&ticket.room, point).unwrap_or_default(),
    };
    Ok(Some(Course {
        point: point.clone(),
        from,
        to,
        series,
        last,
        band,
        switch: texts::is_switch(point),
        began_at: ticket.began_at,
        ended_at: ticket.closed_at,
    }))
}

fn changes(ticket: &Ticket, agents: &[Source], at: UnixMs, desk: Desk<'_>) -> Result<Vec<Change>, Error> {
    let began = ticket.began_at;
    let from = began.saturating_sub(changes::BEFORE_MS);
    let to = began.saturating_add(changes::AFTER_MS).min(at).saturating_add(1);
    let mut told = Vec::new();
    for source in agents.iter().take(AGENTS_MAX) {
        let samples = desk.readings.samples(source, from, to, SAMPLES_MAX)?;
        let usual = match samples.is_empty() {
            true => Vec::new(),
            false => desk.readings.samples(source, from - changes::USUAL_MS, from, USUAL_SAMPLES_MAX)?,
        };
        told.push(Told { source: source.clone(), usual, samples });
    }
    let filter = TicketFilter {
        venue: Some(ticket.venue.clone()),
        room: Some(ticket.room.clone()),
        since: Some(from),
        limit: OTHERS_MAX,
        ..TicketFilter::default()
    };
    let mut others = desk.reader.tickets(&filter)?;
    others.retain(|other| changes::is_telling(other, ticket, at));
    let own: Vec<&PointName> = ticket.open_points.iter().chain(&ticket.worst_point).collect();
    Ok(changes::changes(&told, others, &own))
}

/// The same rule in the same room; where that never was, the same rule about the same kind of asset in
/// the venue.
fn past(ticket: &Ticket, at: UnixMs, desk: Desk<'_>) -> Result<Vec<Past>, Error> {
    if ticket.rule.is_none() {
        return Ok(Vec::new());
    }
    for room in [Some(ticket.room.clone()), None] {
        let filter = TicketFilter {
            venue: Some(ticket.venue.clone()),
            room,
            rule: ticket.rule.clone(),
            limit: PAST_LOOKED_AT_MAX,
            ..TicketFilter::default()
        };
        let mut ended = desk.reader.tickets(&filter)?;
        ended.retain(|other| past::has_ended(other, ticket, at) && past::is_same_kind(other, ticket));
        let mut told = Vec::new();
        for other in ended.iter().take(past::TOLD_MAX) {
            told.extend(past::past(other, &desk.reader.history(other.id)?));
        }
        if !told.is_empty() {
            return Ok(told);
        }
    }
    Ok(Vec::new())
}
