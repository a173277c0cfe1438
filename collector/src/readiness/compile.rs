//! Puts a report together: rooms, yesterday's tickets, urgent ones, the day's rounds, extinguishers that are
//! due, and who is on shift. Reads the ledger and the live picture; changes nothing.

use std::collections::BTreeMap;

use jiff::civil::Date;
use wire::{Id, UnixMs};

use super::{
    duty::on_duty,
    gather::{Sources, open_tickets},
    plan::Slot,
    report::{ExtinguisherLine, LINES_MAX, Made, Report, RoundLine, TicketLine, Yesterday},
};
use crate::{
    episode::Severity,
    ledger::{Error, RecordFilter, TicketFilter, record_kind},
    register::{Standing, job},
    rounds::{Plans, record},
    tickets::Ticket,
    venues::{Calendar, Venue},
};

/// A report as of `now`.
///
/// # Errors
/// Those of the ledger.
pub fn compile(
    sources: &Sources<'_>,
    (id, venue): (&Id, &Venue),
    slot: Slot,
    made: Made,
    now: UnixMs,
) -> Result<Report, Error> {
    // Of an opening that is past nobody knows how the rooms stood before it.
    let rooms = if made == Made::Missed { Vec::new() } else { sources.rooms(id, Some(slot.opening), now)? };
    let urgent = open_tickets(sources.reader, id)?;
    let urgent = urgent.iter().filter(|ticket| ticket.severity <= Severity::P2).take(LINES_MAX);
    Ok(Report {
        venue: id.clone(),
        date: slot.date.to_string(),
        opening: slot.opening,
        at: now,
        made,
        rooms,
        yesterday: yesterday(sources, id, &venue.calendar, slot.date)?,
        urgent: urgent.map(|ticket| line(sources, ticket)).collect(),
        rounds: rounds(sources, id, slot.date)?,
        extinguishers: extinguishers(sources, id, now),
        duty: on_duty(venue, slot.opening),
        at_opening: None,
        opening_missed: false,
    })
}

fn line(sources: &Sources<'_>, ticket: &Ticket) -> TicketLine {
    TicketLine {
        number: ticket.number.clone(),
        title: sources.title(ticket),
        severity: ticket.severity,
        stage: ticket.stage,
        opened_at: ticket.opened_at,
    }
}

fn yesterday(sources: &Sources<'_>, venue: &Id, calendar: &Calendar, date: Date) -> Result<Yesterday, Error> {
    let begin = |date: Date| calendar.first_at(date.to_datetime(calendar.cut_off));
    let before = date.yesterday().unwrap_or(date);
    let (Some(from), Some(to)) = (begin(before), begin(date)) else { return Ok(Yesterday::default()) };
    let filter = TicketFilter { venue: Some(venue.clone()), since: Some(from), ..TicketFilter::default() };
    let mut tickets = sources.reader.tickets(&filter)?;
    tickets.retain(|ticket| (from..to).contains(&ticket.opened_at));
    tickets.sort_by_key(|ticket| (ticket.severity, ticket.opened_at));
    let left: Vec<&Ticket> = tickets.iter().filter(|ticket| !ticket.stage.is_ended()).collect();
    Ok(Yesterday {
        date: before.to_string(),
        opened: tickets.len(),
        ended: tickets.len() - left.len(),
        left: left.into_iter().take(LINES_MAX).map(|ticket| line(sources, ticket)).collect(),
    })
}

/// Rounds of the business date: those that are written already, and those that are still to come.
fn rounds(sources: &Sources<'_>, venue: &Id, date: Date) -> Result<Vec<RoundLine>, Error> {
    let filter = RecordFilter {
        kind: record_kind::ROUND.into(),
        venue: Some(venue.clone()),
        from: Some(format!("{date}/")),
        // `~` sorts behind every identifier.
        to: Some(format!("{date}/~")),
        limit: 0,
    };
    let mut lines: BTreeMap<(UnixMs, UnixMs, String), RoundLine> = BTreeMap::new();
    for (plan, occurrence) in Plans::of(sources.venues).venues.get(venue).map(|v| v.of_date(date)).unwrap_or_default() {
        let line = RoundLine {
            name_zh: plan.name_zh.clone(),
            name_en: plan.name_en.clone(),
            team: plan.team.clone(),
            from: occurrence.from,
            due: occurrence.due,
            stage: None,
        };
        lines.insert((occurrence.due, occurrence.from, plan.id.to_string()), line);
    }
    for round in sources.reader.records(&filter)?.iter().filter_map(record::round) {
        let line = RoundLine {
            name_zh: round.name_zh,
            name_en: round.name_en,
            team: round.team,
            from: round.from,
            due: round.due,
            stage: Some(round.stage),
        };
        lines.insert((round.due, round.from, round.plan.to_string()), line);
    }
    Ok(lines.into_values().collect())
}

fn extinguishers(sources: &Sources<'_>, venue: &Id, now: UnixMs) -> Vec<ExtinguisherLine> {
    let live = sources.live.read().unwrap_or_else(std::sync::PoisonError::into_inner);
    let mut lines = Vec::new();
    for extinguisher in job::of_venue(sources.venues, &live, venue, now) {
        let standing = extinguisher.standing();
        let days = match standing {
            Standing::ScrapPast | Standing::ScrapSoon => extinguisher.scrap_days(),
            Standing::ServicePast | Standing::ServiceSoon => extinguisher.service_days(),
            Standing::Missing => None,
            _ => continue,
        };
        lines.push(ExtinguisherLine { asset: extinguisher.asset, room: extinguisher.room, standing, days });
    }
    lines
}
