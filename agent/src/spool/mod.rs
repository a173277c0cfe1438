//! Keeps samples until the collector has committed them, over any power cut.
//!
//! A sample waits in memory for the collector's `ack`; if that takes longer than `sync_after` it is
//! synced to the card, at most once a second for all that wait. So online almost nothing touches
//! the card and offline everything does. Numbers are reserved ahead in synced blocks, so none is
//! ever given twice; numbers without a sample are handed out as lost runs in their place. The
//! spool never asks for the time, never waits, and never fails: what goes wrong on the card is
//! counted and tried again.
//!
//! [`record`] is the bytes of a file, [`log`] the numbers of one identity, [`recover`] what a start
//! finds, [`storage`] and [`disk`] the files.

pub mod disk;
mod log;
mod record;
mod recover;
pub mod storage;
mod write;

use std::{collections::VecDeque, time::Duration};

use wire::{Entry, Id, Lost, LostReason, Sample, UnixMs};

use crate::{clock::Anchors, draft::Draft};
use log::{Held, Log, Segment};
pub use record::Stored;
use storage::Storage;

/// Numbers reserved with one sync: at a sample every ten seconds, one sync in three hours.
pub const RESERVE_NUMBERS: u64 = 1_024;
/// At most one sync of samples in this time.
pub const SYNC_INTERVAL: Duration = Duration::from_secs(1);
/// A file is closed at this size, so that a card frees space piece by piece and reading back needs
/// little memory.
pub const SEGMENT_BYTES: u64 = 256 * 1024;
/// Samples in memory while all of them are on the card as well.
const MEMORY_SYNCED_MAX: usize = 256;
/// Samples in memory while the card takes nothing: three hours at one a second. Past it the oldest go.
const MEMORY_MAX: usize = 10_800;
/// After the card refused a write it is left alone for this long.
const RETRY_INTERVAL: Duration = Duration::from_secs(5);

/// What the spool is told at its start.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The most bytes on the card.
    pub bytes_max: u64,
    /// How long a sample may wait in memory.
    pub sync_after: Duration,
    /// Numbers reserved with one sync; [`RESERVE_NUMBERS`] but in tests.
    pub reserve_numbers: u64,
    /// A file is closed at this size; [`SEGMENT_BYTES`] but in tests.
    pub segment_bytes: u64,
}

impl Settings {
    /// The usual ones.
    #[must_use]
    pub fn new(bytes_max: u64, sync_after: Duration) -> Self {
        Self { bytes_max, sync_after, reserve_numbers: RESERVE_NUMBERS, segment_bytes: SEGMENT_BYTES }
    }
}

/// What the spool counts; they become points of each sample.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// Numbers that wait for the collector.
    pub depth: u64,
    /// Bytes on the card.
    pub bytes: u64,
    /// Samples dropped because there was no room.
    pub evicted: u64,
    /// Samples that could not be read back.
    pub corrupt: u64,
    /// Syncs of files and folders.
    pub syncs: u64,
    /// Writes, syncs or reads that the card refused.
    pub failures: u64,
}

/// What became of an `ack`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freed {
    /// It freed samples.
    Some,
    /// It repeats what is known.
    None,
    /// It is about another spool, or about numbers that were never given: not followed.
    Foreign,
}

/// Random numbers for new identities; injected so that simulations repeat.
pub type Random = Box<dyn FnMut() -> u64 + Send>;

/// The spool. The last of its logs is the one that takes samples; those before it only drain.
pub struct Spool<S: Storage> {
    storage: S,
    settings: Settings,
    random: Random,
    boot: Id,
    logs: VecDeque<Log>,
    next_file: u32,
    anchors: Anchors,
    anchors_unsaved: bool,
    last_sync: Option<Duration>,
    refused_at: Option<Duration>,
    stats: Stats,
    /// Files that are done with and not removed yet.
    done_files: Vec<Segment>,
    /// The last file that was read back, and its samples.
    cached: Option<(String, Vec<Stored>)>,
}

impl<S: Storage> Spool<S> {
    /// Goes on with what the folder holds. A card that refuses everything gives a spool in memory.
    pub fn open(storage: S, settings: Settings, boot: Id, random: Random, now: Duration) -> Self {
        let mut spool = Self {
            storage,
            settings,
            random,
            boot,
            logs: VecDeque::new(),
            next_file: 1,
            anchors: Anchors::default(),
            anchors_unsaved: false,
            last_sync: None,
            refused_at: None,
            stats: Stats::default(),
            done_files: Vec::new(),
            cached: None,
        };
        spool.recover();
        spool.anchors.note(&spool.boot);
        if spool.logs.back().is_none_or(|log| !spool.can_go_on(log)) {
            spool.begin_log();
        }
        let reserved = spool.reserve(now);
        if !reserved && spool.current().reserved > 0 {
            // The card refuses: numbers of an identity that it knows cannot be given safely.
            spool.begin_log();
        }
        spool.remove_files([]);
        spool
    }

