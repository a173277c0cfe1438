//! What else changed in a room before something went wrong: contacts that switched, numbers that moved far
//! more than they had, faults, silences, restarts of agents, other tickets; the most telling of them. Pure.

use std::collections::BTreeMap;

use wire::{Fault, Id, PointName, Sample, Source, UnixMs};

use crate::{
    episode::Severity,
    texts,
    tickets::{Stage, Ticket},
};

/// Changes are looked for so long before the violation began, in ms.
pub const BEFORE_MS: i64 = 3_600_000;
/// … and so long after: what is read at long intervals shows a little later.
pub const AFTER_MS: i64 = 5 * 60_000;
/// How a number moved in so long before that is what it usually does.
pub const USUAL_MS: i64 = 3 * 3_600_000;
/// Changes that are told.
pub const TOLD_MAX: usize = 3;
/// A silence of an agent is worth a line from here on, if it is also longer than a few of its periods.
const SILENCE_MS: i64 = 5 * 60_000;
const SILENCE_PERIODS: i64 = 3;
/// A contact that switches more often in an hour tells nothing.
const SWITCHES_MAX: usize = 6;
/// A number must have moved by so many times what it usually does.
const UNUSUAL: f64 = 1.5;
/// So few readings say nothing of what is usual.
const USUAL_COUNT_MIN: usize = 10;
/// Points by which an agent speaks of itself.
const OWN: [&str; 4] = ["spool_", "uplink_", "sampler_", "computer_"];
/// What is worth a word, by the unit at the end of a point's name: below this people feel nothing.
const FLOORS: [(&str, f64); 16] = [
    ("_celsius", 1.5),
    ("_percent", 10.0),
    ("_ppm", 250.0),
    ("_lux", 100.0),
    ("_ampere", 0.5),
    ("_volt", 10.0),
    ("_watt", 50.0),
    ("_decibel", 10.0),
    ("_dba", 10.0),
    ("_db", 10.0),
    ("_dbm", 10.0),
    ("_ug_m3", 30.0),
    ("_hpa", 3.0),
    ("_hectopascal", 3.0),
    ("_mbit_s", 20.0),
    ("_ms", 50.0),
];
/// Numbers that only ever grow or fall by themselves: clocks, counters, days left.
const COUNTERS: [&str; 6] = ["_seconds", "_hours", "_days", "_count", "_total", "_bytes"];

/// Something that changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// When.
    pub at: UnixMs,
    /// What.
    pub what: What,
    /// How much it tells; greater is more.
    pub weight: f64,
}

/// What changed.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// A 0/1 point switched for the last time.
    Switched {
        /// The point.
        point: PointName,
        /// To 1.
        on: bool,
    },
    /// A number moved far; both are readings.
    Moved {
        /// The point.
        point: PointName,
        /// When the first was read.
        since: UnixMs,
        /// The reading that it came from.
        from: f64,
        /// The last reading.
        to: f64,
    },
    /// Points had no value any more.
    Fault {
        /// The points.
        points: Vec<PointName>,
        /// Why.
        fault: Fault,
    },
    /// Nothing came from an agent for a while; the change's instant is its end.
    Silent {
        /// The agent.
        agent: Id,
        /// Since when.
        since: UnixMs,
    },
    /// The computer of an agent started anew.
    Restarted {
        /// The agent.
        agent: Id,
    },
    /// Another ticket of the room.
    Ticket(Box<Ticket>),
}

/// Samples of an agent of the room.
#[derive(Debug, Clone)]
pub struct Told {
    /// Whose.
    pub source: Source,
    /// Those of the time before, which say what is usual; in order.
    pub usual: Vec<Sample>,
    /// Those of the time in question; in order.
    pub samples: Vec<Sample>,
}

/// The most telling changes among what agents told and other tickets of the room, in order of time.
/// `own` are the points that the ticket itself is about.
#[must_use]
pub fn changes(told: &[Told], others: Vec<Ticket>, own: &[&PointName]) -> Vec<Change> {
    // What a ticket tells need not be told again.
    let theirs: Vec<&PointName> = others.iter().flat_map(|t| t.open_points.iter().chain(&t.worst_point)).collect();
    let own: Vec<&PointName> = own.iter().copied().chain(theirs).collect();
    let mut all: Vec<Change> = told.iter().flat_map(|told| of_agent(told, &own)).collect();
    all.extend(others.into_iter().map(|ticket| {
        let weight = if ticket.severity <= Severity::P2 { 5.0 } else { 4.0 };
        Change { at: ticket.began_at, what: What::Ticket(Box::new(ticket)), weight }
    }));
    // Equal weights: the newest first, so that the same samples always give the same lines.
    all.sort_by(|a, b| b.weight.total_cmp(&a.weight).then(b.at.cmp(&a.at)));
    all.truncate(TOLD_MAX);
    all.sort_by_key(|change| change.at);
    all
}

/// Whether a ticket of the same room says something about what happened.
#[must_use]
pub fn is_telling(other: &Ticket, ticket: &Ticket, at: UnixMs) -> bool {
    let near = (ticket.began_at - BEFORE_MS..=ticket.began_at + AFTER_MS).contains(&other.began_at);
    other.id != ticket.id && near && other.opened_at <= at && other.stage != Stage::Duplicate
}

