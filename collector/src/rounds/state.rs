//! What deciding on rounds remembers: rounds that can still change, how far each venue was looked
//! after, and the tags last seen. Restored from the ledger's documents; nothing else is needed.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use wire::{Id, UnixMs};

use super::{Evidence, Plans, Round, Target};

/// Rounds that ended this long ago are forgotten: as long as the ledger brings them back.
pub const KEEP_MS: i64 = 8 * 86_400_000;

/// The tag that was last accepted at a bracket.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct LastTag {
    /// Its number.
    pub tag: u64,
    /// How often it had been read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// When it was seen.
    pub at: UnixMs,
}

/// How far a venue's rounds were looked after: what must survive beside the rounds themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Cursor {
    /// The last look.
    pub at: UnixMs,
    /// The tag last accepted, by asset.
    #[serde(default)]
    pub tags: BTreeMap<Id, LastTag>,
    /// Open tickets of failed questions, by plan and question: `weekly-fire/condition/extinguisher-1`.
    #[serde(default)]
    pub failed: BTreeMap<String, String>,
}

/// What is remembered of one venue.
#[derive(Debug, Clone, Default)]
pub(super) struct Memory {
    /// The last tick that looked here; `None` before the first.
    pub looked_at: Option<UnixMs>,
    /// Whether open rounds were compared with the plans and hours in force.
    pub is_compared: bool,
    /// Nothing begins and nothing is due before this instant.
    pub next_at: UnixMs,
    /// As it is stored.
    pub cursor: Cursor,
    /// Assets of whose readers a question waits.
    pub waiting: BTreeSet<Id>,
}

/// Everything that is remembered.
#[derive(Debug, Default)]
pub struct State {
    pub(super) plans: Arc<Plans>,
    pub(super) rounds: BTreeMap<(Id, String), Round>,
    pub(super) venues: BTreeMap<Id, Memory>,
}

impl State {
    /// No round yet.
    #[must_use]
    pub fn new(plans: Arc<Plans>) -> Self {
        Self { plans, ..Self::default() }
    }

    /// Goes on from the ledger.
    pub fn restore(
        &mut self,
        rounds: impl IntoIterator<Item = Round>,
        cursors: impl IntoIterator<Item = (Id, Cursor)>,
    ) {
        for (venue, cursor) in cursors {
            let memory = self.venues.entry(venue).or_default();
            memory.looked_at = Some(cursor.at);
            memory.cursor = cursor;
        }
        for round in rounds {
            self.remember(round);
        }
    }

    /// Other plans are in force from the next tick on.
    pub fn set_plans(&mut self, plans: Arc<Plans>) {
        self.plans = plans;
        for memory in self.venues.values_mut() {
            (memory.next_at, memory.is_compared) = (UnixMs::MIN, false);
        }
    }

    /// Whether a question of `venue` waits for any reader.
    #[must_use]
    pub fn waits_for_readers(&self, venue: &Id) -> bool {
        self.venues.get(venue).is_some_and(|memory| !memory.waiting.is_empty())
    }

    /// Rounds that are remembered, by venue and key.
    pub fn rounds(&self) -> impl Iterator<Item = &Round> {
        self.rounds.values()
    }

    pub(super) fn remember(&mut self, round: Round) {
        let venue = round.venue.clone();
        self.rounds.insert((venue.clone(), round.key.clone()), round);
        self.note_waiting(&venue);
    }

    /// Finds out anew which readers are waited for.
    pub(super) fn note_waiting(&mut self, venue: &Id) {
        let mut waiting = BTreeSet::new();
        for round in self.rounds_of(venue).filter(|round| round.stage.takes_answers()) {
            for item in round.items.iter().filter(|i| i.answers.is_empty() && i.evidence != Evidence::Person) {
                if let Target::Asset(asset, _) = &item.target {
                    waiting.insert(asset.clone());
                }
            }
        }
        self.venues.entry(venue.clone()).or_default().waiting = waiting;
    }

    pub(super) fn rounds_of<'a>(&'a self, venue: &'a Id) -> impl Iterator<Item = &'a Round> {
        let first = (venue.clone(), String::new());
        self.rounds.range(first..).take_while(move |((v, _), _)| v == venue).map(|(_, round)| round)
    }
}
