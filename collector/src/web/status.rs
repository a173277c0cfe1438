//! For machines that look after the collector: `/healthz`, and `/metrics` in Prometheus' text form.

use std::{collections::BTreeMap, fmt::Write as _, sync::Arc};

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::{pages, view};
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

/// Everything that is counted.
pub async fn metrics(State(shared): State<Arc<Shared>>) -> Response {
    let text = tokio::task::spawn_blocking(move || all(&shared)).await;
    match text {
        Ok(text) => ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "metrics panicked");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn all(shared: &Shared) -> String {
    let mut text = String::with_capacity(8192);
    for (name, kind, help, value) in shared.metrics.list() {
        single(&mut text, name, kind, help.trim(), value as f64);
    }
    let fresh = f64::from(u8::from(shared.heartbeat.is_fresh()));
    single(&mut text, "rules_fresh", "gauge", "Whether rules were evaluated within the last 20 s, 0 or 1.", fresh);
    let now = shared.clock.now();
    let open = pages::open_tickets(shared, None).unwrap_or_default();
    let rooms = pages::now_rooms(shared, &open, now);
    let mut by_state: BTreeMap<&str, u64> =
        ["bad", "silent", "warn", "unknown", "ok"].into_iter().map(|state| (state, 0)).collect();
    let mut agents: BTreeMap<&str, u64> =
        ["online", "stopped", "lost", "unknown"].into_iter().map(|state| (state, 0)).collect();
    for room in &rooms {
        *by_state.entry(room.state.as_str()).or_default() += 1;
        for agent in &room.agents {
            *agents.entry(agent.state).or_default() += 1;
        }
    }
    let mut severities: BTreeMap<String, u64> = ["P1", "P2", "P3", "P4"].map(|s| (s.to_owned(), 0)).into();
    for ticket in &open {
        *severities.entry(format!("{:?}", ticket.severity)).or_default() += 1;
    }
    labelled(&mut text, "rooms", "Rooms by state.", "state", &by_state);
    labelled(&mut text, "agents", "Agents by state.", "state", &agents);
    labelled(&mut text, "tickets_open", "Tickets that have not ended, by severity.", "severity", &severities);
    if let Some(oldest) = rooms.iter().filter_map(|room: &view::RoomView| room.sample_at).min() {
        let age = (now - oldest) as f64 / 1000.0;
        single(
            &mut text,
            "oldest_room_seconds",
            "gauge",
            "Age of the newest sample of the room heard longest ago.",
            age,
        );
    }
    if let Ok(size) = shared.reader.size() {
        single(&mut text, "ledger_bytes", "gauge", "Bytes of the ledger on disk.", size.file_bytes as f64);
        single(&mut text, "outbox_waiting", "gauge", "Messages that wait to be delivered.", size.outbox as f64);
        single(&mut text, "blobs", "gauge", "Commits that are not compacted yet.", size.blobs as f64);
        single(&mut text, "chunks", "gauge", "Chunks of compacted samples.", size.chunks as f64);
    }
    let troubles: BTreeMap<&str, u64> =
        shared.health.troubles().into_iter().map(|(part, _)| (part.as_str(), 1)).collect();
    labelled(&mut text, "trouble", "Parts that are in trouble.", "part", &troubles);
    text
}

fn single(text: &mut String, name: &str, kind: &str, help: &str, value: f64) {
    let _ = writeln!(text, "# HELP hallwatch_{name} {help}\n# TYPE hallwatch_{name} {kind}\nhallwatch_{name} {value}");
}

fn labelled<K: AsRef<str>>(text: &mut String, name: &str, help: &str, label: &str, values: &BTreeMap<K, u64>) {
    let _ = writeln!(text, "# HELP hallwatch_{name} {help}\n# TYPE hallwatch_{name} gauge");
    for (key, value) in values {
        let _ = writeln!(text, "hallwatch_{name}{{{label}=\"{}\"}} {value}", key.as_ref());
    }
}
