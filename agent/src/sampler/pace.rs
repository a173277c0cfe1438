//! How patient the sampler is, in the world's time. Where the world runs faster than life, threads do
//! not: no patience is shorter than what a busy computer needs to run one.

use std::time::Duration;

use super::plan::Worker;
use crate::world::Clock;

/// How long a tick waits for its readings; slower ones follow in a sample of their own. Less than
/// the 2 s within which a stored time is right.
const MERGE: Duration = Duration::from_secs(1);
/// The same in real time, for a world that runs fast.
const MERGE_REAL_MIN: Duration = Duration::from_millis(20);
/// A bus that has been silent for so long has failed as a whole; its thread is replaced.
const HUNG_AFTER: Duration = Duration::from_secs(10);
/// Shorter than this in real time, silence says more about the computer than about the bus.
const SILENCE_REAL_MIN: Duration = Duration::from_millis(1500);

/// How patient to be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Pace {
    /// How long a tick waits for its readings.
    pub merge: Duration,
    /// After how much silence a bus has failed as a whole.
    pub hung_after: Duration,
    /// No silence shorter than this means anything.
    silence_min: Duration,
    /// Seconds of the world in one of life.
    speed: f64,
}

impl Pace {
    /// For a world whose time `clock` tells.
    pub(crate) fn of(clock: &dyn Clock) -> Self {
        let second = Duration::from_secs(1);
        let speed = second.as_secs_f64() / clock.real(second).as_secs_f64().max(1e-9);
        Self {
            merge: MERGE.max(MERGE_REAL_MIN.mul_f64(speed)),
            hung_after: HUNG_AFTER.max(2 * SILENCE_REAL_MIN.mul_f64(speed)),
            silence_min: SILENCE_REAL_MIN.mul_f64(speed),
            speed,
        }
    }

    /// How long to wait for a station of `worker` that asks for `patience`. A probe reaches into the
    /// real world, so its patience is real too.
    pub(crate) fn patience(&self, worker: &Worker, patience: Duration) -> Duration {
        match worker {
            Worker::Alone => patience.mul_f64(self.speed.max(1.0)),
            Worker::Bus(_) | Worker::Lines(_) | Worker::OneWire(_) => patience.max(self.silence_min),
        }
    }
}
