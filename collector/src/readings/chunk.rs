//! Turns [`Rows`] of a source into a chunk and back, or reads one point out of it. Every sample
//! comes back as it was, its number, clock and faults too; a flipped bit is found by the checksum.
//!
//! Layout, version 1 (varints, zigzag where signed, texts and columns length first): `HWC1` ·
//! count of rows · names · heads (spool, boot, clock) · shapes (points, faults) · columns of
//! instants, sequence numbers, heads and shapes · a column of values for each name · CRC-32 of all
//! before, little-endian. A column holds the values of the rows that have the point, in their
//! order; [`super::column`] knows its forms.

use wire::{Clock, Fault, Id, PointName, UnixMs};

use super::{
    column::{Effort, ROWS_MAX, put_real, put_whole, take_real, take_whole},
    rows::{Head, Row, Rows, Shape},
};
use crate::ledger::{
    Error,
    blob::{clock_number, clock_of, put_fault, take_fault},
    bytes::{Reader, put_text, put_varint},
};

const MAGIC: &[u8; 4] = b"HWC1";

/// Writes rows in their order.
#[must_use]
pub fn encode(rows: &Rows, effort: Effort) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    put_varint(&mut out, rows.len() as u64);
    put_varint(&mut out, rows.names.len() as u64);
    rows.names.iter().for_each(|name| put_text(&mut out, name.as_str()));
    put_varint(&mut out, rows.heads.len() as u64);
    for head in &rows.heads {
        put_text(&mut out, head.spool.as_str());
        put_text(&mut out, head.boot.as_str());
        put_varint(&mut out, clock_number(head.clock));
    }
    put_varint(&mut out, rows.shapes.len() as u64);
    for shape in &rows.shapes {
        put_varint(&mut out, shape.points.len() as u64);
        shape.points.iter().for_each(|p| put_varint(&mut out, u64::from(*p)));
        put_varint(&mut out, shape.faults.len() as u64);
        for (p, fault) in &shape.faults {
            put_varint(&mut out, u64::from(*p));
            put_fault(&mut out, fault);
        }
    }
    let whole = |of: fn(&Row) -> i64| rows.rows.iter().map(of).collect::<Vec<_>>();
    put_whole(&mut out, &whole(|row| row.at));
    put_whole(&mut out, &whole(|row| row.seq as i64));
    put_whole(&mut out, &whole(|row| i64::from(row.head)));
    put_whole(&mut out, &whole(|row| i64::from(row.shape)));
    let mut columns = vec![Vec::new(); rows.names.len()];
    for row in &rows.rows {
        for (p, value) in rows.shapes[row.shape as usize].points.iter().zip(rows.values_of(row)) {
            columns[*p as usize].push(*value);
        }
    }
    for column in &columns {
        put_varint(&mut out, column.len() as u64);
        put_real(&mut out, column, effort);
    }
    let crc = crc32fast::hash(&out);
    out.extend_from_slice(&crc.to_le_bytes());
    out
}

/// A chunk whose head is read and whose columns are not yet.
pub struct Chunk<'a> {
    /// How many samples.
    pub len: usize,
    /// Names of points.
    pub names: Vec<PointName>,
    heads: Vec<Head>,
    shapes: Vec<Shape>,
    columns: Reader<'a>,
}

/// What a chunk says of one point.
#[derive(Debug, Default)]
pub struct PointRows {
    /// Instant, value, and whether the clock was not trusted.
    pub readings: Vec<(UnixMs, f64, bool)>,
    /// Instants at which it was faulty, and why.
    pub faults: Vec<(UnixMs, Fault)>,
}

