//! `step`: one event in, the episodes that begin, worsen and end out. The same list of events
//! always gives the same list of effects, in the same order; nothing here reads a clock.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use wire::{Id, PointName, Source, UnixMs};

use super::{
    Effect, Event, Place, RoomState, Rule, Standing, codec,
    room::Room,
    source::{Context, SourceState},
};
use crate::episode::EpisodeKey;

/// What is the same for all rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// A sample older than this when it is committed is late, in milliseconds.
    pub live_horizon_ms: i64,
    /// A sample further in the future than this is not believed and not judged, in milliseconds.
    pub future_ms: i64,
    /// When no step came for this long, the collector itself was away: silence counts anew, in
    /// milliseconds.
    pub stall_ms: i64,
}

impl Default for Settings {
    /// 5 minutes of horizon, 1 minute of future (an NTP client steps long before), 5 minutes of stall.
    fn default() -> Self {
        Self { live_horizon_ms: 300_000, future_ms: 60_000, stall_ms: 300_000 }
    }
}

impl Settings {
    /// Whether a sample read at `at` is live at `now`; `placed` says that its time can be believed.
    #[must_use]
    pub fn is_live(&self, at: UnixMs, placed: bool, now: UnixMs) -> bool {
        let believable = at <= now.saturating_add(self.future_ms);
        placed && believable && at >= now.saturating_sub(self.live_horizon_ms)
    }
}

/// Most agents that are watched; what comes beyond is counted in [`State::dropped`]. Far above the
/// largest chain of venues, and a bound for a hostile publisher.
pub const SOURCES_MAX: usize = 100_000;

/// Everything that the rules remember.
#[derive(Debug)]
pub struct State {
    rules: Arc<[Rule]>,
    settings: Settings,
    sources: Vec<SourceState>,
    index: HashMap<Source, usize>,
    /// The order in which a tick visits agents.
    order: BTreeMap<Source, usize>,
    /// Since when the collector hears without a break; `None` before the first step.
    listening_since: Option<UnixMs>,
    stepped_at: UnixMs,
    changed: Vec<usize>,
    gone: Vec<Vec<u8>>,
    dropped: u64,
    /// What is known of venues and rooms, each at its place for ever.
    places: Named<Id, Place>,
    rooms: Named<(Id, Id), Room>,
}

/// Things by name, each at a place that it keeps.
#[derive(Debug)]
struct Named<K, T> {
    all: Vec<T>,
    index: HashMap<K, usize>,
}

impl<K: std::hash::Hash + Eq, T: Default> Named<K, T> {
    fn new() -> Self {
        Self { all: Vec::new(), index: HashMap::new() }
    }

    /// The place of `key`, where nothing is known at first.
    fn place(&mut self, key: K) -> usize {
        *self.index.entry(key).or_insert_with(|| {
            self.all.push(T::default());
            self.all.len() - 1
        })
    }

    fn entry(&mut self, key: K) -> &mut T {
        let place = self.place(key);
        &mut self.all[place]
    }
}

/// What came of [`State::restore`].
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Restored {
    /// Tracks that go on.
    pub tracks: usize,
    /// Tracks that no rule wants any more, or whose bytes are broken; they are deleted.
    pub deleted: usize,
    /// Episodes that were open in deleted tracks: the rule went away, the violation may not have.
    pub abandoned: Vec<EpisodeKey>,
}

impl State {
    /// Nothing seen yet.
    #[must_use]
    pub fn new(rules: Vec<Rule>, settings: Settings) -> Self {
        Self {
            places: Named::new(),
            rooms: Named::new(),
            rules: rules.into(),
            settings,
            sources: Vec::new(),
            index: HashMap::new(),
            order: BTreeMap::new(),
            listening_since: None,
            stepped_at: UnixMs::MIN,
            changed: Vec::new(),
            gone: Vec::new(),
            dropped: 0,
        }
    }

    /// The rules in force.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// What is known of a venue, from now on: its kind and its hours around now. Of a venue that nobody
    /// told of, every rule matters always.
    pub fn set_place(&mut self, venue: &Id, place: Place) {
        *self.places.entry(venue.clone()) = place;
    }

    /// The point of a room that tells whether somebody is in it.
    pub fn set_state_point(&mut self, venue: &Id, room: &Id, point: Option<PointName>) {
        self.rooms.entry((venue.clone(), room.clone())).point = point;
    }

    /// Goes on with what was said of a room before a restart; other events are ignored.
    pub fn tell_room(&mut self, event: &Event<'_>) {
        if let Event::RoomState { venue, room, state } = *event {
            self.rooms.entry((venue.clone(), room.clone())).said = state;
        }
    }

    /// How a room stands at `now`, where that is known.
    #[must_use]
    pub fn room_state(&self, venue: &Id, room: &Id, now: UnixMs) -> Option<RoomState> {
        let place = self.rooms.index.get(&(venue.clone(), room.clone()))?;
        self.rooms.all[*place].state(now)
    }

    /// What is the same for all of them.
    #[must_use]
    pub fn settings(&self) -> Settings {
        self.settings
    }

