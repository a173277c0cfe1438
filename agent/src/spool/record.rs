//! Records of a spool file, as bytes and back: length, CRC-32, kind, content; little-endian.
//! Reading goes on behind damage at the next record that checks out.

use std::time::Duration;

use wire::{Fault, Id, LostReason, PointName};

/// Bytes before the content: length and checksum of kind and content.
const HEAD_BYTES: usize = 8;
/// No record is longer: a sample has at most 256 points of 64 + 9 bytes.
const CONTENT_BYTES_MAX: usize = 64 * 1024;

/// A sample as the spool keeps it: numbered, not yet placed in wall time.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored {
    /// Its number.
    pub seq: u64,
    /// The boot in which it was read.
    pub boot: Id,
    /// When, on CLOCK_BOOTTIME of that boot.
    pub read_at: Duration,
    /// Values.
    pub points: Vec<(PointName, f64)>,
    /// Points without a value.
    pub faults: Vec<(PointName, Fault)>,
}

/// One record.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Record {
    /// Numbers up to here may be used; synced before the first of them is.
    Reserved { upto: u64 },
    /// The collector has everything up to here.
    Acked { upto: u64 },
    /// These numbers have no sample any more.
    Lost { seq: u64, upto: u64, reason: LostReason },
    /// From this instant of a boot on, wall time is boot time plus the offset.
    Anchor { boot: Id, from: Duration, offset_ms: i64 },
    /// The agent ended in order; the next number is this.
    Closed { next: u64 },
    /// A sample.
    Sample(Stored),
}

impl Record {
    /// Appends the record to `out`.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&[0; HEAD_BYTES]);
        match self {
            Self::Reserved { upto } => put(out, 1, &[*upto]),
            Self::Acked { upto } => put(out, 2, &[*upto]),
            Self::Lost { seq, upto, reason } => {
                let code = LostReason::ALL.iter().position(|r| r == reason).unwrap_or_default();
                put(out, 3, &[*seq, *upto, code as u64]);
            }
            Self::Anchor { boot, from, offset_ms } => {
                put(out, 4, &[nanos(*from), offset_ms.cast_unsigned()]);
                text(out, boot.as_str());
            }
            Self::Closed { next } => put(out, 5, &[*next]),
            Self::Sample(sample) => {
                put(out, 6, &[sample.seq, nanos(sample.read_at)]);
                text(out, sample.boot.as_str());
                out.extend_from_slice(&(sample.points.len() as u16).to_le_bytes());
                for (name, value) in &sample.points {
                    text(out, name.as_str());
                    out.extend_from_slice(&value.to_bits().to_le_bytes());
                }
                for (name, fault) in &sample.faults {
                    text(out, name.as_str());
                    text(out, fault.as_str());
                }
            }
        }
        let content = &out[start + HEAD_BYTES..];
        let (length, crc) = (content.len() as u32, crc32fast::hash(content));
        out[start..start + 4].copy_from_slice(&length.to_le_bytes());
        out[start + 4..start + HEAD_BYTES].copy_from_slice(&crc.to_le_bytes());
    }
}

fn put(out: &mut Vec<u8>, kind: u8, numbers: &[u64]) {
    out.push(kind);
    for number in numbers {
        out.extend_from_slice(&number.to_le_bytes());
    }
}

