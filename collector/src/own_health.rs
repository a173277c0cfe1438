//! Tells the rules how the collector itself is: turns trouble of its parts into a sample of its own source,
//! at once when something changes and every minute, so that a broker that is away becomes a ticket like
//! anything else. Files it for the next step; decides nothing.

use std::time::Duration;

use tokio::{runtime, sync::watch};
use wire::{Id, PointName, Source, UnixMs};

use crate::{
    Shared,
    episode::{OWN_AGENT, VENUE_ROOM},
    health::Part,
    step::{Filing, OwnSample},
};

/// What is told: a point, 1 while none of these parts is in trouble.
const TOLD: [(&str, &[Part]); 3] = [
    ("broker_connected", &[Part::Broker, Part::Loopback]),
    ("channels_delivering", &[Part::Notify]),
    ("readings_written", &[Part::Influx]),
];

/// World time between two tellings of the same.
const TELL_EVERY_MS: i64 = 60_000;
/// World time between two looks.
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
    let mut told: Option<(UnixMs, Vec<(PointName, f64)>)> = None;
    while !*stop.borrow() {
        let (now, points) = (shared.clock.now(), points(shared));
        let is_told = told
            .as_ref()
            .is_some_and(|(at, said)| *said == points && (0..TELL_EVERY_MS).contains(&now.saturating_sub(*at)));
        if !is_told && tell(shared, points.clone(), now) {
            told = Some((now, points));
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

/// The points that the collector says of itself.
#[must_use]
pub fn names() -> Vec<PointName> {
    TOLD.iter().filter_map(|(name, _)| PointName::parse(name).ok()).collect()
}

fn points(shared: &Shared) -> Vec<(PointName, f64)> {
    let troubles = shared.health.troubles();
    let ill = |parts: &[Part]| troubles.iter().any(|(part, _)| parts.contains(part));
    let one = |(name, parts): &(&str, &[Part])| Some((PointName::parse(name).ok()?, f64::from(!ill(parts))));
    TOLD.iter().filter_map(one).collect()
}

/// Files what is to be told; `false` where too much waits already, to try again.
fn tell(shared: &Shared, points: Vec<(PointName, f64)>, now: UnixMs) -> bool {
    let Some(source) = source(shared) else { return true };
    let sample = OwnSample { source, at: now, points, assets: Vec::new() };
    let filed = shared.filings.put(Filing { samples: vec![sample], ..Filing::default() }).is_ok();
    shared.requests.wake();
    filed
}

/// Whose trouble it is: that of the only venue there is, else of a place of its own, so that a chain gets one
/// ticket for one broker.
#[must_use]
pub fn source(shared: &Shared) -> Option<Source> {
    let venues = shared.venues.get();
    let live = shared.live.read().expect("no holder of this lock can panic");
    let mut all = venues.venues.keys().chain(live.agents.keys().map(|source| &source.venue));
    let only = all.next().filter(|first| venues.venues.len() <= 1 && all.all(|other| other == *first)).cloned();
    let venue = only.or_else(|| Id::parse(OWN_AGENT).ok())?;
    Some(Source { venue, room: Id::parse(VENUE_ROOM).ok()?, agent: Id::parse(OWN_AGENT).ok()? })
}
