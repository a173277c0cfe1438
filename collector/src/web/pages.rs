//! The pages: asks the ledger, the readings and the live picture, and fills the templates.

use std::{collections::BTreeMap, sync::Arc};

use askama::Template;
use axum::{
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use serde::Deserialize;
use wire::{Id, UnixMs};

mod figures;
pub mod fire;
pub mod readiness;
mod silence;
mod templates;

use self::templates::{Base, Message, Room, Rooms, TicketPage, Tickets};
use super::{language, range::Range, view};
use crate::{
    Shared,
    config::Language,
    ledger::{self, TicketFilter},
    story::{self, Desk, fit::Need},
    tickets::{Ticket, text},
};

/// Ended tickets on one page.
const ENDED_MAX: usize = 200;
/// A list is asked for anew at most this often, a page with charts less.
const REFRESH_MS: u32 = 500;
const REFRESH_CHARTS_MS: u32 = 4_000;
/// Before and after a ticket its chart shows this much more.
const AROUND_MS: i64 = 30 * 60_000;

/// What an address can say after `?`.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    lang: Option<String>,
    range: Option<String>,
    state: Option<String>,
}

/// Why a page cannot be shown.
enum Failure {
    NotFound(&'static str),
    Ledger(ledger::Error),
}

impl From<ledger::Error> for Failure {
    fn from(error: ledger::Error) -> Self {
        Self::Ledger(error)
    }
}

/// `/`
pub async fn rooms(State(shared): State<Arc<Shared>>, Query(asked): Query<Asked>, headers: HeaderMap) -> Response {
    answer(shared, asked, headers, |shared, base, _| {
        let now = shared.clock.now();
        let open = open_tickets(shared, None)?;
        let rooms = now_rooms(shared, &open, now);
        let wrong = rooms.iter().filter(|room| room.state < view::RoomState::Unknown).count();
        let worst = rooms.first().map_or("unknown", |room| room.state.as_str());
        let headline = match wrong {
            0 if rooms.is_empty() => base.t("no_rooms").to_owned(),
            0 => base.t("all_well").to_owned(),
            1 => base.t("something_wrong_one").to_owned(),
            n => base.fill("something_wrong", &[("n", &n.to_string())]),
        };
        let counts = [("rooms", &*rooms.len().to_string()), ("tickets", &*open.len().to_string())];
        let mut venues: BTreeMap<Id, Vec<templates::RoomTile>> = BTreeMap::new();
        for room in &rooms {
            venues.entry(room.venue.clone()).or_default().push(templates::room_tile(
                shared,
                base.language,
                room,
                &open,
                now,
            ));
        }
        let named = shared.venues.get();
        let zone_of = named.zone(rooms.first().map_or(&NOBODY, |room| &room.venue));
        let page = Rooms {
            headline_class: if wrong == 0 && !rooms.is_empty() { "ok" } else { worst },
            headline,
            counts: base.fill("headline_counts", &counts),
            as_of: base.fill("as_of", &[("time", &text::time(now, zone_of, base.language))]),
            venues: venues
                .into_iter()
                .map(|(id, rooms)| templates::Venue { name: venue_name(shared, base.language, &id), rooms })
                .collect(),
            tickets: templates::rows(shared, base.language, &open, now),
            no_tickets: base.t("no_open_tickets"),
            base: base.titled("rooms", REFRESH_MS, None),
        };
        Ok(page.render())
    })
    .await
}

/// A venue that nobody has, for the zone of an empty page.
static NOBODY: std::sync::LazyLock<Id> = std::sync::LazyLock::new(|| Id::parse("none").expect("a valid identifier"));

/// `/rooms/{venue}/{room}`
pub async fn room(
    State(shared): State<Arc<Shared>>,
    Path((venue, room)): Path<(String, String)>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    answer(shared, asked, headers, move |shared, base, asked| {
        let now = shared.clock.now();
        let (Ok(venue), Ok(room)) = (Id::parse(&venue), Id::parse(&room)) else {
            return Err(Failure::NotFound("not_found_room"));
        };
        let open = open_tickets(shared, Some((&venue, &room)))?;
        let rooms = now_rooms(shared, &open, now);
        let Some(view) = rooms.into_iter().find(|view| view.venue == venue && view.room == room) else {
            return Err(Failure::NotFound("not_found_room"));
        };
        let range = Range::parse(asked.range.as_deref());
        let charts = figures::of_room(shared, base.language, &view, range, now)?;
        let (own, points): (Vec<_>, Vec<_>) = view.points.iter().partition(|point| point.own);
        let rows = |points: Vec<&view::PointView>| {
            points.into_iter().map(|point| templates::point_row(base.language, point, now)).collect::<Vec<_>>()
        };
        let page = Room {
            venue: venue_name(shared, base.language, &venue),
            tickets: templates::rows(shared, base.language, &open, now),
            no_tickets: base.t("no_open_tickets"),
            points: rows(points),
            own: rows(own),
            ranges: templates::ranges(base.language, range),
            charts,
            silence: silence::of_room(shared, base.language, &venue, &room, now)?,
            agents: view.agents.iter().map(|agent| templates::agent(base.language, agent, now)).collect(),
            room: templates::room_tile(shared, base.language, &view, &open, now),
            base: base.titled(
                "rooms",
                REFRESH_CHARTS_MS,
                Some(shared.venues.get().room_name(&venue, &room, base.language).into_owned()),
            ),
        };
        Ok(page.render())
    })
    .await
}

/// `/tickets`
pub async fn tickets(State(shared): State<Arc<Shared>>, Query(asked): Query<Asked>, headers: HeaderMap) -> Response {
    answer(shared, asked, headers, |shared, base, asked| {
        let now = shared.clock.now();
        let ended = asked.state.as_deref() == Some("ended");
        let tickets = if ended { ended_tickets(shared)? } else { open_tickets(shared, None)? };
        let word = |ended_key, open_key| base.t(if ended { ended_key } else { open_key });
        let page = Tickets {
            heading: word("ended_tickets", "open_tickets"),
            tickets: templates::rows(shared, base.language, &tickets, now),
            no_tickets: word("no_ended_tickets", "no_open_tickets"),
            other_href: if ended { "/tickets" } else { "/tickets?state=ended" },
            other_words: word("show_open", "show_all"),
            base: base.titled("tickets", REFRESH_MS, Some(base.t("tickets").to_owned())),
        };
        Ok(page.render())
    })
    .await
}

/// `/tickets/{number}`
pub async fn ticket(
    State(shared): State<Arc<Shared>>,
    Path(number): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    answer(shared, asked, headers, move |shared, base, _| {
        let now = shared.clock.now();
        let Some(ticket) = shared.reader.ticket(&number)? else {
            return Err(Failure::NotFound("not_found_ticket"));
        };
        let history = shared.reader.history(ticket.id)?;
        let venues = shared.venues.get();
        let zone = venues.zone(&ticket.venue);
        let scene = text::Scene { language: base.language, packs: &shared.packs, venues: &venues };
        let charts = figures::of_ticket(shared, base.language, &ticket, AROUND_MS, now)?;
        let row = templates::row(shared, base.language, &ticket, now);
        let page = TicketPage {
            explained: text::explain(&ticket, scene),
            story: story_lines(shared, &ticket, scene, now)?,
            history: history.iter().map(|step| templates::step(base.language, step, zone)).collect(),
            charts,
            room_name: venues.room_name(&ticket.venue, &ticket.room, base.language).into_owned(),
            base: base.titled("tickets", REFRESH_CHARTS_MS, Some(row.title.clone())),
            ticket: row,
        };
        Ok(page.render())
    })
    .await
}

/// What else changed, and what mended such a thing before: the charts of the page tell the rest.
fn story_lines(
    shared: &Shared,
    ticket: &Ticket,
    scene: text::Scene<'_>,
    now: UnixMs,
) -> Result<Vec<String>, ledger::Error> {
    let agents = shared.live.read().expect("no holder of this lock can panic").agents_of(&ticket.venue, &ticket.room);
    let desk = Desk { reader: &*shared.reader, readings: &*shared.readings, packs: &shared.packs };
    let story = story::gather(ticket, &agents, now, desk)?;
    let lines = story::text::lines(&story, ticket, scene).into_iter();
    Ok(lines.filter(|line| line.need >= Need::Change).map(|line| line.words).collect())
}

/// Every other address; a program that asks the API is answered as the API does.
pub async fn not_found(
    State(shared): State<Arc<Shared>>,
    uri: axum::http::Uri,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    if uri.path().starts_with("/api/") {
        return super::api::no_such_route(uri.path()).into_response();
    }
    answer(shared, asked, headers, |_, _, _| Err(Failure::NotFound("not_found"))).await
}

type Rendered = Result<Result<String, askama::Error>, Failure>;

/// Fills a page off the runtime's threads, since the ledger is a file, and gives it with the cookie
/// of a language that was just chosen.
async fn answer(
    shared: Arc<Shared>,
    asked: Asked,
    headers: HeaderMap,
    fill: impl FnOnce(&Shared, &Base, &Asked) -> Rendered + Send + 'static,
) -> Response {
    let (language, cookie) = language::choose(asked.lang.as_deref(), &headers);
    let filled = tokio::task::spawn_blocking(move || {
        let base = Base::new(&shared, language);
        let (status, page) = match fill(&shared, &base, &asked) {
            Ok(page) => (StatusCode::OK, page),
            Err(Failure::NotFound(key)) => (StatusCode::NOT_FOUND, message(&base, key)),
            Err(Failure::Ledger(error)) => {
                tracing::error!(%error, "a page cannot be shown");
                (StatusCode::SERVICE_UNAVAILABLE, message(&base, "broken"))
            }
        };
        (status, page)
    });
    let mut response = match filled.await {
        Ok((status, Ok(page))) => (status, Html(page)).into_response(),
        Ok((_, Err(error))) => {
            tracing::error!(%error, "a template cannot be filled");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
        Err(error) => {
            tracing::error!(%error, "a page panicked");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    };
    if let Some(cookie) = cookie.and_then(|cookie| cookie.parse().ok()) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

fn message(base: &Base, key: &'static str) -> Result<String, askama::Error> {
    Message { words: base.t(key), base: base.titled("", REFRESH_CHARTS_MS, None) }.render()
}

/// Open tickets, the worst and oldest first.
pub(super) fn open_tickets(shared: &Shared, room: Option<(&Id, &Id)>) -> Result<Vec<Ticket>, ledger::Error> {
    let (venue, room) = room.unzip();
    let filter = TicketFilter { venue: venue.cloned(), room: room.cloned(), open: true, ..TicketFilter::default() };
    let mut tickets = shared.reader.tickets(&filter)?;
    tickets.sort_by_key(|ticket| (ticket.severity, ticket.opened_at));
    Ok(tickets)
}

fn ended_tickets(shared: &Shared) -> Result<Vec<Ticket>, ledger::Error> {
    let stages = crate::tickets::Stage::ALL.into_iter().filter(|stage| stage.is_ended()).collect();
    shared.reader.tickets(&TicketFilter { stages, limit: ENDED_MAX, ..TicketFilter::default() })
}

/// All rooms as they are now.
pub(super) fn now_rooms(shared: &Shared, open: &[Ticket], now: UnixMs) -> Vec<view::RoomView> {
    let live = shared.live.read().unwrap_or_else(std::sync::PoisonError::into_inner);
    view::rooms(&live, open, &shared.packs, now)
}

/// A venue as people call it.
pub(super) fn venue_name(shared: &Shared, language: Language, venue: &Id) -> String {
    shared.venues.get().name(venue, language).to_owned()
}
