//! What deciding on tickets remembers: tickets that can still change, their open episodes, and the
//! numbers given. Restored from the ledger's rows; nothing else is needed.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt,
    sync::Arc,
};

use wire::{Id, UnixMs};

use super::{Plan, Stage, Ticket, WorkWindow, number::Numbers};
use crate::episode::{EpisodeKey, RoomState};

/// What is the same for all tickets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// A violation that comes back within this time after a ticket's end reopens it.
    pub relapse_ms: i64,
    /// A fix is given at least this long before the data is asked: a few samples.
    pub verify_ms_min: i64,
}

impl Default for Settings {
    /// 24 hours; one minute.
    fn default() -> Self {
        Self { relapse_ms: 24 * 3_600_000, verify_ms_min: 60_000 }
    }
}

/// What tickets must know of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// `for` and `clear_for` together: how long a fix needs to show, in milliseconds.
    pub patience_ms: i64,
    /// When its tickets may be worked at.
    pub work_window: WorkWindow,
}

/// What one ticket at most may stand for: the same rule at the same place.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pub rule: Id,
    pub venue: Id,
    pub room: Id,
    pub asset: Option<Id>,
}

/// Everything that is remembered.
pub struct State {
    pub(super) settings: Settings,
    pub(super) facts: HashMap<Id, Facts>,
    pub(super) plan: Arc<dyn Plan>,
    /// When time next does something to a ticket.
    pub(super) wake: HashMap<u64, UnixMs>,
    /// Rooms of which it is known how they stand.
    pub(super) rooms: HashMap<(Id, Id), RoomState>,
    pub(super) tickets: BTreeMap<u64, Ticket>,
    pub(super) by_number: HashMap<String, u64>,
    /// The latest ticket of each place.
    pub(super) by_place: HashMap<Place, u64>,
    /// Episodes that have not ended, and the ticket that carries each.
    pub(super) episodes: BTreeMap<EpisodeKey, u64>,
    /// Those of them that only follow from the cause of their ticket.
    pub(super) symptoms: BTreeSet<EpisodeKey>,
    pub(super) numbers: Numbers,
    pub(super) last_id: u64,
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("tickets", &self.tickets)
            .field("episodes", &self.episodes)
            .finish_non_exhaustive()
    }
}

impl State {
    /// No ticket yet. `facts` by rule; a rule that is not among them gets the shortest patience.
    #[must_use]
    pub fn new(settings: Settings, facts: HashMap<Id, Facts>, plan: Arc<dyn Plan>) -> Self {
        Self {
            settings,
            facts,
            plan,
            wake: HashMap::new(),
            rooms: HashMap::new(),
            tickets: BTreeMap::new(),
            by_number: HashMap::new(),
            by_place: HashMap::new(),
            episodes: BTreeMap::new(),
            symptoms: BTreeSet::new(),
            numbers: Numbers::default(),
            last_id: 0,
        }
    }

    /// Venues have changed. What was promised stays; what comes next is worked out anew.
    pub fn set_plan(&mut self, plan: Arc<dyn Plan>) {
        self.plan = plan;
        self.schedule_all();
    }

    /// The answers of venues in force.
    #[must_use]
    pub fn plan(&self) -> &dyn Plan {
        &*self.plan
    }

    /// Where the ticket of that number is.
    #[must_use]
    pub fn place_of(&self, number: &str) -> Option<(Id, Id)> {
        self.ticket(number).map(|ticket| (ticket.venue.clone(), ticket.room.clone()))
    }

    /// How a room stands, where that is known.
    pub fn set_room(&mut self, venue: &Id, room: &Id, state: Option<RoomState>) {
        let place = (venue.clone(), room.clone());
        match state {
            Some(state) => drop(self.rooms.insert(place, state)),
            None => drop(self.rooms.remove(&place)),
        }
    }

    /// Goes on from the ledger: `last_id` is the highest ticket id ever given, `tickets` are those
    /// that can still change or were opened lately, `episodes` the live ones that have not ended,
    /// each with the ticket that carries it.
    pub fn restore(
        &mut self,
        last_id: u64,
        tickets: impl IntoIterator<Item = Ticket>,
        episodes: impl IntoIterator<Item = (EpisodeKey, u64)>,
    ) {
        self.last_id = last_id;
        let mut tickets: Vec<_> = tickets.into_iter().collect();
        // A place's ticket is the open one, else the one that ended last.
        tickets.sort_by_key(|t| (t.closed_at.unwrap_or(UnixMs::MAX), t.id));
        for ticket in tickets {
            self.remember(ticket);
        }
        let duplicates: Vec<_> = self
            .tickets
            .values()
            .filter(|t| t.duplicate_of.is_some())
            .filter_map(|t| Some((place_of(t)?, t.id, self.carrier(t.id))))
            .collect();
        for (place, id, other) in duplicates {
            // Unless the place has had a ticket of its own since.
            if self.by_place.get(&place) == Some(&id) {
                self.by_place.insert(place, other);
            }
        }
        for (key, id) in episodes {
            let is_symptom = |ticket: &Ticket| {
                let listed = ticket.symptoms.iter().any(|symptom| symptom.is(&key));
                // Of more than are listed, those of another rule are.
                listed
                    || ticket.symptom_count as usize > ticket.symptoms.len() && ticket.rule.as_ref() != Some(&key.rule)
            };
            if self.tickets.get(&id).is_some_and(is_symptom) {
                self.symptoms.insert(key.clone());
            }
            self.episodes.insert(key, id);
        }
        self.schedule_all();
    }

