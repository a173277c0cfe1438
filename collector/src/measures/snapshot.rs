//! The present as lines: venues with their open tickets, devices, extinguishers and the collector itself.
//! Everything comes in a [`View`]; times are the beginning of the slot in which it was taken, so that a view taken
//! twice in a slot is written once.

use std::collections::BTreeMap;

use wire::{Id, State, UnixMs};

use super::{
    Facts, Line,
    names::{AGENT, COLLECTOR, EXTINGUISHER, TICKET_OPEN, VENUE, field, tag},
    ticket::texts,
};
use crate::{
    episode::Severity,
    live::{Live, LiveAgent},
    readiness::{Room, Verdict, room::count},
    register::{Extinguisher, Standing},
    tickets::Ticket,
};

/// A slot of the snapshots of venues, tickets and devices: five minutes.
pub const SLOT_MS: i64 = 300_000;
/// A slot of the collector's own: a minute.
pub const OWN_SLOT_MS: i64 = 60_000;
/// A slot of extinguishers: six hours.
pub const REGISTER_SLOT_MS: i64 = 6 * 3_600_000;
/// A device from which nothing came for longer than this is not online, whatever its last status says.
pub const ONLINE_MS: i64 = 300_000;
/// Room of an extinguisher of which nobody said where it hangs.
const NO_ROOM: &str = "venue";

/// The beginning of the slot of an instant.
#[must_use]
pub fn slot_of(at: UnixMs, slot_ms: i64) -> UnixMs {
    at.div_euclid(slot_ms) * slot_ms
}

/// The present.
#[derive(Debug, Default)]
pub struct View<'a> {
    /// Devices.
    pub live: Option<&'a Live>,
    /// Tickets that have not ended.
    pub tickets: &'a [Ticket],
    /// How rooms stand, by venue.
    pub rooms: BTreeMap<Id, Vec<Room>>,
    /// The register of all venues.
    pub extinguishers: &'a [Extinguisher],
    /// Rounds that can be made now and are not complete, and rounds of the business day that were missed.
    pub rounds: BTreeMap<Id, (usize, usize)>,
}

#[expect(clippy::cast_precision_loss, reason = "years are far below 2^52 ms")]
fn seconds(ms: i64) -> f64 {
    ms.max(0) as f64 / 1_000.0
}

/// Whether a limit of the ticket has run out that is still to be kept.
fn is_overdue(ticket: &Ticket, at: UnixMs) -> bool {
    ticket.pending_limits().iter().any(|(_, by)| *by < at)
}

/// Adds a line for each venue.
pub fn venue_lines(out: &mut String, facts: &Facts, view: &View<'_>, at: UnixMs) {
    let live = view.live.into_iter().flat_map(|live| &live.agents);
    let mut agents: BTreeMap<&Id, Vec<&LiveAgent>> = BTreeMap::new();
    live.for_each(|(source, agent)| agents.entry(&source.venue).or_default().push(agent));
    let mut venues: Vec<&Id> = facts.venues().venues.keys().chain(agents.keys().copied()).collect();
    venues.sort();
    venues.dedup();
    for venue in venues {
        let mut line = Line::begin(out, VENUE);
        line.tag(tag::VENUE, venue.as_str());
        line.known_flag(field::OPEN, facts.is_open(venue, at));
        let rooms: &[Room] = view.rooms.get(venue).map_or(&[], Vec::as_slice);
        let of = |verdict| count(rooms, verdict);
        line.count(field::ROOMS, rooms.len() - of(Verdict::Locked)).count(field::ROOMS_READY, of(Verdict::Ready));
        line.count(field::ROOMS_NOT_READY, of(Verdict::NotReady)).count(field::ROOMS_UNKNOWN, of(Verdict::Unknown));
        tickets(&mut line, view, venue, at);
        let agents: &[&LiveAgent] = agents.get(venue).map_or(&[], Vec::as_slice);
        line.count(field::AGENTS, agents.len());
        line.count(field::AGENTS_ONLINE, agents.iter().filter(|agent| is_online(agent, at)).count());
        let newest = agents.iter().filter_map(|agent| agent.sample_at).max();
        line.known(field::DATA_AGE_SECONDS, newest.map(|newest| seconds(at - newest)));
        extinguishers(&mut line, view, venue);
        let (due, missed) = view.rounds.get(venue).copied().unwrap_or_default();
        line.count(field::ROUNDS_DUE, due).count(field::ROUNDS_MISSED, missed);
        line.end(slot_of(at, SLOT_MS), 0);
    }
}

fn tickets(line: &mut Line<'_>, view: &View<'_>, venue: &Id, at: UnixMs) {
    let open: Vec<&Ticket> = view.tickets.iter().filter(|ticket| ticket.venue == *venue).collect();
    let of = |severity| open.iter().filter(|ticket| ticket.severity == severity).count();
    line.count(field::TICKETS_OPEN, open.len());
    line.count(field::TICKETS_P1, of(Severity::P1)).count(field::TICKETS_P2, of(Severity::P2));
    line.count(field::TICKETS_P3, of(Severity::P3)).count(field::TICKETS_P4, of(Severity::P4));
    let unacknowledged = open.iter().filter(|ticket| ticket.acknowledged_at.is_none()).count();
    line.count(field::TICKETS_UNACKNOWLEDGED, unacknowledged);
    line.count(field::TICKETS_OVERDUE, open.iter().filter(|ticket| is_overdue(ticket, at)).count());
    let oldest = open.iter().map(|ticket| ticket.opened_at).min();
    line.number(field::OLDEST_TICKET_SECONDS, oldest.map_or(0.0, |oldest| seconds(at - oldest)));
}

