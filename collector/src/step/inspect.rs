//! Rounds in the step: gives the pure stage of [`crate::rounds`] what samples, people and time say,
//! writes its rounds down as records, and turns what it wants of tickets into their events, worded in
//! both languages. Decides nothing of its own.

use std::{collections::BTreeMap, sync::Arc};

use wire::{About, Clock, Id, Sample, Source, UnixMs};

use crate::{
    config::Language,
    episode::VENUE_ROOM,
    ledger::{Record, Request},
    rounds::{self, Effect, Item, Plans, Readers, Round, record, text},
    texts,
    tickets::{self, Action, DATA, Origin},
    venues::Venues,
};

/// Characters of one language, at most: both must fit into what a ticket takes.
const HALF_MAX: usize = 900;

/// Something that tickets shall do for a round.
pub(super) struct Wish {
    /// What.
    pub event: tickets::Event,
    /// What instead, if that is refused: a failure is never told to nobody.
    pub instead: Option<tickets::Event>,
    /// Which round wants the number of the ticket, and for which question.
    pub tell: Option<(String, Option<String>)>,
}

/// What follows for a person.
pub(super) type Answer = Result<String, String>;

/// Rounds, the brackets that prove them, and what was written of them in this step.
pub(super) struct Inspect {
    rounds: rounds::State,
    readers: Readers,
    venues: Arc<Venues>,
    written: BTreeMap<(Id, String), Record>,
}

impl Inspect {
    /// Goes on from stored records.
    pub fn restore(records: &[Record]) -> Self {
        let mut rounds = rounds::State::new(Arc::default());
        rounds.restore(records.iter().filter_map(record::round), records.iter().filter_map(record::cursor));
        let venues = Arc::new(Venues::none("UTC"));
        Self { rounds, readers: Readers::default(), venues, written: BTreeMap::new() }
    }

    /// Other venues are in force.
    pub fn set_venues(&mut self, venues: &Arc<Venues>) {
        self.rounds.set_plans(Arc::new(Plans::of(venues)));
        self.venues = venues.clone();
    }

    /// An agent says what its points are.
    pub fn learn(&mut self, source: &Source, about: &About) {
        self.readers.learn(source, about);
    }

    /// What readers say in a sample; one that cannot be placed proves nothing.
    pub fn sample(&mut self, source: &Source, sample: &Sample, now: UnixMs) -> Vec<Wish> {
        if sample.clock != Clock::Trusted || !self.rounds.waits_for_readers(&source.venue) {
            return Vec::new();
        }
        let mut wishes = Vec::new();
        for (asset, room, reading) in self.readers.readings(source, &sample.points) {
            let (venue, agent) = (source.venue.clone(), source.agent.clone());
            let event = rounds::Event::Seen { venue, agent, room, asset, at: sample.at, reading };
            wishes.extend(self.step(&event, now).0);
        }
        wishes
    }

    /// A person's request, if it is about a round.
    pub fn request(&mut self, request: &Request, now: UnixMs) -> Option<(Vec<Wish>, Answer)> {
        let Action::ConfirmCheck { check, passed, note } = &request.action else { return None };
        let event = rounds::Event::Person {
            who: request.who.clone(),
            round: request.ticket.clone(),
            check: check.clone(),
            passed: *passed,
            note: note.clone(),
        };
        let (wishes, answer) = self.step(&event, now);
        Some((wishes, answer.unwrap_or(Ok(String::new()))))
    }

    /// Time passed.
    pub fn tick(&mut self, now: UnixMs) -> Vec<Wish> {
        self.step(&rounds::Event::Tick, now).0
    }

    /// The ticket that a wish opened.
    pub fn opened(&mut self, round: String, item: Option<String>, ticket: String, now: UnixMs) {
        self.step(&rounds::Event::Opened { round, item, ticket }, now);
    }

    /// A ticket has ended.
    pub fn ended(&mut self, venue: &Id, ticket: &str, now: UnixMs) {
        self.step(&rounds::Event::Ended { venue: venue.clone(), ticket: ticket.to_owned() }, now);
    }

