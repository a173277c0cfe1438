//! Turns the samples of a day into least, greatest, mean, count, first and last of each point in
//! each hour, and those into bytes and back. What charts of months are drawn from, and what stays
//! when the samples themselves are past retention.
//!
//! Layout, version 1: `HWR1` · names · for each name the hours it has as bits · columns of counts,
//! least, greatest, mean, first and last over all names and hours · CRC-32, little-endian.

use std::collections::BTreeMap;

use wire::{PointName, UnixMs};

use super::{
    column::{Effort, put_real, put_whole, take_real, take_whole},
    rows::Rows,
};
use crate::ledger::{
    Error,
    archive::{DAY_HOURS, HOUR_MS, hour_of},
    bytes::{Reader, put_text, put_varint},
};

const MAGIC: &[u8; 4] = b"HWR1";

/// A point in one hour.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hourly {
    /// When the hour began.
    pub from: UnixMs,
    /// Mean, kept with the precision of an `f32`.
    pub mean: f64,
    /// Least.
    pub min: f64,
    /// Greatest.
    pub max: f64,
    /// How many readings.
    pub count: u32,
    /// The first one.
    pub first: f64,
    /// The last one.
    pub last: f64,
}

/// A day: each point's hours, by the hour of the day.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rollup {
    points: BTreeMap<PointName, BTreeMap<u32, Hourly>>,
}

impl Rollup {
    /// Puts together the rows of a day; they must be in order of time.
    #[must_use]
    pub fn of_rows(rows: &Rows) -> Self {
        let mut sums: BTreeMap<(u32, u32), (Hourly, f64)> = BTreeMap::new();
        for row in &rows.rows {
            let hour = hour_of(row.at);
            for (p, value) in rows.shapes[row.shape as usize].points.iter().zip(rows.values_of(row)) {
                let v = *value;
                let from = i64::from(hour) * HOUR_MS;
                let fresh = Hourly { from, mean: v, min: v, max: v, count: 0, first: v, last: v };
                let (h, sum) = sums.entry((*p, hour)).or_insert((fresh, 0.0));
                *sum += v;
                (h.min, h.max, h.last) = (h.min.min(v), h.max.max(v), v);
                h.count = h.count.saturating_add(1);
            }
        }
        let mut rollup = Self::default();
        for ((p, hour), (mut h, sum)) in sums {
            h.mean = f64::from((sum / f64::from(h.count)) as f32);
            rollup.points.entry(rows.names[p as usize].clone()).or_default().insert(hour % DAY_HOURS, h);
        }
        rollup
    }

    /// Adds the readings that `later` counted, none of which this one has.
    pub fn join(&mut self, later: &Rollup) {
        for (name, hours) in &later.points {
            let mine = self.points.entry(name.clone()).or_default();
            for (hour, b) in hours {
                mine.entry(*hour)
                    .and_modify(|a| {
                        let (n, m) = (f64::from(a.count), f64::from(b.count));
                        a.mean = f64::from(((a.mean * n + b.mean * m) / (n + m)) as f32);
                        (a.min, a.max, a.last) = (a.min.min(b.min), a.max.max(b.max), b.last);
                        a.count = a.count.saturating_add(b.count);
                    })
                    .or_insert(*b);
            }
        }
    }

    /// Names of its points.
    pub fn names(&self) -> impl Iterator<Item = &PointName> {
        self.points.keys()
    }

    /// The hours of a point, in order.
    pub fn hours(&self, point: &str) -> impl Iterator<Item = &Hourly> {
        self.points.get(point).into_iter().flat_map(BTreeMap::values)
    }

    /// Writes it.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        put_varint(&mut out, self.points.len() as u64);
        for (name, hours) in &self.points {
            put_text(&mut out, name.as_str());
            put_varint(&mut out, hours.keys().fold(0, |bits, hour| bits | 1 << hour));
        }
        let column =
            |of: fn(&Hourly) -> f64| self.points.values().flat_map(BTreeMap::values).map(of).collect::<Vec<_>>();
        let counts: Vec<i64> = self.points.values().flat_map(BTreeMap::values).map(|h| i64::from(h.count)).collect();
        put_whole(&mut out, &counts);
        for of in
            [|h: &Hourly| h.min, |h: &Hourly| h.max, |h: &Hourly| h.mean, |h: &Hourly| h.first, |h: &Hourly| h.last]
        {
            put_real(&mut out, &column(of), Effort::Thorough);
        }
        let crc = crc32fast::hash(&out);
        out.extend_from_slice(&crc.to_le_bytes());
        out
    }

    /// Reads what [`Rollup::encode`] wrote of the day that begins with `first_hour`.
    pub fn decode(body: &[u8], first_hour: u32) -> Result<Self, Error> {
        let mut r = Reader::checked(body, MAGIC, "a roll-up")?;
        let mut names = Vec::new();
        let mut total = 0;
        for _ in 0..r.count()? {
            let (name, bits) = (r.point()?, r.varint()?);
            if bits >> DAY_HOURS != 0 {
                return Err(r.damaged("an hour that no day has"));
            }
            total += bits.count_ones() as usize;
            names.push((name, bits));
        }
        let counts = take_whole(&mut r, total)?;
        let [min, max, mean, first, last] = [(); 5].map(|()| take_real(&mut r, total));
        let (min, max, mean, first, last) = (min?, max?, mean?, first?, last?);
        let mut rollup = Self::default();
        let mut i = 0;
        for (name, bits) in names {
            let hours: &mut BTreeMap<u32, Hourly> = rollup.points.entry(name).or_default();
            for hour in (0..DAY_HOURS).filter(|hour| bits >> hour & 1 == 1) {
                let from = i64::from(first_hour + hour) * HOUR_MS;
                let count = u32::try_from(counts[i]).map_err(|_| r.damaged("a count that is none"))?;
                let h = Hourly { from, mean: mean[i], min: min[i], max: max[i], count, first: first[i], last: last[i] };
                hours.insert(hour, h);
                i += 1;
            }
        }
        Ok(rollup)
    }
}
