//! The cause of a ticket and what follows from it, in words: what its title says instead of its rule, the
//! next step, and the rooms that suffer. Looks nothing up.

use std::{borrow::Cow, collections::BTreeSet};

use wire::{Id, PointName};

use super::{Ticket, Transition, note, text::Scene};
use crate::{
    config::Language,
    episode::Cause,
    texts::{self, fill},
};

/// Rooms, and things, that one line names; the others are counted.
const NAMED_MAX: usize = 8;

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

/// What follows from the cause, in one line: each thing with the rooms that miss it; `None` where nothing does.
#[must_use]
pub fn symptoms(ticket: &Ticket, scene: Scene<'_>) -> Option<String> {
    let language = scene.language;
    let mut rooms_of: Vec<(Cow<'_, str>, BTreeSet<&Id>)> = Vec::new();
    for symptom in &ticket.symptoms {
        let what = thing(symptom.point.as_ref(), language);
        match rooms_of.iter_mut().find(|(other, _)| *other == what) {
            Some((_, rooms)) => drop(rooms.insert(&symptom.room)),
            None => rooms_of.push((what, BTreeSet::from([&symptom.room]))),
        }
    }
    let join = texts::get(language, "join.list");
    let one = |(what, rooms): &(Cow<'_, str>, BTreeSet<&Id>)| {
        let names = rooms.iter().take(NAMED_MAX).map(|room| scene.venues.room_name(&ticket.venue, room, language));
        let mut list = names.collect::<Vec<_>>().join(join);
        if rooms.len() > NAMED_MAX {
            list = fill(language, "cause.rooms_more", &[("list", &list), ("count", &rooms.len().to_string())]);
        }
        fill(language, "cause.symptom", &[("what", what), ("rooms", &list)])
    };
    let list: Vec<String> = rooms_of.iter().take(NAMED_MAX).map(one).collect();
    let count = usize::try_from(ticket.symptom_count).unwrap_or(usize::MAX);
    let blanks = [("list", &*list.join(texts::get(language, "join.clause"))), ("count", &count.to_string())];
    let all_named = count <= ticket.symptoms.len() && rooms_of.len() <= NAMED_MAX;
    let key = if all_named { "cause.symptoms" } else { "cause.symptoms_more" };
    (!list.is_empty()).then(|| fill(language, key, &blanks))
}

/// A line of history that says what is good again while the cause may not be, in words.
pub(super) fn over(moved: &Transition, language: Language) -> Option<String> {
    let (room, point) = moved.note.strip_prefix(note::SYMPTOM_OVER)?.strip_prefix(':')?.split_once('/')?;
    let (room, point) = (Id::parse(room).ok()?, PointName::parse(point).ok());
    let blanks = [("room", &*texts::room(language, &room)), ("what", &*thing(point.as_ref(), language))];
    Some(fill(language, "cause.symptom_over", &blanks))
}

fn thing(point: Option<&PointName>, language: Language) -> Cow<'static, str> {
    point.map_or_else(|| texts::get(language, "cause.agent").into(), |point| texts::point(language, point))
}
