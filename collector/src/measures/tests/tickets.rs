//! The history of tickets as lines, made by the deciders themselves.

use std::collections::HashMap;

use super::*;
use crate::{
    episode::{EpisodeKey, Home, Seen, Severity, Subject},
    tickets::{self, Action, Effect, Event, HoldReason, Ticket, Transition},
};

const MINUTE: i64 = 60_000;

struct Life {
    facts: Facts,
    state: tickets::State,
    now: UnixMs,
    out: Vec<Effect>,
}

impl Life {
    fn begin() -> Self {
        let facts = facts();
        let venues = Venues::of(&[("v.toml".into(), VENUES.into())], Holidays::default(), "Asia/Shanghai").unwrap();
        let known = facts.packs().facts();
        let state = tickets::State::new(tickets::Settings::default(), known, Arc::new(venues));
        Self { facts, state, now: ms("2026-11-23T20:00:00+08:00"), out: Vec::new() }
    }

    fn key(&self, began_at: UnixMs) -> EpisodeKey {
        EpisodeKey {
            rule: id("air-temperature"),
            subject: Subject { source: source("nanshan"), point: Some(point("temperature_celsius")) },
            began_at,
        }
    }

    fn step(&mut self, event: &Event) {
        tickets::step(&mut self.state, event, self.now, &mut self.out);
    }

    fn open(&mut self, began_at: UnixMs, severity: Severity) {
        let key = self.key(began_at);
        let home = Home::own(&key, Some(id("song-box-12")), severity, id("hvac"));
        self.step(&Event::Began { key, home, seen: Seen { at: self.now, value: Some(25.0), limit: Some(22.0) } });
    }

    fn end(&mut self, began_at: UnixMs) {
        let key = self.key(began_at);
        self.step(&Event::Ended { key, seen: Seen { at: self.now, value: Some(20.0), limit: Some(22.0) } });
    }

    fn person(&mut self, action: Action) {
        self.step(&Event::Person { who: "李雷".into(), ticket: "nanshan-20261123-001".into(), action });
        assert!(!matches!(self.out.last(), Some(Effect::Refused { .. })), "{:?}", self.out.last());
    }

    /// Minutes pass, one tick each.
    fn pass(&mut self, minutes: i64) {
        for _ in 0..minutes {
            self.now += MINUTE;
            self.step(&Event::Tick);
        }
    }

    fn history(&self) -> Vec<Transition> {
        self.out.iter().filter_map(|e| if let Effect::Moved(moved) = e { Some(moved.clone()) } else { None }).collect()
    }

    fn ticket(&self) -> Ticket {
        let mut stored = self.out.iter().filter_map(|e| if let Effect::Stored(t) = e { Some(t) } else { None });
        (**stored.next_back().unwrap()).clone()
    }

    /// Every line, checked against the table.
    fn lines(&self) -> Vec<Parsed> {
        let mut text = String::new();
        transition_lines(&mut text, &self.facts, &self.ticket(), &self.history(), 1);
        let all = lines(&text);
        for line in &all {
            assert_eq!(strangers(line), Vec::<String>::new(), "{line:?}");
        }
        assert_eq!(all.len(), self.history().len());
        all
    }
}

fn events(lines: &[Parsed]) -> Vec<&str> {
    lines.iter().map(|line| line.tags["event"].as_str()).collect()
}

fn sum(lines: &[Parsed], field: &str) -> f64 {
    lines.iter().filter_map(|line| line.number(field)).sum()
}

#[test]
fn a_whole_life_gives_each_figure_once() {
    let mut life = Life::begin();
    let begin = life.now;
    life.open(begin, Severity::P2);
    life.pass(4);
    life.person(Action::Acknowledge);
    life.pass(6);
    life.person(Action::Start { anyway: None });
    life.pass(2);
    life.person(Action::Hold { why: HoldReason::Parts, reason: "风机".into() });
    life.pass(30);
    life.person(Action::Resume);
    life.pass(8);
    life.end(begin);
    life.pass(5);
    life.person(Action::Close);
    let lines = life.lines();
    assert_eq!(events(&lines), ["opened", "acknowledged", "arrived", "held", "resumed", "fixed", "closed"]);
    for (field, expected) in [
        ("opened", 1.0),
        ("acknowledged", 1.0),
        ("closed", 1.0),
        ("open_change", 0.0),
        ("acknowledge_seconds", 240.0),
        ("arrive_seconds", 600.0),
        ("hold_seconds", 1_800.0),
        ("repair_seconds", 3_000.0),
        ("acknowledge_ok", 1.0),
        ("fix_ok", 1.0),
        ("reopened", 0.0),
        ("escalated", 0.0),
        ("limit_missed", 0.0),
    ] {
        assert_eq!(sum(&lines, field), expected, "{field}");
    }
    let line = &lines[0];
    let tags: Vec<_> = line.tags.iter().map(|(k, v)| format!("{k}={v}")).collect();
    let expected = [
        "asset_kind=song-box",
        "event=opened",
        "room=k01",
        "rule=air-temperature",
        "severity=P2",
        "team=hvac",
        "venue=nanshan",
    ];
    assert_eq!(tags, expected);
    assert_eq!((line.text("number"), line.text("source")), (Some("nanshan-20261123-001"), Some("readings")));
    assert!(line.text("text_zh").unwrap().contains("室温不在"), "{line:?}");
    assert!(line.text("text_en").unwrap().contains("18"), "{line:?}");
}

