//! What derived fields need beside the data: bands of rules, hours of venues, points that tell whether a
//! room is occupied. Made of packs and venues alone and remembers only what it worked out of them, so the same
//! packs and venues always give the same lines.
//!
//! A reading is *in band* by the first rule of kind `band`, in the order of the packs, that watches its point in
//! its room at a venue of its kind, and that matters at its instant: opening hours, time before opening, season,
//! and whether somebody is in the room as far as the same sample tells. Where no such rule matters, nothing is
//! said. Rules that are switched off do not count; the limits are those of the band, not the return limits.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use wire::{Id, PointName, UnixMs};

use crate::{
    packs::Packs,
    rules::{Expect, Place, RoomState, Rule, When},
    venues::Venues,
};

/// Points whose bands are remembered; then all are worked out anew. 30,000 rooms of 30 points have as many.
const POINTS_MAX: usize = 1_000_000;
/// Stretches of a venue's hours that are remembered: each is 80 days long.
const PLACES_MAX: usize = 16;

/// A band and when it matters.
#[derive(Debug, Clone, PartialEq)]
struct Band {
    when: When,
    low: Option<f64>,
    high: Option<f64>,
}

type Bands = Arc<[Band]>;
/// By venue, room and point.
type Rooms = HashMap<Id, HashMap<Id, HashMap<PointName, Bands>>>;
/// Hours of venues, each stretch with the instants for which it was worked out.
type Places = HashMap<Id, Vec<Arc<Place>>>;

/// Packs and venues, and what was worked out of them.
#[derive(Debug)]
pub struct Facts {
    packs: Arc<Packs>,
    venues: Arc<Venues>,
    rules: Vec<Rule>,
    bands: RwLock<(usize, Rooms)>,
    places: RwLock<Places>,
}

/// How things stand in a room at an instant, for every point of a sample.
#[derive(Debug)]
pub struct Moment {
    place: Option<Arc<Place>>,
    at: UnixMs,
    room: Option<RoomState>,
}

impl Facts {
    /// Those of packs and venues; made anew when either changes.
    #[must_use]
    pub fn new(packs: Arc<Packs>, venues: Arc<Venues>) -> Self {
        let rules = packs.rules().into_iter().filter(|rule| matches!(rule.expect, Expect::Band { .. })).collect();
        Self { packs, venues, rules, bands: RwLock::default(), places: RwLock::default() }
    }

    /// Rules and their words.
    #[must_use]
    pub fn packs(&self) -> &Packs {
        &self.packs
    }

    /// Venues.
    #[must_use]
    pub fn venues(&self) -> &Venues {
        &self.venues
    }

    /// Whether the venue is open at `at`; `None` where nobody said when it is.
    #[must_use]
    pub fn is_open(&self, venue: &Id, at: UnixMs) -> Option<bool> {
        let known = !self.venues.venue(venue)?.calendar.is_always_open();
        self.place(venue, at).filter(|_| known)?.at(at, None).is_open
    }

    /// Open seconds between two instants; `None` where nobody said when the venue is open.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "an hour is far below 2^52 ms")]
    pub fn open_seconds(&self, venue: &Id, from: UnixMs, to: UnixMs) -> Option<f64> {
        let calendar = &self.venues.venue(venue)?.calendar;
        (!calendar.is_always_open()).then(|| calendar.open_ms(from, to) as f64 / 1_000.0)
    }

    /// The point that tells whether a room is occupied.
    #[must_use]
    pub fn state_point(&self, venue: &Id, room: &Id) -> Option<&PointName> {
        self.venues.venue(venue)?.file.room.get(room)?.state_point.as_ref()
    }

    /// How things stand. That nobody is in a room does not say whether it is prepared: any state is possible.
    #[must_use]
    pub fn moment(&self, venue: &Id, at: UnixMs, is_occupied: Option<bool>) -> Moment {
        let room = is_occupied.filter(|is| *is).map(|_| RoomState::Occupied);
        Moment { place: self.place(venue, at), at, room }
    }

    /// Whether a value is within the band that matters; `None` where none does.
    #[must_use]
    pub fn in_band(&self, venue: &Id, room: &Id, point: &PointName, value: f64, moment: &Moment) -> Option<bool> {
        let bands = self.bands(venue, room, point);
        if bands.is_empty() {
            return None;
        }
        let now = moment.place.as_ref().map(|place| place.at(moment.at, moment.room)).unwrap_or_default();
        let band = bands.iter().find(|band| band.when.holds(&now))?;
        Some(band.low.is_none_or(|low| value >= low) && band.high.is_none_or(|high| value <= high))
    }

    fn bands(&self, venue: &Id, room: &Id, point: &PointName) -> Bands {
        let found = {
            let known = self.bands.read().unwrap_or_else(PoisonError::into_inner);
            known.1.get(venue).and_then(|rooms| rooms.get(room)?.get(point)).cloned()
        };
        found.unwrap_or_else(|| {
            let bands = self.work_out(venue, room, point);
            let mut known = self.bands.write().unwrap_or_else(PoisonError::into_inner);
            if known.0 >= POINTS_MAX {
                *known = Default::default();
            }
            known.0 += 1;
            let points = known.1.entry(venue.clone()).or_default().entry(room.clone()).or_default();
            points.insert(point.clone(), bands.clone());
            bands
        })
    }

    fn work_out(&self, venue: &Id, room: &Id, point: &PointName) -> Bands {
        let kind = self.venues.venue(venue).and_then(|v| v.file.kind.as_ref());
        let for_kind = |rule: &&Rule| rule.kinds.is_empty() || kind.is_none_or(|kind| rule.kinds.contains(kind));
        let band = |rule: &Rule| match rule.expect {
            Expect::Band { low, high, .. } => Some(Band { when: rule.when.clone(), low, high }),
            _ => None,
        };
        let watching = self.rules.iter().filter(|r| r.covers_room(room) && r.covers_point(point));
        watching.filter(for_kind).filter_map(band).collect()
    }

    /// The hours around `at`; `None` for a venue that stands in no file.
    fn place(&self, venue: &Id, at: UnixMs) -> Option<Arc<Place>> {
        let covers = |place: &&Arc<Place>| (place.hours.from..place.hours.until).contains(&at);
        let found = {
            let known = self.places.read().unwrap_or_else(PoisonError::into_inner);
            known.get(venue).and_then(|places| places.iter().find(covers)).cloned()
        };
        found.or_else(|| {
            let place = Arc::new(self.venues.venue(venue)?.place(at));
            let mut known = self.places.write().unwrap_or_else(PoisonError::into_inner);
            let places = known.entry(venue.clone()).or_default();
            if places.len() >= PLACES_MAX {
                places.clear();
            }
            places.push(place.clone());
            Some(place)
        })
    }
}
