//! What must not be lost: samples, watermarks, rule state, tickets, outbox. One trait, one
//! black-box suite for each store behind it. The samples of one commit are one blob.

pub mod archive;
pub mod blob;
pub(crate) mod bytes;
pub mod error;
pub mod export;
pub mod journal;
pub mod sqlite;
pub mod store;

pub use error::Error;
pub use store::{
    Device, EpisodeFilter, Inbox, Ledger, Loaded, LostRow, MessageRow, Outbox, Reader, RecordFilter, Size,
    TicketFilter, WaitingMessages, WakeUp,
};

use wire::{About, Id, Lost, Sample, Source, Status, UnixMs};

use crate::{
    episode::{EpisodeKey, Seen, Severity},
    tickets::{Action, Ticket, Transition},
};

/// Everything that one step changes: stored whole or not at all.
#[derive(Debug, Clone, Default)]
pub struct Commit {
    /// The step's `now`.
    pub at: UnixMs,
    /// New samples, each exactly once, in the order of their spools.
    pub samples: Vec<(Source, Sample)>,
    /// Numbers without a sample.
    pub lost: Vec<(Source, Lost)>,
    /// Watermarks that moved.
    pub watermarks: Vec<Watermark>,
    /// What could not be taken, with its reason.
    pub quarantine: Vec<Quarantined>,
    /// Rule state that changed: key and bytes as [`crate::step`] encodes them; `None` deletes.
    pub tracks: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    /// Episodes that began or ended, late ones too.
    pub episodes: Vec<EpisodeRow>,
    /// Tickets as they are now.
    pub tickets: Vec<Ticket>,
    /// What happened to them.
    pub history: Vec<Transition>,
    /// Messages to send, one a channel.
    pub outbox: Vec<NewMessage>,
    /// People's requests that this step carried out, or refused with a reason.
    pub answered: Vec<(u64, Result<String, String>)>,
    /// What devices said of themselves.
    pub abouts: Vec<(Source, About)>,
    /// How devices are.
    pub statuses: Vec<(Source, Status)>,
    /// Documents; each replaces the one of the same kind, venue and key.
    pub records: Vec<Record>,
    /// What the step was given that its samples do not tell, where something followed from it.
    pub journal: Option<journal::Page>,
}

/// A document kept beside samples and tickets: a readiness report, a round, an account of silence.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// What it is: one of the words of [`record_kind`].
    pub kind: String,
    /// Of which venue.
    pub venue: Id,
    /// Which one; keys of a kind sort as people want them listed.
    pub key: String,
    /// When it was written.
    pub at: UnixMs,
    /// Its content; the module that owns the kind reads it.
    pub body: serde_json::Value,
}

/// Kinds of [`Record`].
pub mod record_kind {
    /// An opening's report; key: business date.
    pub const READINESS: &str = "readiness";
    /// A round; key: business date `/` plan.
    pub const ROUND: &str = "round";
    /// A day's account of silence; key: room `/` agent `/` date.
    pub const SILENCE: &str = "silence";
    /// What samples do not tell of an agent's or a room's time; key: room `/` agent, or room.
    pub const SILENCE_NOTE: &str = "silence_note";
    /// Whether a room is prepared, occupied, empty or locked; key: room.
    pub const ROOM_STATE: &str = "room_state";
}

/// The highest contiguous number committed of a spool of an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watermark {
    /// Whose.
    pub source: Source,
    /// Which spool.
    pub spool: Id,
    /// Up to where.
    pub upto: u64,
    /// When its newest sample was read.
    pub sample_at: UnixMs,
}

/// A message that could not be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantined {
    /// When it came.
    pub at: UnixMs,
    /// Its topic.
    pub topic: String,
    /// A fixed reason, for metrics: `undecodable`, `retained`, `conflict`, `foreign_spool` …
    pub reason: &'static str,
    /// The reason in words.
    pub detail: String,
    /// The body, cut to 4 KiB.
    pub body: Vec<u8>,
}

/// An episode as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct EpisodeRow {
    /// Which.
    pub key: EpisodeKey,
    /// How bad.
    pub severity: Severity,
    /// Found in old data: nobody was told.
    pub late: bool,
    /// What was seen when it began to count, or at its worst.
    pub seen: Seen,
    /// When it ended.
    pub ended_at: Option<UnixMs>,
    /// The ticket that carries it.
    pub ticket: Option<u64>,
}

/// A message for one channel.
#[derive(Debug, Clone, PartialEq)]
pub struct NewMessage {
    /// Name of the channel in the configuration.
    pub channel: String,
    /// The same for every try, so that a receiver can drop doubles.
    pub key: String,
    /// The ticket it tells of.
    pub ticket: Option<u64>,
    /// How bad.
    pub severity: Severity,
    /// Not before.
    pub due_at: UnixMs,
    /// What to tell, as JSON; the channel gives it its form.
    pub payload: serde_json::Value,
}

/// A message that waits.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Its row.
    pub id: u64,
    /// What and where.
    pub message: NewMessage,
    /// Tries so far.
    pub attempts: u32,
}

/// What a person asked by the command line or a page, waiting for the next step.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// Its row.
    pub id: u64,
    /// Who.
    pub who: String,
    /// Number of the ticket.
    pub ticket: String,
    /// What.
    pub action: Action,
}

/// Every reason for which a message is put into quarantine; few and fixed, for metrics.
pub const QUARANTINE_REASONS: [&str; 6] = ["undecodable", "bad_topic", "too_large", "conflict", "bad_run", "damaged"];

/// The fixed reason that a stored word means.
#[must_use]
pub fn quarantine_reason(word: &str) -> &'static str {
    QUARANTINE_REASONS.into_iter().find(|r| *r == word).unwrap_or("other")
}