#[test]
fn limits_that_ran_out_are_settled_once_and_the_chain_is_counted() {
    let mut life = Life::begin();
    let begin = life.now;
    life.open(begin, Severity::P2);
    life.pass(150);
    life.person(Action::Acknowledge);
    life.end(begin);
    life.person(Action::Close);
    let lines = life.lines();
    assert_eq!(sum(&lines, "limit_missed"), 3.0);
    assert_eq!(sum(&lines, "escalated"), 3.0);
    let oks = |field: &str| lines.iter().filter_map(|line| line.number(field)).collect::<Vec<_>>();
    assert_eq!((oks("acknowledge_ok"), oks("fix_ok")), (vec![0.0], vec![0.0]));
    assert_eq!(sum(&lines, "acknowledge_seconds"), 9_000.0);
}

#[test]
fn a_relapse_is_a_stretch_of_its_own_and_lines_written_later_say_the_same() {
    let mut life = Life::begin();
    let begin = life.now;
    life.open(begin, Severity::P3);
    life.pass(3);
    life.person(Action::Acknowledge);
    life.pass(7);
    life.end(begin);
    let early = life.lines();
    assert_eq!(events(&early), ["opened", "acknowledged", "fixed", "closed"]);
    life.pass(60);
    let again = life.now;
    life.open(again, Severity::P3);
    life.pass(5);
    life.person(Action::FalseAlarm { note: "门开着".into() });
    let late = life.lines();
    assert_eq!(late[..4], early[..], "nothing of the first stretch has changed");
    assert_eq!(events(&late[4..]), ["reopened", "false_alarm"]);
    let changes: Vec<_> = late.iter().filter_map(|line| line.number("open_change")).collect();
    assert_eq!(changes, [1.0, 0.0, 0.0, -1.0, 1.0, -1.0]);
    assert_eq!(sum(&late, "repair_seconds"), 600.0);
}

#[test]
fn a_refused_fix_does_not_end_the_repair() {
    let mut life = Life::begin();
    let begin = life.now;
    life.open(begin, Severity::P2);
    life.pass(1);
    life.person(Action::Fixed { note: String::new() });
    life.pass(30);
    let key = life.key(begin);
    let seen = Seen { at: life.now, value: Some(26.0), limit: Some(22.0) };
    let ticket = life.ticket().id;
    life.step(&Event::Looked { ticket, looks: vec![(key, tickets::Look::Bad(seen))] });
    life.pass(20);
    life.person(Action::Fixed { note: String::new() });
    life.pass(2);
    life.end(begin);
    let lines = life.lines();
    assert_eq!(events(&lines), ["opened", "fixed", "refused", "fixed", "closed"]);
    assert_eq!(sum(&lines, "refused"), 1.0);
    assert_eq!((sum(&lines, "acknowledge_seconds"), sum(&lines, "arrive_seconds")), (60.0, 60.0));
    assert_eq!(sum(&lines, "repair_seconds"), 51.0 * 60.0);
    assert_eq!(sum(&lines, "proved"), 1.0);
}

#[test]
fn nothing_that_happens_within_a_millisecond_overwrites_anything() {
    let mut life = Life::begin();
    let mut all = HashMap::new();
    // Two assets of one room, broken and mended at once, and a ticket of a person.
    for (n, asset) in ["song-box-1", "song-box-2"].into_iter().enumerate() {
        let key = EpisodeKey { began_at: life.now - n as i64, ..life.key(0) };
        let home = Home::own(&key, Some(id(asset)), Severity::P3, id("hvac"));
        life.step(&Event::Began { key, home, seen: Seen { at: life.now, value: Some(25.0), limit: Some(22.0) } });
    }
    let mut text = String::new();
    let stored: Vec<Ticket> =
        life.out.iter().filter_map(|e| if let Effect::Stored(t) = e { Some((**t).clone()) } else { None }).collect();
    for ticket in &stored {
        let own: Vec<_> = life.history().into_iter().filter(|moved| moved.ticket == ticket.id).collect();
        transition_lines(&mut text, &life.facts, ticket, &own, 1);
    }
    for line in lines(&text) {
        let place = (line.tags.clone(), line.time_ns);
        if let Some(other) = all.insert(place, line.text("number").map(str::to_owned)) {
            panic!("{other:?} is overwritten");
        }
    }
    assert_eq!(all.len(), 2);
}