fn extinguishers(line: &mut Line<'_>, view: &View<'_>, venue: &Id) {
    let all: Vec<_> = view.extinguishers.iter().filter(|e| e.venue == *venue).collect();
    let any = |says: &[Standing]| all.iter().filter(|e| e.standings().iter().any(|s| says.contains(s))).count();
    line.count(field::EXTINGUISHERS, all.len());
    line.count(field::EXTINGUISHERS_DUE_30D, any(&[Standing::ServiceSoon, Standing::ScrapSoon]));
    line.count(field::EXTINGUISHERS_OVERDUE, any(&[Standing::ServicePast, Standing::ScrapPast]));
    line.count(field::EXTINGUISHERS_MISSING, any(&[Standing::Missing]));
}

/// Adds a line for each open ticket.
pub fn open_ticket_lines(out: &mut String, facts: &Facts, view: &View<'_>, at: UnixMs) {
    for ticket in view.tickets {
        let mut line = Line::begin(out, TICKET_OPEN);
        line.tag(tag::VENUE, ticket.venue.as_str()).tag(tag::ROOM, ticket.room.as_str());
        line.tag(tag::TEAM, ticket.team.as_str()).tag(tag::SEVERITY, &format!("{:?}", ticket.severity));
        line.text(field::NUMBER, &ticket.number);
        texts(&mut line, facts, ticket);
        for (name, id) in [(field::ASSET, &ticket.asset), (field::RULE, &ticket.rule)] {
            if let Some(id) = id {
                line.text(name, id.as_str());
            }
        }
        line.text(field::STATE, ticket.stage.as_str());
        line.number(field::AGE_SECONDS, seconds(at - ticket.opened_at));
        line.count(field::RANK_SEVERITY, crate::ledger::store::severity_number(ticket.severity));
        line.flag(field::UNACKNOWLEDGED, ticket.acknowledged_at.is_none());
        line.flag(field::OVERDUE, is_overdue(ticket, at)).flag(field::HELD, ticket.hold.is_some());
        // Several tickets of a room stand side by side.
        line.end(slot_of(at, SLOT_MS), i64::try_from(ticket.id % 1_000_000).unwrap_or(0));
    }
}

/// Whether a device is heard: its last status says so, or nothing else, and its samples are fresh.
fn is_online(agent: &LiveAgent, at: UnixMs) -> bool {
    let fresh = agent.received_at.is_some_and(|received| at.saturating_sub(received) <= ONLINE_MS);
    fresh && !matches!(agent.state, Some(State::Stopped | State::Lost))
}

/// Adds a line for each device.
pub fn agent_lines(out: &mut String, view: &View<'_>, at: UnixMs) {
    for (source, agent) in view.live.into_iter().flat_map(|live| &live.agents) {
        let point = |name: &str| agent.points.get(name).and_then(|point| point.value).map(|(_, value)| value);
        let mut line = Line::begin(out, AGENT);
        line.tag(tag::VENUE, source.venue.as_str()).tag(tag::ROOM, source.room.as_str());
        line.tag(tag::AGENT, source.agent.as_str());
        line.flag(field::ONLINE, is_online(agent, at));
        line.known(field::SPOOL_SAMPLES, point("spool_depth_count"));
        line.known(field::SPOOL_BYTES, point("spool_size_bytes"));
        let lost = point("spool_evicted_count").map(|n| n + point("spool_corrupt_count").unwrap_or(0.0));
        line.known(field::LOST_SAMPLES, lost);
        line.known_flag(field::CLOCK_TRUSTED, point("computer_clock_synchronized").map(|is| is >= 0.5));
        line.known(field::AGE_SECONDS, agent.sample_at.map(|newest| seconds(at - newest)));
        if let Some(version) = &agent.version {
            line.text(field::VERSION, version);
        }
        line.end(slot_of(at, SLOT_MS), 0);
    }
}

/// Adds a line for each extinguisher, at `at` itself: the beginning of a slot, or the instant of a change.
pub fn extinguisher_lines<'a>(out: &mut String, all: impl IntoIterator<Item = &'a Extinguisher>, at: UnixMs) {
    for e in all {
        let mut line = Line::begin(out, EXTINGUISHER);
        line.tag(tag::VENUE, e.venue.as_str()).tag(tag::ROOM, e.room.as_ref().map_or(NO_ROOM, |room| room.as_str()));
        line.tag(tag::ASSET, e.asset.as_str());
        line.known_flag(field::PRESENT, e.seen.as_ref().and_then(|seen| seen.present).map(|(_, is)| is));
        line.known(field::SERVICE_DUE_DAYS, e.service_days().map(f64::from));
        line.known(field::SCRAP_DUE_DAYS, e.scrap_days().map(f64::from));
        let is_past = |days: Option<i32>| days.is_some_and(|days| days < 0);
        line.flag(field::OVERDUE, is_past(e.service_days()) || is_past(e.scrap_days()));
        if let Some(filling) = e.filling {
            line.text(field::KIND, filling.as_str());
        }
        line.text(field::STANDING, e.standing().as_str());
        line.end(at, 0);
    }
}

/// What the collector says of itself: figures by the names of fields of `collector`.
pub fn own_line(out: &mut String, figures: &[(&str, f64)], at: UnixMs) {
    let mut line = Line::begin(out, COLLECTOR);
    for (name, value) in figures {
        line.number(name, *value);
    }
    line.end(slot_of(at, OWN_SLOT_MS), 0);
}