    /// The identity that numbers samples now.
    #[must_use]
    pub fn id(&self) -> &Id {
        &self.current().id
    }

    /// Numbers a sample and keeps it.
    pub fn append(&mut self, draft: Draft, now: Duration) -> (Id, u64) {
        let log = self.current();
        if log.reserved > 0 && log.next > log.reserved && !self.reserve(now) {
            self.begin_log();
        }
        let boot = self.boot.clone();
        let log = self.current_mut();
        let seq = log.next;
        log.next += 1;
        let Draft { read_at, points, faults } = draft;
        log.memory.push_back(Held { sample: Stored { seq, boot, read_at, points, faults }, since: now });
        let named = (log.id.clone(), seq);
        self.bound_memory();
        named
    }

    /// The collector has everything of `spool` up to `upto`.
    pub fn ack(&mut self, spool: &Id, upto: u64) -> Freed {
        let Some(place) = self.logs.iter().position(|log| log.id == *spool) else { return Freed::Foreign };
        let drains = place + 1 < self.logs.len();
        let log = &mut self.logs[place];
        if upto >= log.next && !drains {
            return Freed::Foreign;
        }
        // Of a log that only drains a power cut may have brought back a part that was done long ago:
        // the collector then knows more numbers of it than are left here.
        let upto = upto.min(log.next - 1);
        if upto <= log.acked {
            return Freed::None;
        }
        let done = log.acknowledge(upto);
        self.remove_files(done);
        if place + 1 < self.logs.len() && self.logs[place].is_drained() {
            let files = self.logs.remove(place).map(|log| log.segments).unwrap_or_default();
            self.remove_files(files);
        }
        Freed::Some
    }

    /// Syncs what has waited long enough. Call it at [`Spool::next_sync`] at the latest.
    pub fn tick(&mut self, now: Duration) {
        if self.next_sync().is_some_and(|due| due <= now) {
            self.sync(now);
        }
    }

    /// When the next sync is due, if anything waits.
    #[must_use]
    pub fn next_sync(&self) -> Option<Duration> {
        let since = self.logs.iter().filter_map(Log::waits_since).min()?;
        let due = since + self.settings.sync_after;
        let allowed = self.last_sync.map_or(Duration::ZERO, |last| last + SYNC_INTERVAL);
        let retry = self.refused_at.map_or(Duration::ZERO, |refused| refused + RETRY_INTERVAL);
        Some(due.max(allowed).max(retry))
    }

    /// Syncs everything and says that the spool ended in order.
    pub fn close(&mut self, now: Duration) {
        self.sync(now);
        self.write_closed();
    }

    /// The highest number up to which samples are either committed by the collector or synced
    /// here: what has been acknowledged to the sampler, for each identity.
    pub fn durable(&self) -> impl Iterator<Item = (&Id, u64)> {
        self.logs.iter().map(|log| (&log.id, log.synced.max(log.acked)))
    }

    /// Identities with numbers that wait, oldest first, and the first number that does.
    pub fn waiting(&self) -> impl Iterator<Item = (&Id, u64)> {
        self.logs.iter().filter(|log| !log.is_drained()).map(|log| (&log.id, log.acked + 1))
    }

    /// At most `count_max` entries of `spool` from `seq` on, without a hole. Stops before a sample
    /// that cannot be placed in time as long as the present boot may still learn what time it is.
    pub fn entries(&mut self, spool: &Id, mut seq: u64, count_max: usize) -> Vec<Entry> {
        let mut entries = Vec::new();
        let Some(place) = self.logs.iter().position(|log| log.id == *spool) else { return entries };
        while entries.len() < count_max && seq < self.logs[place].next {
            if let Some((upto, reason)) = self.logs[place].lost_at(seq) {
                entries.push(Entry::Lost(Lost { spool: spool.clone(), seq, upto, reason }));
                seq = upto + 1;
                continue;
            }
            let stored = match self.logs[place].held(seq) {
                Some(held) => Some(held.clone()),
                None => self.read_back(place, seq),
            };
            match stored {
                Some(stored) if !self.anchors.knows(&stored.boot) && !self.knows_time() => break,
                Some(stored) => entries.push(Entry::Sample(self.placed(spool, stored))),
                None => {
                    self.declare_unreadable(place, seq);
                    continue;
                }
            }
            seq += 1;
        }
        entries
    }

