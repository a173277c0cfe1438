//! The thread that keeps readings small: looks every second how many samples wait, has them
//! compacted, days packed, retention kept and the ledger's log written back. Commits go first: it
//! works in small transactions and rests between them. A failure is told and tried again; charts
//! stay right meanwhile, since they read the tail.

use std::time::{Duration, Instant};

use tokio::{runtime, sync::watch};

use super::{
    compact::{self, compact},
    pack::{Limits, pack},
};
use crate::{
    Shared,
    health::Part,
    ledger::{Error, archive::Archivist},
};

/// How often it looks.
const LOOK: Duration = Duration::from_secs(1);
/// Rest between two transactions: longer than a writer that found the ledger busy waits before
/// it tries again.
const REST: Duration = Duration::from_millis(4);
/// Rest after a failure.
const RETRY: Duration = Duration::from_secs(10);
/// The log is written back this often while there is something to write.
const CHECKPOINT: Duration = Duration::from_secs(4);
/// How often days are packed and retention is kept, by the world's clock.
const PACK: Duration = Duration::from_secs(3_600);
/// … or this long after the last time, if samples came for hours that should be packed: a backlog.
const PACK_LATE: Duration = Duration::from_secs(10);
/// … but not before this many times what the last time took, so that agents that are always late
/// do not keep the collector packing.
const PACK_LATE_SHARE: u32 = 20;
/// Free pages that stay for the next blobs: 256 KiB.
const FREE_PAGES_KEPT: usize = 64;
/// Free pages given back in one transaction: a millisecond or two of a writer's time.
const GIVE_BACK_MAX: usize = 64;
/// Bytes of a MiB.
const MIB: u64 = 1024 * 1024;
/// Blobs that one compaction holds in memory, whatever more waits.
const COMPACT_BYTES_MAX: u64 = 8 * MIB;

/// Runs until `stop` says so.
///
/// # Errors
/// When the system gives no timer.
pub fn run(shared: &Shared, store: &mut dyn Archivist, stop: &watch::Receiver<bool>) -> Result<(), std::io::Error> {
    let timer = Timer { runtime: runtime::Builder::new_current_thread().enable_time().build()?, stop: stop.clone() };
    let mut upkeep = Upkeep {
        shared,
        timer,
        compacted: Instant::now(),
        written_back: Instant::now(),
        packed_at: None,
        packing: Duration::ZERO,
        late: false,
    };
    let mut rest = LOOK;
    while upkeep.timer.rest(rest) {
        rest = match upkeep.round(store) {
            Ok(()) => {
                if shared.health.withdraw(Part::Readings) {
                    tracing::info!("compaction works again");
                }
                LOOK
            }
            Err(error) => {
                shared.metrics.compaction_failures_total.add(1);
                if shared.health.report(Part::Readings, shared.clock.now(), told(&error)) {
                    tracing::warn!(error = told(&error), "compaction fails and will be tried again");
                }
                RETRY
            }
        };
    }
    Ok(())
}

fn told(error: &Error) -> String {
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}"));
    format!("{error}{}", cause.unwrap_or_default())
}

/// Waits, and hears that it is over.
struct Timer {
    runtime: runtime::Runtime,
    stop: watch::Receiver<bool>,
}

impl Timer {
    /// Rests for `time`; `false` when it is over.
    fn rest(&mut self, time: Duration) -> bool {
        let stop = &mut self.stop;
        self.runtime.block_on(async { tokio::time::timeout(time, stop.wait_for(|over| *over)).await.is_err() })
    }
}

struct Upkeep<'a> {
    shared: &'a Shared,
    timer: Timer,
    compacted: Instant,
    written_back: Instant,
    /// When days were packed, by the world's clock and by ours.
    packed_at: Option<(wire::UnixMs, Instant)>,
    /// How long that took.
    packing: Duration,
    /// Samples have come since for hours before the newest day that was packed.
    late: bool,
}

impl Upkeep<'_> {
    fn round(&mut self, store: &mut dyn Archivist) -> Result<(), Error> {
        let config = &self.shared.config.readings;
        let due_bytes = config.compact_mib * MIB;
        let (count, bytes) = store.waiting(due_bytes)?;
        self.shared.metrics.blobs_waiting.set(count);
        let at = store.compaction()?;
        let due = self.compacted.elapsed() >= Duration::from_secs(config.compact_seconds);
        if at.upto > at.done || bytes >= due_bytes || (due && count > 0) {
            self.compact(store, due_bytes.min(COMPACT_BYTES_MAX))?;
            self.compacted = Instant::now();
        }
        self.pack(store)?;
        let timer = &mut self.timer;
        // Not while a backlog comes: its next blobs take the pages again.
        let quiet = bytes < due_bytes / 2;
        while quiet && timer.rest(REST) && store.give_back(FREE_PAGES_KEPT, GIVE_BACK_MAX)? > 0 {}
        if count > 0 && self.written_back.elapsed() >= CHECKPOINT {
            store.checkpoint()?;
            self.written_back = Instant::now();
        }
        Ok(())
    }

    fn pack(&mut self, store: &mut dyn Archivist) -> Result<(), Error> {
        let now = self.shared.clock.now();
        let due = self.packed_at.is_none_or(|(at, done)| {
            now.saturating_sub(at).unsigned_abs() >= PACK.as_millis() as u64
                || (self.late && done.elapsed() >= PACK_LATE.max(self.packing * PACK_LATE_SHARE))
        });
        if !due {
            return Ok(());
        }
        let limits = Limits::at(now, store.newest_sample_at()?, &self.shared.config.readings);
        let started = Instant::now();
        let timer = &mut self.timer;
        let done = pack(store, &limits, &mut || timer.rest(REST))?;
        if done.days + done.expired > 0 {
            tracing::info!(days = done.days, expired = done.expired, "packed days, deleted what is past retention");
        }
        (self.packed_at, self.packing) = (Some((now, Instant::now())), started.elapsed());
        self.late = false;
        self.shared.metrics.unpacked.set(0);
        Ok(())
    }

    /// Compacts until little waits, in pieces that fit into memory.
    fn compact(&mut self, store: &mut dyn Archivist, bytes_max: u64) -> Result<(), Error> {
        loop {
            let timer = &mut self.timer;
            let done: compact::Done = compact(store, bytes_max, &mut || timer.rest(REST))?;
            self.shared.metrics.compacted_samples_total.add(done.samples);
            let limits = Limits::at(self.shared.clock.now(), None, &self.shared.config.readings);
            self.late |= done.oldest_hour.is_some_and(|hour| hour < limits.pack_hour);
            self.shared.metrics.unpacked.set(u64::from(self.late));
            let (count, bytes) = store.waiting(bytes_max)?;
            self.shared.metrics.blobs_waiting.set(count);
            if bytes < bytes_max || !self.timer.rest(REST) {
                return Ok(());
            }
            store.checkpoint()?;
        }
    }
}
