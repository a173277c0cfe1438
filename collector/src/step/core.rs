//! Decides what a group of messages changes: duplicates dropped, samples appended, and everything
//! that follows from them, as one [`Commit`]. Reads no clock, no socket and no file; what it has
//! decided counts only once the commit is in the ledger.

use wire::{Ack, Entry, Id, Lost, Source, UnixMs};

use std::sync::Arc;

use super::{
    Filing,
    follow::{Deciders, Follow},
    journal::Journal,
    writer::Writer,
};
use crate::{
    ingest::{Decoded, Verdict, Watermarks, decode::content_hash},
    ledger::{Commit, Loaded, Quarantined, Request, Watermark},
    silence,
    venues::Venues,
};

/// The state of a collector between steps.
pub struct Core {
    number: u64,
    marks: Watermarks,
    follow: Follow,
    notes: silence::Notes,
    journal: Journal,
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

/// What comes into a step.
#[derive(Debug)]
pub struct Input<B> {
    /// Messages in the order of their arrival.
    pub batch: B,
    /// People's requests.
    pub requests: Vec<Request>,
    /// What jobs want committed.
    pub filings: Vec<Filing>,
    /// Time passed: let silences be noticed. At least once a second of world time.
    pub tick: bool,
    /// The instant of the step.
    pub now: UnixMs,
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
    /// Says in the acks what time it is now that they go: agents without a clock believe it, and the
    /// commit may have taken long.
    pub fn stamp(&mut self, now: UnixMs) {
        self.acks.iter_mut().for_each(|(_, ack)| ack.time = now);
    }

    /// Whether the ledger need not be touched at all.
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
            && c.records.is_empty()
            && c.journal.is_none()
    }
}

/// Spools that a step touched, in the order of their first message.
#[derive(Default)]
struct Touched {
    spools: Vec<(Source, Id, bool)>,
    places: std::collections::HashMap<Source, usize>,
}

impl Touched {
    fn note(&mut self, source: &Source, spool: &Id, moved: bool) {
        if let Some(&place) = self.places.get(source)
            && self.spools[place].1 == *spool
        {
            self.spools[place].2 |= moved;
            return;
        }
        // A source with several spools in one group is rare: search.
        let known = self.spools.iter().position(|(s, p, _)| p == spool && s == source);
        let place = known.unwrap_or_else(|| {
            self.spools.push((source.clone(), spool.clone(), false));
            self.spools.len() - 1
        });
        self.spools[place].2 |= moved;
        self.places.insert(source.clone(), place);
    }
}

impl Core {
    /// Goes on from what the ledger holds.
    #[must_use]
    pub fn restore(mut loaded: Loaded, deciders: Deciders) -> Self {
        let mut notes = silence::Notes::new(deciders.rules.settings().live_horizon_ms);
        silence::record::restore(&mut notes, &loaded.records);
        for mark in loaded.watermarks.iter().filter(|mark| mark.sample_at != UnixMs::MIN) {
            notes.heard(&mark.source, mark.sample_at);
        }
        let follow = Follow::restore(deciders, &mut loaded);
        let mut marks = Watermarks::restore(loaded.watermarks);
        for (source, sample) in loaded.samples {
            let (spool, seq) = (sample.spool.clone(), sample.seq);
            let hash = content_hash(&Entry::Sample(sample));
            marks.remember(&source, &spool, seq, hash);
        }
        Self { number: loaded.commit_number, marks, follow, notes, journal: Journal::default() }
    }

    /// A collector starts at `now`, so that whoever plays this past again knows why nothing came before.
    pub fn started(&mut self, now: UnixMs) {
        self.journal.started(now);
    }

    /// Other venues are in force from the next step on.
    pub fn set_venues(&mut self, venues: &Arc<Venues>) {
        self.follow.set_venues(venues);
    }

    /// The broker is away: nobody can be heard, and nobody is silent for it. Before a step with a tick.
    pub fn deaf(&mut self, now: UnixMs) {
        self.journal.deaf(now);
        self.follow.deaf(now);
    }

