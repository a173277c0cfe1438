//! Reads what an answer needs: the live picture, open tickets, states of rooms, rounds and past mornings.
//! Turns them into the plain facts that [`super::assess`] judges; decides nothing itself and changes nothing.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex, RwLock},
};

use wire::{Id, PointName, Source, State, UnixMs};

use super::{
    assess::{AgentFacts, OpenTicket, PointFacts, Question, RoomFacts, assess},
    plan::{first_opening, past_openings},
    room::{Room, sort},
    warm_up::{AFTER_MS, BEFORE_MS, Forecast, MORNINGS_MAX, Morning, RECENT_MS, Today, forecast},
};
use crate::{
    Shared,
    config::Language,
    episode::{OWN_AGENT, RoomState, VENUE_ROOM},
    ledger::{Error, Reader, RecordFilter, TicketFilter, record_kind},
    live::{Live, LiveAgent},
    packs::Packs,
    readings::{Query, Readings},
    rules::Circumstances,
    texts,
    tickets::{
        Ticket,
        text::{self, Scene},
    },
    venues::{Calendar, Venues},
};

/// The air of a room: what warms up or cools down before an opening.
const AIR: &str = "temperature_celsius";
/// Mornings are remembered for so many points; then all are read anew.
const PAST_MAX: usize = 2_048;
/// A mark a minute.
const MORNING_MARKS: usize = ((BEFORE_MS + AFTER_MS) / 60_000) as usize;

type Mornings = Arc<Vec<Morning>>;

/// Past mornings, read once for an opening: they do not change any more.
#[derive(Debug, Default)]
pub struct Past(Mutex<HashMap<(Source, PointName, UnixMs), Mornings>>);

/// Where everything is read from.
#[derive(Clone, Copy)]
pub struct Sources<'a> {
    /// Tickets, rounds, states of rooms.
    pub reader: &'a dyn Reader,
    /// Readings.
    pub readings: &'a dyn Readings,
    /// Rules and their words.
    pub packs: &'a Packs,
    /// Names, hours, rooms.
    pub venues: &'a Venues,
    /// The present.
    pub live: &'a RwLock<Live>,
    /// Past mornings.
    pub past: &'a Past,
}

impl<'a> Sources<'a> {
    /// Those of a running collector; `venues` is one set for everything that is read together.
    #[must_use]
    pub fn of(shared: &'a Shared, venues: &'a Venues) -> Self {
        let (reader, readings) = (&*shared.reader, &*shared.readings);
        Self { reader, readings, packs: &shared.packs, venues, live: &shared.live, past: &shared.past_mornings }
    }

    /// Venues of files, and those that agents name.
    #[must_use]
    pub fn venues(&self) -> BTreeSet<Id> {
        let live = self.live.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        self.venues.venues.keys().chain(live.agents.keys().map(|source| &source.venue)).cloned().collect()
    }

    /// Every room of a venue, the worst first, as it will stand at `opening`, or as it stands now where
    /// there is none ahead.
    ///
    /// # Errors
    /// Those of the ledger.
    pub fn rooms(&self, venue: &Id, opening: Option<UnixMs>, now: UnixMs) -> Result<Vec<Room>, Error> {
        let facts = self.facts(venue, now)?;
        let rules = self.packs.rules();
        let place = self.venues.venue(venue).map(|v| v.place(now)).unwrap_or_default();
        let mut rooms = Vec::with_capacity(facts.len());
        let mut failed = None;
        for (room, (facts, state)) in &facts {
            let then = match opening {
                Some(opening) => Circumstances {
                    is_open: Some(true),
                    opens_in_ms: i64::MAX,
                    ..place.at(opening, Some(RoomState::Prepared))
                },
                None => place.at(now, *state),
            };
            let question = Question { rules: &rules, now, then };
            let mut ask = |agent: &Id, point: &PointName, value: f64, low: Option<f64>, high: Option<f64>| {
                let opening = opening.filter(|at| *at > now && at - now <= BEFORE_MS && point.as_str() == AIR)?;
                let source = Source { venue: venue.clone(), room: room.clone(), agent: agent.clone() };
                match self.forecast(&source, point, (value, low, high), opening, now) {
                    Ok(found) => found,
                    Err(error) => {
                        failed = Some(error);
                        None
                    }
                }
            };
            rooms.push(assess(room, facts, &question, &mut ask));
        }
        if let Some(error) = failed {
            return Err(error);
        }
        sort(&mut rooms);
        Ok(rooms)
    }

