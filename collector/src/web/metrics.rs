//! What is counted becomes `/metrics` in Prometheus' text form: `hallwatch_` before every name but those of
//! the process, seconds and bytes as units. Reads the ledger, never writes; a part that cannot be read is left out.

use std::{collections::BTreeMap, fmt::Write as _, sync::Arc};

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{pages, process, view};
use crate::Shared;

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
    let mut text = String::with_capacity(16_384);
    for (name, kind, help, value) in shared.metrics.list() {
        let (name, help, value) = in_seconds(name, help.trim(), value as f64);
        single(&mut text, &name, kind, &help, value);
    }
    let fresh = f64::from(u8::from(shared.heartbeat.is_fresh()));
    single(&mut text, "rules_fresh", "gauge", "Whether rules were evaluated within the last 20 s, 0 or 1.", fresh);
    present(&mut text, shared);
    store(&mut text, shared);
    let troubles: BTreeMap<&str, f64> =
        shared.health.troubles().into_iter().map(|(part, _)| (part.as_str(), 1.0)).collect();
    labelled(&mut text, "trouble", "Parts that are in trouble.", "part", &troubles);
    let version = BTreeMap::from([(env!("CARGO_PKG_VERSION"), 1.0)]);
    labelled(&mut text, "build_info", "Always 1; the version is its label.", "version", &version);
    process::write(&mut text);
    text
}

/// Rooms, agents and tickets as they are now.
fn present(text: &mut String, shared: &Shared) {
    let now = shared.clock.now();
    let open = pages::open_tickets(shared, None).unwrap_or_default();
    let rooms = pages::now_rooms(shared, &open, now);
    let zeros = |states: &[&'static str]| states.iter().map(|state| (*state, 0.0)).collect::<BTreeMap<&str, f64>>();
    let mut by_state = zeros(&["bad", "silent", "warn", "unknown", "ok"]);
    let mut agents = zeros(&["online", "stopped", "lost", "unknown"]);
    for room in &rooms {
        *by_state.entry(room.state.as_str()).or_default() += 1.0;
        for agent in &room.agents {
            *agents.entry(agent.state).or_default() += 1.0;
        }
    }
    let mut severities: BTreeMap<String, f64> = ["P1", "P2", "P3", "P4"].map(|s| (s.to_owned(), 0.0)).into();
    for ticket in &open {
        *severities.entry(format!("{:?}", ticket.severity)).or_default() += 1.0;
    }
    labelled(text, "rooms", "Rooms by state.", "state", &by_state);
    labelled(text, "agents", "Agents by state.", "state", &agents);
    labelled(text, "tickets_open", "Tickets that have not ended, by severity.", "severity", &severities);
    if let Some(oldest) = rooms.iter().filter_map(|room: &view::RoomView| room.sample_at).min() {
        let help = "Age of the newest sample of the room heard longest ago.";
        single(text, "oldest_room_seconds", "gauge", help, seconds_since(oldest, now));
    }
}

/// What the ledger holds, what waits to be told, and the room on the disk under it.
fn store(text: &mut String, shared: &Shared) {
    if let Ok(size) = shared.reader.size() {
        single(text, "ledger_bytes", "gauge", "Bytes of the ledger on disk.", size.file_bytes as f64);
        single(text, "blobs", "gauge", "Commits that are not compacted yet.", size.blobs as f64);
        single(text, "chunks", "gauge", "Chunks of compacted samples.", size.chunks as f64);
        let mut waiting: BTreeMap<&str, f64> =
            shared.config.notify.channel.keys().map(|channel| (channel.as_str(), 0.0)).collect();
        let mut oldest = waiting.clone();
        let now = shared.clock.now();
        for channel in &size.waiting {
            waiting.insert(&channel.channel, channel.messages as f64);
            oldest.insert(&channel.channel, seconds_since(channel.due_at, now));
        }
        single(text, "outbox_waiting", "gauge", "Messages that wait to be delivered.", size.outbox as f64);
        labelled(
            text,
            "outbox_channel_waiting",
            "Messages that wait to be delivered, by channel.",
            "channel",
            &waiting,
        );
        let help = "How long the oldest waiting message has been due, by channel.";
        labelled(text, "outbox_oldest_seconds", help, "channel", &oldest);
    }
    if let Ok(disk) = rustix::fs::statvfs(folder(&shared.config.ledger.path)) {
        let bytes = |blocks: u64| blocks as f64 * disk.f_frsize as f64;
        single(text, "disk_free_bytes", "gauge", "Bytes free for the ledger on its disk.", bytes(disk.f_bavail));
        single(text, "disk_size_bytes", "gauge", "Bytes of that disk.", bytes(disk.f_blocks));
    }
}

/// The folder of a file; that of a bare name is where the program runs.
fn folder(file: &std::path::Path) -> std::path::PathBuf {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => ".".into(),
    }
}

/// Prometheus wants seconds; what is counted in microseconds inside is told in them.
fn in_seconds(name: &str, help: &str, value: f64) -> (String, String, f64) {
    match name.contains("_microseconds") {
        true => (
            name.replace("_microseconds", "_seconds"),
            help.replace("in microseconds", "in seconds"),
            value / MICROSECONDS_PER_SECOND,
        ),
        false => (name.to_owned(), help.to_owned(), value),
    }
}

const MICROSECONDS_PER_SECOND: f64 = 1e6;

/// Never negative: what is due later is not old.
fn seconds_since(at: i64, now: i64) -> f64 {
    now.saturating_sub(at).max(0) as f64 / 1000.0
}

fn single(text: &mut String, name: &str, kind: &str, help: &str, value: f64) {
    let _ = writeln!(text, "# HELP hallwatch_{name} {help}\n# TYPE hallwatch_{name} {kind}\nhallwatch_{name} {value}");
}

fn labelled<K: AsRef<str>>(text: &mut String, name: &str, help: &str, label: &str, values: &BTreeMap<K, f64>) {
    let _ = writeln!(text, "# HELP hallwatch_{name} {help}\n# TYPE hallwatch_{name} gauge");
    for (key, value) in values {
        let _ = writeln!(text, "hallwatch_{name}{{{label}=\"{}\"}} {value}", escaped(key.as_ref()));
    }
}

/// A label's value: people name channels, and a quote in a name must not end the line.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn microseconds_are_told_as_seconds_and_counts_as_they_are() {
        let told = in_seconds("commit_microseconds_total", "Time, in microseconds.", 1_500_000.0);
        assert_eq!(told, ("commit_seconds_total".to_owned(), "Time, in seconds.".to_owned(), 1.5));
        assert_eq!(in_seconds("samples_total", "Samples.", 3.0).2, 3.0);
    }

    #[test]
    fn a_label_cannot_end_its_line() {
        let mut text = String::new();
        labelled(&mut text, "x", "X.", "channel", &BTreeMap::from([("a\"b\\c\nd", 1.0)]));
        assert_eq!(text.lines().last(), Some(r#"hallwatch_x{channel="a\"b\\c\nd"} 1"#));
    }
}
