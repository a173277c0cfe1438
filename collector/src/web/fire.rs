//! Fire equipment for programs: the register of extinguishers and the rounds of the last days, as JSON.
//! The same as the pages show; changes nothing.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Query as Asked, State, rejection::QueryRejection},
};
use jiff::ToSpan;
use serde::{Deserialize, Serialize};
use wire::{Id, UnixMs};

use super::api::{Refusal, ask, id};
use crate::{
    Shared,
    config::Language,
    ledger::{self, RecordFilter, record_kind},
    register::{
        Extinguisher, Filling, Standing,
        dates::{Basis, Day},
        job,
        tag::Differs,
    },
    rounds::{Round, record},
    venues::Venues,
};

/// Days of rounds that are shown: two half-monthly ones.
const ROUND_DAYS: i64 = 32;
/// Rounds of one answer at most.
const ROUNDS_MAX: usize = 500;

/// Which.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Which {
    venue: Option<String>,
}

/// All extinguishers.
#[derive(Serialize)]
pub struct Extinguishers {
    now: UnixMs,
    extinguishers: Vec<View>,
}

/// One extinguisher.
#[derive(Serialize)]
pub struct View {
    venue: Id,
    room: Option<Id>,
    asset: Id,
    name_zh: String,
    name_en: String,
    listed: bool,
    r#type: Option<Filling>,
    model: Option<String>,
    serial: Option<String>,
    maker: Option<String>,
    made: Option<String>,
    serviced: Option<String>,
    service: Option<DayView>,
    scrap: Option<DayView>,
    present: Option<Present>,
    tag_id: Option<String>,
    tag_valid: Option<bool>,
    standings: Vec<Standing>,
    differences: Vec<DifferenceView>,
}

/// A day on which something is due.
#[derive(Serialize)]
pub struct DayView {
    date: String,
    days: i32,
    basis: Basis,
}

/// Whether it hangs in its place.
#[derive(Serialize)]
pub struct Present {
    at: UnixMs,
    is: bool,
}

/// Something that tag and register say differently.
#[derive(Serialize)]
pub struct DifferenceView {
    what: Differs,
    register: String,
    tag: String,
}

/// `/api/v1/extinguishers`
pub async fn extinguishers(
    State(shared): State<Arc<Shared>>,
    which: Result<Asked<Which>, QueryRejection>,
) -> Result<Json<Extinguishers>, Refusal> {
    let Asked(which) = which?;
    ask(shared, move |shared| {
        let venue = which.venue.map(|venue| id("venue", &venue)).transpose()?;
        let (now, venues) = (shared.clock.now(), shared.venues.get());
        let live = shared.live.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut all = job::of_all(&venues, &live, now);
        drop(live);
        all.retain(|e| venue.as_ref().is_none_or(|venue| *venue == e.venue));
        Ok(Extinguishers { now, extinguishers: all.iter().map(|e| view(e, &venues)).collect() })
    })
    .await
}

fn view(e: &Extinguisher, venues: &Venues) -> View {
    let name = |language| venues.asset_name(&e.venue, &e.asset, language).into_owned();
    let listed = e.listed.clone().unwrap_or_default();
    let day = |day: Option<Day>, days: Option<i32>| {
        day.zip(days).map(|(day, days)| DayView { date: day.date.to_string(), days, basis: day.basis })
    };
    let seen = e.seen.as_ref();
    let difference = |d: &crate::register::tag::Difference| DifferenceView {
        what: d.what,
        register: d.file.clone(),
        tag: d.tag.clone(),
    };
    View {
        venue: e.venue.clone(),
        room: e.room.clone(),
        asset: e.asset.clone(),
        name_zh: name(Language::ZhCn),
        name_en: name(Language::En),
        listed: e.listed.is_some(),
        r#type: e.filling,
        model: listed.model,
        serial: listed.serial,
        maker: listed.maker,
        made: listed.made,
        serviced: listed.serviced,
        service: day(e.days.service, e.service_days()),
        scrap: day(e.days.scrap, e.scrap_days()),
        present: seen.and_then(|seen| seen.present).map(|(at, is)| Present { at, is }),
        tag_id: seen.and_then(|seen| seen.tag_id).map(|id| format!("{id:012x}")),
        tag_valid: seen.and_then(|seen| seen.is_valid),
        standings: e.standings(),
        differences: e.differences.iter().map(difference).collect(),
    }
}

/// Rounds.
#[derive(Serialize)]
pub struct Rounds {
    now: UnixMs,
    rounds: Vec<Round>,
}

/// `/api/v1/rounds`
pub async fn rounds(
    State(shared): State<Arc<Shared>>,
    which: Result<Asked<Which>, QueryRejection>,
) -> Result<Json<Rounds>, Refusal> {
    let Asked(which) = which?;
    ask(shared, move |shared| {
        let venue = which.venue.map(|venue| id("venue", &venue)).transpose()?;
        Ok(Rounds { now: shared.clock.now(), rounds: last_rounds(shared, venue)? })
    })
    .await
}

/// Rounds of the last [`ROUND_DAYS`] days: those that take answers first, then the newest.
pub(super) fn last_rounds(shared: &Shared, venue: Option<Id>) -> Result<Vec<Round>, ledger::Error> {
    let now = jiff::Timestamp::from_millisecond(shared.clock.now()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let from = now.to_zoned(jiff::tz::TimeZone::UTC).date().saturating_sub(ROUND_DAYS.days()).to_string();
    let (kind, limit) = (record_kind::ROUND.to_owned(), ROUNDS_MAX);
    let records = shared.reader.records(&RecordFilter { kind, venue, from: Some(from), to: None, limit })?;
    let mut rounds: Vec<Round> = records.iter().filter_map(record::round).collect();
    rounds.sort_by_key(|round| (!round.stage.takes_answers(), std::cmp::Reverse(round.due)));
    Ok(rounds)
}