    fn forecast(
        &self,
        source: &Source,
        point: &PointName,
        (value, low, high): (f64, Option<f64>, Option<f64>),
        opening: UnixMs,
        now: UnixMs,
    ) -> Result<Option<Forecast>, Error> {
        let mornings = self.mornings(source, point, opening)?;
        let recent = self.readings(source, point, now.saturating_sub(RECENT_MS), now.saturating_add(1), usize::MAX)?;
        Ok(forecast(&Today { now, opening, value, low, high, recent: &recent }, &mornings))
    }

    fn readings(
        &self,
        source: &Source,
        point: &PointName,
        from: UnixMs,
        to: UnixMs,
        marks_max: usize,
    ) -> Result<Vec<(UnixMs, f64)>, Error> {
        let Source { venue, room, agent } = source.clone();
        let query = Query { venue, room, agent: Some(agent), point: point.clone(), from, to, marks_max };
        let series = self.readings.series(&query)?;
        Ok(series.marks.iter().filter(|mark| !mark.uncertain).map(|mark| (mark.at, mark.mean)).collect())
    }

    /// The mornings before the last openings.
    fn mornings(&self, source: &Source, point: &PointName, opening: UnixMs) -> Result<Mornings, Error> {
        let key = (source.clone(), point.clone(), opening);
        let known = self.past.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).get(&key).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let calendar = self.venues.calendar(&source.venue);
        let mut mornings = Vec::new();
        for opening in past_openings(calendar, opening, MORNINGS_MAX) {
            let readings = self.readings(source, point, opening - BEFORE_MS, opening + AFTER_MS, MORNING_MARKS)?;
            mornings.push(Morning { opening, readings });
        }
        let mornings = Arc::new(mornings);
        let mut past = self.past.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if past.len() >= PAST_MAX {
            past.clear();
        }
        past.insert(key, mornings.clone());
        Ok(mornings)
    }

    /// What is known of every room: rooms of the venue's file, and those that agents name.
    fn facts(&self, venue: &Id, now: UnixMs) -> Result<BTreeMap<Id, (RoomFacts, Option<RoomState>)>, Error> {
        let mut rooms: BTreeMap<Id, (RoomFacts, Option<RoomState>)> = BTreeMap::new();
        for room in self.venues.venue(venue).into_iter().flat_map(|venue| venue.file.room.keys()) {
            rooms.entry(room.clone()).or_default();
        }
        {
            let live = self.live.read().unwrap_or_else(std::sync::PoisonError::into_inner);
            let of_venue = live.agents.iter().filter(|(s, _)| s.venue == *venue && s.agent.as_str() != OWN_AGENT);
            for (source, agent) in of_venue {
                rooms.entry(source.room.clone()).or_default().0.agents.push(agent_facts(source, agent));
            }
        }
        for (room, state) in self.states(venue)? {
            if let Some(facts) = rooms.get_mut(&room) {
                (facts.0.is_locked, facts.1) = (state == RoomState::Locked, Some(state));
            }
        }
        let known_file = self.venues.venue(venue).map(|venue| &venue.file);
        for ticket in open_tickets(self.reader, venue)?.iter().filter(|t| t.room.as_str() != VENUE_ROOM) {
            // A ticket about a room that nobody listed is no news of a room.
            if let Some(facts) = rooms.get_mut(&ticket.room) {
                facts.0.tickets.push(self.ticket_facts(ticket));
            }
        }
        // Agents that were taken away leave no room behind, unless the file has it.
        let is_there = |id: &Id, facts: &RoomFacts| {
            known_file.is_some_and(|file| file.room.contains_key(id))
                || facts
                    .agents
                    .iter()
                    .any(|a| a.sample_at.is_some_and(|at| now.saturating_sub(at) < super::assess::FORGOTTEN_MS))
        };
        rooms.retain(|id, (facts, _)| is_there(id, facts));
        Ok(rooms)
    }

    /// What people said of rooms.
    fn states(&self, venue: &Id) -> Result<Vec<(Id, RoomState)>, Error> {
        let kind = record_kind::ROOM_STATE.to_owned();
        let filter = RecordFilter { kind, venue: Some(venue.clone()), ..RecordFilter::default() };
        let state = |record: &crate::ledger::Record| {
            let state = serde_json::from_value(record.body["state"].clone()).ok()?;
            Some((Id::parse(&record.key).ok()?, state))
        };
        Ok(self.reader.records(&filter)?.iter().filter_map(state).collect())
    }

    fn ticket_facts(&self, ticket: &Ticket) -> OpenTicket {
        OpenTicket {
            number: ticket.number.clone(),
            rule: ticket.rule.clone(),
            asset: ticket.asset.clone(),
            severity: ticket.severity,
            stage: ticket.stage,
            points: ticket.open_points.clone(),
            title: self.both(|scene| text::wrong(ticket, scene)),
        }
    }

    /// The title of a ticket, with its room, in both languages.
    #[must_use]
    pub fn title(&self, ticket: &Ticket) -> String {
        self.both(|scene| text::title(ticket, scene))
    }

    /// Words in both languages: a report is stored once and read in either.
    fn both(&self, words: impl Fn(Scene<'_>) -> String) -> String {
        let of = |language| words(Scene { language, packs: self.packs, venues: self.venues });
        texts::both(&of(Language::ZhCn), &of(Language::En))
    }
}

