//! Tells new samples from known ones by one number a spool: the highest up to which nothing is
//! missing. Pure; the protocol simulation runs this very code.
//!
//! The first number of every spool is 1, so a spool first heard of at a higher one has a hole:
//! nothing of it is taken until the agent has sent the beginning, or declared it lost.

use std::collections::{HashMap, VecDeque};

use wire::{Entry, Id, Source, UnixMs};

use crate::ledger::Watermark;

/// Hashes kept a spool, to tell a repetition from a conflict: a quarter of an hour at one sample
/// a second. A repetition of an older number cannot be compared and passes as a duplicate.
pub const HASHES_MAX: usize = 1_024;

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It follows: take it. For a lost run, `first` is its first number that is not known yet.
    New {
        /// The number that follows the watermark.
        first: u64,
    },
    /// Known: acknowledge it again and do nothing else.
    Duplicate,
    /// Numbers are missing before it: do not take it, say up to where nothing is missing.
    Gap,
    /// Known under this number, with another content.
    Conflict,
}

/// What is known of one spool.
#[derive(Debug, Clone)]
pub struct Mark {
    /// Which.
    pub spool: Id,
    /// Up to where nothing is missing.
    pub upto: u64,
    /// When its newest sample was read.
    pub sample_at: UnixMs,
    recent: Recent,
}

/// Content hashes of the last numbers; 0 for a number without a sample.
#[derive(Debug, Clone, Default)]
struct Recent {
    last: u64,
    hashes: VecDeque<u32>,
}

impl Recent {
    fn push(&mut self, seq: u64, hash: u32) {
        let skipped = seq.saturating_sub(self.last + 1);
        if self.hashes.is_empty() || skipped >= HASHES_MAX as u64 {
            self.hashes.clear();
        } else {
            self.hashes.extend(std::iter::repeat_n(0, skipped as usize));
        }
        self.hashes.push_back(hash);
        let surplus = self.hashes.len().saturating_sub(HASHES_MAX);
        self.hashes.drain(..surplus);
        self.last = seq;
    }

    fn get(&self, seq: u64) -> Option<u32> {
        let back = self.last.checked_sub(seq)?;
        let place = (self.hashes.len() as u64).checked_sub(back + 1)?;
        self.hashes.get(place as usize).copied()
    }
}

/// All spools of all agents. The topic says whose a spool is: the same spool name under another
/// agent is another spool.
#[derive(Debug, Clone, Default)]
pub struct Watermarks {
    by_source: HashMap<Source, Vec<Mark>>,
}

impl Watermarks {
    /// As they were committed.
    #[must_use]
    pub fn restore(committed: impl IntoIterator<Item = Watermark>) -> Self {
        let mut all = Self::default();
        for w in committed {
            let marks = all.by_source.entry(w.source).or_default();
            marks.push(Mark { spool: w.spool, upto: w.upto, sample_at: w.sample_at, recent: Recent::default() });
        }
        all
    }

    /// Brings back the content of a committed number, in ascending order, so that conflicts are
    /// told after a restart too.
    pub fn remember(&mut self, source: &Source, spool: &Id, seq: u64, hash: u32) {
        let marks = self.by_source.get_mut(source).into_iter().flatten();
        if let Some(mark) = marks.rev().find(|m| m.spool == *spool && seq <= m.upto) {
            mark.recent.push(seq, hash);
        }
    }

    /// Judges an entry, and moves the watermark past it if it is new.
    pub fn offer(&mut self, source: &Source, entry: &Entry, hash: u32) -> Verdict {
        if !self.by_source.contains_key(source) {
            self.by_source.insert(source.clone(), Vec::new());
        }
        let marks = self.by_source.get_mut(source).expect("inserted above");
        let spool = entry.spool();
        let place = marks.iter().rposition(|m| m.spool == *spool).unwrap_or_else(|| {
            marks.push(Mark { spool: spool.clone(), upto: 0, sample_at: UnixMs::MIN, recent: Recent::default() });
            marks.len() - 1
        });
        let mark = &mut marks[place];
        let (seq, upto) = entry.seqs();
        if seq > mark.upto + 1 {
            return Verdict::Gap;
        }
        if upto <= mark.upto {
            return mark.judge_known(entry, hash);
        }
        let first = mark.upto + 1;
        mark.advance(entry, hash, upto);
        Verdict::New { first }
    }

    /// Up to where nothing of a spool is missing; 0 for a spool never heard of.
    #[must_use]
    pub fn upto(&self, source: &Source, spool: &Id) -> u64 {
        self.get(source, spool).map_or(0, |m| m.upto)
    }

    /// What is known of a spool.
    #[must_use]
    pub fn get(&self, source: &Source, spool: &Id) -> Option<&Mark> {
        self.by_source.get(source)?.iter().rfind(|m| m.spool == *spool)
    }
}

impl Mark {
    fn judge_known(&self, entry: &Entry, hash: u32) -> Verdict {
        let Entry::Sample(sample) = entry else { return Verdict::Duplicate };
        match self.recent.get(sample.seq) {
            Some(known) if known != hash => Verdict::Conflict,
            _ => Verdict::Duplicate,
        }
    }

