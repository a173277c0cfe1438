//! The collector without threads, broker and disk: the real step on what arrived, then its commit
//! into the books, then its acks; in that order, unless a mistake is planted.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use collector::{
    causes,
    episode::Severity,
    ingest::{Decoded, decode},
    ledger::Quarantined,
    packs,
    rules::{self, Expect, Rule},
    step::{Core, Deciders, Input, Stepped, core::Counts},
    tickets::{self, Facts},
};
use wire::{Ack, Channel, Entry, Id, Source, Topic};

use super::{
    EPOCH_MS, Mistake,
    books::Books,
    device,
    event::Message,
    place_of,
    truth::{BAND, FOR_MS, GAP_MS, HORIZON_MS, RELAPSE_MS},
};

/// One life of the collector.
pub struct Desk {
    core: Core,
    inbox: Vec<Result<Decoded, Quarantined>>,
    steps: VecDeque<Stepped>,
    topics: Vec<[String; 2]>,
}

fn id(text: &str) -> Id {
    Id::parse(text).expect("a valid identifier")
}

fn rules() -> Vec<Rule> {
    let [low, low_return, high_return, high] = BAND.map(Some);
    let rule = |name: &str, point: &str, expect| Rule {
        id: id(name),
        points: vec![point.into()],
        rooms: Vec::new(),
        expect,
        for_ms: FOR_MS,
        clear_for_ms: FOR_MS,
        gap_ms: GAP_MS,
        severity: Severity::P3,
        team: id("hvac"),
        when: rules::When::default(),
        kinds: Vec::new(),
    };
    vec![
        rule("air-temperature", "temperature_celsius", Expect::Band { low, high, low_return, high_return }),
        rule("amplifier-power", "amplifier_on", Expect::State { good: true }),
    ]
}

impl Desk {
    /// A collector starts on what the ledger holds.
    #[must_use]
    pub fn start(books: &Books) -> Self {
        let settings = rules::Settings { live_horizon_ms: HORIZON_MS, ..rules::Settings::default() };
        let facts = rules()
            .into_iter()
            .map(|r| (r.id, Facts { patience_ms: 2 * FOR_MS, work_window: tickets::WorkWindow::Any }));
        let facts: HashMap<Id, Facts> = facts.collect();
        let of_tickets = tickets::Settings { relapse_ms: RELAPSE_MS, ..tickets::Settings::default() };
        let deciders = Deciders {
            rules: rules::State::new(rules(), settings),
            causes: causes::State::new(packs::cause_facts(&rules())),
            tickets: tickets::State::new(of_tickets, facts, Arc::new(tickets::plan::OneDay(20_251_123))),
            routes: Vec::new(),
        };
        let topics = (0..books.agents.len()).map(|place| {
            [Channel::Samples, Channel::Status].map(|c| Topic::new(&device::source(place), c).to_string())
        });
        let core = Core::restore(books.load(), deciders);
        Self { core, inbox: Vec::new(), steps: VecDeque::new(), topics: topics.collect() }
    }

    /// A message arrives.
    pub fn take(&mut self, place: usize, message: &Message, now: i64) {
        let [samples, status] = &self.topics[place];
        let (topic, body) = match message {
            Message::Samples(body) => (samples, body),
            Message::Status(body) => (status, body),
        };
        self.inbox.push(decode(topic, body.as_bytes(), false, EPOCH_MS + now));
    }

    /// Decides on what arrived. Gives the acks that go out at once, which are none without a mistake.
    pub fn step(&mut self, tick: bool, now: i64, mistake: Mistake) -> Vec<(Source, Ack)> {
        let batch = std::mem::take(&mut self.inbox);
        let known = (mistake == Mistake::NoDedupe).then(|| batch.clone());
        let mut stepped =
            self.core.step(Input { batch, requests: Vec::new(), filings: Vec::new(), tick, now: EPOCH_MS + now });
        if let Some(batch) = known {
            store_everything(&mut stepped, batch);
        }
        let early = if mistake == Mistake::AckBeforeCommit { std::mem::take(&mut stepped.acks) } else { Vec::new() };
        self.steps.push_back(stepped);
        early
    }

    /// Whether steps wait to become durable.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        !self.steps.is_empty()
    }

    /// The oldest step becomes durable. Gives what it counted, and its acks.
    pub fn commit(&mut self, books: &mut Books, now: i64) -> (Counts, Vec<(Source, Ack)>) {
        let Some(mut stepped) = self.steps.pop_front() else { return (Counts::default(), Vec::new()) };
        if !stepped.is_empty() {
            books.commit(stepped.number, &stepped.commit, place_of);
        }
        stepped.stamp(EPOCH_MS + now);
        (stepped.counts, stepped.acks)
    }
}

/// The planted mistake: whatever is not past a hole is stored, known or not.
fn store_everything(stepped: &mut Stepped, batch: Vec<Result<Decoded, Quarantined>>) {
    let mut all = Vec::new();
    for (source, entries) in batch.into_iter().filter_map(|body| match body {
        Ok(Decoded::Samples(source, entries)) => Some((source, entries)),
        _ => None,
    }) {
        for (entry, _) in entries {
            let ack = stepped.acks.iter().find(|(s, ack)| *s == source && ack.spool == *entry.spool());
            match entry {
                Entry::Sample(sample) if ack.is_some_and(|(_, ack)| sample.seq <= ack.upto) => {
                    all.push((source.clone(), sample));
                }
                _ => {}
            }
        }
    }
    if stepped.number > 0 {
        stepped.commit.samples = all;
    }
}