fn of_agent(told: &Told, own: &[&PointName]) -> Vec<Change> {
    let mut all = breaks(told);
    all.extend(faults(told, own));
    let (mut usual, mut now) = (columns(&told.usual), columns(&told.samples));
    now.retain(|point, _| !own.contains(point) && !OWN.iter().any(|start| point.as_str().starts_with(start)));
    for (point, readings) in now {
        let before = usual.remove(point).unwrap_or_default();
        let change = if texts::is_switch(point) { switched } else { moved };
        all.extend(change(point, &before, &readings));
    }
    all
}

type Readings = Vec<(UnixMs, f64)>;

fn columns(samples: &[Sample]) -> BTreeMap<&PointName, Readings> {
    let mut columns: BTreeMap<&PointName, Readings> = BTreeMap::new();
    for sample in samples {
        for (point, value) in &sample.points {
            columns.entry(point).or_default().push((sample.at, *value));
        }
    }
    columns
}

/// Restarts and silences of the agent itself.
fn breaks(told: &Told) -> Vec<Change> {
    let agent = &told.source.agent;
    let last_before = told.usual.last();
    let all: Vec<&Sample> = last_before.into_iter().chain(&told.samples).collect();
    let mut periods: Vec<i64> = all.windows(2).map(|pair| pair[1].at - pair[0].at).collect();
    periods.sort_unstable();
    let usual = periods.get(periods.len() / 2).copied().unwrap_or(0);
    let mut changes = Vec::new();
    for pair in all.windows(2) {
        let (since, at) = (pair[0].at, pair[1].at);
        if pair[0].boot != pair[1].boot {
            changes.push(Change { at, what: What::Restarted { agent: agent.clone() }, weight: 3.0 });
        } else if at - since >= SILENCE_MS.max(usual * SILENCE_PERIODS) {
            changes.push(Change { at, what: What::Silent { agent: agent.clone(), since }, weight: 1.8 });
        }
    }
    changes
}

/// Faults that were not there before, those of one sample and reason in one.
fn faults(told: &Told, own: &[&PointName]) -> Vec<Change> {
    let mut known: Vec<&PointName> = Vec::new();
    if let Some(sample) = told.usual.last() {
        known.extend(sample.faults.iter().map(|(point, _)| point));
    }
    let mut found: Vec<(UnixMs, &Fault, Vec<PointName>)> = Vec::new();
    for sample in &told.samples {
        for (point, fault) in &sample.faults {
            // A sensor that warms up after a start is told as the start.
            if known.contains(&point) || own.contains(&point) || *fault == Fault::WarmingUp {
                continue;
            }
            known.push(point);
            match found.iter_mut().find(|(at, other, _)| *at == sample.at && *other == fault) {
                Some((.., points)) => points.push(point.clone()),
                None => found.push((sample.at, fault, vec![point.clone()])),
            }
        }
    }
    let change = |(at, fault, points): (UnixMs, &Fault, Vec<PointName>)| Change {
        at,
        what: What::Fault { points, fault: fault.clone() },
        weight: 2.8,
    };
    found.into_iter().map(change).collect()
}

fn switched(point: &PointName, before: &Readings, readings: &Readings) -> Option<Change> {
    let on = |value: f64| value >= 0.5;
    let all: Vec<(UnixMs, f64)> = before.last().into_iter().chain(readings).copied().collect();
    let flips: Vec<UnixMs> =
        all.windows(2).filter(|pair| on(pair[0].1) != on(pair[1].1)).map(|pair| pair[1].0).collect();
    let last = *flips.last()?;
    let now_on = all.last().is_some_and(|(_, value)| on(*value));
    #[expect(clippy::cast_precision_loss, reason = "a handful")]
    let weight = 3.6 / flips.len() as f64;
    let what = What::Switched { point: point.clone(), on: now_on };
    (flips.len() <= SWITCHES_MAX).then_some(Change { at: last, what, weight })
}

fn moved(point: &PointName, before: &Readings, readings: &Readings) -> Option<Change> {
    if COUNTERS.iter().any(|end| point.as_str().ends_with(end)) {
        return None;
    }
    let (at, to) = *readings.last()?;
    let far = |reading: &(UnixMs, f64)| (reading.1 - to).abs();
    // Of readings equally far the last: so it says how fast it went.
    let (since, from) = *readings.iter().max_by(|a, b| far(a).total_cmp(&far(b)))?;
    let distance = (to - from).abs();
    let floor = FLOORS.iter().find(|(end, _)| point.as_str().ends_with(end)).map(|(_, floor)| *floor);
    let floor = floor.unwrap_or_else(|| 0.2 * from.abs().max(to.abs())).max(f64::MIN_POSITIVE);
    let values = before.iter().map(|(_, value)| *value);
    let (low, high) = values.fold((f64::MAX, f64::MIN), |(low, high), v| (low.min(v), high.max(v)));
    let usual = if before.len() < USUAL_COUNT_MIN { 0.0 } else { high - low };
    let times = distance / usual.max(floor / UNUSUAL);
    let what = What::Moved { point: point.clone(), since, from, to };
    (distance >= floor && times >= UNUSUAL).then_some(Change { at, what, weight: 1.0 + times.min(10.0) * 0.25 })
}
