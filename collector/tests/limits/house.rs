//! A venue with one ticket, over the real files of venues and the real deciding: it is opened by hand, so
//! that nothing but people and time act on it.

use std::{collections::HashMap, fmt::Write as _, sync::Arc};

use collector::{
    episode::Severity,
    tickets::{Action, Effect, Event, HoldReason, Settings, State, Ticket, Transition, step},
    venues::{Holidays, Venues},
};
use wire::{Id, UnixMs};

use crate::walk::{Agreed, Deed, Hours};

/// A venue, its ticket, and what the ledger would hold of it.
pub struct House {
    pub state: State,
    pub venues: Arc<Venues>,
    /// Whether the collector is started anew before each tick.
    pub restarts: bool,
    stored: Ticket,
}

pub fn id(text: &str) -> Id {
    Id::parse(text).unwrap()
}

/// The file of a venue.
pub fn file(hours: &Hours, agreed: &Agreed) -> String {
    let time = |minute: i64| format!("{:02}:{:02}", minute / 60, minute % 60);
    let zone = hours.zone.iana_name().unwrap();
    let mut text = format!("[venue.v]\nzone = \"{zone}\"\nmake_up_day_as = \"own\"\n");
    if agreed.chain.is_empty() {
        // No chain, and not the usual one.
        text.push_str("escalation = { P2 = [] }\n");
    }
    for (days, open, close) in &hours.entries {
        let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        let days: Vec<_> = names.iter().zip(days).filter(|(_, is)| **is).map(|(name, _)| name).collect();
        let (open, close) = (time(*open), time(*close));
        writeln!(text, "[[venue.v.hours]]\ndays = {days:?}\nopen = \"{open}\"\nclose = \"{close}\"").unwrap();
    }
    if let Some((open, close)) = hours.holiday.filter(|_| !hours.entries.is_empty()) {
        let (open, close) = (time(open), time(close));
        writeln!(text, "[[venue.v.hours]]\nkind = \"holiday\"\nopen = \"{open}\"\nclose = \"{close}\"").unwrap();
    }
    for day in hours.shut.iter().filter(|_| !hours.entries.is_empty()) {
        writeln!(text, "[[venue.v.hours]]\nkind = \"closed\"\nfrom = \"{day}\"\nto = \"{day}\"").unwrap();
    }
    text.push_str("[venue.v.team.av]\n[venue.v.team.boss]\n");
    let clock = if agreed.open_clock { "open" } else { "always" };
    let Agreed { acknowledge, arrive, fix, .. } = agreed;
    writeln!(
        text,
        "[venue.v.limits.P2]\nacknowledge = \"{acknowledge}s\"\narrive = \"{arrive}s\"\nfix = \"{fix}s\"\nclock = \"{clock}\""
    )
    .unwrap();
    for (place, (seconds, before_limit, team)) in agreed.chain.iter().enumerate() {
        let key = if *before_limit { "before_limit" } else { "after" };
        let told = format!("team = \"{team}\"\nchannels = [\"c{place}\"]");
        writeln!(text, "[[venue.v.escalation.P2]]\n{key} = \"{seconds}s\"\n{told}").unwrap();
    }
    text
}

fn holidays(hours: &Hours) -> Holidays {
    let mut holidays = Holidays::default();
    let line = |day: &jiff::civil::Date| format!("{{\"name\":\"x\",\"date\":\"{day}\",\"isOffDay\":true}}");
    let days: Vec<_> = hours.off.iter().map(line).collect();
    holidays.add(&format!("{{\"year\":2026,\"days\":[{}]}}", days.join(","))).unwrap();
    holidays
}

impl House {
    /// The ticket is opened at `second`.
    pub fn open(hours: &Hours, agreed: &Agreed, second: i64) -> Self {
        let text = file(hours, agreed);
        let venues = Venues::of(&[("v.toml".into(), text.clone())], holidays(hours), "UTC");
        Self::of(Arc::new(venues.unwrap_or_else(|e| panic!("{e}\n{text}"))), Severity::P2, second)
    }

    /// The same, of a file.
    pub fn of(venues: Arc<Venues>, severity: Severity, second: i64) -> Self {
        let mut state = State::new(Settings::default(), HashMap::new(), venues.clone());
        let action = Action::Open {
            venue: id("v"),
            room: id("k01"),
            asset: None,
            severity,
            team: id("av"),
            description: "hums".into(),
            origin: collector::tickets::Origin::Person,
        };
        let mut out = Vec::new();
        let event = Event::Person { who: "chen".into(), ticket: String::new(), action };
        step(&mut state, &event, second * 1_000, &mut out);
        let stored = stored(&out).expect("a ticket is opened");
        Self { state, venues, restarts: false, stored }
    }

    pub fn ticket(&self) -> &Ticket {
        self.state.ticket(&self.stored.number).unwrap()
    }

    /// Lets time pass until `second`; what was told.
    pub fn tick(&mut self, second: i64) -> Vec<String> {
        if self.restarts {
            self.state = State::new(Settings::default(), HashMap::new(), self.venues.clone());
            self.state.restore(self.stored.id, [self.stored.clone()], []);
        }
        let out = self.step(&Event::Tick, second * 1_000);
        let is_now = |moved: &Transition| assert_eq!(moved.at, second * 1_000, "{moved:?}");
        let mut told = Vec::new();
        for effect in &out {
            match effect {
                Effect::Moved(moved) if moved.note.starts_with("late_") => {
                    is_now(moved);
                    told.push(moved.note.clone());
                }
                Effect::Escalated { team, channels, line, .. } => {
                    is_now(out.iter().filter_map(line_of).find(|moved| moved.line == *line).expect("a line says so"));
                    told.push(format!("{}>{team}", channels.join(" ")));
                }
                _ => {}
            }
        }
        told
    }

    fn step(&mut self, event: &Event, now: UnixMs) -> Vec<Effect> {
        let mut out = Vec::new();
        step(&mut self.state, event, now, &mut out);
        if let Some(ticket) = stored(&out) {
            self.stored = ticket;
        }
        out
    }

    /// Does it; whether it could be done.
    pub fn act(&mut self, deed: Deed, second: i64) -> bool {
        let action = match deed {
            Deed::Acknowledge => Action::Acknowledge,
            Deed::Start => Action::Start { anyway: None },
            Deed::Hold(stops) => {
                let why = if stops { HoldReason::Parts } else { HoldReason::Approval };
                Action::Hold { why, reason: "amplifier board".into() }
            }
            Deed::Resume => Action::Resume,
            Deed::Assign => Action::Assign { to: "wang".into() },
            Deed::Fixed => Action::Fixed { note: "soldered".into() },
            Deed::Reopen => Action::Reopen { note: "hums again".into() },
        };
        let event = Event::Person { who: "li".into(), ticket: self.stored.number.clone(), action };
        self.step(&event, second * 1_000).iter().any(|effect| matches!(effect, Effect::Done { .. }))
    }
}

fn line_of(effect: &Effect) -> Option<&Transition> {
    if let Effect::Moved(moved) = effect { Some(moved) } else { None }
}

fn stored(out: &[Effect]) -> Option<Ticket> {
    out.iter()
        .rev()
        .find_map(|effect| if let Effect::Stored(ticket) = effect { Some((**ticket).clone()) } else { None })
}
