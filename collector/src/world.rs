//! The world a collector lives in, which tests and the demo replace: its clock.

use std::{sync::Arc, time::Duration};

use wire::UnixMs;

/// Time as the collector sees it. In the demo a second of the world can be shorter than a real one.
pub trait Clock: Send + Sync + 'static {
    /// Wall time now.
    fn now(&self) -> UnixMs;
    /// How long to really wait for `world` time to pass: `world` itself in life, less in the demo.
    fn real(&self, world: Duration) -> Duration {
        world
    }
}

/// What [`crate::run`] receives beside its configuration.
#[derive(Clone)]
pub struct World {
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// The machine's own clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> UnixMs {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        UnixMs::try_from(since.as_millis()).unwrap_or(UnixMs::MAX)
    }
}
