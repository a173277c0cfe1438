//! Decides what a group of messages changes: duplicates dropped, samples appended, and everything
//! that follows from them, as one [`Commit`]. Reads no clock, no socket and no file; what it has
//! decided counts only once the commit is in the ledger.

use wire::{Ack, Entry, Lost, Source, UnixMs};

use crate::{
    ingest::{Decoded, Verdict, Watermarks, decode::content_hash},
    ledger::{Commit, Loaded, Quarantined, Request, Watermark},
};

/// The state of a collector between steps.
pub struct Core {
    number: u64,
    marks: Watermarks,
}

/// What a step counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Samples that were new.
    pub samples: u64,
    /// Values in them.
    pub readings: u64,
    /// Known already.
    pub duplicates: u64,
    /// Past a hole.
    pub gaps: u64,
    /// Known with another content.
    pub conflicts: u64,
    /// Numbers declared lost.
    pub lost: u64,
    /// Retained samples, ignored.
    pub retained: u64,
}

/// What follows from a step.
#[derive(Debug, Default)]
pub struct Stepped {
    /// Number of the commit.
    pub number: u64,
    /// What to make durable.
    pub commit: Commit,
    /// What agents are told after that: up to where nothing is missing, a line a spool.
    pub acks: Vec<(Source, Ack)>,
    /// What was counted.
    pub counts: Counts,
}

impl Stepped {
    /// Whether the ledger must be touched at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let c = &self.commit;
        c.samples.is_empty()
            && c.lost.is_empty()
            && c.watermarks.is_empty()
            && c.quarantine.is_empty()
            && c.tracks.is_empty()
            && c.episodes.is_empty()
            && c.tickets.is_empty()
            && c.history.is_empty()
            && c.outbox.is_empty()
            && c.answered.is_empty()
            && c.abouts.is_empty()
            && c.statuses.is_empty()
    }
}

/// Spools that a step touched, in the order of their first message.
#[derive(Default)]
struct Touched(Vec<(Source, wire::Id, bool)>);

impl Touched {
    fn note(&mut self, source: &Source, spool: &wire::Id, moved: bool) {
        // Neighbouring entries are nearly always of the same spool; look from the end.
        match self.0.iter_mut().rev().find(|(s, p, _)| p == spool && s == source) {
            Some((_, _, m)) => *m |= moved,
            None => self.0.push((source.clone(), spool.clone(), moved)),
        }
    }
}

impl Core {
    /// Goes on from what the ledger holds.
    #[must_use]
    pub fn restore(loaded: Loaded) -> Self {
        let mut marks = Watermarks::restore(loaded.watermarks);
        for (source, sample) in loaded.samples {
            let (spool, seq) = (sample.spool.clone(), sample.seq);
            let hash = content_hash(&Entry::Sample(sample));
            marks.remember(&source, &spool, seq, hash);
        }
        Self { number: loaded.commit_number, marks }
    }

    /// One step. Without messages and requests it is a tick of the clock.
    pub fn step(
        &mut self,
        batch: impl IntoIterator<Item = Result<Decoded, Quarantined>>,
        requests: Vec<Request>,
        now: UnixMs,
    ) -> Stepped {
        let _ = requests;
        let mut out = Stepped { commit: Commit { at: now, ..Commit::default() }, ..Stepped::default() };
        let mut touched = Touched::default();
        for body in batch {
            match body {
                Ok(Decoded::Samples(source, entries)) => self.take(&source, entries, now, &mut out, &mut touched),
                Ok(Decoded::Status(source, status)) => out.commit.statuses.push((source, status)),
                Ok(Decoded::About(source, about)) => out.commit.abouts.push((source, about)),
                Ok(Decoded::Result(..)) => {}
                Ok(Decoded::RetainedSamples) => out.counts.retained += 1,
                Err(quarantined) => out.commit.quarantine.push(quarantined),
            }
        }
        for (source, spool, moved) in touched.0 {
            let Some(mark) = self.marks.get(&source, &spool) else { continue };
            let upto = mark.upto;
            if moved {
                let watermark =
                    Watermark { source: source.clone(), spool: spool.clone(), upto, sample_at: mark.sample_at };
                out.commit.watermarks.push(watermark);
            }
            out.acks.push((source, Ack { spool, upto, time: now }));
        }
        if !out.is_empty() {
            self.number += 1;
            out.number = self.number;
        }
        out
    }

    fn take(
        &mut self,
        source: &Source,
        entries: Vec<(Entry, u32)>,
        now: UnixMs,
        out: &mut Stepped,
        touched: &mut Touched,
    ) {
        for (entry, hash) in entries {
            let verdict = self.marks.offer(source, &entry, hash);
            touched.note(source, entry.spool(), matches!(verdict, Verdict::New { .. }));
            match (verdict, entry) {
                (Verdict::New { .. }, Entry::Sample(sample)) => {
                    out.counts.samples += 1;
                    out.counts.readings += sample.points.len() as u64;
                    out.commit.samples.push((source.clone(), sample));
                }
                (Verdict::New { first }, Entry::Lost(lost)) => {
                    out.counts.lost += lost.upto - first + 1;
                    out.commit.lost.push((source.clone(), Lost { seq: first, ..lost }));
                }
                (Verdict::Duplicate, _) => out.counts.duplicates += 1,
                (Verdict::Gap, _) => out.counts.gaps += 1,
                (Verdict::Conflict, entry) => {
                    out.counts.conflicts += 1;
                    out.commit.quarantine.push(conflict(source, entry, now));
                }
            }
        }
    }
}

fn conflict(source: &Source, entry: Entry, at: UnixMs) -> Quarantined {
    let detail = format!("spool {} number {} is committed with another content", entry.spool(), entry.seqs().0);
    Quarantined {
        at,
        topic: wire::Topic::new(source, wire::Channel::Samples).to_string(),
        reason: "conflict",
        detail,
        body: wire::samples::print(&[entry]).into_bytes(),
    }
}
