//! Who is told: teams with channels of their own, those who watch, chains, and never nobody.

use super::*;
use crate::tickets::tell::{Route, Telling, escalate, tell};

/// `av-group` is for AV, `it-group` for IT, of which Wang is one; `managers` and `mail` are no team's.
struct Given;

impl Plan for Given {
    fn business_day(&self, _venue: &Id, _at: UnixMs) -> u32 {
        20_261_123
    }

    fn channels_of(&self, _venue: &Id, team: &Id) -> Vec<String> {
        let group = format!("{team}-group");
        if self.is_given(&group) { vec![group] } else { Vec::new() }
    }

    fn is_given(&self, channel: &str) -> bool {
        ["av-group", "it-group"].contains(&channel)
    }

    fn teams_of(&self, _venue: &Id, person: &str) -> Vec<Id> {
        if person == "wang" { vec![id("it")] } else { Vec::new() }
    }

    fn quiet_until(&self, _venue: &Id, _severity: Severity, at: UnixMs) -> Option<UnixMs> {
        Some(at + HOUR)
    }
}

fn routes(names: &[&str]) -> Vec<Route> {
    let route = |name: &&str| Route { channel: (*name).into(), teams: Vec::new(), severity_min: Severity::P4 };
    names.iter().map(route).collect()
}

const ALL: [&str; 3] = ["av-group", "it-group", "mail"];

/// A ticket of a team, and the line of its opening.
fn opened(team: &str, severity: Severity) -> (Ticket, Transition) {
    let mut state = state();
    let action = Action::Open {
        venue: id("nanshan"),
        room: id("k01"),
        asset: None,
        severity,
        team: id(team),
        description: "hums".into(),
        origin: crate::tickets::Origin::Person,
    };
    let mut out = Vec::new();
    step(&mut state, &Event::Person { who: "chen".into(), ticket: String::new(), action }, START, &mut out);
    let line = out.iter().find_map(|e| if let Effect::Moved(line) = e { Some(line.clone()) } else { None });
    (state.ticket(TICKET).unwrap().clone(), line.unwrap())
}

fn channels(tellings: &[Telling]) -> Vec<&str> {
    tellings.iter().map(|telling| telling.channel.as_str()).collect()
}

#[test]
fn a_team_with_a_channel_of_its_own_is_told_there_and_no_other_team_is() {
    let (mut ticket, line) = opened("av", Severity::P3);
    assert_eq!(channels(&tell(&ticket, &line, &routes(&ALL), &Given)), ["av-group", "mail"]);
    ticket.watchers = vec!["li".into(), "wang".into()];
    assert_eq!(channels(&tell(&ticket, &line, &routes(&ALL), &Given)), ALL, "who watches is told where his team is");
}

#[test]
fn somebody_is_always_told() {
    let (ticket, line) = opened("hvac", Severity::P3);
    assert_eq!(channels(&tell(&ticket, &line, &routes(&ALL), &Given)), ["mail"]);
    let of_others = routes(&["av-group", "it-group"]);
    assert_eq!(channels(&tell(&ticket, &line, &of_others, &Given)), ["av-group", "it-group"]);
}

#[test]
fn a_chain_tells_the_channels_it_names_else_those_of_its_team_else_everybody() {
    let (ticket, line) = opened("av", Severity::P2);
    let told = |team: &str, named: &[&str]| {
        let named: Vec<String> = named.iter().map(|name| (*name).to_owned()).collect();
        let tellings = escalate(&ticket, &line, (&id(team), &named), &routes(&ALL), &Given);
        channels(&tellings).join(" ")
    };
    assert_eq!(told("it", &["mail"]), "mail");
    assert_eq!(told("it", &[]), "it-group");
    assert_eq!(told("boss", &[]), "mail", "a team without a channel: those that are no team's");
    assert_eq!(told("av", &[plan::EVERY_CHANNEL]), "av-group it-group mail");
    assert_eq!(told("av", &["gone"]), "av-group it-group mail", "a channel that is gone silences nobody");
}

#[test]
fn messages_wait_in_quiet_hours_and_safety_never_does() {
    for (severity, due_at) in [(Severity::P1, START), (Severity::P2, START + HOUR), (Severity::P4, START + HOUR)] {
        let (ticket, line) = opened("av", severity);
        let tellings = tell(&ticket, &line, &routes(&ALL), &Given);
        assert!(!tellings.is_empty() && tellings.iter().all(|telling| telling.due_at == due_at), "{severity:?}");
    }
}
