//! A ledger file with an evening of one room, its tickets, and the truth beside it. Decides nothing.

use std::sync::Arc;

use collector::{
    config::{Language, Rules},
    episode::Severity,
    ledger::{
        Commit, Ledger, Message, NewMessage, Watermark,
        sqlite::{Options, Sqlite, SqliteLedger},
    },
    notify::words::{self, Delivery},
    packs::Packs,
    readings::{self, Readings},
    story::{Desk, Story, gather},
    tickets::{Ticket, Transition},
    venues::{Holidays, Venues},
};
use serde_json::{Value, json};
use wire::{Clock, Fault, Id, PointName, Sample, Source};

pub const MINUTE: i64 = 60_000;
/// 2026-11-23T20:05:00+08:00: the violation of the stories begins.
pub const BEGAN: i64 = 1_795_435_500_000;

pub fn name(text: &str) -> PointName {
    PointName::parse(text).unwrap()
}

pub fn source(agent: &str) -> Source {
    let id = |text: &str| Id::parse(text).unwrap();
    Source { venue: id("nanshan"), room: id("k04"), agent: id(agent) }
}

pub fn sample(at: i64, seq: u64, boot: &str, points: &[(&str, f64)], faults: &[(&str, Fault)]) -> Sample {
    Sample {
        at,
        seq,
        spool: Id::parse("k3f9x0q2").unwrap(),
        boot: Id::parse(boot).unwrap(),
        clock: Clock::Trusted,
        points: points.iter().map(|(point, value)| (name(point), *value)).collect(),
        faults: faults.iter().map(|(point, fault)| (name(point), fault.clone())).collect(),
    }
}

/// A ticket of the room, with what `with` says otherwise.
pub fn ticket(id: u64, with: Value) -> Ticket {
    let mut ticket = json!({
        "id": id, "number": format!("nanshan-20261123-{id:03}"), "venue": "nanshan", "room": "k04", "asset": null,
        "rule": "air-temperature", "severity": "P3", "team": "hvac", "stage": "new", "assignee": null,
        "hold_reason": null, "proof": "none", "began_at": BEGAN, "opened_at": BEGAN + 15 * MINUTE,
        "acknowledged_at": null, "fixed_at": null, "closed_at": null, "reopened_count": 0, "episode_count": 1,
        "open_points": ["temperature_celsius"], "worst_point": "temperature_celsius", "worst_value": 23.75,
        "limit": 22.0, "description": null, "agent": "pi-k04",
    });
    for (key, value) in with.as_object().unwrap() {
        ticket[key] = value.clone();
    }
    serde_json::from_value(ticket).unwrap()
}

/// A line of history.
pub fn moved(at: i64, who: &str, from: Option<&str>, to: &str, note: &str) -> Transition {
    let line = json!({ "ticket": 1, "at": at, "who": who, "from": from, "to": to, "note": note, "value": null });
    serde_json::from_value(line).unwrap()
}

pub struct House {
    pub packs: Packs,
    pub venues: Venues,
    pub readings: Arc<dyn Readings>,
    sqlite: Sqlite,
    ledger: SqliteLedger,
    number: u64,
    _folder: tempfile::TempDir,
}

impl House {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (sqlite, ledger) = Sqlite::open(&folder.path().join("ledger.db"), Options::default()).unwrap();
        let file = "[venue.nanshan]\nname_zh = \"南山店\"\nname_en = \"Nanshan\"\n";
        let venues = Venues::of(&[("venues.toml".into(), file.into())], Holidays::default(), "Asia/Shanghai").unwrap();
        Self {
            packs: Packs::load(&Rules::default()).unwrap(),
            venues,
            readings: readings::over(Arc::new(sqlite.clone())),
            sqlite,
            ledger,
            number: 0,
            _folder: folder,
        }
    }

    pub fn commit(&mut self, commit: Commit) {
        self.number += 1;
        self.ledger.commit(self.number, &commit).unwrap();
    }

    pub fn samples(&mut self, source: &Source, samples: &[Sample]) {
        for part in samples.chunks(500) {
            let newest = &part[part.len() - 1];
            let (source, spool) = (source.clone(), newest.spool.clone());
            let samples = part.iter().map(|sample| (source.clone(), sample.clone())).collect();
            let watermarks = vec![Watermark { source, spool, upto: newest.seq, sample_at: newest.at }];
            self.commit(Commit { at: newest.at, samples, watermarks, ..Commit::default() });
        }
    }

    /// A ticket that has ended, with its history.
    pub fn ended(&mut self, ticket: Ticket, mut history: Vec<Transition>) {
        history.iter_mut().for_each(|line| line.ticket = ticket.id);
        let at = ticket.opened_at;
        self.commit(Commit { at, tickets: vec![ticket], history, ..Commit::default() });
    }

    pub fn story(&self, ticket: &Ticket, at: i64) -> Story {
        let desk = Desk { reader: &self.sqlite, readings: &*self.readings, packs: &self.packs };
        gather(ticket, &[source("pi-k04")], at, desk).unwrap()
    }

    /// What a channel is given to send.
    pub fn delivery(&self, news: &str, ticket: &Ticket, moved: &Transition, language: Language) -> Delivery {
        let payload = json!({ "news": news, "ticket": ticket, "moved": moved });
        let message = NewMessage {
            channel: "chat".into(),
            key: format!("{}:{}", ticket.number, moved.line),
            ticket: Some(ticket.id),
            severity: Severity::P3,
            due_at: moved.at,
            payload,
        };
        let message = Message { id: 1, message, attempts: 0 };
        let story = self.story(ticket, moved.at);
        words::render(&message, language, &self.packs, &self.venues, Some(&story)).unwrap()
    }
}

/// Six hours of a sample a minute, of a room that is fine until the amplifier loses its power at 19:40, the
/// door opens at 19:52, the temperature rises from 19:50 on, and the agent restarts at 18:30 (too early to be
/// told). From 19:10 to 19:25 nothing comes.
pub fn evening() -> Vec<Sample> {
    let mut samples = Vec::new();
    for minute in -300..60 {
        if (-55..-40).contains(&minute) {
            continue;
        }
        let at = BEGAN + minute * MINUTE;
        let wave = f64::from(minute.rem_euclid(7) as i32) / 20.0;
        let rise = (minute + 15).max(0) as f64 * 0.125;
        let temperature = if minute < 30 { 20.1 + wave + rise } else { 21.2 + wave };
        let points = [
            ("temperature_celsius", (temperature * 100.0).round() / 100.0),
            ("co2_ppm", if minute < -10 { 600.0 + wave * 100.0 } else { 1_480.0 + wave * 100.0 }),
            ("door_open", f64::from(u8::from(minute >= -13))),
            ("amplifier_power_on", f64::from(u8::from(minute < -25))),
            ("spool_waiting_count", (minute + 300) as f64),
        ];
        let boot = if minute < -95 { "boot-1" } else { "boot-2" };
        samples.push(sample(at, samples.len() as u64 + 1, boot, &points, &[]));
    }
    samples
}
