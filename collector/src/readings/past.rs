//! Answers questions about the past from an [`Archive`]: chunks, roll-ups and the tail together.
//! A chunk or blob that does not read back is left out and named in the log; the rest answers.

use std::{collections::BTreeSet, ops::RangeInclusive, sync::Arc};

use wire::{Clock, Id, PointName, Sample, Source, UnixMs};

use super::{Query, Readings, Series, chunk::Chunk, rollup::Rollup, rows::Rows, series};
use crate::ledger::{
    Error,
    archive::{Archive, HOUR_MAX, HOUR_MS, Piece, SourceRow, Which, hour_of},
    blob,
};

/// Marks that would cover this much and more are drawn from roll-ups.
const HOURLY_MS: i64 = HOUR_MS / 2;

/// The answers of `archive`.
#[must_use]
pub fn over(archive: Arc<dyn Archive>) -> Arc<dyn Readings> {
    Arc::new(Past { archive })
}

struct Past {
    archive: Arc<dyn Archive>,
}

/// The sources that a question is about, by their names.
struct Asked<'a>(&'a [(SourceRow, Source)]);

impl Asked<'_> {
    fn rows(&self) -> Vec<SourceRow> {
        self.0.iter().map(|(row, _)| *row).collect()
    }

    fn place_of_row(&self, row: SourceRow) -> Option<usize> {
        self.0.iter().position(|(r, _)| *r == row)
    }

    fn place(&self, venue: &str, room: &str, agent: &str) -> Option<usize> {
        self.0
            .iter()
            .position(|(_, s)| s.agent.as_str() == agent && s.room.as_str() == room && s.venue.as_str() == venue)
    }

    /// Lends every sample of a tail blob that is asked for, with the place of its source.
    fn tail(&self, body: &[u8], from_source: SourceRow, mut each: impl FnMut(usize, Sample)) -> Result<(), Error> {
        let wanted = |venue: &str, room: &str, agent: &str| {
            self.place(venue, room, agent).is_some_and(|place| self.0[place].0 >= from_source)
        };
        blob::decode_where(body, wanted, |source, sample| {
            let names = (source.venue.as_str(), source.room.as_str(), source.agent.as_str());
            if let Some(place) = self.place(names.0, names.1, names.2) {
                each(place, sample);
            }
        })
    }
}

/// What is damaged costs itself, not the answer.
fn or_log(result: Result<(), Error>) -> Result<(), Error> {
    match result {
        Err(error @ Error::Damaged { .. }) => {
            tracing::error!(error = %error, "left out of an answer");
            Ok(())
        }
        other => other,
    }
}

impl Readings for Past {
    fn series(&self, query: &Query) -> Result<Series, Error> {
        if query.from >= query.to {
            return Ok(Series::default());
        }
        let mut sources = self.archive.sources(Some(&query.venue), Some(&query.room))?;
        sources.retain(|(_, source)| query.agent.as_ref().is_none_or(|agent| *agent == source.agent));
        let marks_max = query.marks_max.max(1);
        // Where marks would cover about an hour or more they are whole hours, from roll-ups: the
        // readings of months would take long to decode.
        let hourly = query.to.saturating_sub(query.from) / marks_max as i64 >= HOURLY_MS;
        let (mut from, mut to) = (query.from, query.to);
        let mut parts: Vec<series::Part> = sources.iter().map(|_| series::Part::default()).collect();
        if hourly {
            from = from.div_euclid(HOUR_MS).saturating_mul(HOUR_MS);
            to = to.saturating_add(HOUR_MS - 1).div_euclid(HOUR_MS).saturating_mul(HOUR_MS);
            for ((row, _), part) in sources.iter().zip(&mut parts) {
                for (first_hour, body) in self.archive.rollups(*row, hours(from, to))? {
                    or_log(Rollup::decode(&body, first_hour).map(|rollup| {
                        let inside = rollup.hours(query.point.as_str()).filter(|h| (from..to).contains(&h.from));
                        part.hours.extend(inside);
                    }))?;
                }
            }
        }
        let which = if hourly { Which::Unpacked } else { Which::Every };
        let point = query.point.as_str();
        let asked = Asked(&sources);
        self.archive.visit(&asked.rows(), hours(from, to), which, &mut |piece| {
            or_log(match piece {
                Piece::Chunk { source, body } => Chunk::open(body).and_then(|chunk| {
                    let place = asked.place_of_row(source);
                    if let (Some(place), Some(found)) = (place, chunk.point(point)?) {
                        let inside = found.readings.into_iter().filter(|r| (from..to).contains(&r.0));
                        parts[place].rows.readings.extend(inside);
                        let inside = found.faults.into_iter().filter(|f| (from..to).contains(&f.0));
                        parts[place].rows.faults.extend(inside);
                    }
                    Ok(())
                }),
                Piece::Tail { from_source, body } => asked.tail(body, from_source, |place, sample| {
                    if (from..to).contains(&sample.at) {
                        take(&mut parts[place], &sample, point);
                    }
                }),
            })
        })?;
        Ok(series::series(parts, marks_max))
    }

