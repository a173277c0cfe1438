//! A clock that the test holds: it stands still until somebody waits, or the test lets time pass.
#![allow(dead_code, clippy::unwrap_used)]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use agent::world::Clock;
use embedded_hal::delay::DelayNs;
use wire::Id;

/// The clock.
#[derive(Default)]
pub struct Held(pub Mutex<Duration>);

impl Held {
    /// It shows `seconds` since the start.
    pub fn at(seconds: u64) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Duration::from_secs(seconds))))
    }

    /// Lets time pass.
    pub fn pass(&self, time: Duration) {
        *self.0.lock().unwrap() += time;
    }
}

impl Clock for Held {
    fn boottime(&self) -> Duration {
        *self.0.lock().unwrap()
    }
    fn wall(&self) -> wire::UnixMs {
        0
    }
    fn synchronized(&self) -> bool {
        true
    }
    fn boot(&self) -> Id {
        Id::parse("b").unwrap()
    }
}

/// Waiting is time that passes.
pub struct Passing(pub Arc<Held>);

impl DelayNs for Passing {
    fn delay_ns(&mut self, ns: u32) {
        self.0.pass(Duration::from_nanos(ns.into()));
    }
}

impl DelayNs for &Held {
    fn delay_ns(&mut self, ns: u32) {
        self.pass(Duration::from_nanos(ns.into()));
    }
}