impl<'a> Chunk<'a> {
    /// Reads the head of a chunk and checks the whole.
    pub fn open(body: &'a [u8]) -> Result<Self, Error> {
        let mut r = Reader::checked(body, MAGIC, "a chunk of samples")?;
        let len = r.varint()? as usize;
        if len > ROWS_MAX {
            return Err(r.damaged("more rows than a chunk can have"));
        }
        let names = (0..r.count()?).map(|_| r.point()).collect::<Result<Vec<_>, _>>()?;
        let heads = (0..r.count()?).map(|_| take_head(&mut r)).collect::<Result<Vec<_>, _>>()?;
        let shapes = (0..r.count()?).map(|_| take_shape(&mut r, names.len())).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { len, names, heads, shapes, columns: r })
    }

    /// Instants, heads and shapes of the rows, and a reader that stands before the values.
    fn rows(&self) -> Result<(Vec<Row>, Reader<'a>), Error> {
        let mut r = self.columns;
        let [at, seq, head, shape] = [(); 4].map(|()| take_whole(&mut r, self.len));
        let (at, seq, head, shape) = (at?, seq?, head?, shape?);
        let mut first = 0;
        let mut rows = Vec::with_capacity(self.len);
        for i in 0..self.len {
            let known =
                (0..self.heads.len() as i64).contains(&head[i]) && (0..self.shapes.len() as i64).contains(&shape[i]);
            if !known {
                return Err(r.damaged("a row whose head or shape the chunk does not have"));
            }
            let (head, shape) = (head[i] as u32, shape[i] as u32);
            rows.push(Row { at: at[i], seq: seq[i] as u64, head, shape, first });
            first += self.shapes[shape as usize].points.len();
        }
        Ok((rows, r))
    }

    /// Reads every sample.
    pub fn read(&self) -> Result<Rows, Error> {
        let (rows, mut r) = self.rows()?;
        let mut columns = Vec::with_capacity(self.names.len());
        for _ in &self.names {
            let count = self.column_len(&mut r)?;
            columns.push(take_real(&mut r, count)?.into_iter());
        }
        let mut values = Vec::new();
        for row in &rows {
            for p in &self.shapes[row.shape as usize].points {
                values.push(columns[*p as usize].next().ok_or_else(|| r.damaged("a column that ends too soon"))?);
            }
        }
        Ok(Rows::of_parts(self.names.clone(), self.heads.clone(), self.shapes.clone(), rows, values))
    }

    /// Reads one point; `None` where the chunk does not know it.
    pub fn point(&self, point: &str) -> Result<Option<PointRows>, Error> {
        let Some(place) = self.names.iter().position(|name| name.as_str() == point) else { return Ok(None) };
        let (rows, mut r) = self.rows()?;
        for _ in 0..place {
            self.column_len(&mut r)?;
            r.bytes()?;
        }
        let count = self.column_len(&mut r)?;
        let mut values = take_real(&mut r, count)?.into_iter();
        let place = place as u32;
        let has: Vec<(usize, Option<&Fault>)> = self
            .shapes
            .iter()
            .map(|shape| {
                let times = shape.points.iter().filter(|p| **p == place).count();
                (times, shape.faults.iter().find(|(p, _)| *p == place).map(|(_, fault)| fault))
            })
            .collect();
        let mut found = PointRows { readings: Vec::with_capacity(count), faults: Vec::new() };
        for row in rows {
            let (times, fault) = has[row.shape as usize];
            let uncertain = self.heads[row.head as usize].clock != Clock::Trusted;
            for _ in 0..times {
                let value = values.next().ok_or_else(|| r.damaged("a column that ends too soon"))?;
                found.readings.push((row.at, value, uncertain));
            }
            if let Some(fault) = fault {
                found.faults.push((row.at, fault.clone()));
            }
        }
        Ok(Some(found))
    }

    fn column_len(&self, r: &mut Reader<'_>) -> Result<usize, Error> {
        // A sample may name a point twice only if somebody else than an agent wrote it.
        let count = r.varint()?;
        if count > ROWS_MAX as u64 { Err(r.damaged("a column longer than a chunk can be")) } else { Ok(count as usize) }
    }
}

fn take_head(r: &mut Reader<'_>) -> Result<Head, Error> {
    let take_id = |r: &mut Reader<'_>| -> Result<Id, Error> {
        let text = r.text()?;
        r.id(text)
    };
    Ok(Head { spool: take_id(r)?, boot: take_id(r)?, clock: clock_of(r.varint()?) })
}

