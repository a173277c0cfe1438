//! The JSON API: the same rooms, tickets and readings as the pages, for programs. Errors are JSON
//! with a fixed word, a sentence and a hint.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, Query as Asked, State, rejection::QueryRejection},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use wire::{Id, PointName, UnixMs};

use super::{pages, view};
use crate::{
    Shared,
    config::Language,
    ledger::{self, TicketFilter},
    readings::Query,
    tickets::{Stage, Ticket, text},
    venues::Venues,
};

/// Marks that one answer carries at the most.
const MARKS_MAX: usize = 5_000;
/// Marks of an answer where nobody asks for a number.
const MARKS_USUAL: usize = 500;
/// No answer covers more time.
const RANGE_MS_MAX: i64 = 400 * 24 * 3_600_000;
/// Where nobody says from when: the last day.
const RANGE_MS_USUAL: i64 = 24 * 3_600_000;
/// Tickets that one answer carries at the most.
const TICKETS_MAX: usize = 1_000;

/// The document that describes this API.
const OPENAPI: &str = include_str!("assets/openapi.json");

/// An answer that is not what was asked for.
#[derive(Debug, Serialize)]
pub struct Refusal {
    #[serde(skip)]
    status: StatusCode,
    error: &'static str,
    message: String,
    hint: &'static str,
}

impl Refusal {
    pub(super) fn bad(message: impl Into<String>, hint: &'static str) -> Self {
        Self { status: StatusCode::BAD_REQUEST, error: "bad_request", message: message.into(), hint }
    }

    fn not_found(message: impl Into<String>, hint: &'static str) -> Self {
        Self { status: StatusCode::NOT_FOUND, error: "not_found", message: message.into(), hint }
    }
}

impl From<ledger::Error> for Refusal {
    fn from(error: ledger::Error) -> Self {
        // Clients see little, the log sees all.
        tracing::error!(%error, "the API cannot read the ledger");
        Self {
            status: StatusCode::SERVICE_UNAVAILABLE,
            error: "unavailable",
            message: "the ledger cannot be read now".into(),
            hint: "try again in a moment; /healthz says what is wrong",
        }
    }
}

impl From<QueryRejection> for Refusal {
    fn from(rejection: QueryRejection) -> Self {
        let text = rejection.body_text();
        // The cause alone; how it came about is the library's business.
        let cause = text.rsplit_once("query string: ").map_or(text.as_str(), |(_, cause)| cause);
        Self::bad(cause, "/api/v1/openapi.json lists every parameter")
    }
}

/// An address that the API does not have.
#[must_use]
pub fn no_such_route(path: &str) -> Refusal {
    Refusal::not_found(format!("no route `{}`", short(path)), "/api/v1/openapi.json lists every route")
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, Json(self)).into_response()
    }
}

/// Asks the ledger off the runtime's threads.
pub(super) async fn ask<T: Serialize + Send + 'static>(
    shared: Arc<Shared>,
    asking: impl FnOnce(&Shared) -> Result<T, Refusal> + Send + 'static,
) -> Result<Json<T>, Refusal> {
    match tokio::task::spawn_blocking(move || asking(&shared)).await {
        Ok(answer) => answer.map(Json),
        Err(error) => {
            tracing::error!(%error, "a request panicked");
            Err(Refusal {
                status: StatusCode::INTERNAL_SERVER_ERROR,
                error: "internal",
                message: "the request failed".into(),
                hint: "the collector's log has the reason",
            })
        }
    }
}

/// All rooms.
#[derive(Serialize)]
pub struct Rooms {
    now: UnixMs,
    rooms: Vec<view::RoomView>,
}

/// `/api/v1/rooms`
pub async fn rooms(State(shared): State<Arc<Shared>>) -> Result<Json<Rooms>, Refusal> {
    ask(shared, |shared| {
        let now = shared.clock.now();
        let open = pages::open_tickets(shared, None)?;
        Ok(Rooms { now, rooms: pages::now_rooms(shared, &open, now) })
    })
    .await
}

/// Which tickets.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WhichTickets {
    state: Option<String>,
    venue: Option<String>,
    room: Option<String>,
    limit: Option<usize>,
}

/// Tickets.
#[derive(Serialize)]
pub struct Tickets {
    now: UnixMs,
    tickets: Vec<Titled>,
}

/// A ticket with its title in both languages.
#[derive(Serialize)]
pub struct Titled {
    #[serde(flatten)]
    ticket: Ticket,
    title_zh: String,
    title_en: String,
}

/// `/api/v1/tickets`
pub async fn tickets(
    State(shared): State<Arc<Shared>>,
    which: Result<Asked<WhichTickets>, QueryRejection>,
) -> Result<Json<Tickets>, Refusal> {
    let Asked(which) = which?;
    ask(shared, move |shared| {
        let ended = || Stage::ALL.into_iter().filter(|stage| stage.is_ended()).collect();
        let (open, stages) = match which.state.as_deref() {
            None | Some("open") => (true, Vec::new()),
            Some("ended") => (false, ended()),
            Some("all") => (false, Vec::new()),
            Some(other) => {
                return Err(Refusal::bad(format!("`state`: {}", short(other)), "`open`, `ended` or `all`"));
            }
        };
        let filter = TicketFilter {
            venue: which.venue.map(|venue| id("venue", &venue)).transpose()?,
            room: which.room.map(|room| id("room", &room)).transpose()?,
            open,
            stages,
            limit: which.limit.unwrap_or(TICKETS_MAX).clamp(1, TICKETS_MAX),
            ..TicketFilter::default()
        };
        let tickets = shared.reader.tickets(&filter)?;
        let titled = |ticket| titled(shared, ticket);
        Ok(Tickets { now: shared.clock.now(), tickets: tickets.into_iter().map(titled).collect() })
    })
    .await
}

