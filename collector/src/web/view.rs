//! Turns the present and the open tickets into what people are shown: each room with its state,
//! its values in words and what is wrong. Pure; the API and the pages show the same.

use std::collections::BTreeMap;

use serde::Serialize;
use wire::{Id, PointName, Source, State, UnixMs};

use crate::{
    config::Language,
    episode::Severity,
    live::{Live, LiveAgent, LivePoint},
    packs::Packs,
    texts,
    tickets::Ticket,
};

/// Without a period of its own a point is stale after this long.
const STALE_MS: i64 = 60_000;
/// A point is stale when it has missed this many of its periods.
const PERIODS_MISSED: f64 = 3.0;
/// What people look for first; everything else follows in the order of its name.
const FIRST: [&str; 4] = ["temperature_celsius", "co2_ppm", "humidity_percent", "illuminance_lux"];
/// Points by which an agent speaks of itself.
const OWN: [&str; 5] = ["spool_", "uplink_", "sampler_", "computer_", "bus_"];

/// How a room is, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RoomState {
    /// Safety or business suffers.
    Bad,
    /// Nothing is heard of it.
    Silent,
    /// Something is wrong that can wait.
    Warn,
    /// It was never heard.
    Unknown,
    /// All is well.
    Ok,
}

impl RoomState {
    /// As one word, for classes, texts and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bad => "bad",
            Self::Silent => "silent",
            Self::Warn => "warn",
            Self::Unknown => "unknown",
            Self::Ok => "ok",
        }
    }
}

/// A point as shown.
#[derive(Debug, Clone, Serialize)]
pub struct PointView {
    /// Its name.
    pub name: PointName,
    /// The agent that reads it.
    pub agent: Id,
    /// The last value.
    pub value: Option<f64>,
    /// When it was read.
    pub at: Option<UnixMs>,
    /// Why there is none now.
    pub fault: Option<String>,
    /// As the agent's `about` says.
    pub unit: String,
    /// The asset it belongs to.
    pub asset: Option<Id>,
    /// The least that is expected.
    pub low: Option<f64>,
    /// The greatest.
    pub high: Option<f64>,
    /// What a 0/1 point should be.
    pub good: Option<bool>,
    /// Older than it should be.
    pub stale: bool,
    /// Not what is expected.
    pub out_of_band: bool,
    /// A 0/1 point.
    #[serde(skip)]
    pub switch: bool,
    /// The sensor that reads it.
    #[serde(skip)]
    pub sensor: Option<String>,
    /// About the agent, not about the room.
    #[serde(skip)]
    pub own: bool,
}

/// An agent as shown.
#[derive(Debug, Clone, Serialize)]
pub struct AgentView {
    /// Its name.
    pub agent: Id,
    /// Online, stopped, lost or unknown.
    pub state: &'static str,
    /// Version of its program.
    pub version: Option<String>,
    /// The computer.
    pub model: Option<String>,
    /// When its newest sample was read.
    pub sample_at: Option<UnixMs>,
    /// When the collector last heard of it.
    pub received_at: Option<UnixMs>,
    /// Samples that wait in it.
    pub waiting: Option<f64>,
}

/// A room as shown.
#[derive(Debug, Clone, Serialize)]
pub struct RoomView {
    /// Its venue.
    pub venue: Id,
    /// The room.
    pub room: Id,
    /// How it is.
    pub state: RoomState,
    /// When its newest sample was read.
    pub sample_at: Option<UnixMs>,
    /// Its agents.
    pub agents: Vec<AgentView>,
    /// Its points.
    pub points: Vec<PointView>,
    /// Numbers of its open tickets, the worst first.
    pub tickets: Vec<String>,
}

/// Every room that was ever heard of, the worst first.
#[must_use]
pub fn rooms(live: &Live, open: &[Ticket], packs: &Packs, now: UnixMs) -> Vec<RoomView> {
    let mut by_room: BTreeMap<(&Id, &Id), Vec<(&Source, &LiveAgent)>> = BTreeMap::new();
    for (source, agent) in &live.agents {
        by_room.entry((&source.venue, &source.room)).or_default().push((source, agent));
    }
    let mut rooms: Vec<RoomView> =
        by_room.into_iter().map(|((venue, room), agents)| one(venue, room, &agents, open, packs, now)).collect();
    // Stable: rooms in the same state stay in the order of their names.
    rooms.sort_by_key(|room| room.state);
    rooms
}

fn one(
    venue: &Id,
    room: &Id,
    agents: &[(&Source, &LiveAgent)],
    open: &[Ticket],
    packs: &Packs,
    now: UnixMs,
) -> RoomView {
    let mut tickets: Vec<&Ticket> = open.iter().filter(|t| t.venue == *venue && t.room == *room).collect();
    tickets.sort_by_key(|ticket| (ticket.severity, ticket.opened_at));
    let mut points: Vec<PointView> = agents
        .iter()
        .flat_map(|(source, agent)| {
            agent.points.iter().map(|(name, point)| point_view(source, agent, name, point, packs, now))
        })
        .collect();
    points.sort_by_key(|point| {
        let first = FIRST.iter().position(|name| *name == point.name.as_str());
        (point.own, first.unwrap_or(FIRST.len()), point.name.clone())
    });
    let sample_at = agents.iter().filter_map(|(_, agent)| agent.sample_at).max();
    RoomView {
        venue: venue.clone(),
        room: room.clone(),
        state: state_of(agents, &points, &tickets, sample_at),
        sample_at,
        agents: agents.iter().map(|(source, agent)| agent_view(source, agent)).collect(),
        points,
        tickets: tickets.into_iter().map(|ticket| ticket.number.clone()).collect(),
    }
}

