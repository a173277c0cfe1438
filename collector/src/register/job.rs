//! Tells the rules how many days are left: turns venues, what readers last said and the date at each
//! venue into words of the collector's own, every hour and whenever the files of venues change. Files
//! them for the next step; decides nothing.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use tokio::{runtime, sync::watch};
use wire::{Id, Source, UnixMs};

use super::{book::register, maintenance, own};
use crate::{
    Shared,
    episode::OWN_AGENT,
    live::Live,
    register::Extinguisher,
    step::{Filing, OwnSample},
    venues::Venues,
};

/// World time between two tellings of the same: a day left less is told within the hour.
const TELL_EVERY_MS: i64 = 3_600_000;
/// World time between two looks whether the files changed.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Real time between two looks, at least: a world that runs fast must not make this thread spin.
const LOOK_EVERY_MIN: Duration = Duration::from_millis(50);

/// Runs until `stop`.
///
/// # Errors
/// When the system gives no timer.
pub fn run(shared: &Shared, mut stop: watch::Receiver<bool>) -> Result<(), std::io::Error> {
    let timer = runtime::Builder::new_current_thread().enable_time().build()?;
    let look_every = shared.clock.real(LOOK_EVERY).max(LOOK_EVERY_MIN);
    let mut told: Option<(UnixMs, Arc<Venues>)> = None;
    while !*stop.borrow() {
        let (now, venues) = (shared.clock.now(), shared.venues.get());
        let is_told = told
            .as_ref()
            .is_some_and(|(at, of)| Arc::ptr_eq(of, &venues) && (0..TELL_EVERY_MS).contains(&now.saturating_sub(*at)));
        if !is_told && tell(shared, &venues, now) {
            told = Some((now, venues));
        }
        let ended = timer.block_on(async {
            tokio::select! {
                () = tokio::time::sleep(look_every) => false,
                changed = stop.changed() => changed.is_err(),
            }
        });
        if ended {
            break;
        }
    }
    Ok(())
}

/// Files what is to be told; `false` where too much waits already, to try again.
fn tell(shared: &Shared, venues: &Venues, now: UnixMs) -> bool {
    let samples = {
        let live = shared.live.read().expect("no holder of this lock can panic");
        samples(venues, &live, now)
    };
    if samples.is_empty() {
        return true;
    }
    let filed = shared.filings.put(Filing { samples, ..Filing::default() }).is_ok();
    shared.requests.wake();
    filed
}

/// Days left of every extinguisher and of every asset with a date of maintenance, one sample a room.
#[must_use]
pub fn samples(venues: &Venues, live: &Live, now: UnixMs) -> Vec<OwnSample> {
    let Ok(agent) = Id::parse(OWN_AGENT) else { return Vec::new() };
    let mut all = Vec::new();
    for venue in venues_of(venues, live) {
        let mut rooms = own::by_room(&of_venue(venues, live, &venue, now));
        if let (Some(known), Some(today)) = (venues.venue(&venue), today(venues, &venue, now)) {
            maintenance::add(&mut rooms, &known.file, today);
        }
        for (room, days) in rooms {
            let source = Source { venue: venue.clone(), room, agent: agent.clone() };
            all.push(OwnSample { source, at: now, points: days.points, assets: days.assets });
        }
    }
    all
}

/// The register of one venue on the day that it is there at `now`.
#[must_use]
pub fn of_venue(venues: &Venues, live: &Live, venue: &Id, now: UnixMs) -> Vec<Extinguisher> {
    let Some(today) = today(venues, venue, now) else { return Vec::new() };
    register(venue, venues.venue(venue).map(|v| &v.file), live, today)
}

/// The day that it is at a venue at `now`.
fn today(venues: &Venues, venue: &Id, now: UnixMs) -> Option<jiff::civil::Date> {
    let instant = jiff::Timestamp::from_millisecond(now).ok()?;
    Some(venues.zone(venue).to_datetime(instant).date())
}

/// The register of all venues, the worst first.
#[must_use]
pub fn of_all(venues: &Venues, live: &Live, now: UnixMs) -> Vec<Extinguisher> {
    let mut all: Vec<_> = venues_of(venues, live).iter().flat_map(|venue| of_venue(venues, live, venue, now)).collect();
    all.sort_by_cached_key(|e| (e.standing(), e.venue.clone(), e.room.clone(), e.asset.clone()));
    all
}

/// Venues of files, and those that agents name.
fn venues_of(venues: &Venues, live: &Live) -> BTreeSet<Id> {
    venues.venues.keys().chain(live.agents.keys().map(|source| &source.venue)).cloned().collect()
}
