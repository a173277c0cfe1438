//! For machines that look after the collector: what is in trouble becomes `/healthz`. Changes nothing.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Serialize;

use crate::{Shared, health::Part};

#[derive(Serialize)]
struct Health {
    status: &'static str,
    troubles: Vec<Trouble>,
}

#[derive(Serialize)]
struct Trouble {
    part: &'static str,
    since: i64,
    reason: String,
}

/// `ok`, or what is wrong. 503 only where samples are not taken in: a restart does not help a
/// channel that cannot be reached.
pub async fn health(State(shared): State<Arc<Shared>>) -> Response {
    let troubles = shared.health.troubles();
    let stopped = troubles.iter().any(|(part, _)| matches!(part, Part::Ledger | Part::Loopback));
    let status = match (troubles.is_empty(), stopped) {
        (true, _) => "ok",
        (false, false) => "degraded",
        (false, true) => "failing",
    };
    let troubles = troubles
        .into_iter()
        .map(|(part, t)| Trouble { part: part.as_str(), since: t.since, reason: t.reason })
        .collect();
    let code = if stopped { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    (code, Json(Health { status, troubles })).into_response()
}
