//! Turns real time into the venue's time, which runs faster. Never sleeps; never goes back.

use std::time::{Duration, Instant};

use wire::{Id, UnixMs};

/// The clock of the simulated world: a start and a factor.
#[derive(Debug, Clone)]
pub struct FastClock {
    started: Instant,
    started_at: UnixMs,
    speed: f64,
    boot: Id,
}

impl FastClock {
    /// How long the world's computers had been up when the demo started: no instant of a boot lies
    /// before it, and a boot time of exactly 0 would be hard to tell from "not set".
    const UP_BEFORE_START: Duration = Duration::from_secs(60);

    /// A world that starts at `started_at` and runs `speed` times as fast as life.
    #[must_use]
    pub fn new(started_at: UnixMs, speed: f64, boot: Id) -> Self {
        Self { started: Instant::now(), started_at, speed, boot }
    }

    /// World time since the start.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed().mul_f64(self.speed)
    }

    /// World time as people read it.
    #[must_use]
    pub fn now_ms(&self) -> UnixMs {
        self.started_at + UnixMs::try_from(self.elapsed().as_millis()).unwrap_or(UnixMs::MAX / 2)
    }

    /// World time when `real` has passed in life.
    #[must_use]
    pub fn ahead_ms(&self, real: Duration) -> UnixMs {
        self.now_ms() + UnixMs::try_from(real.mul_f64(self.speed).as_millis()).unwrap_or(0)
    }

    /// How long `world` time takes in life.
    #[must_use]
    pub fn real_of(&self, world: Duration) -> Duration {
        world.div_f64(self.speed)
    }
}

impl agent::world::Clock for FastClock {
    fn boottime(&self) -> Duration {
        Self::UP_BEFORE_START + self.elapsed()
    }
    fn wall(&self) -> UnixMs {
        self.now_ms()
    }
    fn synchronized(&self) -> bool {
        true
    }
    fn boot(&self) -> Id {
        self.boot.clone()
    }
    fn real(&self, world: Duration) -> Duration {
        self.real_of(world)
    }
}

impl collector::world::Clock for FastClock {
    fn now(&self) -> UnixMs {
        self.now_ms()
    }
    fn real(&self, world: Duration) -> Duration {
        self.real_of(world)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_of_the_world_is_a_second_at_speed_60() {
        let clock = FastClock::new(1_763_880_000_000, 60.0, Id::parse("demo").unwrap());
        assert_eq!(clock.real_of(Duration::from_secs(60)), Duration::from_secs(1));
        assert!(clock.now_ms() >= 1_763_880_000_000);
    }
}
