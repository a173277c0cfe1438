//! The cause of a ticket and what follows from it, in words: what its title says instead of its rule, the
//! next step, and the rooms that suffer. Looks nothing up.

use super::{Ticket, text::Scene};
use crate::{
    episode::Cause,
    texts::{self, fill},
};

/// Symptoms that one line names; the others are counted.
const NAMED_MAX: usize = 6;

/// What is wrong, where the cause is more than what the ticket's rule watches.
#[must_use]
pub fn what(ticket: &Ticket, scene: Scene<'_>) -> Option<String> {
    let say = |key: &str, blanks: &[(&str, &str)]| fill(scene.language, key, blanks);
    Some(match ticket.cause.as_ref()? {
        Cause::Uplink { agents } => say("cause.uplink", &[("count", &agents.to_string())]),
        Cause::Bus { agent, bus } => say("cause.bus", &[("agent", agent.as_str()), ("bus", bus)]),
        Cause::Sensor { agent, sensor } => say("cause.sensor", &[("agent", agent.as_str()), ("sensor", sensor)]),
        Cause::Shared { host, rooms } => {
            let asset = ticket.asset.as_ref();
            let asset = asset.map(|a| scene.venues.asset_name(&ticket.venue, a, scene.language)).unwrap_or_default();
            say("cause.shared", &[("asset", &asset), ("count", &rooms.to_string()), ("host", host)])
        }
    })
}

/// What to do next about such a cause.
#[must_use]
pub fn hint(ticket: &Ticket, scene: Scene<'_>) -> Option<&'static str> {
    let key = match ticket.cause.as_ref()? {
        Cause::Uplink { .. } => "cause.uplink_hint",
        Cause::Bus { .. } => "cause.bus_hint",
        Cause::Sensor { .. } => "cause.sensor_hint",
        Cause::Shared { .. } => "cause.shared_hint",
    };
    Some(texts::get(scene.language, key))
}

/// What follows from the cause, in one line; `None` where nothing does.
#[must_use]
pub fn symptoms(ticket: &Ticket, scene: Scene<'_>) -> Option<String> {
    let mut names: Vec<String> = Vec::new();
    for symptom in &ticket.symptoms {
        let room = scene.venues.room_name(&ticket.venue, &symptom.room, scene.language);
        let what = symptom.point.as_ref().map_or_else(
            || texts::get(scene.language, "cause.agent").into(),
            |point| texts::point(scene.language, point),
        );
        let name = fill(scene.language, "cause.symptom", &[("room", &room), ("what", &what)]);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let count = usize::try_from(ticket.symptom_count).unwrap_or(usize::MAX);
    let more = names.len() > NAMED_MAX || count > ticket.symptoms.len();
    names.truncate(NAMED_MAX);
    let list = names.join(texts::get(scene.language, "join.list"));
    match (list.is_empty(), more) {
        (true, _) => None,
        (false, false) => Some(fill(scene.language, "cause.symptoms", &[("list", &list)])),
        (false, true) => {
            let blanks = [("list", &*list), ("count", &count.to_string())];
            Some(fill(scene.language, "cause.symptoms_more", &blanks))
        }
    }
}