    /// What was written since the last call.
    pub fn take_written(&mut self) -> Vec<Record> {
        std::mem::take(&mut self.written).into_values().collect()
    }

    fn step(&mut self, event: &rounds::Event, now: UnixMs) -> (Vec<Wish>, Option<Answer>) {
        let mut effects = Vec::new();
        rounds::step(&mut self.rounds, event, now, &mut effects);
        let (mut wishes, mut answer) = (Vec::new(), None);
        for effect in effects {
            match effect {
                Effect::Stored(round) => self.write(record::of_round(&round, now)),
                Effect::Cursor { venue, cursor } => self.write(record::of_cursor(&venue, &cursor, now)),
                Effect::Missed(round) => wishes.push(self.missed(&round)),
                Effect::Failed { round, item, known, who, note } => {
                    wishes.push(self.failed(&round, &item, known, who, &note));
                }
                Effect::Late { round, who } => wishes.extend(self.late(&round, who)),
                Effect::Taken { round, stage, left } => {
                    let done = serde_json::json!({ "round": round, "stage": stage.as_str(), "left": left });
                    answer = Some(Ok(done.to_string()));
                }
                Effect::Refused(refusal) => answer = Some(Err(refusal.to_stored())),
            }
        }
        (wishes, answer)
    }

    fn write(&mut self, record: Record) {
        self.written.insert((record.venue.clone(), record.key.clone()), record);
    }

    fn missed(&self, round: &Round) -> Wish {
        let description = self.both(|language| text::missed(round, &self.venues, language));
        let action = Action::Open {
            venue: round.venue.clone(),
            room: venue_room(),
            asset: None,
            severity: round.severity,
            team: round.team.clone(),
            description,
            origin: Origin::Round,
        };
        let event = tickets::Event::Person { who: DATA.into(), ticket: String::new(), action };
        Wish { event, instead: None, tell: Some((round.name(), None)) }
    }

    /// A ticket of what is wrong; what an open ticket tells of already is said there.
    fn failed(&self, round: &Round, item: &Item, known: Option<String>, who: String, note: &str) -> Wish {
        let description = self.both(|language| text::failed(round, item, note, &self.venues, language));
        let asset = match &item.target {
            rounds::Target::Asset(asset, _) => Some(asset.clone()),
            _ => None,
        };
        let action = Action::Open {
            venue: round.venue.clone(),
            room: item.room().cloned().unwrap_or_else(venue_room),
            asset,
            severity: item.severity,
            team: round.team.clone(),
            description: description.clone(),
            origin: Origin::Round,
        };
        let open = tickets::Event::Person { who: who.clone(), ticket: String::new(), action };
        let tell = Some((round.name(), Some(item.name())));
        let Some(ticket) = known else { return Wish { event: open, instead: None, tell } };
        let action = Action::Comment { text: description };
        Wish { event: tickets::Event::Person { who, ticket, action }, instead: Some(open), tell }
    }

    /// A missed round was made after all: its ticket is said to be fixed, for a person to close.
    fn late(&self, round: &Round, who: String) -> Option<Wish> {
        let ticket = round.ticket.clone()?;
        let note = self.both(|language| text::late(round, &who, &self.venues, language));
        let action = Action::Fixed { note };
        Some(Wish { event: tickets::Event::Person { who, ticket, action }, instead: None, tell: None })
    }

    /// Chinese and English, since who reads a ticket is not known when it is opened.
    fn both(&self, words: impl Fn(Language) -> String) -> String {
        let half = |language| {
            let words: String = words(language);
            if words.chars().count() <= HALF_MAX {
                words
            } else {
                words.chars().take(HALF_MAX - 1).chain(['…']).collect()
            }
        };
        texts::both(&half(Language::ZhCn), &half(Language::En))
    }
}

fn venue_room() -> Id {
    Id::parse(VENUE_ROOM).expect("a valid identifier")
}

/// The ticket of which an answer to a person tells.
pub(super) fn number_in(answer: &str) -> Option<String> {
    let answer: serde_json::Value = serde_json::from_str(answer).ok()?;
    Some(answer["ticket"].as_str()?.to_owned())
}
