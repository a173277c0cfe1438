//! Packs hours that are over into chunks of their day and its roll-up, four times a day, and forgets
//! what is past retention. Each day is one transaction; late samples make a day be packed again.

use super::{
    chunk::{self, Chunk},
    column::Effort,
    compact::Pace,
    rollup::Rollup,
    rows::Rows,
};
use crate::{
    config,
    ledger::{
        Error,
        archive::{Archivist, DAY_HOURS, Day, HOUR_MS, PackedDay, SourceRow, hour_of},
    },
};

use wire::UnixMs;

/// Hours are packed when so many of them are over: a day is rewritten four times, which costs a
/// twentieth of compacting it, and never much more than this lies in hours.
const PACK_HOURS: u32 = 6;
/// … and this much later, so that most of what is late is there.
const SETTLE_HOURS: u32 = 1;
/// Samples of a chunk of a day: enough for a sample every six seconds in one.
const DAY_ROWS_MAX: usize = 16_384;
/// A day with more bytes stays in hours, which are well filled then, and has no roll-up: packing
/// it would take too much memory. About seven million readings of one agent.
const DAY_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// Rows that one pass of retention deletes from one source at a time.
const EXPIRE_MAX: usize = 200;

/// What was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Done {
    /// Days packed.
    pub days: u64,
    /// Chunks and roll-ups past retention.
    pub expired: u64,
}

/// Up to which hour things are packed and forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Days with hours before are packed.
    pub pack_hour: u32,
    /// Samples before are past retention.
    pub raw_hour: u32,
    /// Roll-ups before are past retention.
    pub rollup_hour: u32,
}

impl Limits {
    /// The limits at `now`. Retention counts from the newest sample where that is earlier, so
    /// that a collector whose clock runs years ahead deletes nothing.
    #[must_use]
    pub fn at(now: UnixMs, newest_sample_at: Option<UnixMs>, config: &config::Readings) -> Self {
        let day = |hour: u32| hour / DAY_HOURS * DAY_HOURS;
        let kept_to = hour_of(newest_sample_at.map_or(0, |newest| newest.min(now)));
        let past = |days: u32| day(kept_to).saturating_sub(days.saturating_mul(DAY_HOURS));
        Self {
            pack_hour: hour_of(now).saturating_sub(SETTLE_HOURS) / PACK_HOURS * PACK_HOURS,
            raw_hour: past(config.retention_days),
            rollup_hour: past(config.rollup_retention_days),
        }
    }
}

/// Packs and forgets what `limits` say, of every source.
pub fn pack(store: &mut dyn Archivist, limits: &Limits, pace: Pace<'_>) -> Result<Done, Error> {
    let mut done = Done::default();
    let journal_from = i64::from(limits.raw_hour).saturating_mul(HOUR_MS);
    done.expired += store.expire_journal(journal_from, EXPIRE_MAX)? as u64;
    for (source, _) in store.sources()? {
        for first_hour in store.unpacked_days(source, limits.pack_hour)? {
            if !pace() {
                return Ok(done);
            }
            if pack_day(store, source, first_hour, limits)? {
                done.days += 1;
            }
        }
        loop {
            if !pace() {
                return Ok(done);
            }
            let gone = store.expire(source, limits.raw_hour, limits.rollup_hour, EXPIRE_MAX)?;
            done.expired += gone as u64;
            if gone < EXPIRE_MAX {
                break;
            }
        }
    }
    Ok(done)
}

fn pack_day(store: &mut dyn Archivist, source: SourceRow, first_hour: u32, limits: &Limits) -> Result<bool, Error> {
    if store.day_bytes(source, first_hour)? > DAY_BYTES_MAX {
        return Ok(false);
    }
    let day = store.day(source, first_hour)?;
    match packed(&day, first_hour, first_hour < limits.raw_hour) {
        Ok(packed) => {
            store.store_day(source, first_hour, &packed)?;
            Ok(true)
        }
        // Packing would delete what cannot be read: it stays in hours.
        Err(error) => {
            tracing::error!(error = %error, source, hour = first_hour, "a day cannot be packed");
            Ok(false)
        }
    }
}

/// What takes the place of `day`; where its samples are past retention, they only count.
fn packed(day: &Day, first_hour: u32, past_retention: bool) -> Result<PackedDay, Error> {
    let mut rows = Rows::default();
    let bodies = if past_retention { &[] } else { day.packed.as_slice() };
    for (_, body) in bodies.iter().chain(&day.hours) {
        let some = Chunk::open(body)?.read()?;
        rows.extend(&some, &some.rows);
    }
    rows.sort();
    let mut rollup = Rollup::of_rows(&rows);
    if past_retention {
        if let Some(body) = &day.rollup {
            let mut before = Rollup::decode(body, first_hour)?;
            before.join(&rollup);
            rollup = before;
        }
        return Ok(PackedDay { packed: Vec::new(), rollup: rollup.encode() });
    }
    let chunks = rows.rows.chunks(DAY_ROWS_MAX);
    let packed = chunks.map(|part| {
        let mut some = Rows::default();
        some.extend(&rows, part);
        chunk::encode(&some, Effort::Thorough)
    });
    Ok(PackedDay { packed: packed.collect(), rollup: rollup.encode() })
}
