//! What causes promise, with real tickets behind them: short stories, and [`trees`] for generated venues.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use wire::{
    About, Id, PointName, Source, UnixMs,
    about::{PointAbout, SensorAbout},
};

use super::*;
use crate::{
    episode::{Cause, Subject},
    tickets::{self, Stage, Ticket},
};

mod stories;
mod trees;

const START: UnixMs = 1_763_863_200_000;
const SECOND: i64 = 1_000;

fn id(text: &str) -> Id {
    Id::parse(text).unwrap()
}

fn point(text: &str) -> PointName {
    PointName::parse(text).unwrap()
}

fn source(room: usize) -> Source {
    Source { venue: id("nanshan"), room: id(&format!("k{room:02}")), agent: id(&format!("pi-{room}")) }
}

fn facts() -> HashMap<Id, Fact> {
    let fact = |rule: &str, severity, breaks| (id(rule), Fact { severity, team: id("it"), breaks });
    HashMap::from([
        fact("agent-silent", Severity::P2, true),
        fact("sensor-silent", Severity::P3, true),
        fact("unreachable", Severity::P2, true),
        fact("power", Severity::P2, true),
        fact("current", Severity::P3, false),
        fact("missing", Severity::P1, true),
    ])
}

/// Sensors as `(name, place, points with their assets)`.
type Wiring<'a> = &'a [(&'a str, &'a str, &'a [(&'a str, Option<&'a str>)])];

fn about(wiring: Wiring<'_>) -> About {
    let sensor = |(name, place, _): &(&str, &str, _)| SensorAbout {
        name: (*name).into(),
        driver: "x".into(),
        place: (*place).into(),
    };
    let points = wiring.iter().flat_map(|(name, _, points)| {
        points.iter().map(move |(p, asset)| {
            let about = PointAbout { asset: asset.map(id), sensor: Some((*name).into()), ..PointAbout::default() };
            (point(p), about)
        })
    });
    About {
        model: "Pi".into(),
        version: "1".into(),
        sensors: wiring.iter().map(sensor).collect(),
        points: points.collect(),
    }
}

/// A room of a lounge.
const ROOM: Wiring<'static> = &[
    ("air", "i2c-1 0x44", &[("temperature_celsius", None), ("humidity_percent", None)]),
    ("light", "i2c-1 0x23", &[("illuminance_lux", None)]),
    ("mains", "gpio-0 4", &[("mains_power_on", Some("mains"))]),
    ("amplifier", "gpio-0 17", &[("amplifier_power_on", Some("amplifier"))]),
    ("server", "10.0.0.5:8080", &[("song_server_reachable", Some("song-server"))]),
    ("fire", "gpio-0 27", &[("extinguisher_present", Some("extinguisher"))]),
];

/// A whole collector's deciding about episodes, without the rules before it.
struct World {
    causes: State,
    tickets: tickets::State,
    assets: BTreeMap<(Source, PointName), Id>,
    now: UnixMs,
    /// Ends that were passed on to tickets.
    ends: usize,
    all: BTreeMap<u64, Ticket>,
    /// News of recovery and closing, by ticket.
    moves: Vec<tickets::Transition>,
}

impl World {
    fn new() -> Self {
        let day = Arc::new(tickets::plan::OneDay(20_261_123));
        Self {
            causes: State::new(facts()),
            tickets: tickets::State::new(tickets::Settings::default(), HashMap::new(), day),
            assets: BTreeMap::new(),
            now: START,
            ends: 0,
            all: BTreeMap::new(),
            moves: Vec::new(),
        }
    }

    /// A lounge of so many rooms; each has a song box of its own beside [`ROOM`].
    fn lounge(rooms: usize) -> Self {
        let mut world = Self::new();
        for room in 0..rooms {
            let box_place = format!("10.0.1.{room}:80");
            let song_box: (&str, &str, &[_]) = ("box", &box_place, &[("song_box_reachable", Some("song-box"))]);
            let wiring: Vec<_> = ROOM.iter().copied().chain([song_box]).collect();
            world.learn(&source(room), &wiring);
        }
        world
    }

    fn learn(&mut self, source: &Source, wiring: Wiring<'_>) {
        self.causes.heard(source);
        let about = about(wiring);
        let watched = |p: &PointName| !p.as_str().ends_with("_reachable");
        self.causes.learn(source, &about, watched);
        for (name, p) in about.points {
            if let Some(asset) = p.asset {
                self.assets.insert((source.clone(), name), asset);
            }
        }
    }

    fn key(&self, rule: &str, source: &Source, name: Option<&str>, began_at: UnixMs) -> EpisodeKey {
        EpisodeKey { rule: id(rule), subject: Subject { source: source.clone(), point: name.map(point) }, began_at }
    }

    /// An episode begins now.
    fn begin(&mut self, rule: &str, source: &Source, name: Option<&str>) -> EpisodeKey {
        let key = self.key(rule, source, name, self.now);
        let value = (!rule.ends_with("silent")).then_some(0.0);
        let seen = Seen { at: self.now, value, limit: None };
        let asset = key.subject.point.as_ref().and_then(|p| self.assets.get(&(source.clone(), p.clone())).cloned());
        self.tell(Event::Began { key: &key, asset: asset.as_ref(), seen });
        key
    }

    fn end(&mut self, key: &EpisodeKey) {
        let seen = Seen { at: self.now, value: Some(1.0), limit: None };
        self.tell(Event::Ended { key, seen });
    }

    /// Time passes, a second a tick.
    fn wait(&mut self, ms: i64) {
        let end = self.now + ms;
        while self.now < end {
            self.now += SECOND;
            self.tell(Event::Tick);
        }
    }

    fn tell(&mut self, event: Event<'_>) {
        let mut effects = Vec::new();
        step(&mut self.causes, event, self.now, &mut effects);
        for effect in effects {
            let event = match effect {
                Effect::Placed { key, home, seen } => tickets::Event::Began { key, home, seen },
                Effect::Worse { key, seen } => tickets::Event::Worse { key, seen },
                Effect::Ended { key, seen } => {
                    self.ends += 1;
                    tickets::Event::Ended { key, seen }
                }
            };
            let mut out = Vec::new();
            tickets::step(&mut self.tickets, &event, self.now, &mut out);
            for effect in out {
                match effect {
                    tickets::Effect::Stored(ticket) => drop(self.all.insert(ticket.id, *ticket)),
                    tickets::Effect::Moved(line) => self.moves.push(line),
                    _ => {}
                }
            }
        }
    }

    /// Tickets that somebody has to work at.
    fn open(&self) -> Vec<&Ticket> {
        let done = [Stage::Closed, Stage::Duplicate, Stage::Fixed];
        self.all.values().filter(|t| !done.contains(&t.stage)).collect()
    }

    fn only(&self) -> &Ticket {
        let open = self.open();
        assert_eq!(open.len(), 1, "{open:#?}");
        open[0]
    }
}
