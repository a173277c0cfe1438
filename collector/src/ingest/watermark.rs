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
    /// Content hashes of the last numbers up to `upto`; 0 for a number without a sample.
    hashes: VecDeque<u32>,
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
            marks.push(Mark { spool: w.spool, upto: w.upto, sample_at: w.sample_at, hashes: VecDeque::new() });
        }
        all
    }

    /// Brings back the content of a committed number, in ascending order, so that conflicts are
    /// told after a restart too.
    pub fn remember(&mut self, source: &Source, entry: &Entry, hash: u32) {
        let Some(mark) = self.by_source.get_mut(source).and_then(|m| m.iter_mut().find(|m| m.spool == *entry.spool()))
        else {
            return;
        };
        let (seq, _) = entry.seqs();
        // Only an unbroken run that ends at `upto` can be looked up by number.
        mark.hashes.push_back(hash);
        while mark.hashes.len() > HASHES_MAX || (mark.hashes.len() as u64) > seq {
            mark.hashes.pop_front();
        }
    }

    /// Forgets remembered content of spools whose last remembered number is not the watermark.
    pub fn settle(&mut self, last_remembered: impl Fn(&Source, &Id) -> Option<u64>) {
        for (source, marks) in &mut self.by_source {
            for mark in marks {
                if last_remembered(source, &mark.spool) != Some(mark.upto) {
                    mark.hashes.clear();
                }
            }
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
            marks.push(Mark { spool: spool.clone(), upto: 0, sample_at: UnixMs::MIN, hashes: VecDeque::new() });
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
        let back = self.upto - sample.seq;
        let known = (self.hashes.len() as u64).checked_sub(back + 1).and_then(|i| self.hashes.get(i as usize));
        match known {
            Some(known) if *known != hash => Verdict::Conflict,
            _ => Verdict::Duplicate,
        }
    }

    fn advance(&mut self, entry: &Entry, hash: u32, upto: u64) {
        match entry {
            Entry::Sample(sample) => {
                self.hashes.push_back(hash);
                self.sample_at = self.sample_at.max(sample.at);
            }
            Entry::Lost(_) => {
                let run = upto - self.upto;
                if run as usize >= HASHES_MAX {
                    self.hashes.clear();
                }
                self.hashes.extend(std::iter::repeat_n(0, (run as usize).min(HASHES_MAX)));
            }
        }
        while self.hashes.len() > HASHES_MAX {
            self.hashes.pop_front();
        }
        self.upto = upto;
    }
}
