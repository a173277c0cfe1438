//! Tells a stage that works from one that hangs, for the watchdog. A stage beats whenever it goes
//! round, also while it waits for a ledger that fails: that is trouble, but no hang.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

/// A stage that has not beaten for this long hangs (PROMISES: a hang ends within 30 s).
const FRESH: Duration = Duration::from_secs(20);

/// The beats of the step and the committer.
#[derive(Debug)]
pub struct Heartbeat {
    began: Instant,
    step: AtomicU64,
    commit: AtomicU64,
}

impl Default for Heartbeat {
    fn default() -> Self {
        Self { began: Instant::now(), step: AtomicU64::new(0), commit: AtomicU64::new(0) }
    }
}

impl Heartbeat {
    fn now(&self) -> u64 {
        self.began.elapsed().as_millis() as u64
    }

    /// The step goes round.
    pub fn step(&self) {
        self.step.store(self.now(), Ordering::Relaxed);
    }

    /// The committer goes round.
    pub fn commit(&self) {
        self.commit.store(self.now(), Ordering::Relaxed);
    }

    /// Whether none of them hangs. A step that waits for the committer counts as the committer does.
    #[must_use]
    pub fn is_fresh(&self) -> bool {
        let newest = self.step.load(Ordering::Relaxed).max(self.commit.load(Ordering::Relaxed));
        self.now().saturating_sub(newest) < FRESH.as_millis() as u64
    }
}
