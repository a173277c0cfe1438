//! What a store can do for readings: lend stretches of compacted and fresh samples as bytes, and
//! move samples from one form to the next in small transactions. Knows keys and order, never the
//! inside of a chunk: that is [`crate::readings`].

use std::ops::RangeInclusive;

use wire::{Id, Source, UnixMs};

use super::Error;

/// Row number of a source in the store; small, positive, never used twice.
pub type SourceRow = i64;

/// An hour in milliseconds.
pub const HOUR_MS: i64 = 3_600_000;
/// Hours of a UTC day.
pub const DAY_HOURS: u32 = 24;
/// The last hour that a key can name (in the year 3883); instants beyond it, and those before
/// 1970, are kept in the nearest hour.
pub const HOUR_MAX: u32 = (1 << 24) - 1;
/// The last part of an hour.
pub const PART_MAX: u32 = (1 << 16) - 1;

/// Hours since 1970 UTC of an instant, as keys count them.
#[must_use]
pub fn hour_of(at: UnixMs) -> u32 {
    at.div_euclid(HOUR_MS).clamp(0, i64::from(HOUR_MAX)) as u32
}

/// Which chunk: a source's hour, and its place among the chunks of that hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChunkKey {
    /// Whose.
    pub source: SourceRow,
    /// Which hour; the first hour of the day for a day's chunk.
    pub hour: u32,
    /// Which part; hours with very many samples have several.
    pub part: u32,
}

impl ChunkKey {
    /// The key as one number, in the order of source, hour and part.
    #[must_use]
    pub fn number(self) -> i64 {
        (self.source << 40) | (i64::from(self.hour.min(HOUR_MAX)) << 16) | i64::from(self.part.min(PART_MAX))
    }

    /// The key that [`ChunkKey::number`] wrote.
    #[must_use]
    pub fn of_number(number: i64) -> Self {
        Self { source: number >> 40, hour: ((number >> 16) as u32) & HOUR_MAX, part: (number as u32) & PART_MAX }
    }

    /// Every key of `source` in `hours`, as numbers.
    #[must_use]
    pub fn numbers(source: SourceRow, hours: &RangeInclusive<u32>) -> RangeInclusive<i64> {
        Self { source, hour: *hours.start(), part: 0 }.number()
            ..=Self { source, hour: *hours.end(), part: PART_MAX }.number()
    }
}

/// A piece of the past, lent for a look.
#[derive(Debug, Clone, Copy)]
pub enum Piece<'a> {
    /// A chunk of a source, of an hour or of a day.
    Chunk {
        /// Whose.
        source: SourceRow,
        /// The chunk.
        body: &'a [u8],
    },
    /// A commit's blob that is not compacted yet, for sources from `from_source` on: those below
    /// have it in chunks already.
    Tail {
        /// The first source whose samples are to be taken from here.
        from_source: SourceRow,
        /// The blob.
        body: &'a [u8],
    },
}

/// Which chunks to lend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// All.
    Every,
    /// Only those of hours that no day and so no roll-up holds yet.
    Unpacked,
}

/// Takes pieces one after the other.
pub type EachPiece<'a> = &'a mut dyn FnMut(Piece<'_>) -> Result<(), Error>;

/// Takes blobs and their rows one after the other.
pub type EachBlob<'a> = &'a mut dyn FnMut(i64, &[u8]) -> Result<(), Error>;

/// The reading side. Each call sees the store at one instant.
pub trait Archive: Send + Sync {
    /// Sources of a venue, of one of its rooms, or all, by venue, room and agent.
    fn sources(&self, venue: Option<&Id>, room: Option<&Id>) -> Result<Vec<(SourceRow, Source)>, Error>;
    /// Chunks of `sources` that can hold samples of `hours`, each source in order, then the tail
    /// in the order of commits.
    fn visit(
        &self,
        sources: &[SourceRow],
        hours: RangeInclusive<u32>,
        which: Which,
        each: EachPiece<'_>,
    ) -> Result<(), Error>;
    /// Roll-ups of a source by the first hours of their days, in order.
    fn rollups(&self, source: SourceRow, hours: RangeInclusive<u32>) -> Result<Vec<(u32, Vec<u8>)>, Error>;
}

/// How far compaction has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compaction {
    /// Blobs up to here are in chunks.
    pub done: i64,
    /// Blobs up to here are being moved; equal to `done` where none is.
    pub upto: i64,
    /// Sources below have been moved.
    pub next_source: SourceRow,
}

