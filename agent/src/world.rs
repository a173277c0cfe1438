//! The world an agent lives in, which tests and the demo replace: clocks and the simulated room.

use std::{sync::Arc, time::Duration};

use wire::{Id, UnixMs};

/// Time as the agent sees it. In the demo a second of the world can be shorter than a real one.
pub trait Clock: Send + Sync + 'static {
    /// CLOCK_BOOTTIME: monotonic, counts sleep, starts near 0 at each boot.
    fn boottime(&self) -> Duration;
    /// What the system's wall clock says now, right or wrong.
    fn wall(&self) -> UnixMs;
    /// Whether the system says that its wall clock is synchronised (NTP).
    fn synchronized(&self) -> bool;
    /// The boot that runs now.
    fn boot(&self) -> Id;
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
    /// The room behind the first bus of kind `simulated`; without it, and for further ones, the agent
    /// makes its own.
    pub room: Option<Arc<crate::driver::simulated::Room>>,
}
