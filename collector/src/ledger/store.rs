//! What every store behind the ledger can do, as traits: [`Ledger`] for the one step that writes,
//! [`Outbox`] for those who send, [`Inbox`] for people's requests, [`Reader`] for those who look.
//! Decides nothing; [`crate::ledger::sqlite`] is the first store.

use std::sync::Arc;

use wire::{About, Id, Lost, Sample, Source, Status, UnixMs};

use super::{Commit, EpisodeRow, Error, Message, NewMessage, Quarantined, Record, Request, Watermark, journal::Page};
use crate::{
    episode::Severity,
    tickets::{Action, Stage, Ticket, Transition},
};

/// The step's side: one owner, one thread.
pub trait Ledger: Send {
    /// Everything that a step needs to go on where the last commit ended. Tickets are those open,
    /// and those closed or opened after `now` − [`RECENT_MS`].
    fn load(&mut self, now: UnixMs) -> Result<Loaded, Error>;
    /// Stores `commit` whole and durably, or not at all. `number` grows by one with each commit;
    /// the number that the ledger already holds is a repetition and changes nothing, so that a
    /// commit whose outcome was in doubt can be tried again.
    fn commit(&mut self, number: u64, commit: &Commit) -> Result<(), Error>;
}

/// How far back [`Ledger::load`] brings tickets: a relapse within 24 h reopens, and a number of
/// today must not be given twice in any time zone.
pub const RECENT_MS: i64 = 48 * 3_600_000;

/// How far back [`Ledger::load`] brings rounds: the longest lasts half a month, and none is made twice.
pub const ROUNDS_MS: i64 = 40 * 86_400_000;

/// What [`Ledger::load`] brings.
#[derive(Debug, Default)]
pub struct Loaded {
    /// Number of the last commit; the next is one more.
    pub commit_number: u64,
    /// The highest ticket id ever given.
    pub ticket_id: u64,
    /// One a spool.
    pub watermarks: Vec<Watermark>,
    /// Rule state, as it was committed.
    pub tracks: Vec<(Vec<u8>, Vec<u8>)>,
    /// Tickets that can still change, or whose numbers are of today.
    pub tickets: Vec<Ticket>,
    /// Episodes that have begun and not ended.
    pub episodes: Vec<EpisodeRow>,
    /// Every agent ever heard of.
    pub devices: Vec<Device>,
    /// States of rooms, notes on silence, and rounds written after `now` − [`ROUNDS_MS`].
    pub records: Vec<Record>,
    /// The newest samples of each source that the store still has at hand, oldest first.
    pub samples: Vec<(Source, Sample)>,
}

/// An agent, as it describes itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Device {
    /// Which.
    pub source: Source,
    /// When the collector first heard of it.
    pub first_at: UnixMs,
    /// Its last `about`.
    pub about: Option<About>,
    /// Its last `status`.
    pub status: Option<Status>,
}

/// The senders' side. At least once: a message taken and neither sent nor failed is due again.
pub trait Outbox: Send + Sync {
    /// Messages of `channel` due at `now`, worst and oldest first, at most `limit`.
    fn due(&self, channel: &str, now: UnixMs, limit: usize) -> Result<Vec<Message>, Error>;
    /// When the next message of `channel` is due; `None` where none waits.
    fn next_due(&self, channel: &str) -> Result<Option<UnixMs>, Error>;
    /// It was delivered.
    fn sent(&self, id: u64, at: UnixMs) -> Result<(), Error>;
    /// It was not: try again at `due_at`, or (`None`) give up for good and keep the reason.
    fn failed(&self, id: u64, at: UnixMs, reason: &str, due_at: Option<UnixMs>) -> Result<(), Error>;
}

/// People's side; another process may call it while the collector runs.
pub trait Inbox: Send + Sync {
    /// Puts a request before the next step and gives its row.
    fn put_request(&self, at: UnixMs, who: &str, ticket: &str, action: &Action) -> Result<u64, Error>;
    /// Requests that no commit has answered, oldest first, at most `limit`.
    fn pending(&self, limit: usize) -> Result<Vec<Request>, Error>;
    /// What became of it; `None` while it waits.
    fn answer(&self, id: u64) -> Result<Option<Result<String, String>>, Error>;
}

/// Which tickets. Empty fields do not restrict.
#[derive(Debug, Clone, Default)]
pub struct TicketFilter {
    /// Of this venue.
    pub venue: Option<Id>,
    /// Of this room.
    pub room: Option<Id>,
    /// Of this team.
    pub team: Option<Id>,
    /// Opened by this rule.
    pub rule: Option<Id>,
    /// In one of these stages.
    pub stages: Vec<Stage>,
    /// Only those that have not ended.
    pub open: bool,
    /// Opened at or after.
    pub since: Option<UnixMs>,
    /// At most this many, newest first; 0 means [`ROWS_MAX`].
    pub limit: usize,
}