    /// The clock is trusted and says that it is `wall`. The first anchor of a boot is kept at once,
    /// so that a restart places what was already sent as before.
    pub fn trust(&mut self, now: Duration, wall: UnixMs) {
        if self.anchors.trust(&self.boot, now, wall).is_some() {
            self.anchors_unsaved = true;
            self.save_anchors(now);
        }
    }

    /// An ack says that it is `time`; for computers that have no better source.
    pub fn hear(&mut self, now: Duration, time: UnixMs) {
        if self.anchors.hear(&self.boot, now, time).is_some() {
            self.anchors_unsaved = true;
            self.save_anchors(now);
        }
    }

    /// Whether samples of this boot can be placed in wall time.
    #[must_use]
    pub fn knows_time(&self) -> bool {
        self.anchors.knows(&self.boot)
    }

    /// What is counted.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let depth = self.logs.iter().map(Log::depth).sum();
        let bytes = self.logs.iter().flat_map(|log| &log.segments).map(|segment| segment.bytes).sum();
        Stats { depth, bytes, ..self.stats }
    }

    fn placed(&self, spool: &Id, stored: Stored) -> Sample {
        let (at, clock) = self.anchors.place(&stored.boot, stored.read_at);
        let Stored { seq, boot, points, faults, .. } = stored;
        Sample { at, seq, spool: spool.clone(), boot, clock, points, faults }
    }

    fn current(&self) -> &Log {
        self.logs.back().expect("a spool always has a log that takes samples")
    }

    fn current_mut(&mut self) -> &mut Log {
        self.logs.back_mut().expect("a spool always has a log that takes samples")
    }

    fn begin_log(&mut self) {
        const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
        let mut bits = (self.random)();
        let mut name = String::new();
        for _ in 0..12 {
            name.push(char::from(LETTERS[(bits % 32) as usize]));
            bits /= 32;
        }
        let id = Id::parse(&name).expect("letters and digits are an identifier");
        let order = self.logs.back().map_or(1, |log| log.order + 1);
        self.logs.push_back(Log::new(id, order));
    }

    /// A sample that is on the card alone.
    fn read_back(&mut self, place: usize, seq: u64) -> Option<Stored> {
        let name = self.logs[place].segment_of(seq)?.name.clone();
        if self.cached.as_ref().is_none_or(|(cached, _)| *cached != name) {
            let Ok(bytes) = self.storage.read(&name) else {
                self.stats.failures += 1;
                return None;
            };
            self.cached = Some((name, recover::samples(&bytes)));
        }
        let (_, samples) = self.cached.as_ref()?;
        let index = samples.binary_search_by_key(&seq, |stored| stored.seq).ok()?;
        Some(samples[index].clone())
    }

    /// A number whose file does not give it back any more is lost, and those that follow with it
    /// up to the next that can be read.
    fn declare_unreadable(&mut self, place: usize, seq: u64) {
        let log = &self.logs[place];
        let in_memory = log.memory.iter().map(|held| held.sample.seq).find(|held| *held > seq);
        let on_card = self.cached.as_ref().and_then(|(name, samples)| {
            let same = log.segment_of(seq).is_some_and(|segment| segment.name == *name);
            samples.iter().map(|stored| stored.seq).find(|stored| same && *stored > seq)
        });
        let in_next_file =
            log.segments.iter().filter_map(|s| s.seqs).map(|(first, _)| first).find(|first| *first > seq);
        let known = [in_memory, on_card, in_next_file, log.next_lost(seq)];
        let next = known.into_iter().flatten().min().unwrap_or(log.next);
        self.stats.corrupt += next - seq;
        self.logs[place].lose(seq, next - 1, LostReason::Corrupt);
    }

    fn bound_memory(&mut self) {
        let log = self.current_mut();
        let mut evicted = 0;
        while log.memory.len() > MEMORY_MAX {
            let Some(held) = log.memory.pop_front() else { break };
            let seq = held.sample.seq;
            if seq > log.synced {
                log.lose(seq, seq, LostReason::Evicted);
                log.synced = seq;
                evicted += 1;
            }
        }
        self.stats.evicted += evicted;
        // What is on the card can be read back from there.
        let log = self.current_mut();
        while log.memory.len() > MEMORY_SYNCED_MAX
            && log.memory.front().is_some_and(|held| held.sample.seq <= log.synced)
        {
            log.memory.pop_front();
        }
    }
}
