//! What a ledger would remember, in maps: tickets, their history, devices, documents and samples, lent to
//! those who ask as the real stores do.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard},
};

use collector::{
    ledger::{
        Commit, Device, EpisodeFilter, EpisodeRow, Error, LostRow, MessageRow, Quarantined, Reader, Record,
        RecordFilter, Size, TicketFilter, Watermark, journal::Page,
    },
    readings::{Query, Readings, Series},
    tickets::{Ticket, Transition},
};
use wire::{Id, PointName, Sample, Source, UnixMs};

/// Everything.
#[derive(Debug, Default)]
pub(super) struct Kept {
    pub tickets: BTreeMap<u64, Ticket>,
    pub history: BTreeMap<u64, Vec<Transition>>,
    pub records: BTreeMap<(String, Id, String), Record>,
    pub devices: BTreeMap<Source, Device>,
    pub samples: BTreeMap<Source, Vec<Sample>>,
}

/// Behind a lock, as readers are shared.
#[derive(Debug, Default)]
pub(super) struct Store(Mutex<Kept>);

impl Store {
    pub fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().expect("no holder of this lock can panic")
    }

    /// Takes a commit in.
    pub fn commit(&self, commit: &Commit) {
        let mut kept = self.kept();
        for (source, about) in &commit.abouts {
            let new = || Device { source: source.clone(), first_at: commit.at, about: None, status: None };
            kept.devices.entry(source.clone()).or_insert_with(new).about = Some(about.clone());
        }
        for (source, sample) in &commit.samples {
            kept.samples.entry(source.clone()).or_default().push(sample.clone());
        }
        for ticket in &commit.tickets {
            kept.tickets.insert(ticket.id, ticket.clone());
        }
        for moved in &commit.history {
            kept.history.entry(moved.ticket).or_default().push(moved.clone());
        }
        for record in &commit.records {
            kept.records.insert((record.kind.clone(), record.venue.clone(), record.key.clone()), record.clone());
        }
    }
}

impl Reader for Store {
    fn tickets(&self, filter: &TicketFilter) -> Result<Vec<Ticket>, Error> {
        let fits = |t: &&Ticket| {
            filter.venue.as_ref().is_none_or(|venue| t.venue == *venue)
                && filter.since.is_none_or(|since| t.opened_at >= since)
                && !(filter.open && t.stage.is_ended())
        };
        Ok(self.kept().tickets.values().rev().filter(fits).cloned().collect())
    }

    fn ticket(&self, number: &str) -> Result<Option<Ticket>, Error> {
        Ok(self.kept().tickets.values().find(|ticket| ticket.number == number).cloned())
    }

    fn history(&self, ticket: u64) -> Result<Vec<Transition>, Error> {
        Ok(self.kept().history.get(&ticket).cloned().unwrap_or_default())
    }

    fn episodes(&self, _filter: &EpisodeFilter) -> Result<Vec<EpisodeRow>, Error> {
        Ok(Vec::new())
    }

    fn devices(&self) -> Result<Vec<Device>, Error> {
        Ok(self.kept().devices.values().cloned().collect())
    }

    fn quarantine(&self, _limit: usize) -> Result<Vec<Quarantined>, Error> {
        Ok(Vec::new())
    }

    fn lost(&self, _limit: usize) -> Result<Vec<LostRow>, Error> {
        Ok(Vec::new())
    }

    fn messages(&self, _ticket: Option<u64>, _limit: usize) -> Result<Vec<MessageRow>, Error> {
        Ok(Vec::new())
    }

    fn records(&self, filter: &RecordFilter) -> Result<Vec<Record>, Error> {
        let fits = |record: &&Record| {
            record.kind == filter.kind
                && filter.venue.as_ref().is_none_or(|venue| record.venue == *venue)
                && filter.from.as_ref().is_none_or(|from| record.key >= *from)
                && filter.to.as_ref().is_none_or(|to| record.key <= *to)
        };
        Ok(self.kept().records.values().rev().filter(fits).cloned().collect())
    }

    fn journal(&self, _from: UnixMs, _to: UnixMs, _after: i64, _limit: usize) -> Result<Vec<(i64, Page)>, Error> {
        Ok(Vec::new())
    }

    fn watermarks(&self) -> Result<Vec<Watermark>, Error> {
        Ok(Vec::new())
    }

    fn size(&self) -> Result<Size, Error> {
        Ok(Size::default())
    }
}

impl Readings for Store {
    fn series(&self, _query: &Query) -> Result<Series, Error> {
        // Nobody draws a chart of this store; without past mornings no forecast is made.
        Ok(Series::default())
    }

    fn samples(&self, source: &Source, from: UnixMs, to: UnixMs, limit: usize) -> Result<Vec<Sample>, Error> {
        let kept = self.kept();
        let all = kept.samples.get(source).map_or(&[][..], Vec::as_slice);
        Ok(all.iter().filter(|sample| (from..to).contains(&sample.at)).take(limit).cloned().collect())
    }

    fn points(&self, _venue: &Id, _room: &Id, _from: UnixMs) -> Result<Vec<PointName>, Error> {
        Ok(super::room::names())
    }
}