/// Which episodes. Empty fields do not restrict.
#[derive(Debug, Clone, Default)]
pub struct EpisodeFilter {
    /// Of this venue.
    pub venue: Option<Id>,
    /// Of this room.
    pub room: Option<Id>,
    /// Of this rule.
    pub rule: Option<Id>,
    /// Carried by this ticket.
    pub ticket: Option<u64>,
    /// Not ended before.
    pub since: Option<UnixMs>,
    /// At most this many, newest first; 0 means [`ROWS_MAX`].
    pub limit: usize,
}

/// Which records. Empty fields do not restrict.
#[derive(Debug, Clone, Default)]
pub struct RecordFilter {
    /// Of this kind; never empty.
    pub kind: String,
    /// Of this venue.
    pub venue: Option<Id>,
    /// Keys from here on.
    pub from: Option<String>,
    /// Keys up to here, itself included.
    pub to: Option<String>,
    /// At most this many, greatest keys first; 0 means [`ROWS_MAX`].
    pub limit: usize,
}

/// No reader gets more rows at once.
pub const ROWS_MAX: usize = 10_000;

/// A run of numbers without samples, as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LostRow {
    /// When the collector learnt of it.
    pub at: UnixMs,
    /// Whose.
    pub source: Source,
    /// Which numbers, and why.
    pub lost: Lost,
}

/// A message as stored, sent or not.
#[derive(Debug, Clone, PartialEq)]
pub struct MessageRow {
    /// Its row.
    pub id: u64,
    /// What and where.
    pub message: NewMessage,
    /// Tries so far.
    pub attempts: u32,
    /// When it was delivered.
    pub sent_at: Option<UnixMs>,
    /// When it was given up.
    pub dead_at: Option<UnixMs>,
    /// Why the last try failed.
    pub error: Option<String>,
}

/// How much the store holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Size {
    /// Commits whose samples are not compacted yet.
    pub blobs: u64,
    /// Bytes of them.
    pub blob_bytes: u64,
    /// Chunks of compacted samples.
    pub chunks: u64,
    /// Bytes of them.
    pub chunk_bytes: u64,
    /// Bytes of the whole store on disk.
    pub file_bytes: u64,
    /// Messages that wait.
    pub outbox: u64,
    /// The same by channel; those without any are left out.
    pub waiting: Vec<WaitingMessages>,
}

/// What waits to go out by one channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingMessages {
    /// The channel.
    pub channel: String,
    /// How many.
    pub messages: u64,
    /// When the first of them is or was due.
    pub due_at: UnixMs,
}

/// The lookers' side, on connections of its own: never waits for a writer, never makes one wait.
pub trait Reader: Send + Sync {
    /// Tickets, newest first.
    fn tickets(&self, filter: &TicketFilter) -> Result<Vec<Ticket>, Error>;
    /// The ticket of that number.
    fn ticket(&self, number: &str) -> Result<Option<Ticket>, Error>;
    /// What happened to a ticket, oldest first.
    fn history(&self, ticket: u64) -> Result<Vec<Transition>, Error>;
    /// Episodes, newest first.
    fn episodes(&self, filter: &EpisodeFilter) -> Result<Vec<EpisodeRow>, Error>;
    /// Every agent ever heard of, by source.
    fn devices(&self) -> Result<Vec<Device>, Error>;
    /// What could not be taken, newest first.
    fn quarantine(&self, limit: usize) -> Result<Vec<Quarantined>, Error>;
    /// Numbers without samples, newest first.
    fn lost(&self, limit: usize) -> Result<Vec<LostRow>, Error>;
    /// Messages, newest first, of one ticket or of all.
    fn messages(&self, ticket: Option<u64>, limit: usize) -> Result<Vec<MessageRow>, Error>;
    /// Documents, greatest key first.
    fn records(&self, filter: &RecordFilter) -> Result<Vec<Record>, Error>;
    /// Pages of steps taken in [from, to), in order, at most `limit` after the row `after`; each with its row.
    fn journal(&self, from: UnixMs, to: UnixMs, after: i64, limit: usize) -> Result<Vec<(i64, Page)>, Error>;
    /// One a spool.
    fn watermarks(&self) -> Result<Vec<Watermark>, Error>;
    /// How much there is.
    fn size(&self) -> Result<Size, Error>;
}

/// Tells those who send, and those who wait for people's requests, that there is something new.
/// Only a hint for speed: everybody also looks from time to time.
#[derive(Debug, Clone, Default)]
pub struct WakeUp(Arc<tokio::sync::Notify>);

impl WakeUp {
    /// There is something new.
    pub fn wake(&self) {
        self.0.notify_waiters();
        self.0.notify_one();
    }

    /// Waits until somebody says so; a word said while nobody waited is not lost.
    pub async fn wait(&self) {
        self.0.notified().await;
    }
}

/// The worst first, as stores write severities: 1 to 4.
#[must_use]
pub fn severity_number(severity: Severity) -> i64 {
    match severity {
        Severity::P1 => 1,
        Severity::P2 => 2,
        Severity::P3 => 3,
        Severity::P4 => 4,
    }
}

/// The severity that `number` means; what is unknown is the mildest.
#[must_use]
pub fn severity_of(number: i64) -> Severity {
    match number {
        1 => Severity::P1,
        2 => Severity::P2,
        3 => Severity::P3,
        _ => Severity::P4,
    }
}
