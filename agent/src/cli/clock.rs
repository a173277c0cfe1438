//! A clock for `check`, which measures only how long things take.

use std::time::{Duration, Instant};

use agent::world::Clock;
use wire::Id;

/// Counts from its own start.
pub(super) struct Stopwatch(pub Instant);

impl Clock for Stopwatch {
    fn boottime(&self) -> Duration {
        self.0.elapsed()
    }

    fn wall(&self) -> wire::UnixMs {
        0
    }

    fn synchronized(&self) -> bool {
        false
    }

    fn boot(&self) -> Id {
        Id::parse("check").expect("a well-formed name")
    }
}
