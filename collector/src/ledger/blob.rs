//! Turns the samples of one commit into one compact blob and back. The blob is written once and
//! rewritten into chunks soon, so it is made to be cheap to write and cheap to skip through;
//! a flipped bit anywhere is found by its checksum.
//!
//! Layout, version 1 (integers are LEB128 varints, signed ones zigzag, texts length first):
//! `HWB1` · names · groups · CRC-32 of all before, little-endian. A group is one source, spool and
//! boot with its samples in order; its length stands before its samples, so that a reader who
//! wants one room leaps over the others.

use std::collections::HashMap;

use wire::{Clock, Fault, Id, PointName, Sample, Source};

use super::Error;
use crate::ledger::bytes::{Reader, put_f64, put_signed, put_text, put_varint};

const MAGIC: &[u8; 4] = b"HWB1";
/// Fault code of a reason that this version does not know; its text follows.
const FAULT_OTHER: u8 = 255;
/// Values with at most three decimals, the usual case, are stored as integers of 1/1000.
const DECIMAL_SCALE: f64 = 1_000.0;
/// … up to this size, where an `f64` still holds every integer.
const DECIMAL_MAX: f64 = 9.0e15;

/// Writes samples; the order within a spool is kept.
#[must_use]
pub fn encode(samples: &[(Source, Sample)]) -> Vec<u8> {
    let mut names: HashMap<PointName, u64> = HashMap::new();
    let mut order: Vec<PointName> = Vec::new();
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut newest: HashMap<&Source, usize> = HashMap::new();
    for (source, sample) in samples {
        let open = newest.get(source).copied().filter(|&g| {
            let first = groups[g].first;
            first.spool == sample.spool && first.boot == sample.boot
        });
        let index = open.unwrap_or_else(|| {
            groups.push(Group::new(source, sample));
            newest.insert(source, groups.len() - 1);
            groups.len() - 1
        });
        let mut index_of = |name: &PointName| {
            *names.entry(name.clone()).or_insert_with(|| {
                order.push(name.clone());
                order.len() as u64 - 1
            })
        };
        groups[index].push(sample, &mut index_of);
    }
    let mut out = Vec::with_capacity(64 + samples.len() * 64);
    out.extend_from_slice(MAGIC);
    put_varint(&mut out, order.len() as u64);
    for name in &order {
        put_text(&mut out, name.as_str());
    }
    put_varint(&mut out, groups.len() as u64);
    for group in &groups {
        group.write(&mut out);
    }
    let crc = crc32fast::hash(&out);
    out.extend_from_slice(&crc.to_le_bytes());
    out
}

struct Group<'a> {
    source: &'a Source,
    first: &'a Sample,
    count: u64,
    at: i64,
    seq: u64,
    shape: Vec<(&'a PointName, u64)>,
    body: Vec<u8>,
}

impl<'a> Group<'a> {
    fn new(source: &'a Source, first: &'a Sample) -> Self {
        Self { source, first, count: 0, at: 0, seq: 0, shape: Vec::new(), body: Vec::new() }
    }

