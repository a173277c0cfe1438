//! Answers what charts, dashboards and back-tests ask of the past, and keeps it small.
//!
//! [`past`] answers from what an [`crate::ledger::archive::Archive`] lends: blobs of fresh commits,
//! [`chunk`]s of hours and days, and [`rollup`]s. [`rows`] is what samples look like in memory,
//! [`column`] how few bytes they become, [`series`] how readings become marks of a chart.
//! [`upkeep`] is the thread that has blobs rewritten into chunks by [`compact`] and chunks into
//! days by [`pack`], which also forgets what is past retention.

pub mod chunk;
pub mod column;
pub mod compact;
pub mod pack;
pub mod past;
pub mod rollup;
pub mod rows;
pub mod series;
pub mod upkeep;

pub use past::over;

use wire::{Fault, Id, PointName, Sample, Source, UnixMs};

use crate::ledger::Error;

/// Which stretch of which point.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// Its venue.
    pub venue: Id,
    /// Its room.
    pub room: Id,
    /// Of this agent; of every agent of the room that has the point where `None`.
    pub agent: Option<Id>,
    /// The point.
    pub point: PointName,
    /// From here, included.
    pub from: UnixMs,
    /// To here, excluded.
    pub to: UnixMs,
    /// At most about this many marks come back; more readings are put together by mean, least and greatest.
    pub marks_max: usize,
}

/// One mark of a chart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mark {
    /// The reading's instant, or the middle of what was put together.
    pub at: UnixMs,
    /// Mean.
    pub mean: f64,
    /// Least.
    pub min: f64,
    /// Greatest.
    pub max: f64,
    /// How many readings.
    pub count: u32,
    /// Nothing was read between the mark before and this one for longer than usual: draw no line.
    pub after_gap: bool,
    /// The clock of at least one of its readings was not trusted: `at` is a guess.
    pub uncertain: bool,
}

/// A stretch in which samples came and named a fault of the point in place of a value.
#[derive(Debug, Clone, PartialEq)]
pub struct FaultSpan {
    /// The first sample that named it.
    pub from: UnixMs,
    /// The last one.
    pub to: UnixMs,
    /// Why there was no value.
    pub fault: Fault,
    /// How many samples named it.
    pub count: u32,
}

/// A stretch of a point.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Series {
    /// In order of time.
    pub marks: Vec<Mark>,
    /// Milliseconds that one mark covers; 0 where each mark is one reading.
    pub step_ms: i64,
    /// When and why the point had no value, in order of time; at most [`FAULT_SPANS_MAX`], and
    /// empty where hourly roll-ups answered, which keep no faults.
    pub faults: Vec<FaultSpan>,
}

/// A series names at most this many stretches of faults, the newest ones: a chart cannot show more.
pub const FAULT_SPANS_MAX: usize = 1_000;

/// What can be asked. The same answers whatever store is behind.
pub trait Readings: Send + Sync {
    /// A stretch of a point.
    fn series(&self, query: &Query) -> Result<Series, Error>;
    /// Whole samples of a source read in [from, to), in order of time, at most `limit`.
    fn samples(&self, source: &Source, from: UnixMs, to: UnixMs, limit: usize) -> Result<Vec<Sample>, Error>;
    /// Points that a room has had since `from`.
    fn points(&self, venue: &Id, room: &Id, from: UnixMs) -> Result<Vec<PointName>, Error>;
}