fn text(out: &mut Vec<u8>, text: &str) {
    // Identifiers, point names and reasons are shorter than 256 bytes.
    let bytes = &text.as_bytes()[..text.len().min(255)];
    out.push(bytes.len() as u8);
    out.extend_from_slice(bytes);
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// What a file holds.
#[derive(Debug, Default)]
pub(super) struct Contents {
    /// Every record that checks out, in order.
    pub records: Vec<Record>,
    /// Bytes that belong to none.
    pub damaged_bytes: usize,
    /// Whether the last bytes are among them.
    pub damaged_tail: bool,
}

/// Reads a whole file.
pub(super) fn read(bytes: &[u8]) -> Contents {
    let mut contents = Contents::default();
    let mut at = 0;
    while at < bytes.len() {
        match record_at(&bytes[at..]) {
            Some((record, length)) => {
                contents.records.push(record);
                contents.damaged_tail = false;
                at += length;
            }
            None => {
                contents.damaged_bytes += 1;
                contents.damaged_tail = true;
                at += 1;
            }
        }
    }
    contents
}

fn record_at(bytes: &[u8]) -> Option<(Record, usize)> {
    let head = bytes.get(..HEAD_BYTES)?;
    let length = u32::from_le_bytes(head[..4].try_into().ok()?) as usize;
    // Zeroes are no record: an empty content has the checksum 0.
    if length == 0 || length > CONTENT_BYTES_MAX {
        return None;
    }
    let content = bytes.get(HEAD_BYTES..HEAD_BYTES + length)?;
    if crc32fast::hash(content).to_le_bytes() != head[4..] {
        return None;
    }
    Some((content_of(&mut Cursor(content))?, HEAD_BYTES + length))
}

fn content_of(c: &mut Cursor<'_>) -> Option<Record> {
    Some(match c.bytes(1)?[0] {
        1 => Record::Reserved { upto: c.number()? },
        2 => Record::Acked { upto: c.number()? },
        3 => Record::Lost {
            seq: c.number()?,
            upto: c.number()?,
            reason: *LostReason::ALL.get(usize::try_from(c.number()?).ok()?)?,
        },
        4 => {
            let (from, offset_ms) = (Duration::from_nanos(c.number()?), c.number()?.cast_signed());
            Record::Anchor { boot: Id::parse(c.text()?).ok()?, from, offset_ms }
        }
        5 => Record::Closed { next: c.number()? },
        6 => Record::Sample(sample_of(c)?),
        _ => return None,
    })
}

fn sample_of(c: &mut Cursor<'_>) -> Option<Stored> {
    let (seq, read_at) = (c.number()?, Duration::from_nanos(c.number()?));
    let boot = Id::parse(c.text()?).ok()?;
    let count = u16::from_le_bytes(c.bytes(2)?.try_into().ok()?);
    let mut points = Vec::with_capacity(usize::from(count).min(256));
    for _ in 0..count {
        points.push((PointName::parse(c.text()?).ok()?, f64::from_bits(c.number()?)));
    }
    let mut faults = Vec::new();
    while !c.0.is_empty() {
        faults.push((PointName::parse(c.text()?).ok()?, Fault::from_wire(c.text()?)));
    }
    Some(Stored { seq, boot, read_at, points, faults })
}

struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }
    fn number(&mut self) -> Option<u64> {
        Some(u64::from_le_bytes(self.bytes(8)?.try_into().ok()?))
    }
    fn text(&mut self) -> Option<&'a str> {
        let length = usize::from(self.bytes(1)?[0]);
        std::str::from_utf8(self.bytes(length)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(seq: u64) -> Record {
        Record::Sample(Stored {
            seq,
            boot: Id::parse("7c1e04aa").unwrap(),
            read_at: Duration::from_millis(1_234_567),
            points: vec![(PointName::parse("temperature_celsius").unwrap(), 20.41)],
            faults: vec![(PointName::parse("co2_ppm").unwrap(), Fault::WarmingUp)],
        })
    }

    #[test]
    fn every_record_reads_back_as_written() {
        let records = [
            Record::Reserved { upto: 1024 },
            Record::Acked { upto: 7 },
            Record::Lost { seq: 8, upto: 9, reason: LostReason::Evicted },
            Record::Anchor { boot: Id::parse("b").unwrap(), from: Duration::from_secs(3), offset_ms: -5 },
            Record::Closed { next: 10 },
            sample(10),
        ];
        let mut bytes = Vec::new();
        records.iter().for_each(|record| record.write(&mut bytes));
        let contents = read(&bytes);
        assert_eq!(contents.records, records);
        assert_eq!(contents.damaged_bytes, 0);
    }

    #[test]
    fn a_flipped_bit_costs_the_record_it_is_in_and_no_other() {
        let mut clean = Vec::new();
        (1..=3).for_each(|seq| sample(seq).write(&mut clean));
        let length = clean.len() / 3;
        for bit in 0..clean.len() * 8 {
            let mut bytes = clean.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let touched = (bit / 8 / length + 1) as u64;
            let kept: Vec<u64> = read(&bytes)
                .records
                .iter()
                .map(|record| match record {
                    Record::Sample(stored) => stored.seq,
                    other => panic!("{other:?} was never written"),
                })
                .collect();
            assert_eq!(kept, [1, 2, 3].into_iter().filter(|seq| *seq != touched).collect::<Vec<_>>(), "bit {bit}");
        }
    }
}