    /// The ticket that stands for the place of `id`: itself, or the one that it is a duplicate of.
    fn carrier(&self, mut id: u64) -> u64 {
        // A duplicate of a duplicate is refused, but its master may become one later: a short chain.
        for _ in 0..self.tickets.len() {
            let other = self.tickets.get(&id).and_then(|t| self.number(t.duplicate_of.as_deref()?));
            match other {
                Some(other) => id = other,
                None => break,
            }
        }
        id
    }

    /// The ticket that carries an episode which has not ended.
    #[must_use]
    pub fn ticket_of(&self, episode: &EpisodeKey) -> Option<u64> {
        self.episodes.get(episode).copied()
    }

    /// The ticket of that number, if it can still change.
    #[must_use]
    pub fn ticket(&self, number: &str) -> Option<&Ticket> {
        self.tickets.get(&self.number(number)?)
    }

    /// Which tickets want to know how their open episodes stand now; ask after every tick and answer
    /// with [`super::Event::Looked`].
    #[must_use]
    pub fn questions(&self, now: UnixMs) -> Vec<(u64, Vec<EpisodeKey>)> {
        let mut asked: BTreeMap<u64, Vec<EpisodeKey>> = BTreeMap::new();
        for (key, id) in self.episodes.iter().filter(|(key, _)| !self.symptoms.contains(*key)) {
            if self.tickets.get(id).is_some_and(|t| wants_look(t, now)) {
                asked.entry(*id).or_default().push(key.clone());
            }
        }
        asked.into_iter().collect()
    }

    /// Whether something that the ticket is about is still wrong; symptoms do not count.
    pub(super) fn has_open_episodes(&self, ticket: u64) -> bool {
        self.episodes.iter().any(|(key, t)| *t == ticket && !self.symptoms.contains(key))
    }

    /// The open episodes that a ticket is about.
    pub(super) fn own_episodes(&self, ticket: u64) -> Vec<EpisodeKey> {
        let own = self.episodes.iter().filter(|(key, t)| **t == ticket && !self.symptoms.contains(*key));
        own.map(|(key, _)| key.clone()).collect()
    }

    /// Another open ticket for the same place.
    pub(super) fn open_at_same_place(&self, id: u64) -> Option<u64> {
        let place = place_of(self.tickets.get(&id)?)?;
        let other = self.tickets.get(self.by_place.get(&place)?)?;
        let same = other.id != id && place_of(other).as_ref() == Some(&place);
        (same && !other.stage.is_ended()).then_some(other.id)
    }

    pub(super) fn number(&self, number: &str) -> Option<u64> {
        self.by_number.get(number).copied()
    }

    pub(super) fn remember(&mut self, ticket: Ticket) {
        self.numbers.learn(&ticket.venue, &ticket.number);
        self.last_id = self.last_id.max(ticket.id);
        self.by_number.insert(ticket.number.clone(), ticket.id);
        if let Some(place) = place_of(&ticket) {
            self.by_place.insert(place, ticket.id);
        }
        self.tickets.insert(ticket.id, ticket);
    }

    /// Forgets tickets that nothing can bring back.
    pub(super) fn forget_ended(&mut self, now: UnixMs) {
        let keep_ms = self.settings.relapse_ms;
        let over = |t: &Ticket| t.stage.is_ended() && t.closed_at.is_some_and(|at| now.saturating_sub(at) > keep_ms);
        let gone: Vec<u64> = self.tickets.values().filter(|t| over(t)).map(|t| t.id).collect();
        for id in gone.into_iter().filter(|id| !self.episodes.values().any(|e| e == id)) {
            self.wake.remove(&id);
            if let Some(ticket) = self.tickets.remove(&id) {
                self.by_number.remove(&ticket.number);
                self.by_place.retain(|_, at| *at != id);
            }
        }
    }

    /// How long the data is given to show that `ticket` is fixed.
    pub(super) fn patience_ms(&self, ticket: &Ticket) -> i64 {
        let known = ticket.rule.as_ref().and_then(|r| self.facts.get(r)).map_or(0, |f| f.patience_ms);
        known.max(self.settings.verify_ms_min)
    }
}

/// The place that a ticket of a rule stands for.
pub(super) fn place_of(ticket: &Ticket) -> Option<Place> {
    Some(Place {
        rule: ticket.rule.clone()?,
        venue: ticket.venue.clone(),
        room: ticket.room.clone(),
        asset: ticket.asset.clone(),
    })
}

/// A fix whose time has come, or one that data has not confirmed yet.
fn wants_look(ticket: &Ticket, now: UnixMs) -> bool {
    match ticket.stage {
        Stage::Verifying | Stage::Fixed | Stage::Closed => ticket.verify_at.is_some_and(|at| now >= at),
        _ => false,
    }
}
