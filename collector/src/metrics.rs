//! What the collector counts of itself: written by the stages, read by `/metrics` and tests.
//! Only counts and the newest figures; the names on the wire are in [`Metrics::list`].

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A figure that many threads touch.
#[derive(Debug, Default)]
pub struct Figure(AtomicU64);

impl Figure {
    /// Adds to a count.
    pub fn add(&self, n: u64) {
        self.0.fetch_add(n, Relaxed);
    }

    /// Replaces a newest figure.
    pub fn set(&self, n: u64) {
        self.0.store(n, Relaxed);
    }

    /// What it is.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

macro_rules! figures {
    ($($(#[doc = $help:literal])+ $name:ident: $kind:literal,)*) => {
        /// Counters since start and newest figures.
        #[derive(Debug, Default)]
        pub struct Metrics {
            $($(#[doc = $help])+ pub $name: Figure,)*
        }

        impl Metrics {
            /// Name without prefix, `counter` or `gauge`, help and value of each, for `/metrics`.
            #[must_use]
            pub fn list(&self) -> Vec<(&'static str, &'static str, &'static str, u64)> {
                vec![$((stringify!($name), $kind, concat!($($help),+), self.$name.get()),)*]
            }
        }
    };
}

figures! {
    /// MQTT messages that came in.
    messages_total: "counter",
    /// Samples committed.
    samples_total: "counter",
    /// Readings (points with a value) committed.
    readings_total: "counter",
    /// Samples that were known already and were only acknowledged again.
    duplicates_total: "counter",
    /// Samples past a hole, not taken; the agent sends again from the hole.
    gaps_total: "counter",
    /// Known sequence numbers that came with another content.
    conflicts_total: "counter",
    /// Messages that could not be taken, conflicts included.
    quarantined_total: "counter",
    /// Retained messages on `samples`, ignored.
    retained_samples_total: "counter",
    /// Sequence numbers that agents declared lost.
    lost_total: "counter",
    /// Commits of the ledger.
    commits_total: "counter",
    /// Commits that failed and were tried again.
    commit_failures_total: "counter",
    /// Time spent in commits, in microseconds.
    commit_microseconds_total: "counter",
    /// Acks sent to agents.
    acks_total: "counter",
    /// Connections to the broker.
    broker_connects_total: "counter",
    /// Connections that were lost.
    broker_losses_total: "counter",
    /// Whether the broker is connected, 0 or 1.
    broker_connected: "gauge",
    /// Messages taken from the broker that wait for a step.
    waiting_messages: "gauge",
    /// Age of the oldest message of the last commit when it was durable, in microseconds.
    commit_age_microseconds: "gauge",
    /// Commits whose samples are not compacted yet.
    blobs_waiting: "gauge",
    /// Whether a backlog's samples lie in hours and wait to be packed into days, 0 or 1.
    unpacked: "gauge",
    /// Samples compacted into chunks.
    compacted_samples_total: "counter",
    /// Compactions that failed and will be tried again.
    compaction_failures_total: "counter",
    /// Episodes that began, late ones included.
    episodes_total: "counter",
    /// Lines that the readings' database took.
    influx_lines_total: "counter",
    /// Lines that it refused for good.
    influx_refused_lines_total: "counter",
    /// Requests that it did not take and that will be tried again.
    influx_failures_total: "counter",
    /// Samples that were given up for it, for it was away for too long.
    influx_dropped_samples_total: "counter",
    /// Age of the oldest commit that is not written to it.
    influx_lag_seconds: "gauge",
    /// Bytes of commits that wait for it.
    influx_waiting_bytes: "gauge",
    /// Messages put into the outbox.
    outbox_total: "counter",
    /// Messages delivered.
    notified_total: "counter",
    /// Tries of a delivery that failed.
    notify_failures_total: "counter",
}
