//! Moves the samples of commits' blobs into chunks of hours, source by source, a small transaction
//! at a time. Can be ended between any two and goes on from there; a sample is in the tail or in a
//! chunk, never in both and never in neither. Never looks at a clock.

use std::collections::{BTreeMap, HashMap};

use wire::Source;

use super::{
    chunk::{self, Chunk},
    column::Effort,
    rows::{Row, Rows},
};
use crate::ledger::{
    Error,
    archive::{Archivist, ChunkKey, Compaction, PART_MAX, SourceRow, hour_of},
    blob,
};

/// Samples of a chunk: a late one costs the rewriting of no more than these.
pub const CHUNK_ROWS_MAX: usize = 4_096;
/// A transaction holds about this many chunks: about a millisecond of a writer's time.
const CHUNKS_MAX: usize = 16;
/// Blobs deleted in one transaction.
const FORGET_MAX: usize = 256;

/// A chunk of an hour is put together with what is new if it is no more times larger: a sample is
/// rewritten about as often as its hour has doublings, and an hour has a handful of chunks.
const MERGE_RATIO: usize = 2;

/// Chunks to write, and to delete.
type Chunks = Vec<(ChunkKey, Option<Vec<u8>>)>;

/// Called between transactions, to let others write; `false` ends the work there.
pub type Pace<'a> = &'a mut dyn FnMut() -> bool;

/// What was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Done {
    /// Samples moved into chunks.
    pub samples: u64,
    /// Blobs that did not read back and were set aside.
    pub damaged: u64,
    /// The oldest hour of a sample that was moved.
    pub oldest_hour: Option<u32>,
}

/// Moves the oldest blobs, up to about `bytes_max` of them, and deletes them.
pub fn compact(store: &mut dyn Archivist, bytes_max: u64, pace: Pace<'_>) -> Result<Done, Error> {
    let mut done = Done::default();
    let at = store.begin(bytes_max)?;
    if at.upto > at.done {
        let mut waiting = gather(store, at, &mut done)?;
        if !move_all(store, &mut waiting, &mut done, pace)? {
            return Ok(done);
        }
        store.finish()?;
    }
    while pace() && store.forget_blobs(FORGET_MAX)? > 0 {}
    Ok(done)
}

/// The samples of the blobs being moved, of those sources that are not moved yet.
fn gather(store: &mut dyn Archivist, at: Compaction, done: &mut Done) -> Result<BTreeMap<SourceRow, Rows>, Error> {
    let mut known: HashMap<Source, SourceRow> = store.sources()?.into_iter().map(|(row, s)| (s, row)).collect();
    let mut waiting: BTreeMap<SourceRow, Rows> = BTreeMap::new();
    let mut strange: BTreeMap<Source, Rows> = BTreeMap::new();
    let mut damaged = Vec::new();
    store.blobs(at.done, at.upto, &mut |id, body| {
        match blob::decode(body) {
            Ok(samples) => {
                for (source, sample) in samples {
                    match known.get(&source) {
                        Some(row) if *row < at.next_source => {}
                        Some(row) => waiting.entry(*row).or_default().push(&sample),
                        None => strange.entry(source).or_default().push(&sample),
                    }
                }
            }
            Err(error) => damaged.push((id, error.to_string())),
        }
        Ok(())
    })?;
    for (id, reason) in damaged {
        tracing::error!(blob = id, reason, "a commit's samples do not read back; set aside in `damaged_blob`");
        store.set_aside(id, &reason)?;
        done.damaged += 1;
    }
    // A new row is larger than every other, so these are still to come.
    for (source, rows) in strange {
        let first_at = rows.rows.iter().map(|row| row.at).min().unwrap_or_default();
        let row = store.introduce(&source, first_at)?;
        known.insert(source, row);
        waiting.insert(row, rows);
    }
    Ok(waiting)
}

/// Says whether all were moved.
fn move_all(
    store: &mut dyn Archivist,
    waiting: &mut BTreeMap<SourceRow, Rows>,
    done: &mut Done,
    pace: Pace<'_>,
) -> Result<bool, Error> {
    while let Some(first) = waiting.keys().next().copied() {
        if !pace() {
            return Ok(false);
        }
        let (mut chunks, mut next_source) = (Vec::new(), first);
        let mut samples = 0;
        while let Some((source, mut rows)) = waiting.pop_first() {
            rows.sort();
            samples += rows.len() as u64;
            let oldest = rows.rows.first().map(|row| hour_of(row.at));
            done.oldest_hour = done.oldest_hour.into_iter().chain(oldest).min();
            for hour in rows.rows.chunk_by(|a, b| hour_of(a.at) == hour_of(b.at)) {
                put_hour(store, source, &rows, hour, &mut chunks)?;
            }
            next_source = source + 1;
            if chunks.len() >= CHUNKS_MAX {
                break;
            }
        }
        store.store(&chunks, next_source)?;
        done.samples += samples;
    }
    Ok(true)
}

/// Adds `hour`, rows of one hour of `rows`. Chunks before that are not much larger are put together
/// with it, so that a sample that trickles in is written a few times in all, not once a minute.
fn put_hour(
    store: &mut dyn Archivist,
    source: SourceRow,
    rows: &Rows,
    hour: &[Row],
    chunks: &mut Chunks,
) -> Result<(), Error> {
    let mut key = ChunkKey { source, hour: hour_of(hour[0].at), part: PART_MAX };
    let mut parts = Vec::new();
    let mut count = hour.len();
    let mut taken = Vec::new();
    while let Some((before, body)) = store.chunk_below(source, key.hour, key.part)? {
        match Chunk::open(&body).and_then(|chunk| chunk.read()) {
            Ok(some) if some.len() <= count * MERGE_RATIO && some.len() + count <= CHUNK_ROWS_MAX => {
                count += some.len();
                taken.push(before);
                parts.push(some);
                key.part = before.part;
            }
            Ok(_) => {
                key.part = before.part + 1;
                break;
            }
            // One that does not read back stays as it is, for whoever wants to look.
            Err(error) => {
                tracing::error!(error = %error, source, hour = key.hour, "a chunk does not read back");
                key.part = before.part + 1;
                break;
            }
        }
    }
    if key.part == PART_MAX {
        key.part = 0;
    }
    let mut all = Rows::default();
    parts.iter().rev().for_each(|some| all.extend(some, &some.rows));
    all.extend(rows, hour);
    all.sort();
    chunks.extend(taken.into_iter().map(|key| (key, None)));
    for part in all.rows.chunks(CHUNK_ROWS_MAX) {
        let mut some = Rows::default();
        some.extend(&all, part);
        chunks.push((key, Some(chunk::encode(&some, Effort::Quick))));
        key.part += 1;
    }
    Ok(())
}
