//! The account of silence for programs: how the time of rooms and points was spent, as JSON, the worst
//! first. The same as the page of a room shows; changes nothing.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Query as Asked, State, rejection::QueryRejection},
};
use serde::{Deserialize, Serialize};
use wire::{Id, PointName, UnixMs};

use super::api::{Refusal, ask, id};
use crate::{
    Shared,
    silence::{
        Account,
        total::{self, RoomTotal, SINCE_MS_MAX, SINCE_MS_USUAL},
    },
};

/// Which.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Which {
    venue: Option<String>,
    room: Option<String>,
    from: Option<UnixMs>,
    to: Option<UnixMs>,
}

/// Accounts of rooms.
#[derive(Serialize)]
pub struct Silence {
    now: UnixMs,
    from: UnixMs,
    to: UnixMs,
    rooms: Vec<RoomView>,
}

/// The account of a room.
#[derive(Serialize)]
pub struct RoomView {
    venue: Id,
    room: Id,
    upto: UnixMs,
    #[serde(flatten)]
    account: AccountView,
    points: Vec<PointView>,
}

/// The account of a point.
#[derive(Serialize)]
pub struct PointView {
    agent: Id,
    point: PointName,
    #[serde(flatten)]
    account: AccountView,
}

/// Four shares that add up to `counted_ms` and to a million.
#[derive(Serialize)]
pub struct AccountView {
    counted_ms: i64,
    measured_ms: i64,
    backfilled_ms: i64,
    lost_ms: i64,
    planned_off_ms: i64,
    measured_ppm: i64,
    backfilled_ppm: i64,
    lost_ppm: i64,
    planned_off_ppm: i64,
    lost: Vec<LostView>,
}

/// Why something is lost.
#[derive(Serialize)]
pub struct LostView {
    reason: String,
    ms: i64,
}

/// `/api/v1/silence`
pub async fn silence(
    State(shared): State<Arc<Shared>>,
    which: Result<Asked<Which>, QueryRejection>,
) -> Result<Json<Silence>, Refusal> {
    let Asked(which) = which?;
    ask(shared, move |shared| {
        let now = shared.clock.now();
        let to = which.to.unwrap_or(now);
        let from = which.from.unwrap_or(to.saturating_sub(SINCE_MS_USUAL));
        if from >= to {
            return Err(Refusal::bad(format!("`from`: {from} is not before `to`: {to}"), "milliseconds since 1970"));
        }
        if to.saturating_sub(from) > SINCE_MS_MAX {
            return Err(Refusal::bad("`from`: more than 800 days before `to`", "ask for a shorter time"));
        }
        let asked = total::Which {
            venue: which.venue.map(|venue| id("venue", &venue)).transpose()?,
            room: which.room.map(|room| id("room", &room)).transpose()?,
            from,
            to,
        };
        // Points of every room of a chain would be a page of megabytes.
        let with_points = asked.room.is_some();
        let rooms = total::rooms(&*shared.reader, &shared.venues.get(), &asked)?;
        Ok(Silence { now, from, to, rooms: rooms.into_iter().map(|room| view(room, with_points)).collect() })
    })
    .await
}

fn view(room: RoomTotal, with_points: bool) -> RoomView {
    let points = room.points.into_iter().filter(|_| with_points);
    RoomView {
        account: account(&room.account),
        venue: room.venue,
        room: room.room,
        upto: room.upto,
        points: points
            .map(|p| PointView { account: account(&p.account), agent: p.source.agent, point: p.point })
            .collect(),
    }
}

fn account(account: &Account) -> AccountView {
    let shares = account.shares_ppm();
    let lost = account.reasons().into_iter().map(|(reason, ms)| LostView { reason: reason.to_string(), ms });
    AccountView {
        counted_ms: account.counted_ms(),
        measured_ms: account.measured_ms,
        backfilled_ms: account.backfilled_ms,
        lost_ms: account.lost_ms(),
        planned_off_ms: account.planned_off_ms,
        measured_ppm: shares.measured_ppm,
        backfilled_ppm: shares.backfilled_ppm,
        lost_ppm: shares.lost_ppm,
        planned_off_ppm: shares.planned_off_ppm,
        lost: lost.collect(),
    }
}
