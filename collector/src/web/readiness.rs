//! Opening readiness for programs: every room as it stands now, or a stored report, as JSON. The same as
//! the pages show; changes nothing.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Query as Asked, State, rejection::QueryRejection},
};
use serde::{Deserialize, Serialize};
use wire::{Id, UnixMs};

use super::api::{Refusal, ask, id};
use crate::{
    Shared,
    config::Language,
    ledger::{self, RecordFilter, record_kind},
    readiness::{
        Report, Room, Verdict,
        gather::{Sources, opening_ahead},
        room::count,
        text::{self, Scene},
    },
    venues::Venues,
};

/// Reports that a list of past ones shows.
const REPORTS_MAX: usize = 60;

/// Which.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Which {
    venue: Option<String>,
    date: Option<String>,
}

/// Readiness of venues.
#[derive(Serialize)]
pub struct Readiness {
    now: UnixMs,
    venues: Vec<VenueView>,
}

/// One venue.
#[derive(Serialize)]
pub struct VenueView {
    venue: Id,
    /// The opening that is asked about; `None` while it is open.
    opening: Option<UnixMs>,
    ready: usize,
    not_ready: usize,
    unknown: usize,
    locked: usize,
    rooms: Vec<RoomView>,
    /// The stored report, where a date was asked for.
    report: Option<Report>,
}

/// One room.
#[derive(Serialize)]
pub struct RoomView {
    #[serde(flatten)]
    room: Room,
    /// What to do, in Chinese.
    action_zh: Option<String>,
    /// In English.
    action_en: Option<String>,
}

/// `/api/v1/readiness`
pub async fn readiness(
    State(shared): State<Arc<Shared>>,
    which: Result<Asked<Which>, QueryRejection>,
) -> Result<Json<Readiness>, Refusal> {
    let Asked(which) = which?;
    ask(shared, move |shared| {
        let venue = which.venue.map(|venue| id("venue", &venue)).transpose()?;
        let (now, venues) = (shared.clock.now(), shared.venues.get());
        let Some(date) = which.date else {
            let all = now_of(shared, &venues, venue.as_ref(), now)?;
            let views = all.into_iter().map(|of| view(shared, &venues, of, None)).collect();
            return Ok(Readiness { now, venues: views });
        };
        if date.parse::<jiff::civil::Date>().is_err() {
            return Err(Refusal::bad(format!("`date`: {date}"), "a business date such as 2026-11-23"));
        }
        let reports = reports(shared, venue, Some(&date))?;
        let of = |report: Report| Standing {
            venue: report.venue.clone(),
            opening: Some(report.opening),
            rooms: report.rooms.clone(),
        };
        let view = |report: Report| view(shared, &venues, of(report.clone()), Some(report));
        Ok(Readiness { now, venues: reports.into_iter().map(view).collect() })
    })
    .await
}

/// How the rooms of a venue stand.
pub(super) struct Standing {
    /// The venue.
    pub(super) venue: Id,
    /// The opening that is asked about.
    pub(super) opening: Option<UnixMs>,
    /// Its rooms, the worst first.
    pub(super) rooms: Vec<Room>,
}

fn view(shared: &Shared, venues: &Venues, of: Standing, report: Option<Report>) -> VenueView {
    let n = |verdict| count(&of.rooms, verdict);
    let (ready, not_ready) = (n(Verdict::Ready), n(Verdict::NotReady));
    let (unknown, locked) = (n(Verdict::Unknown), n(Verdict::Locked));
    let action =
        |room: &Room, language| text::action(room, Scene { language, packs: &shared.packs, venues, venue: &of.venue });
    let one = |room: Room| RoomView {
        action_zh: action(&room, Language::ZhCn),
        action_en: action(&room, Language::En),
        room,
    };
    let rooms = of.rooms.iter().cloned().map(one).collect();
    VenueView { venue: of.venue.clone(), opening: of.opening, ready, not_ready, unknown, locked, rooms, report }
}

/// Every venue as it stands now, or one of them.
pub(super) fn now_of(
    shared: &Shared,
    venues: &Venues,
    only: Option<&Id>,
    now: UnixMs,
) -> Result<Vec<Standing>, ledger::Error> {
    let sources = Sources::of(shared, venues);
    let mut all = Vec::new();
    for venue in sources.venues().into_iter().filter(|venue| only.is_none_or(|only| only == venue)) {
        let opening = opening_ahead(venues.calendar(&venue), now);
        let rooms = sources.rooms(&venue, opening, now)?;
        all.push(Standing { venue, opening, rooms });
    }
    Ok(all)
}

/// Stored reports, the newest first.
pub(super) fn reports(shared: &Shared, venue: Option<Id>, date: Option<&str>) -> Result<Vec<Report>, ledger::Error> {
    let date = date.map(str::to_owned);
    let (kind, limit) = (record_kind::READINESS.to_owned(), REPORTS_MAX);
    let filter = RecordFilter { kind, venue, from: date.clone(), to: date, limit };
    Ok(shared.reader.records(&filter)?.iter().filter_map(Report::of).collect())
}