    fn samples(&self, source: &Source, from: UnixMs, to: UnixMs, limit: usize) -> Result<Vec<Sample>, Error> {
        let mut sources = self.archive.sources(Some(&source.venue), Some(&source.room))?;
        sources.retain(|(_, known)| known == source);
        if sources.is_empty() || from >= to {
            return Ok(Vec::new());
        }
        let asked = Asked(&sources);
        let mut found = Rows::default();
        self.archive.visit(&asked.rows(), hours(from, to), Which::Every, &mut |piece| {
            or_log(match piece {
                Piece::Chunk { body, .. } => Chunk::open(body).and_then(|chunk| {
                    let rows = chunk.read()?;
                    found.extend(&rows, rows.rows.iter().filter(|row| (from..to).contains(&row.at)));
                    Ok(())
                }),
                Piece::Tail { from_source, body } => asked.tail(body, from_source, |_, sample| {
                    if (from..to).contains(&sample.at) {
                        found.push(&sample);
                    }
                }),
            })
        })?;
        found.sort();
        Ok(found.rows.iter().take(limit).map(|row| found.sample(row)).collect())
    }

    fn points(&self, venue: &Id, room: &Id, from: UnixMs) -> Result<Vec<PointName>, Error> {
        let sources = self.archive.sources(Some(venue), Some(room))?;
        let asked = Asked(&sources);
        let mut names = BTreeSet::new();
        let since = hour_of(from)..=HOUR_MAX;
        for (row, _) in &sources {
            for (first_hour, body) in self.archive.rollups(*row, since.clone())? {
                or_log(Rollup::decode(&body, first_hour).map(|rollup| {
                    let recent = |name: &&PointName| rollup.hours(name.as_str()).any(|h| h.from + HOUR_MS > from);
                    names.extend(rollup.names().filter(recent).cloned());
                }))?;
            }
        }
        self.archive.visit(&asked.rows(), since.clone(), Which::Unpacked, &mut |piece| {
            or_log(match piece {
                Piece::Chunk { body, .. } => Chunk::open(body).map(|chunk| names.extend(chunk.names)),
                Piece::Tail { from_source, body } => asked.tail(body, from_source, |_, sample| {
                    if sample.at >= from {
                        let faulty = sample.faults.into_iter().map(|(name, _)| name);
                        names.extend(sample.points.into_iter().map(|(name, _)| name).chain(faulty));
                    }
                }),
            })
        })?;
        Ok(names.into_iter().collect())
    }
}

fn take(part: &mut series::Part, sample: &Sample, point: &str) {
    let uncertain = sample.clock != Clock::Trusted;
    for (_, value) in sample.points.iter().filter(|(name, _)| name.as_str() == point) {
        part.rows.readings.push((sample.at, *value, uncertain));
    }
    if let Some((_, fault)) = sample.faults.iter().find(|(name, _)| name.as_str() == point) {
        part.rows.faults.push((sample.at, fault.clone()));
    }
}

/// The hours of [from, to).
fn hours(from: UnixMs, to: UnixMs) -> RangeInclusive<u32> {
    hour_of(from)..=hour_of(to.saturating_sub(1))
}
