//! The numbers of one spool identity: which are in memory, on the card, lost, or done. Knows
//! files by name and does no input or output.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use wire::{Id, LostReason};

use super::record::Stored;

/// A sample in memory.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub sample: Stored,
    /// When it was handed over; it may wait so long before it must be synced.
    pub since: Duration,
}

/// A file of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Segment {
    pub name: String,
    /// First and last sample number in it; `None` while it holds none.
    pub seqs: Option<(u64, u64)>,
    pub bytes: u64,
}

/// One spool identity.
#[derive(Debug)]
pub(super) struct Log {
    pub id: Id,
    /// Place among all logs, oldest first; part of its files' names.
    pub order: u32,
    /// The next number to give.
    pub next: u64,
    /// Numbers up to here may be given; 0 where the identity is not on the card yet, and so cannot
    /// be used again after a restart whatever happens.
    pub reserved: u64,
    /// The collector has everything up to here.
    pub acked: u64,
    /// Everything up to here is on the card, acknowledged or declared lost.
    pub synced: u64,
    /// Samples in memory, in order: all that are not synced, and the newest of those that are.
    pub memory: VecDeque<Held>,
    /// Runs without samples, by first number: last number and reason.
    pub lost: BTreeMap<u64, (u64, LostReason)>,
    /// Runs that the card does not know of yet.
    pub lost_unsaved: Vec<(u64, u64, LostReason)>,
    pub segments: VecDeque<Segment>,
    /// The last segment is open for writing.
    pub writing: bool,
}

impl Log {
    pub(super) fn new(id: Id, order: u32) -> Self {
        Self {
            id,
            order,
            next: 1,
            reserved: 0,
            acked: 0,
            synced: 0,
            memory: VecDeque::new(),
            lost: BTreeMap::new(),
            lost_unsaved: Vec::new(),
            segments: VecDeque::new(),
            writing: false,
        }
    }

    /// The name of a new file.
    pub(super) fn segment_name(&self, number: u32) -> String {
        format!("{:06}-{}-{number:06}.seg", self.order, self.id)
    }

    /// Reads order, identity and number back from a file's name.
    pub(super) fn parse_name(name: &str) -> Option<(u32, Id, u32)> {
        let name = name.strip_suffix(".seg")?;
        let (order, rest) = name.split_once('-')?;
        let (id, number) = rest.rsplit_once('-')?;
        Some((order.parse().ok()?, Id::parse(id).ok()?, number.parse().ok()?))
    }

    /// Whether every number that was given is done.
    pub(super) fn is_drained(&self) -> bool {
        self.acked + 1 >= self.next
    }

    /// How many numbers wait for the collector.
    pub(super) fn depth(&self) -> u64 {
        (self.next - 1).saturating_sub(self.acked)
    }

    /// Declares numbers lost that have no sample any more; those that are done already are not.
    pub(super) fn lose(&mut self, seq: u64, upto: u64, reason: LostReason) {
        let seq = seq.max(self.acked + 1);
        if seq > upto {
            return;
        }
        if let Some((first, (last, known))) = self.lost.range(..=seq).next_back().map(|(f, l)| (*f, *l))
            && last + 1 >= seq
            && known == reason
        {
            self.lost.insert(first, (last.max(upto), reason));
        } else {
            self.lost.insert(seq, (upto, reason));
        }
        self.lost_unsaved.push((seq, upto, reason));
    }

    /// The lost run that holds `seq`, from `seq` on.
    pub(super) fn lost_at(&self, seq: u64) -> Option<(u64, LostReason)> {
        let (_, (upto, reason)) = self.lost.range(..=seq).next_back()?;
        (*upto >= seq).then_some((*upto, *reason))
    }

    /// The first number after `seq` that a lost run begins with.
    pub(super) fn next_lost(&self, seq: u64) -> Option<u64> {
        self.lost.range(seq + 1..).next().map(|(first, _)| *first)
    }

    /// The sample with this number, if it is in memory.
    pub(super) fn held(&self, seq: u64) -> Option<&Stored> {
        let place = self.memory.binary_search_by_key(&seq, |held| held.sample.seq).ok()?;
        Some(&self.memory[place].sample)
    }

    /// The file that should hold `seq`.
    pub(super) fn segment_of(&self, seq: u64) -> Option<&Segment> {
        self.segments.iter().find(|segment| segment.seqs.is_some_and(|(first, last)| (first..=last).contains(&seq)))
    }

    /// Everything up to `upto` is done. Gives the files that are no longer needed.
    pub(super) fn acknowledge(&mut self, upto: u64) -> Vec<Segment> {
        self.acked = self.acked.max(upto.min(self.next - 1));
        self.synced = self.synced.max(self.acked);
        while self.memory.front().is_some_and(|held| held.sample.seq <= self.acked) {
            self.memory.pop_front();
        }
        let acked = self.acked;
        self.lost.retain(|_, (last, _)| *last > acked);
        self.lost_unsaved.retain(|(_, last, _)| *last > acked);
        let mut done = Vec::new();
        // The file that is written now stays: it carries the reservation.
        let keep = usize::from(self.writing);
        while self.segments.len() > keep
            && self.segments.front().is_some_and(|s| s.seqs.is_none_or(|(_, last)| last <= acked))
        {
            done.extend(self.segments.pop_front());
        }
        done
    }

    /// When the oldest sample that is nowhere but in memory was handed over.
    pub(super) fn waits_since(&self) -> Option<Duration> {
        self.unsynced().next().map(|held| held.since)
    }

    /// Samples that are nowhere but in memory.
    pub(super) fn unsynced(&self) -> impl Iterator<Item = &Held> {
        let start = self.memory.partition_point(|held| held.sample.seq <= self.synced);
        self.memory.range(start..)
    }
}