    /// How the live episode `key` stands at `now`.
    #[must_use]
    pub fn look(&self, key: &EpisodeKey, now: UnixMs) -> Standing {
        let source = self.index.get(&key.subject.source).map(|i| &self.sources[*i]);
        source.map_or(Standing::NoData, |s| s.look(&self.rules, key, now))
    }

    /// Agents and points that were not watched because there were too many.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Goes on from tracks that [`State::take_changed`] gave; before the first step.
    pub fn restore(&mut self, tracks: impl IntoIterator<Item = (Vec<u8>, Vec<u8>)>) -> Restored {
        let mut restored = Restored::default();
        for (key, bytes) in tracks {
            let parsed = codec::parse_key(&key).zip(codec::parse(&bytes));
            let taken = parsed.as_ref().is_some_and(|((rule, subject), memory)| {
                let Some(i) = self.source(&subject.source) else { return false };
                self.sources[i].restore(&self.rules, rule, subject.point.as_ref(), memory.clone())
            });
            if taken {
                restored.tracks += 1;
                continue;
            }
            restored.deleted += 1;
            if let Some(((rule, subject), memory)) = parsed
                && let Some(began_at) = memory.open_since()
            {
                restored.abandoned.push(EpisodeKey { rule, subject, began_at });
            }
            self.gone.push(key);
        }
        restored
    }

    /// Tells, after [`State::restore`], when an agent's newest committed sample was read, so that a
    /// silence that began while the collector was away is dated right.
    pub fn heard(&mut self, source: &Source, at: UnixMs) {
        if let Some(i) = self.source(source) {
            self.sources[i].heard(at);
        }
    }

    /// What changed since the last call and must survive a restart; `None` deletes. What is restored
    /// decides the same of live data that comes in order. Only when points in order last had a value
    /// is not kept with every one, which dates a silence that begins while the collector is away.
    pub fn take_changed(&mut self) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
        let mut out: Vec<_> = self.gone.drain(..).map(|key| (key, None)).collect();
        for i in self.changed.drain(..) {
            self.sources[i].take_changed(&self.rules, &mut out);
        }
        out
    }

    /// The place of a source, which is made on first sight unless there are too many.
    fn source(&mut self, source: &Source) -> Option<usize> {
        if let Some(i) = self.index.get(source) {
            return Some(*i);
        }
        if self.sources.len() >= SOURCES_MAX {
            self.dropped += 1;
            return None;
        }
        let i = self.sources.len();
        let place = self.places.place(source.venue.clone());
        let room = self.rooms.place((source.venue.clone(), source.room.clone()));
        self.sources.push(SourceState::new(source.clone(), (place, room), &self.rules));
        self.index.insert(source.clone(), i);
        self.order.insert(source.clone(), i);
        Some(i)
    }

    /// Notes that a step is taken at `now`, and since when the collector has been listening.
    fn listen(&mut self, now: UnixMs) -> UnixMs {
        let stalled = now.saturating_sub(self.stepped_at) > self.settings.stall_ms;
        self.stepped_at = now;
        let since = self.listening_since.filter(|_| !stalled).unwrap_or(now);
        self.listening_since = Some(since);
        since
    }

    /// Lets one source act, and keeps book of what changed.
    fn with_source(&mut self, i: usize, now: UnixMs, since: UnixMs, act: impl FnOnce(&mut SourceState, &Context<'_>)) {
        let source = &mut self.sources[i];
        let (place, room) = source.whereabouts();
        let context = Context {
            rules: &self.rules,
            settings: self.settings,
            now,
            listening_since: since,
            place: &self.places.all[place],
            room: &self.rooms.all[room],
        };
        let was_changed = source.is_changed();
        act(source, &context);
        if source.is_changed() && !was_changed {
            self.changed.push(i);
        }
        self.dropped += source.take_dropped();
    }
}

/// Takes one event at `now`, and appends to `out` what follows.
pub fn step(state: &mut State, event: &Event<'_>, now: UnixMs, out: &mut Vec<Effect>) {
    let since = state.listen(now);
    match *event {
        Event::Sample { source, at, placed, points, faults } => {
            if let Some(i) = state.source(source) {
                if state.settings.is_live(at, placed, now) {
                    let (_, room) = state.sources[i].whereabouts();
                    state.rooms.all[room].sense(at, points);
                }
                state.with_source(i, now, since, |s, c| s.sample(c, at, placed, points, faults, out));
            }
        }
        Event::Presence { source, online } => {
            // A retained word of an agent that stopped long ago makes nobody wait for it.
            let known = if online { state.source(source) } else { state.index.get(source).copied() };
            if let Some(i) = known {
                state.with_source(i, now, since, |s, c| s.presence(c, online));
            }
        }
        Event::RoomState { .. } => state.tell_room(event),
        Event::Deaf => state.listening_since = Some(now),
        Event::Tick => {
            let order: Vec<usize> = state.order.values().copied().collect();
            for i in order {
                state.with_source(i, now, since, |s, c| s.tick(c, out));
            }
        }
    }
}