fn titled(shared: &Shared, ticket: Ticket) -> Titled {
    let venues = shared.venues.get();
    let title = |language| text::title(&ticket, scene(shared, &venues, language));
    Titled { title_zh: title(Language::ZhCn), title_en: title(Language::En), ticket }
}

fn scene<'a>(shared: &'a Shared, venues: &'a Venues, language: Language) -> text::Scene<'a> {
    text::Scene { language, packs: &shared.packs, venues }
}

/// One ticket with its story.
#[derive(Serialize)]
pub struct Story {
    #[serde(flatten)]
    titled: Titled,
    explained_zh: text::Explained,
    explained_en: text::Explained,
    history: Vec<crate::tickets::Transition>,
}

/// `/api/v1/tickets/{number}`
pub async fn ticket(State(shared): State<Arc<Shared>>, Path(number): Path<String>) -> Result<Json<Story>, Refusal> {
    ask(shared, move |shared| {
        let Some(ticket) = shared.reader.ticket(&number)? else {
            return Err(Refusal::not_found(format!("no ticket `{}`", short(&number)), "/api/v1/tickets lists them"));
        };
        let venues = shared.venues.get();
        let explained = |language| text::explain(&ticket, scene(shared, &venues, language));
        Ok(Story {
            explained_zh: explained(Language::ZhCn),
            explained_en: explained(Language::En),
            history: shared.reader.history(ticket.id)?,
            titled: titled(shared, ticket),
        })
    })
    .await
}

/// Which stretch of which point.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WhichReadings {
    venue: String,
    room: String,
    point: String,
    agent: Option<String>,
    from: Option<UnixMs>,
    to: Option<UnixMs>,
    points: Option<usize>,
}

/// A stretch of a point.
#[derive(Serialize)]
pub struct Readings {
    venue: Id,
    room: Id,
    point: PointName,
    from: UnixMs,
    to: UnixMs,
    step_ms: i64,
    marks: Vec<MarkView>,
    faults: Vec<FaultView>,
}

/// One reading, or several put together.
#[derive(Serialize)]
pub struct MarkView {
    at: UnixMs,
    mean: f64,
    min: f64,
    max: f64,
    count: u32,
    after_gap: bool,
    uncertain: bool,
}

/// A stretch without values.
#[derive(Serialize)]
pub struct FaultView {
    from: UnixMs,
    to: UnixMs,
    fault: String,
    count: u32,
}

/// `/api/v1/readings`
pub async fn readings(
    State(shared): State<Arc<Shared>>,
    which: Result<Asked<WhichReadings>, QueryRejection>,
) -> Result<Json<Readings>, Refusal> {
    let Asked(which) = which?;
    ask(shared, move |shared| {
        let query = query(shared, which)?;
        let known = |live: &crate::live::Live| {
            live.agents.keys().any(|source| source.venue == query.venue && source.room == query.room)
        };
        if !known(&shared.live.read().unwrap_or_else(std::sync::PoisonError::into_inner)) {
            let room = format!("no room `{}` in venue `{}`", query.room, query.venue);
            return Err(Refusal::not_found(room, "/api/v1/rooms lists them"));
        }
        let series = shared.readings.series(&query)?;
        let marks = series.marks.iter().map(|m| MarkView {
            at: m.at,
            mean: m.mean,
            min: m.min,
            max: m.max,
            count: m.count,
            after_gap: m.after_gap,
            uncertain: m.uncertain,
        });
        let faults = series.faults.iter().map(|f| FaultView {
            from: f.from,
            to: f.to,
            fault: f.fault.as_str().to_owned(),
            count: f.count,
        });
        Ok(Readings {
            marks: marks.collect(),
            faults: faults.collect(),
            venue: query.venue,
            room: query.room,
            point: query.point,
            from: query.from,
            to: query.to,
            step_ms: series.step_ms,
        })
    })
    .await
}

fn query(shared: &Shared, which: WhichReadings) -> Result<Query, Refusal> {
    let to = which.to.unwrap_or_else(|| shared.clock.now());
    let from = which.from.unwrap_or(to.saturating_sub(RANGE_MS_USUAL));
    if from >= to {
        return Err(Refusal::bad(format!("`from`: {from} is not before `to`: {to}"), "milliseconds since 1970"));
    }
    if to.saturating_sub(from) > RANGE_MS_MAX {
        return Err(Refusal::bad("`from`: more than 400 days before `to`", "ask for a shorter time"));
    }
    let point = PointName::parse(&which.point)
        .map_err(|error| Refusal::bad(format!("`point`: {error}"), "for example `temperature_celsius`"))?;
    Ok(Query {
        venue: id("venue", &which.venue)?,
        room: id("room", &which.room)?,
        agent: which.agent.map(|agent| id("agent", &agent)).transpose()?,
        point,
        from,
        to,
        marks_max: which.points.unwrap_or(MARKS_USUAL).clamp(2, MARKS_MAX),
    })
}

/// `/api/v1/openapi.json`
pub async fn openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], OPENAPI).into_response()
}

pub(super) fn id(name: &str, text: &str) -> Result<Id, Refusal> {
    Id::parse(text).map_err(|_| {
        Refusal::bad(format!("`{name}`: {}", short(text)), "1 to 64 of a-z, 0-9 and `-`; see /api/v1/rooms")
    })
}

fn short(text: &str) -> String {
    text.chars().take(80).collect()
}