fn take_shape(r: &mut Reader<'_>, names: usize) -> Result<Shape, Error> {
    let place = |r: &mut Reader<'_>| match r.varint()? {
        p if p < names as u64 => Ok(p as u32),
        _ => Err(r.damaged("a point that the chunk does not name")),
    };
    let points = (0..r.count()?).map(|_| place(r)).collect::<Result<_, _>>()?;
    let faults = (0..r.count()?).map(|_| Ok((place(r)?, take_fault(r)?))).collect::<Result<_, Error>>()?;
    Ok(Shape { points, faults })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use wire::Sample;

    use super::*;

    fn rows(len: u64) -> Rows {
        let id = |t: &str| Id::parse(t).unwrap();
        let name = |t: &str| PointName::parse(t).unwrap();
        let mut rows = Rows::default();
        for seq in 1..=len {
            let clock = if seq % 40 == 0 { Clock::Uncertain { uncertainty_ms: seq } } else { Clock::Trusted };
            let mut points = vec![(name("temperature_celsius"), (seq % 17) as f64 / 100.0)];
            let mut faults = Vec::new();
            match seq % 9 {
                0 => faults.push((name("co2_ppm"), Fault::Other("odd".into()))),
                _ => points.insert(0, (name("co2_ppm"), (seq as f64).sqrt())),
            }
            let (spool, boot) = (id("k3f9x0q2"), id(&format!("b{}", seq / 100)));
            rows.push(&Sample { at: seq as i64 * 10_003, seq, spool, boot, clock, points, faults });
        }
        rows
    }

    fn sealed(mut body: Vec<u8>) -> Vec<u8> {
        let crc = crc32fast::hash(&body);
        body.extend_from_slice(&crc.to_le_bytes());
        body
    }

    #[test]
    fn rows_come_back_and_a_point_is_the_same_alone() {
        let rows = rows(500);
        for effort in [Effort::Quick, Effort::Thorough] {
            let body = encode(&rows, effort);
            let chunk = Chunk::open(&body).unwrap();
            let back = chunk.read().unwrap();
            assert_eq!(back.rows, rows.rows);
            assert!(rows.rows.iter().all(|row| back.sample(row) == rows.sample(row)));
            let co2 = chunk.point("co2_ppm").unwrap().unwrap();
            let alone: Vec<_> = rows.rows.iter().map(|r| rows.sample(r)).filter(|s| s.points.len() == 2).collect();
            assert_eq!(co2.readings.len(), alone.len());
            assert!(co2.readings.iter().zip(&alone).all(|(r, s)| (r.0, r.1) == (s.at, s.points[0].1)));
            assert_eq!(co2.faults.len(), 500 - alone.len());
            assert!(chunk.point("unknown").unwrap().is_none());
        }
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_found() {
        let good = encode(&rows(30), Effort::Quick);
        for at in 0..good.len() {
            for bit in 0..8 {
                let mut bad = good.clone();
                bad[at] ^= 1 << bit;
                assert!(Chunk::open(&bad).is_err(), "byte {at} bit {bit}");
            }
            assert!(Chunk::open(&good[..at]).is_err(), "cut at {at}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

        /// Whoever can make a checksum can write anything: it is refused or read, never a panic.
        #[test]
        fn a_chunk_that_somebody_made_up_does_no_harm(
            len in 1u64..120,
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
            cut in prop::option::of(any::<prop::sample::Index>()),
        ) {
            let mut body = encode(&rows(len), Effort::Quick);
            body.truncate(body.len() - 4);
            for (place, byte) in changes {
                let place = place.index(body.len());
                body[place] = byte;
            }
            if let Some(cut) = cut {
                body.truncate(cut.index(body.len()) + 1);
            }
            if let Ok(chunk) = Chunk::open(&sealed(body)) {
                let _ = chunk.point("co2_ppm");
                if let Ok(rows) = chunk.read() {
                    rows.rows.iter().for_each(|row| drop(rows.sample(row)));
                }
            }
        }
    }
}
