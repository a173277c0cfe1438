//! A month of one karaoke lounge, the same each time for a seed: twelve rooms whose air, lights and devices
//! are made up, faults that are planted and people who act by a plan, judged by the real rules, causes, tickets
//! and readiness of the collector, and written as lines by its real conversion. Beside the lines stands what
//! they must say, computed from the seed and the plan alone by other arithmetic: [`Expected`].
//!
//! Nobody sleeps and nothing touches a disk: the store is a handful of maps.

mod expected;
mod house;
mod plan;
mod room;
mod store;
mod world;

pub use expected::{Expected, Shares};
pub use plan::{Incident, What};

use wire::UnixMs;

/// The seed of the month that other tests share.
pub const SEED: u64 = 20_261_123;
/// The venue.
pub const VENUE: &str = "nanshan";
/// Its rooms: `k01` to `k12`.
pub const ROOMS: usize = 12;
/// Days of the month.
pub const DAYS: i64 = 30;
/// The first instant: 2026-10-24, midnight in Shanghai.
pub const FROM: UnixMs = 1_792_771_200_000;
/// The first instant after it.
pub const TO: UnixMs = FROM + DAYS * DAY_MS;
/// A sample of each room so often.
pub const PERIOD_MS: i64 = 5 * MINUTE_MS;
/// Venues, devices and open tickets are looked at so often; a real collector does every five minutes.
pub const SNAPSHOT_MS: i64 = 30 * MINUTE_MS;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// A month.
#[derive(Debug)]
pub struct Month {
    /// Its lines, times in nanoseconds.
    pub lines: String,
    /// What they must say.
    pub expected: Expected,
}

/// The name of a room by its place, from 0.
#[must_use]
pub fn room_name(place: usize) -> String {
    format!("k{:02}", place + 1)
}

/// The month of a seed.
///
/// # Panics
/// When the month does not go as planned: a fault that opens no ticket, an action that is refused.
#[must_use]
pub fn generate(seed: u64) -> Month {
    let plan = plan::incidents();
    let mut world = world::World::new(seed, plan.clone());
    while world.now < TO {
        world.step();
    }
    let expected = expected::of(&plan, &world.air);
    Month { lines: world.lines(), expected }
}

/// Milliseconds since the last midnight in Shanghai, which has no summer time.
fn of_day(at: UnixMs) -> i64 {
    (at - FROM).rem_euclid(DAY_MS)
}