fn state_of(
    agents: &[(&Source, &LiveAgent)],
    points: &[PointView],
    tickets: &[&Ticket],
    sample_at: Option<UnixMs>,
) -> RoomState {
    let all_stale = !points.is_empty() && points.iter().all(|point| point.stale);
    let all_gone = agents.iter().all(|(_, agent)| matches!(agent.state, Some(State::Lost | State::Stopped)));
    match tickets.first().map(|ticket| ticket.severity) {
        _ if sample_at.is_none() => RoomState::Unknown,
        _ if all_stale || all_gone => RoomState::Silent,
        Some(Severity::P1 | Severity::P2) => RoomState::Bad,
        Some(Severity::P3 | Severity::P4) => RoomState::Warn,
        None if points.iter().any(|point| point.fault.is_some() && !point.own) => RoomState::Warn,
        None => RoomState::Ok,
    }
}

fn point_view(
    source: &Source,
    agent: &LiveAgent,
    name: &PointName,
    point: &LivePoint,
    packs: &Packs,
    now: UnixMs,
) -> PointView {
    let about = agent.about.as_ref().and_then(|about| about.points.get(name));
    let (low, high) = packs.band(&source.room, name).unwrap_or_default();
    let value = point.value.map(|(_, value)| value).filter(|_| point.fault.is_none());
    let period_ms = about.and_then(|about| about.period_seconds).map(|seconds| seconds * 1_000.0 * PERIODS_MISSED);
    let stale_ms = period_ms.map_or(STALE_MS, |ms| (ms as i64).max(STALE_MS));
    let good = packs.good_state(&source.room, name);
    let outside = |value: f64| {
        low.is_some_and(|low| value < low)
            || high.is_some_and(|high| value > high)
            || good.is_some_and(|good| good != (value >= 0.5))
    };
    let plain = about.is_some_and(|about| about.unit == "/" && about.low == Some(0.0) && about.high == Some(1.0));
    PointView {
        name: name.clone(),
        agent: source.agent.clone(),
        value,
        at: point.value.map(|(at, _)| at),
        fault: point.fault.as_ref().map(|fault| fault.as_str().to_owned()),
        unit: about.map(|about| about.unit.clone()).unwrap_or_default(),
        asset: about.and_then(|about| about.asset.clone()),
        low,
        high,
        good,
        stale: now - point.at > stale_ms,
        out_of_band: value.is_some_and(outside),
        switch: plain && about.is_some_and(|about| about.precision == Some(0)),
        sensor: about.and_then(|about| about.sensor.clone()),
        own: OWN.iter().any(|prefix| name.as_str().starts_with(prefix)),
    }
}

fn agent_view(source: &Source, agent: &LiveAgent) -> AgentView {
    let waiting = agent.points.get("spool_depth_count").and_then(|point| point.value).map(|(_, value)| value);
    AgentView {
        agent: source.agent.clone(),
        state: match agent.state {
            Some(State::Online) => "online",
            Some(State::Stopped) => "stopped",
            Some(State::Lost) => "lost",
            None => "unknown",
        },
        version: agent.version.clone(),
        model: agent.about.as_ref().map(|about| about.model.clone()),
        sample_at: agent.sample_at,
        received_at: agent.received_at,
        waiting,
    }
}

/// A point's value in words: `21.3 °C`, `有电`, or why there is none.
#[must_use]
pub fn value_words(language: Language, point: &PointView) -> String {
    if let Some(fault) = &point.fault {
        return texts::fault(language, &wire::Fault::from_wire(fault)).into_owned();
    }
    match point.value {
        None => "–".into(),
        Some(value) if point.switch => switch_words(language, &point.name, value),
        Some(value) => texts::value(Some(&point.name), rounded(value)),
    }
}

/// What a 0/1 point says: `amplifier_power_on` 1 is `有电`.
#[must_use]
pub fn switch_words(language: Language, name: &PointName, value: f64) -> String {
    let on = value >= 0.5;
    texts::switch(language, name, on).unwrap_or(if on { "1" } else { "0" }).to_owned()
}

/// What is expected, in words: `18 – 22 °C`, `有电`.
#[must_use]
pub fn band_words(language: Language, point: &PointView) -> String {
    if let Some(good) = point.good {
        return switch_words(language, &point.name, if good { 1.0 } else { 0.0 });
    }
    let value = |value: f64| texts::value(Some(&point.name), value);
    match (point.low, point.high) {
        (Some(low), Some(high)) => format!("{} – {}", texts::value(None, low), value(high)),
        (Some(low), None) => format!("≥ {}", value(low)),
        (None, Some(high)) => format!("≤ {}", value(high)),
        (None, None) => String::new(),
    }
}

/// How long ago something was, in words.
#[must_use]
pub fn age_words(language: Language, at: Option<UnixMs>, now: UnixMs) -> String {
    /// Below this nobody cares for the number.
    const JUST_NOW_MS: i64 = 3_000;
    match at {
        None => texts::get(language, "web.never").into(),
        Some(at) if now - at < JUST_NOW_MS => texts::get(language, "web.age_now").into(),
        Some(at) => texts::fill(language, "web.age", &[("age", &texts::duration(language, now - at))]),
    }
}

/// No more digits than a glance takes in.
fn rounded(value: f64) -> f64 {
    if value.abs() >= 100.0 { value.round() } else { (value * 10.0).round() / 10.0 }
}
