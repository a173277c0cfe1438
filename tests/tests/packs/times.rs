//! When and where a rule matters, from its pack and what its `when` says: one time, venue and room for which
//! all of it holds, and for each condition another for which that one alone does not.

use std::sync::Arc;

use collector::rules::{Hours, Place, RoomState};
use wire::Id;

use crate::packs::shipped::Shipped;

/// How the venue and the room stand for as long as the test lasts.
#[derive(Clone)]
pub struct Time {
    open: bool,
    /// Month · 100 + day.
    day: u16,
    /// What the venue is.
    kind: &'static str,
    pub room: RoomState,
}

impl Time {
    /// As rules are told of it.
    pub fn place(&self) -> Place {
        let (from, until) = (0, i64::MAX);
        let open = if self.open { vec![(from, until)] } else { Vec::new() };
        let kind = Id::parse(self.kind).ok();
        Place { kind, hours: Arc::new(Hours { from, until, open, days: vec![(from, self.day)] }) }
    }
}

const STATES: [(&str, RoomState); 4] = [
    ("prepared", RoomState::Prepared),
    ("occupied", RoomState::Occupied),
    ("empty", RoomState::Empty),
    ("locked", RoomState::Locked),
];

const KINDS: [&str; 5] = ["ktv", "telecom-hall", "bank", "restaurant", "shop"];

/// A time at which the rule matters, and times at which it does not.
pub fn of(rule: &Shipped) -> (Time, Vec<Time>) {
    let when = rule.keys.get("when").and_then(toml::Value::as_table).cloned().unwrap_or_default();
    let says = |key: &str| when.get(key).is_some_and(|yes| yes.as_bool().unwrap());
    let list = |key: &str| -> Vec<String> {
        let list = when.get(key).and_then(toml::Value::as_array);
        list.into_iter().flatten().map(|value| value.as_str().unwrap().to_owned()).collect()
    };
    let (states, seasons) = (list("states"), list("seasons"));
    let in_states = |name: &str| states.iter().any(|state| state == name);
    let right = Time {
        open: !says("closed"),
        day: seasons.first().map_or(1_123, |season| day(&season[..5])),
        kind: KINDS.iter().find(|kind| **kind == rule.pack).copied().unwrap_or(KINDS[0]),
        room: STATES.iter().find(|(name, _)| states.is_empty() || in_states(name)).unwrap().1,
    };
    let mut wrong = Vec::new();
    // `base` is for every venue, another pack for those of its name.
    if rule.pack != "base" {
        wrong.push(Time { kind: "museum", ..right.clone() });
    }
    if says("open") || says("closed") {
        wrong.push(Time { open: !right.open, ..right.clone() });
    }
    // No season of ours holds in the middle of spring.
    if !seasons.is_empty() {
        wrong.push(Time { day: 415, ..right.clone() });
    }
    if !states.is_empty() {
        let others = STATES.iter().filter(|(name, _)| !in_states(name));
        wrong.extend(others.map(|(_, room)| Time { room: *room, ..right.clone() }));
    }
    (right, wrong)
}

fn day(text: &str) -> u16 {
    let (month, day) = text.split_once('-').unwrap();
    month.parse::<u16>().unwrap() * 100 + day.parse::<u16>().unwrap()
}