/// What of a day is stored.
#[derive(Debug, Clone, Default)]
pub struct Day {
    /// Chunks of its hours.
    pub hours: Vec<(ChunkKey, Vec<u8>)>,
    /// Chunks of the day itself.
    pub packed: Vec<(ChunkKey, Vec<u8>)>,
    /// Its roll-up.
    pub rollup: Option<Vec<u8>>,
}

/// What takes the place of a [`Day`]. The chunks of hours that were read go.
#[derive(Debug, Clone, Default)]
pub struct PackedDay {
    /// Chunks of the day, in order; what the day had before goes.
    pub packed: Vec<Vec<u8>>,
    /// Its roll-up.
    pub rollup: Vec<u8>,
}

/// The compactor's side: one owner. Every call is one transaction; what it did is there wholly or
/// not at all after a cut, and need not be durable before the next commit is.
pub trait Archivist: Send {
    /// Every source.
    fn sources(&mut self) -> Result<Vec<(SourceRow, Source)>, Error>;
    /// The row of a source, which is made where the store does not know it.
    fn introduce(&mut self, source: &Source, at: UnixMs) -> Result<SourceRow, Error>;
    /// When the newest sample of all was read, as agents say.
    fn newest_sample_at(&mut self) -> Result<Option<UnixMs>, Error>;
    /// How far compaction has come.
    fn compaction(&mut self) -> Result<Compaction, Error>;
    /// Commits, and bytes of their blobs, that wait beyond `done`; counting ends at `bytes_max`.
    fn waiting(&mut self, bytes_max: u64) -> Result<(u64, u64), Error>;
    /// Begins to move the oldest blobs up to about `bytes_max`, or says which are being moved.
    fn begin(&mut self, bytes_max: u64) -> Result<Compaction, Error>;
    /// Lends the blobs `after < id <= upto` in order, with their rows.
    fn blobs(&mut self, after: i64, upto: i64, each: EachBlob<'_>) -> Result<(), Error>;
    /// Moves a blob that does not read back out of the way, with its reason.
    fn set_aside(&mut self, blob: i64, reason: &str) -> Result<(), Error>;
    /// The last chunk of a source's hour among the parts below `part`.
    fn chunk_below(&mut self, source: SourceRow, hour: u32, part: u32) -> Result<Option<(ChunkKey, Vec<u8>)>, Error>;
    /// Stores chunks, deletes those without a body, and stores that every source below
    /// `next_source` is moved.
    fn store(&mut self, chunks: &[(ChunkKey, Option<Vec<u8>>)], next_source: SourceRow) -> Result<(), Error>;
    /// All sources are moved: the blobs are no longer tail.
    fn finish(&mut self) -> Result<(), Error>;
    /// Deletes at most `limit` blobs that are no longer tail; says how many there were.
    fn forget_blobs(&mut self, limit: usize) -> Result<usize, Error>;
    /// First hours of days of a source with chunks of hours before `hour`, oldest first.
    fn unpacked_days(&mut self, source: SourceRow, hour: u32) -> Result<Vec<u32>, Error>;
    /// Bytes of the chunks of a day, of its hours and packed, without reading them.
    fn day_bytes(&mut self, source: SourceRow, first_hour: u32) -> Result<u64, Error>;
    /// What of a day is stored.
    fn day(&mut self, source: SourceRow, first_hour: u32) -> Result<Day, Error>;
    /// Puts `packed` in the place of what [`Archivist::day`] gave.
    fn store_day(&mut self, source: SourceRow, first_hour: u32, packed: &PackedDay) -> Result<(), Error>;
    /// Deletes at most `limit` chunks of `source` before `raw_hour` and roll-ups before
    /// `rollup_hour`; says how many there were.
    fn expire(&mut self, source: SourceRow, raw_hour: u32, rollup_hour: u32, limit: usize) -> Result<usize, Error>;
    /// Deletes at most `limit` pages of the journal of steps before `at`; says how many there were.
    fn expire_journal(&mut self, at: UnixMs, limit: usize) -> Result<usize, Error>;
    /// Gives back at most `limit` free pages of the store, keeping `keep` of them (or a share of
    /// the whole, if that is more) for what comes next; says how many there were.
    fn give_back(&mut self, keep: usize, limit: usize) -> Result<usize, Error>;
    /// Writes the log back into the file as far as nobody is held up by it.
    fn checkpoint(&mut self) -> Result<(), Error>;
}
