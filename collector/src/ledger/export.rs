//! What a store can do for those who follow it to write its readings elsewhere: lend what came after a
//! position, and keep the position. Compacted commits stay until every follower has passed them, as far as
//! there is room.

use wire::{Sample, Source, UnixMs};

use super::{Error, Record};
use crate::tickets::{Ticket, Transition};

/// Names of positions.
pub mod cursor {
    /// Commits whose samples are written.
    pub const SAMPLES: &str = "influx_samples";
    /// Lines of histories that are written.
    pub const HISTORY: &str = "influx_history";
    /// Documents that are written, by the time of their writing.
    pub const RECORDS: &str = "influx_records";
    /// Hours since 1970 before which every hour of every device is written.
    pub const HOURS: &str = "influx_hours";
}

/// A commit that is lent.
#[derive(Debug, Clone, PartialEq)]
pub struct Committed {
    /// Its row.
    pub row: i64,
    /// Its samples, or that it does not read back.
    pub samples: Vec<(Source, Sample)>,
}

/// How much waits behind a position.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Commits.
    pub commits: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// When the oldest was made.
    pub since: Option<UnixMs>,
}

/// A line that a database refused for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedLine {
    /// When.
    pub at: UnixMs,
    /// The line.
    pub line: String,
    /// Why.
    pub reason: String,
}

/// The follower's side: one owner. Every call is one small transaction.
pub trait Exporter: Send {
    /// The position of that name; where it has none it is made before everything that is still there.
    fn position(&mut self, name: &str) -> Result<i64, Error>;
    /// Nobody follows any more: nothing is kept for anybody.
    fn leave(&mut self) -> Result<(), Error>;
    /// The row of the newest commit.
    fn newest(&mut self) -> Result<i64, Error>;
    /// All up to `position` is written.
    fn advance(&mut self, name: &str, position: i64) -> Result<(), Error>;
    /// Commits after `after`, in order, of about `bytes_max` together and at least one.
    fn commits(&mut self, after: i64, bytes_max: u64) -> Result<Vec<Committed>, Error>;
    /// Commits and bytes behind `after`.
    fn waiting(&mut self, after: i64) -> Result<Waiting, Error>;
    /// Lines of histories after the row `after`, each with its row and the ticket as it is now.
    fn history(&mut self, after: i64, limit: usize) -> Result<Vec<(i64, Transition, Ticket)>, Error>;
    /// Reports of readiness and accounts of silence written after `at`, oldest first: about `limit`, and all of the
    /// last instant.
    fn records(&mut self, at: UnixMs, limit: usize) -> Result<Vec<Record>, Error>;
    /// Keeps a line that was refused for good; of very many the oldest go.
    fn refuse(&mut self, lines: &[RefusedLine]) -> Result<(), Error>;
    /// The newest lines that were refused, newest first.
    fn refused(&mut self, limit: usize) -> Result<Vec<RefusedLine>, Error>;
}
