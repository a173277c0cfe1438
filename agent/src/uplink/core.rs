//! Decides what to publish next: in order, several at once when behind, again after a time-out,
//! and never past what the collector may take. Does no input or output and never asks for the time.

use std::time::Duration;

use wire::{Ack, BODY_BYTES_MAX, Id, samples};

use crate::spool::{Freed, Spool, storage::Storage};

/// Messages without an `ack` at the most: enough to hide a round trip, few enough that a message
/// of live samples does not wait long behind a backlog.
pub const IN_FLIGHT_MAX: usize = 8;
/// Entries in one message at the most.
pub const ENTRIES_MAX: usize = 256;
/// Time-outs grow to this many times the first one while the collector stays silent.
const BACKOFF_MAX: u32 = 6;
/// A hole that the collector shows is answered by sending again at once, but not more often than
/// this: several acks may speak of the same one.
const REWIND_INTERVAL: Duration = Duration::from_secs(1);

/// A message to publish on `samples`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publish {
    /// The body.
    pub body: String,
    /// The spool it is from.
    pub spool: Id,
    /// The first number in it.
    pub first: u64,
    /// The last number in it.
    pub last: u64,
}

/// What the uplink counts; they become points of each sample.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// Messages published.
    pub published: u64,
    /// Numbers published again.
    pub resent: u64,
    /// Acks that were about something else.
    pub foreign_acks: u64,
}

/// Where sending stands.
#[derive(Debug)]
pub struct Core {
    ack_timeout: Duration,
    connected: bool,
    /// The spool that is being sent, and the next number of it.
    cursor: Option<(Id, u64)>,
    /// The highest number ever published of that spool.
    published: u64,
    /// Last numbers of messages without an `ack`.
    in_flight: Vec<u64>,
    /// When the oldest of them was published, or when the last `ack` freed something.
    since: Duration,
    /// How often in a row nothing came back in time.
    silences: u32,
    rewound_at: Option<Duration>,
    stats: Stats,
}

impl Core {
    /// Nothing sent yet, not connected.
    #[must_use]
    pub fn new(ack_timeout: Duration) -> Self {
        Self {
            ack_timeout,
            connected: false,
            cursor: None,
            published: 0,
            in_flight: Vec::new(),
            since: Duration::ZERO,
            silences: 0,
            rewound_at: None,
            stats: Stats::default(),
        }
    }

    /// A broker took the connection: begin again with the oldest number that waits.
    pub fn connected(&mut self) {
        self.connected = true;
        self.silences = 0;
        self.rewind();
    }

    /// The broker is gone.
    pub fn disconnected(&mut self) {
        self.connected = false;
        self.rewind();
    }

    /// The collector says how far it is.
    pub fn acked<S: Storage>(&mut self, ack: &Ack, spool: &mut Spool<S>, now: Duration) -> Freed {
        let freed = spool.ack(&ack.spool, ack.upto);
        let about_ours = self.cursor.as_ref().is_some_and(|(id, _)| *id == ack.spool);
        match freed {
            Freed::Some if about_ours => {
                self.in_flight.retain(|last| *last > ack.upto);
                self.since = now;
                self.silences = 0;
                if let Some((_, next)) = &mut self.cursor {
                    *next = (*next).max(ack.upto + 1);
                }
            }
            // Nothing new although something is under way: the collector misses what comes before.
            Freed::None if about_ours && !self.in_flight.is_empty() && self.may_rewind(now) => {
                self.rewound_at = Some(now);
                self.rewind();
            }
            Freed::Foreign => self.stats.foreign_acks += 1,
            Freed::Some | Freed::None => {}
        }
        freed
    }

    /// The next message to publish now, if there is one.
    pub fn next<S: Storage>(&mut self, spool: &mut Spool<S>, now: Duration) -> Option<Publish> {
        if !self.connected {
            return None;
        }
        if self.deadline().is_some_and(|deadline| deadline <= now) {
            self.silences += 1;
            self.rewind();
        }
        if self.in_flight.len() >= IN_FLIGHT_MAX {
            return None;
        }
        let (id, mut first) = self.place(spool)?;
        let mut entries = spool.entries(&id, first, ENTRIES_MAX);
        if entries.is_empty() {
            return None;
        }
        let (body, count) = samples::fit(&entries, BODY_BYTES_MAX);
        entries.truncate(count);
        first = entries.first()?.seqs().0;
        let last = entries.last()?.seqs().1;
        if self.in_flight.is_empty() {
            self.since = now;
        }
        self.stats.published += 1;
        self.stats.resent += (self.published.min(last) + 1).saturating_sub(first);
        self.published = self.published.max(last);
        self.in_flight.push(last);
        self.cursor = Some((id.clone(), last + 1));
        Some(Publish { body, spool: id, first, last })
    }

    /// When [`Core::next`] must be called again even if nothing happens.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        if self.in_flight.is_empty() || !self.connected {
            return None;
        }
        Some(self.since + self.ack_timeout * (1 << self.silences.min(BACKOFF_MAX)))
    }

    /// What is counted.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.stats
    }

    /// The spool and number to go on with: the oldest that waits. A spool is sent to its end and
    /// acknowledged before the next one begins, so that order is kept.
    fn place<S: Storage>(&mut self, spool: &Spool<S>) -> Option<(Id, u64)> {
        let (id, waiting) = spool.waiting().next()?;
        match &self.cursor {
            Some((known, next)) if known == id => Some((id.clone(), (*next).max(waiting))),
            _ => {
                let id = id.clone();
                self.in_flight.clear();
                self.published = 0;
                Some((id, waiting))
            }
        }
    }

    fn rewind(&mut self) {
        self.in_flight.clear();
        if let Some((_, next)) = &mut self.cursor {
            // The spool says where its waiting numbers begin.
            *next = 0;
        }
    }

    fn may_rewind(&self, now: Duration) -> bool {
        self.rewound_at.is_none_or(|last| last + REWIND_INTERVAL <= now)
    }
}