/// Open tickets of a venue, the worst and oldest first.
pub(super) fn open_tickets(reader: &dyn Reader, venue: &Id) -> Result<Vec<Ticket>, Error> {
    let filter = TicketFilter { venue: Some(venue.clone()), open: true, ..TicketFilter::default() };
    let mut open = reader.tickets(&filter)?;
    open.sort_by_key(|ticket| (ticket.severity, ticket.opened_at));
    Ok(open)
}

/// The opening that people at a venue wait for: the first of the business day while it is ahead, later the
/// next one; `None` while the venue is open, and where it never closes.
#[must_use]
pub fn opening_ahead(calendar: &Calendar, now: UnixMs) -> Option<UnixMs> {
    let date = calendar.business_date(now)?;
    let first = first_opening(calendar, date).filter(|at| *at > now);
    if first.is_none() && calendar.is_open(now) { None } else { first.or_else(|| calendar.next_opening(now)) }
}

fn agent_facts(source: &Source, agent: &LiveAgent) -> AgentFacts {
    let about = agent.about.as_ref();
    let told = about.map(|about| &about.points);
    // What an agent says that it reads counts; where it says nothing, what it did read.
    let mut names: BTreeSet<&PointName> = agent.points.keys().collect();
    if let Some(told) = told.filter(|told| !told.is_empty()) {
        names.retain(|name| told.contains_key(*name) || agent.points[*name].at >= agent.sample_at.unwrap_or(0));
        names.extend(told.keys());
    }
    let fact = |name: &PointName| {
        let (said, told) = (agent.points.get(name), told.and_then(|told| told.get(name)));
        #[expect(clippy::cast_possible_truncation, reason = "a period is far below 2^53 milliseconds")]
        let period_ms = told.and_then(|told| told.period_seconds).map(|seconds| (seconds * 1_000.0) as i64);
        PointFacts {
            name: name.clone(),
            asset: told.and_then(|told| told.asset.clone()),
            value: said.and_then(|said| said.value).map(|(_, value)| value),
            fault: said.and_then(|said| said.fault.clone()),
            at: said.map(|said| said.at),
            period_ms,
        }
    };
    AgentFacts {
        agent: source.agent.clone(),
        is_stopped: agent.state == Some(State::Stopped),
        is_lost: agent.state == Some(State::Lost),
        sample_at: agent.sample_at,
        points: names.into_iter().map(fact).collect(),
    }
}
