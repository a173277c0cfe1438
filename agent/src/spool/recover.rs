//! What a start finds: turns the files of a folder into logs, and every number that was reserved
//! and has no sample into a lost run with its reason.

use std::collections::BTreeMap;

use wire::LostReason;

use super::{
    Spool, Stored,
    log::{Log, Segment},
    record::{self, Record},
    storage::Storage,
};
use crate::clock::Anchor;

/// The samples of a file, by number.
pub(super) fn samples(bytes: &[u8]) -> Vec<Stored> {
    let records = record::read(bytes).records.into_iter();
    let mut samples: Vec<Stored> = records
        .filter_map(|record| match record {
            Record::Sample(stored) => Some(stored),
            _ => None,
        })
        .collect();
    samples.sort_by_key(|stored| stored.seq);
    samples.dedup_by_key(|stored| stored.seq);
    samples
}

/// What the files of one log say together.
#[derive(Default)]
struct Findings {
    reserved: u64,
    acked: u64,
    /// The next number, where the log ended in order after its last reservation.
    closed: Option<u64>,
    /// The end of the last file is damaged: a reservation may have stood there.
    torn: bool,
    damaged: bool,
    lost: Vec<(u64, u64, LostReason)>,
    seqs: Vec<u64>,
}

impl<S: Storage> Spool<S> {
    /// Reads the folder. A folder that cannot be listed is taken for empty, and counted.
    pub(super) fn recover(&mut self) {
        let names = self.storage.list().unwrap_or_else(|_| {
            self.stats.failures += 1;
            Vec::new()
        });
        let mut files = BTreeMap::new();
        for name in names {
            if let Some((order, id, number)) = Log::parse_name(&name) {
                self.next_file = self.next_file.max(number + 1);
                files.entry((order, id)).or_insert_with(BTreeMap::new).insert(number, name);
            }
        }
        for ((order, id), names) in files {
            let mut log = Log::new(id, order);
            let mut findings = Findings::default();
            for name in names.into_values() {
                self.read_file(name, &mut log, &mut findings);
            }
            self.stats.corrupt += account(&mut log, &findings);
            self.logs.push_back(log);
        }
        self.drop_drained();
    }

    fn read_file(&mut self, name: String, log: &mut Log, findings: &mut Findings) {
        let bytes = self.storage.read(&name).unwrap_or_else(|_| {
            self.stats.failures += 1;
            findings.damaged = true;
            Vec::new()
        });
        let contents = record::read(&bytes);
        findings.damaged |= contents.damaged_bytes > 0;
        // A file without a single record was cut while it was made.
        findings.torn = contents.damaged_tail || contents.records.is_empty();
        let mut seqs = Vec::new();
        for record in contents.records {
            match record {
                Record::Reserved { upto } => {
                    findings.reserved = findings.reserved.max(upto);
                    findings.closed = None;
                }
                Record::Acked { upto } => findings.acked = findings.acked.max(upto),
                Record::Lost { seq, upto, reason } => findings.lost.push((seq, upto, reason)),
                Record::Anchor { boot, from, offset_ms } => self.anchors.restore(Anchor { boot, from, offset_ms }),
                Record::Closed { next } => findings.closed = Some(next),
                Record::Sample(stored) => {
                    self.anchors.note(&stored.boot);
                    seqs.push(stored.seq);
                }
            }
        }
        let range = seqs.iter().min().copied().zip(seqs.iter().max().copied());
        findings.seqs.extend(seqs);
        log.segments.push_back(Segment { name, seqs: range, bytes: bytes.len() as u64 });
    }

    /// Removes what no longer waits; the last log stays if it can go on.
    fn drop_drained(&mut self) {
        let last = self.logs.len().saturating_sub(1);
        let mut done = Vec::new();
        let mut place = 0;
        self.logs.retain_mut(|log| {
            let keep = !log.is_drained() || (place == last && log.reserved > 0);
            if !keep {
                done.extend(log.segments.drain(..));
            }
            place += 1;
            keep
        });
        self.remove_files(done);
    }
}

/// Gives every number a place: done, on the card, or lost with its reason. Says how many were
/// unreadable.
fn account(log: &mut Log, findings: &Findings) -> u64 {
    let mut seqs = findings.seqs.clone();
    seqs.sort_unstable();
    seqs.dedup();
    let highest = seqs.last().copied().unwrap_or(0).max(findings.acked);
    let next = findings.closed.filter(|next| !findings.torn && *next > highest);
    log.next = next.unwrap_or(findings.reserved.max(highest) + 1);
    log.acked = findings.acked.min(log.next - 1);
    log.synced = log.next - 1;
    for (seq, upto, reason) in &findings.lost {
        log.lose(*seq, (*upto).min(log.next - 1), *reason);
    }
    let mut corrupt = 0;
    let mut expected = log.acked + 1;
    let mut leading = true;
    for seq in seqs.into_iter().filter(|seq| *seq > findings.acked).chain([log.next]) {
        let end = seq == log.next;
        while expected < seq {
            if let Some((upto, _)) = log.lost_at(expected) {
                expected = upto.min(seq - 1) + 1;
                continue;
            }
            let upto = log.next_lost(expected).map_or(seq, |first| first.min(seq)) - 1;
            let reason = match (end, leading) {
                (true, _) if findings.torn => LostReason::Corrupt,
                (true, _) => LostReason::NeverDurable,
                (false, true) if !findings.damaged => LostReason::Evicted,
                (false, _) => LostReason::Corrupt,
            };
            if reason == LostReason::Corrupt {
                corrupt += upto + 1 - expected;
            }
            log.lose(expected, upto, reason);
            expected = upto + 1;
        }
        expected = seq + 1;
        leading = false;
    }
    // A log whose end is damaged may have used numbers that nobody knows of: it only drains.
    log.reserved = if findings.torn { 0 } else { findings.reserved };
    log.lost_unsaved.clear();
    corrupt
}