    fn advance(&mut self, entry: &Entry, hash: u32, upto: u64) {
        match entry {
            Entry::Sample(sample) => {
                self.recent.push(upto, hash);
                self.sample_at = self.sample_at.max(sample.at);
            }
            Entry::Lost(_) => {
                let first = (self.upto + 1).max(upto.saturating_sub(HASHES_MAX as u64));
                (first..=upto).for_each(|seq| self.recent.push(seq, 0));
            }
        }
        self.upto = upto;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use wire::{Clock, Lost, LostReason, Sample};

    use super::*;

    fn id(text: &str) -> Id {
        Id::parse(text).unwrap()
    }

    fn source() -> Source {
        Source { venue: id("v"), room: id("r"), agent: id("a") }
    }

    fn sample(seq: u64) -> Entry {
        let (spool, boot) = (id("s"), id("b"));
        let clock = Clock::Trusted;
        Entry::Sample(Sample { at: seq as i64, seq, spool, boot, clock, points: Vec::new(), faults: Vec::new() })
    }

    fn lost(seq: u64, upto: u64) -> Entry {
        Entry::Lost(Lost { spool: id("s"), seq, upto, reason: LostReason::Evicted })
    }

    #[test]
    fn the_first_number_of_a_spool_is_one() {
        let mut marks = Watermarks::default();
        assert_eq!(marks.offer(&source(), &sample(2), 1), Verdict::Gap);
        assert_eq!(marks.upto(&source(), &id("s")), 0);
        assert_eq!(marks.offer(&source(), &sample(1), 1), Verdict::New { first: 1 });
        assert_eq!(marks.offer(&source(), &sample(2), 1), Verdict::New { first: 2 });
    }

    #[test]
    fn the_same_number_is_a_duplicate_with_the_same_content_and_a_conflict_with_another() {
        let mut marks = Watermarks::default();
        for seq in 1..=HASHES_MAX as u64 + 10 {
            marks.offer(&source(), &sample(seq), seq as u32);
        }
        assert_eq!(marks.offer(&source(), &sample(500), 500), Verdict::Duplicate);
        assert_eq!(marks.offer(&source(), &sample(500), 501), Verdict::Conflict);
        assert_eq!(marks.offer(&source(), &sample(10), 99), Verdict::Duplicate, "too old to compare");
        assert_eq!(marks.offer(&source(), &sample(11), 99), Verdict::Conflict);
    }

    #[test]
    fn a_lost_run_that_is_known_in_part_counts_from_where_it_is_new() {
        let mut marks = Watermarks::default();
        marks.offer(&source(), &sample(1), 7);
        assert_eq!(marks.offer(&source(), &lost(1, 5), 0), Verdict::New { first: 2 });
        assert_eq!(marks.offer(&source(), &lost(2, 5), 0), Verdict::Duplicate);
        assert_eq!(marks.offer(&source(), &sample(4), 7), Verdict::Conflict, "it was said to be lost");
        assert_eq!(marks.offer(&source(), &sample(1), 7), Verdict::Duplicate);
        assert_eq!(marks.offer(&source(), &lost(7, 9), 0), Verdict::Gap);
    }

    #[test]
    fn what_is_remembered_after_a_restart_tells_conflicts_as_before() {
        let committed = Watermark { source: source(), spool: id("s"), upto: 9, sample_at: 9 };
        let mut marks = Watermarks::restore([committed]);
        for seq in [5, 6, 9] {
            marks.remember(&source(), &id("s"), seq, seq as u32);
        }
        let mut check = |seq, hash, verdict| assert_eq!(marks.offer(&source(), &sample(seq), hash), verdict, "{seq}");
        check(4, 99, Verdict::Duplicate);
        check(5, 99, Verdict::Conflict);
        check(6, 6, Verdict::Duplicate);
        check(7, 7, Verdict::Conflict);
        check(9, 9, Verdict::Duplicate);
        check(10, 1, Verdict::New { first: 10 });
        check(9, 8, Verdict::Conflict);
    }

    proptest! {
        /// Against a ledger that keeps everything: whatever the order, each number is taken once,
        /// in order, and nothing beyond a hole.
        #[test]
        fn any_order_of_arrivals_takes_each_number_once_and_in_order(
            arrivals in prop::collection::vec((1u64..40, 0u64..4, any::<bool>()), 1..300)
        ) {
            let mut marks = Watermarks::default();
            let mut taken: BTreeMap<u64, bool> = BTreeMap::new();
            for (seq, more, is_sample) in arrivals {
                let entry = if is_sample { sample(seq) } else { lost(seq, seq + more) };
                let hash = if is_sample { 1 + seq as u32 } else { 0 };
                let top = taken.len() as u64;
                let (first, last) = entry.seqs();
                let expected = if first > top + 1 {
                    Verdict::Gap
                } else if last > top {
                    (top + 1..=last).for_each(|n| { taken.insert(n, is_sample); });
                    Verdict::New { first: top + 1 }
                } else if is_sample && !taken[&seq] {
                    Verdict::Conflict
                } else {
                    Verdict::Duplicate
                };
                prop_assert_eq!(marks.offer(&source(), &entry, hash), expected);
                prop_assert_eq!(marks.upto(&source(), &id("s")), taken.len() as u64);
            }
        }
    }
}
