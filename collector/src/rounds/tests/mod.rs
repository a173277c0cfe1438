//! Rounds as promises: when they are due, what proves them, and what follows where nobody made them.

mod life;
mod property;
mod when;

use std::sync::Arc;

use jiff::Timestamp;
use wire::{Id, UnixMs};

use super::{Effect, Event, Plans, Round, State, step};
use crate::venues::{Holidays, Venues};

pub(super) fn id(text: &str) -> Id {
    Id::parse(text).unwrap()
}

pub(super) fn ms(text: &str) -> UnixMs {
    text.parse::<Timestamp>().unwrap().as_millisecond()
}

/// Venues in Shanghai unless they say otherwise, with these days off and make-up days.
pub(super) fn venues(text: &str, days_off: &[&str]) -> Venues {
    let mut holidays = Holidays::default();
    let day = |date: &&str| format!(r#"{{"name":"x","date":"{date}","isOffDay":true}}"#);
    let days: Vec<_> = days_off.iter().map(day).collect();
    holidays.add(&format!(r#"{{"year":2026,"days":[{}]}}"#, days.join(","))).unwrap();
    Venues::of(&[("venues.toml".into(), text.into())], holidays, "Asia/Shanghai").unwrap()
}

pub(super) fn plans(text: &str) -> Arc<Plans> {
    Arc::new(Plans::of(&venues(text, &[])))
}

/// A stage with what it did, for one step after the other.
pub(super) struct Desk {
    pub state: State,
    pub effects: Vec<Effect>,
}

impl Desk {
    pub fn new(text: &str) -> Self {
        Self { state: State::new(plans(text)), effects: Vec::new() }
    }

    /// What follows of one event.
    pub fn at(&mut self, now: UnixMs, event: &Event) -> Vec<Effect> {
        let mut out = Vec::new();
        step(&mut self.state, event, now, &mut out);
        self.effects.extend(out.clone());
        out
    }

    pub fn tick(&mut self, at: &str) -> Vec<Effect> {
        self.at(ms(at), &Event::Tick)
    }

    pub fn says(&mut self, at: &str, who: &str, round: &str, check: &str, wrong: Option<&str>) -> Vec<Effect> {
        let event = Event::Person {
            who: who.into(),
            round: round.into(),
            check: check.into(),
            passed: wrong.is_none(),
            note: wrong.unwrap_or_default().into(),
        };
        self.at(ms(at), &event)
    }

    pub fn round(&self, name: &str) -> &Round {
        self.state.rounds().find(|round| round.name() == name).unwrap_or_else(|| panic!("no {name}"))
    }
}
