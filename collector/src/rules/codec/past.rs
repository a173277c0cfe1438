//! The part of a track's bytes that kinds with a memory of their own need: presence marks, then numbers.

use super::{parse_f64, parse_i64, take};
use crate::rules::{
    judge::Past,
    rate::Slope,
    share::{PARTS, Shares},
    stuck::Still,
};

/// Writes it.
pub(super) fn print(past: &Past, out: &mut Vec<u8>) {
    out.push(u8::from(past.still.is_some()));
    if let Some(Still { since, low, high }) = past.still {
        out.extend(since.to_le_bytes());
        out.extend(low.to_le_bytes());
        out.extend(high.to_le_bytes());
    }
    // 0: none, 1: one anchor, 2: both.
    out.push(past.slope.map_or(0, |slope| 1 + u8::from(slope.older.is_some())));
    if let Some(Slope { older, last }) = past.slope {
        for (at, value) in older.into_iter().chain([last]) {
            out.extend(at.to_le_bytes());
            out.extend(value.to_le_bytes());
        }
    }
    out.push(past.shares.as_ref().map_or(0, |shares| 1 + u8::from(shares.last.1)));
    if let Some(shares) = &past.shares {
        out.extend(shares.part.to_le_bytes());
        out.extend(shares.last.0.to_le_bytes());
        for (known, bad) in &shares.parts {
            out.extend(known.to_le_bytes());
            out.extend(bad.to_le_bytes());
        }
    }
}

/// Reads it.
pub(super) fn parse(input: &mut &[u8]) -> Option<Past> {
    let mut past = Past::default();
    if take::<1>(input)? == [1] {
        past.still = Some(Still { since: parse_i64(input)?, low: parse_f64(input)?, high: parse_f64(input)? });
    }
    let [anchors] = take::<1>(input)?;
    let mut anchor = || Some((parse_i64(input)?, parse_f64(input)?));
    past.slope = match anchors {
        0 => None,
        1 => Some(Slope { older: None, last: anchor()? }),
        2 => Some(Slope { older: Some(anchor()?), last: anchor()? }),
        _ => return None,
    };
    let [shares] = take::<1>(input)?;
    if shares > 2 {
        return None;
    }
    if shares > 0 {
        let (part, at) = (parse_i64(input)?, parse_i64(input)?);
        let mut parts = Vec::with_capacity(PARTS);
        for _ in 0..PARTS {
            parts.push((u32::from_le_bytes(take::<4>(input)?), u32::from_le_bytes(take::<4>(input)?)));
        }
        past.shares = Some(Box::new(Shares::new(part, (at, shares == 2), parts)));
    }
    Some(past)
}
