//! The half of the spool that writes: reservations, syncs, room. Every refusal of the card is
//! counted and tried again later; nothing here panics on one.

use std::{io, time::Duration};

use wire::LostReason;

use super::{
    Spool,
    log::{Log, Segment},
    record::Record,
    storage::Storage,
};

impl<S: Storage> Spool<S> {
    /// Whether numbers of a recovered log can be given on.
    pub(super) fn can_go_on(&self, log: &Log) -> bool {
        log.reserved > 0
    }

    /// Reserves the next block of numbers on the card. `false` where the card refuses.
    pub(super) fn reserve(&mut self, now: Duration) -> bool {
        let place = self.logs.len() - 1;
        let block = self.settings.reserve_numbers;
        let log = &mut self.logs[place];
        let before = log.reserved;
        log.reserved = log.next - 1 + block;
        let reserved = Record::Reserved { upto: log.reserved };
        let done = if log.writing { self.write(place, &[reserved]) } else { self.begin_segment(place) };
        if done.is_err() {
            self.refused(place, now);
            self.logs[place].reserved = before;
        }
        done.is_ok()
    }

    /// Writes and syncs every sample that is nowhere but in memory.
    pub(super) fn sync(&mut self, now: Duration) {
        for place in 0..self.logs.len() {
            if self.logs[place].waits_since().is_none() && self.logs[place].lost_unsaved.is_empty() {
                continue;
            }
            match self.sync_log(place) {
                Ok(()) => self.last_sync = Some(now),
                Err(_) => self.refused(place, now),
            }
        }
        self.make_room();
        self.bound_memory();
    }

    /// Keeps anchors on the card at once.
    pub(super) fn save_anchors(&mut self, now: Duration) {
        let place = self.logs.len() - 1;
        if !self.anchors_unsaved || !self.logs[place].writing {
            return;
        }
        let records: Vec<Record> = self.anchor_records();
        match self.write(place, &records) {
            Ok(()) => self.anchors_unsaved = false,
            Err(_) => self.refused(place, now),
        }
    }

    /// The last record of a spool that ends in order.
    pub(super) fn write_closed(&mut self) {
        let place = self.logs.len() - 1;
        let log = &self.logs[place];
        if log.writing && log.waits_since().is_none() {
            let records = [Record::Acked { upto: log.acked }, Record::Closed { next: log.next }];
            if self.write(place, &records).is_err() {
                self.stats.failures += 1;
            }
        }
    }

    /// Removes files that are done with. One that stays is found again at the next start.
    ///
    /// None goes before the log that takes samples now is on the card: a power cut may bring back
    /// some of the removed files and not others, and the newest log on the card is the one whose
    /// numbers are given on.
    pub(super) fn remove_files(&mut self, files: impl IntoIterator<Item = Segment>) {
        self.done_files.extend(files);
        if !self.logs.back().is_some_and(|log| log.writing) {
            return;
        }
        for file in std::mem::take(&mut self.done_files) {
            if self.storage.remove(&file.name).is_err() {
                self.stats.failures += 1;
            }
            if self.cached.as_ref().is_some_and(|(name, _)| *name == file.name) {
                self.cached = None;
            }
        }
    }

    fn sync_log(&mut self, place: usize) -> io::Result<()> {
        let full = self.logs[place].segments.back().is_none_or(|segment| segment.bytes >= self.settings.segment_bytes);
        if !self.logs[place].writing || full {
            if self.logs[place].reserved == 0 {
                // From now on the card knows this identity.
                self.logs[place].reserved = self.logs[place].next - 1 + self.settings.reserve_numbers;
                self.begin_segment(place).inspect_err(|_| self.logs[place].reserved = 0)?;
            } else {
                self.begin_segment(place)?;
            }
        }
        let log = &mut self.logs[place];
        let mut records = vec![Record::Acked { upto: log.acked }];
        records.extend(log.lost_unsaved.iter().map(|(seq, upto, reason)| Record::Lost {
            seq: *seq,
            upto: *upto,
            reason: *reason,
        }));
        records.extend(log.unsynced().map(|held| Record::Sample(held.sample.clone())));
        let seqs: Vec<u64> = log.unsynced().map(|held| held.sample.seq).collect();
        self.write(place, &records)?;
        let log = &mut self.logs[place];
        log.lost_unsaved.clear();
        if let (Some(first), Some(last)) = (seqs.first(), seqs.last()) {
            log.synced = *last;
            if let Some(segment) = log.segments.back_mut() {
                segment.seqs = Some(segment.seqs.map_or((*first, *last), |(known, _)| (known, *last)));
            }
        }
        // Its file has grown.
        self.cached = None;
        Ok(())
    }

    /// Appends records to the open file of a log and syncs it.
    fn write(&mut self, place: usize, records: &[Record]) -> io::Result<()> {
        let mut bytes = Vec::new();
        records.iter().for_each(|record| record.write(&mut bytes));
        let Some(segment) = self.logs[place].segments.back_mut() else { return Err(io::ErrorKind::NotFound.into()) };
        let name = segment.name.clone();
        segment.bytes += bytes.len() as u64;
        self.storage.append(&name, &bytes)?;
        self.storage.sync(&name)?;
        self.stats.syncs += 1;
        Ok(())
    }

    /// Makes a new file whose head says what the log knows, durable together with its name.
    fn begin_segment(&mut self, place: usize) -> io::Result<()> {
        let name = self.logs[place].segment_name(self.next_file);
        self.next_file += 1;
        self.storage.create(&name)?;
        let log = &mut self.logs[place];
        log.segments.push_back(Segment { name, seqs: None, bytes: 0 });
        log.writing = true;
        let mut head = vec![Record::Reserved { upto: log.reserved }, Record::Acked { upto: log.acked }];
        head.extend(log.lost.iter().map(|(seq, (upto, reason))| Record::Lost {
            seq: *seq,
            upto: *upto,
            reason: *reason,
        }));
        head.extend(self.anchor_records());
        self.write(place, &head)?;
        self.storage.sync_folder()?;
        self.stats.syncs += 1;
        self.anchors_unsaved = false;
        self.logs[place].lost_unsaved.clear();
        Ok(())
    }

    fn anchor_records(&self) -> Vec<Record> {
        self.anchors
            .iter()
            .map(|a| Record::Anchor { boot: a.boot.clone(), from: a.from, offset_ms: a.offset_ms })
            .collect()
    }

    /// The card refused. What was half written stays where it is; the next try begins a new file.
    fn refused(&mut self, place: usize, now: Duration) {
        self.stats.failures += 1;
        self.refused_at = Some(now);
        self.logs[place].writing = false;
    }

    /// Drops the oldest files until what is left fits.
    fn make_room(&mut self) {
        let mut bytes: u64 = self.logs.iter().flat_map(|log| &log.segments).map(|segment| segment.bytes).sum();
        while bytes > self.settings.bytes_max {
            let last = self.logs.len() - 1;
            let full = |(place, log): (usize, &Log)| log.segments.len() > usize::from(place == last);
            let Some(place) = self.logs.iter().enumerate().position(full) else { return };
            let log = &mut self.logs[place];
            let Some(segment) = log.segments.pop_front() else { return };
            bytes -= segment.bytes;
            if let Some((first, upto)) = segment.seqs {
                let first = first.max(log.acked + 1);
                if first <= upto {
                    log.lose(first, upto, LostReason::Evicted);
                    log.memory.retain(|held| held.sample.seq > upto);
                    self.stats.evicted += upto + 1 - first;
                }
            }
            if log.segments.is_empty() {
                log.writing = false;
            }
            self.remove_files([segment]);
        }
    }
}