    fn push(&mut self, sample: &'a Sample, index_of: &mut impl FnMut(&PointName) -> u64) {
        self.count += 1;
        put_signed(&mut self.body, sample.at.wrapping_sub(self.at));
        put_signed(&mut self.body, sample.seq.wrapping_sub(self.seq) as i64);
        (self.at, self.seq) = (sample.at, sample.seq);
        put_varint(&mut self.body, clock_number(sample.clock));
        put_varint(&mut self.body, sample.points.len() as u64);
        for (place, (name, value)) in sample.points.iter().enumerate() {
            // Samples of a source nearly always have the same points in the same order.
            let index = match self.shape.get(place) {
                Some((known, index)) if *known == name => *index,
                _ => {
                    let index = index_of(name);
                    self.shape.truncate(place);
                    self.shape.push((name, index));
                    index
                }
            };
            put_varint(&mut self.body, index);
            put_value(&mut self.body, *value);
        }
        put_varint(&mut self.body, sample.faults.len() as u64);
        for (name, fault) in &sample.faults {
            put_varint(&mut self.body, index_of(name));
            put_fault(&mut self.body, fault);
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        for id in [&self.source.venue, &self.source.room, &self.source.agent, &self.first.spool, &self.first.boot] {
            put_text(out, id.as_str());
        }
        put_varint(out, self.count);
        put_varint(out, self.body.len() as u64);
        out.extend_from_slice(&self.body);
    }
}

/// 0 for a trusted clock, else its uncertainty in milliseconds and one more.
pub(crate) fn clock_number(clock: Clock) -> u64 {
    match clock {
        Clock::Trusted => 0,
        Clock::Uncertain { uncertainty_ms } => uncertainty_ms.saturating_add(1),
    }
}

/// The clock that [`clock_number`] wrote.
pub(crate) fn clock_of(number: u64) -> Clock {
    match number {
        0 => Clock::Trusted,
        n => Clock::Uncertain { uncertainty_ms: n - 1 },
    }
}

fn put_value(out: &mut Vec<u8>, value: f64) {
    let scaled = (value * DECIMAL_SCALE).round();
    let n = scaled as i64;
    // By its bits: -0.0 is no integer.
    if scaled.abs() < DECIMAL_MAX && (n as f64 / DECIMAL_SCALE).to_bits() == value.to_bits() {
        put_varint(out, (((n << 1) ^ (n >> 63)) as u64) << 1);
    } else {
        put_varint(out, 1);
        put_f64(out, value);
    }
}

fn take_value(r: &mut Reader<'_>) -> Result<f64, Error> {
    let n = r.varint()?;
    if n == 1 {
        return r.f64();
    }
    if n & 1 == 1 {
        return Err(r.damaged("a value of unknown form"));
    }
    let z = n >> 1;
    Ok(((z >> 1) as i64 ^ -((z & 1) as i64)) as f64 / DECIMAL_SCALE)
}

/// Writes a reason as one byte, with its text where this version does not know it.
pub(crate) fn put_fault(out: &mut Vec<u8>, fault: &Fault) {
    match Fault::ALL.iter().position(|f| f == fault) {
        Some(code) => out.push(code as u8),
        None => {
            out.push(FAULT_OTHER);
            put_text(out, fault.as_str());
        }
    }
}

/// Reads what [`put_fault`] wrote.
pub(crate) fn take_fault(r: &mut Reader<'_>) -> Result<Fault, Error> {
    match r.byte()? {
        FAULT_OTHER => Ok(Fault::Other(r.text()?.into())),
        code => Fault::ALL.get(code as usize).cloned().ok_or_else(|| r.damaged("an unknown fault code")),
    }
}

/// Reads every sample.
pub fn decode(body: &[u8]) -> Result<Vec<(Source, Sample)>, Error> {
    let mut out = Vec::new();
    decode_where(body, |_, _, _| true, |source, sample| out.push((source.clone(), sample)))?;
    Ok(out)
}

/// Reads the samples of those (venue, room, agent) that `wanted` names and leaps over the others.
pub fn decode_where(
    body: &[u8],
    wanted: impl Fn(&str, &str, &str) -> bool,
    mut each: impl FnMut(&Source, Sample),
) -> Result<(), Error> {
    let mut r = Reader::checked(body, MAGIC, "a blob of samples")?;
    let count = r.count()?;
    let mut names = Vec::with_capacity(count);
    for _ in 0..count {
        names.push(r.point()?);
    }
    for _ in 0..r.count()? {
        let (venue, room, agent) = (r.text()?, r.text()?, r.text()?);
        let (spool, boot) = (r.text()?, r.text()?);
        let (samples, length) = (r.varint()?, r.count()?);
        let mut group = r.take(length)?;
        if !wanted(venue, room, agent) {
            continue;
        }
        let source = Source { venue: group.id(venue)?, room: group.id(room)?, agent: group.id(agent)? };
        let (spool, boot) = (group.id(spool)?, group.id(boot)?);
        let (mut at, mut seq) = (0i64, 0u64);
        for _ in 0..samples {
            at = at.wrapping_add(group.signed()?);
            seq = seq.wrapping_add(group.signed()? as u64);
            each(&source, take_sample(&mut group, &names, (at, seq), (&spool, &boot))?);
        }
    }
    Ok(())
}

fn take_sample(
    r: &mut Reader<'_>,
    names: &[PointName],
    (at, seq): (i64, u64),
    (spool, boot): (&Id, &Id),
) -> Result<Sample, Error> {
    let clock = clock_of(r.varint()?);
    let count = r.count()?;
    let mut points = Vec::with_capacity(count);
    for _ in 0..count {
        let name = take_name(r, names)?;
        points.push((name, take_value(r)?));
    }
    let count = r.count()?;
    let mut faults = Vec::with_capacity(count);
    for _ in 0..count {
        let name = take_name(r, names)?;
        faults.push((name, take_fault(r)?));
    }
    Ok(Sample { at, seq, spool: spool.clone(), boot: boot.clone(), clock, points, faults })
}

fn take_name(r: &mut Reader<'_>, names: &[PointName]) -> Result<PointName, Error> {
    let index = r.varint()? as usize;
    names.get(index).cloned().ok_or_else(|| r.damaged("a point that the blob does not name"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(agent: &str, seq: u64, value: f64) -> (Source, Sample) {
        let id = |t: &str| Id::parse(t).unwrap();
        let name = |t: &str| PointName::parse(t).unwrap();
        let source = Source { venue: id("nanshan"), room: id("k01"), agent: id(agent) };
        let sample = Sample {
            at: 1_763_880_000_123_i64.wrapping_add((seq as i64).wrapping_mul(10_007)),
            seq,
            spool: id("k3f9x0q2"),
            boot: id("7c1e04aa"),
            clock: if seq.is_multiple_of(3) { Clock::Uncertain { uncertainty_ms: seq / 2 } } else { Clock::Trusted },
            points: vec![(name("temperature_celsius"), value), (name("co2_ppm"), 612.0)],
            faults: vec![(name("illuminance_lux"), Fault::BadCrc), (name("noise_db"), Fault::Other("odd".into()))],
        };
        (source, sample)
    }

    #[test]
    fn samples_read_back_bit_by_bit() {
        let values = [0.0, -0.0, 20.4, -17.125, 1e300, -1e-300, f64::MIN_POSITIVE, 0.1 + 0.2, 9.1e15, 123_456.789];
        let mut samples = Vec::new();
        for (i, v) in values.into_iter().enumerate() {
            samples.push(sample("pi-1", i as u64 + 1, v));
        }
        samples.push(sample("pi-1", u64::MAX, 1.0));
        let back = decode(&encode(&samples)).unwrap();
        assert_eq!(back, samples);
        for ((_, a), (_, b)) in back.iter().zip(&samples) {
            assert_eq!(a.points[0].1.to_bits(), b.points[0].1.to_bits());
        }
    }

    #[test]
    fn a_reader_of_one_agent_sees_only_it() {
        let samples = vec![sample("pi-1", 1, 1.0), sample("pi-2", 1, 2.0), sample("pi-1", 2, 3.0)];
        let mut seen = Vec::new();
        decode_where(&encode(&samples), |_, _, agent| agent == "pi-1", |_, s| seen.push(s.seq)).unwrap();
        assert_eq!(seen, [1, 2]);
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_found() {
        let good = encode(&[sample("pi-1", 1, 20.4), sample("pi-2", 9, 0.1 + 0.2)]);
        for at in 0..good.len() {
            for bit in 0..8 {
                let mut bad = good.clone();
                bad[at] ^= 1 << bit;
                assert!(decode(&bad).is_err(), "byte {at} bit {bit}");
            }
            assert!(decode(&good[..at]).is_err(), "cut at {at}");
        }
    }
}