    /// One step.
    pub fn step(&mut self, input: Input<impl IntoIterator<Item = Result<Decoded, Quarantined>>>) -> Stepped {
        let Input { batch, requests, filings, tick, now } = input;
        let mut out = Writer::default();
        out.commit.at = now;
        self.follow.surround(now);
        self.journal.begin(now);
        let (mut counts, mut touched) = (Counts::default(), Touched::default());
        for body in batch {
            match body {
                Ok(Decoded::Samples(source, entries)) => {
                    for (entry, hash) in entries {
                        let verdict = self.take(&source, entry, hash, &mut counts, &mut out);
                        touched.note(&source, &verdict.0, verdict.1);
                    }
                }
                Ok(Decoded::Status(source, status)) => {
                    // Whoever comes is told up to where we are, and what time it is.
                    if status.state == wire::State::Online {
                        touched.note(&source, &status.spool, false);
                    }
                    self.journal.status(&source, &status);
                    self.follow.status(&source, &status, now, &mut out);
                    self.notes.status(&source, &status, now);
                    out.commit.statuses.push((source, status));
                }
                Ok(Decoded::About(source, about)) => {
                    self.journal.about(&source, &about);
                    self.follow.learn(&source, &about);
                    self.notes.about(&source, &about, now);
                    out.commit.abouts.push((source, about));
                }
                Ok(Decoded::Result(..)) => {}
                Ok(Decoded::RetainedSamples) => counts.retained += 1,
                Err(quarantined) => out.commit.quarantine.push(quarantined),
            }
        }
        requests.iter().for_each(|request| self.journal.request(request));
        filings.iter().flat_map(|filing| &filing.samples).for_each(|own| self.journal.own(own));
        self.follow.requests(requests, now, &mut out);
        self.follow.filings(filings, now, &mut out);
        if tick {
            self.follow.tick(now, &mut out);
        }
        self.follow.finish(&mut out);
        let records = &mut out.commit.records;
        silence::record::locks(&mut self.notes, records, now);
        self.notes.take_changed(now, |changed| records.push(silence::record::of_note(&changed, now)));
        let acks = self.acks(touched, now, &mut out);
        let mut commit = out.finish();
        commit.journal = self.journal.end(tick, &commit);
        let mut stepped = Stepped { number: 0, commit, acks, counts };
        if !stepped.is_empty() {
            self.number += 1;
            stepped.number = self.number;
        }
        stepped
    }

    /// Judges an entry and lets follow what follows; gives its spool and whether it was new.
    fn take(&mut self, source: &Source, entry: Entry, hash: u32, counts: &mut Counts, out: &mut Writer) -> (Id, bool) {
        let verdict = self.marks.offer(source, &entry, hash);
        let spool = entry.spool().clone();
        let now = out.commit.at;
        match (verdict, entry) {
            (Verdict::New { .. }, Entry::Sample(sample)) => {
                counts.samples += 1;
                counts.readings += sample.points.len() as u64;
                self.journal.sample(source, &sample.spool, sample.seq, sample.at);
                self.follow.sample(source, &sample, now, out);
                self.notes.sample(source, sample.at, now);
                out.commit.samples.push((source.clone(), sample));
            }
            (Verdict::New { first }, Entry::Lost(lost)) => {
                counts.lost += lost.upto - first + 1;
                self.notes.lost(source, lost.reason, lost.upto - first + 1, now);
                out.commit.lost.push((source.clone(), Lost { seq: first, ..lost }));
            }
            (Verdict::Duplicate, _) => counts.duplicates += 1,
            (Verdict::Gap, _) => counts.gaps += 1,
            (Verdict::Conflict, entry) => {
                counts.conflicts += 1;
                out.commit.quarantine.push(conflict(source, entry, now));
            }
        }
        (spool, matches!(verdict, Verdict::New { .. }))
    }

    fn acks(&self, touched: Touched, now: UnixMs, out: &mut Writer) -> Vec<(Source, Ack)> {
        let mut acks = Vec::with_capacity(touched.spools.len());
        for (source, spool, moved) in touched.spools {
            // A spool that was only announced has no mark yet.
            let mark = self.marks.get(&source, &spool);
            let upto = mark.map_or(0, |mark| mark.upto);
            if let Some(mark) = mark.filter(|_| moved) {
                let (source, spool, sample_at) = (source.clone(), spool.clone(), mark.sample_at);
                out.commit.watermarks.push(Watermark { source, spool, upto, sample_at });
            }
            acks.push((source, Ack { spool, upto, time: now }));
        }
        acks
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
