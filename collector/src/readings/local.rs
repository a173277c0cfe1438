//! Readings from the ledger itself: hour chunks, and the samples of commits that wait to become
//! chunks. Reads only.

use std::sync::Arc;

use wire::{Clock, Id, PointName, Sample, Source, UnixMs};

use super::{
    Query, Readings, Series,
    decimate::{self, Reading},
};
use crate::ledger::{Error, Reader, blob, sqlite::Sqlite};

/// The embedded store of readings.
pub struct Local {
    store: Arc<Sqlite>,
}

impl Local {
    /// Over the ledger.
    #[must_use]
    pub fn new(store: Arc<Sqlite>) -> Self {
        Self { store }
    }

    /// Samples of `source` in [from, to) that no chunk holds yet.
    fn tail(&self, source: &Source, from: UnixMs, to: UnixMs, out: &mut Vec<Sample>) -> Result<(), Error> {
        let wanted = |venue: &str, room: &str, agent: &str| {
            agent == source.agent.as_str() && room == source.room.as_str() && venue == source.venue.as_str()
        };
        for body in self.store.tail_blobs()? {
            blob::decode_where(&body, wanted, |_, sample| {
                if (from..to).contains(&sample.at) {
                    out.push(sample);
                }
            })?;
        }
        Ok(())
    }

    fn all(&self, source: &Source, from: UnixMs, to: UnixMs) -> Result<Vec<Sample>, Error> {
        let mut samples = Vec::new();
        self.tail(source, from, to, &mut samples)?;
        samples.sort_by_key(|s| s.at);
        Ok(samples)
    }

    fn sources(&self, query: &Query) -> Result<Vec<Source>, Error> {
        let mut sources = self.room(&query.venue, &query.room)?;
        sources.retain(|s| query.agent.as_ref().is_none_or(|a| *a == s.agent));
        Ok(sources)
    }

    fn room(&self, venue: &Id, room: &Id) -> Result<Vec<Source>, Error> {
        let mut sources: Vec<Source> = self.store.devices()?.into_iter().map(|d| d.source).collect();
        sources.retain(|s| s.venue == *venue && s.room == *room);
        Ok(sources)
    }
}

/// What `sample` says of `point`, if anything.
fn reading(sample: &Sample, point: &PointName) -> Option<Reading> {
    let value = sample.points.iter().find(|(name, _)| name == point).map(|(_, v)| Ok(*v));
    let fault = || sample.faults.iter().find(|(name, _)| name == point).map(|(_, f)| Err(f.clone()));
    let value = value.or_else(fault)?;
    Some(Reading { at: sample.at, value, uncertain: sample.clock != Clock::Trusted })
}

impl Readings for Local {
    fn series(&self, query: &Query) -> Result<Series, Error> {
        let mut readings = Vec::new();
        for source in self.sources(query)? {
            readings.extend(self.all(&source, query.from, query.to)?.iter().filter_map(|s| reading(s, &query.point)));
        }
        readings.sort_by_key(|r| r.at);
        Ok(decimate::series(&readings, query.from, query.to, query.marks_max))
    }

    fn samples(&self, source: &Source, from: UnixMs, to: UnixMs, limit: usize) -> Result<Vec<Sample>, Error> {
        let mut samples = self.all(source, from, to)?;
        samples.truncate(limit);
        Ok(samples)
    }

    fn points(&self, venue: &Id, room: &Id, from: UnixMs) -> Result<Vec<PointName>, Error> {
        let mut names = std::collections::BTreeSet::new();
        for source in self.room(venue, room)? {
            for sample in self.all(&source, from, UnixMs::MAX)? {
                names.extend(sample.points.into_iter().map(|(name, _)| name));
            }
        }
        Ok(names.into_iter().collect())
    }
}
