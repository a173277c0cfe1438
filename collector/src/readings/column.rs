//! Turns a column of whole numbers or of readings into few bytes and back, bit by bit the same.
//! Several forms are tried and the smallest wins; which one it was stands in its first byte.

use pco::{ChunkConfig, data_types::Number, standalone};

use crate::ledger::{
    Error,
    bytes::{Reader, put_bytes, put_signed, put_varint},
};

/// No column is longer; a larger count is damage.
pub const ROWS_MAX: usize = 1 << 20;
/// Decimals tried: a sensor with more is stored as a binary fraction.
const DECIMALS_MAX: u8 = 6;
/// The whole numbers that an `f64` holds exactly end here.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;
/// Shorter columns are not worth the head that `pco` writes (about 25 bytes).
const PCO_ROWS_MIN: usize = 24;

/// First byte of whole numbers.
mod whole {
    /// A first number and a step: sequence numbers, a contact that does not move.
    pub const STEPS: u8 = 0;
    /// Runs of the same number.
    pub const RUNS: u8 = 1;
    /// Differences as varints.
    pub const VARINTS: u8 = 2;
    /// `pco`.
    pub const PCO: u8 = 3;
}

/// First byte of readings.
mod real {
    /// Whole numbers of 10 to the minus n; n follows.
    pub const DECIMAL: u8 = 0;
    /// `f32`, exactly.
    pub const F32: u8 = 1;
    /// `f64`.
    pub const F64: u8 = 2;
    /// The bits of `f64`, where `pco` is not worth its head.
    pub const BITS: u8 = 3;
}

/// How hard to try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// The first form that fits: for chunks that are rewritten soon.
    Quick,
    /// The smallest of all that fit.
    Thorough,
}

/// Appends whole numbers with their length in bytes, but not their count.
pub(super) fn put_whole(out: &mut Vec<u8>, column: &[i64]) {
    let mut best = steps(column).unwrap_or_else(|| varints(column));
    if best[0] != whole::STEPS {
        keep_smaller(&mut best, runs(column));
        if column.len() >= PCO_ROWS_MIN {
            keep_smaller(&mut best, pco(whole::PCO, column));
        }
    }
    put_bytes(out, &best);
}

fn keep_smaller(best: &mut Vec<u8>, other: Vec<u8>) {
    if other.len() < best.len() {
        *best = other;
    }
}

fn steps(column: &[i64]) -> Option<Vec<u8>> {
    let first = column.first().copied().unwrap_or_default();
    let step = column.get(1).map_or(0, |second| second.wrapping_sub(first));
    if column.windows(2).any(|pair| pair[1].wrapping_sub(pair[0]) != step) {
        return None;
    }
    let mut out = vec![whole::STEPS];
    put_signed(&mut out, first);
    put_signed(&mut out, step);
    Some(out)
}

fn runs(column: &[i64]) -> Vec<u8> {
    let mut out = vec![whole::RUNS];
    for run in column.chunk_by(|a, b| a == b) {
        put_varint(&mut out, run.len() as u64);
        put_signed(&mut out, run[0]);
    }
    out
}

fn varints(column: &[i64]) -> Vec<u8> {
    let mut out = vec![whole::VARINTS];
    let mut before = 0i64;
    for &n in column {
        put_signed(&mut out, n.wrapping_sub(before));
        before = n;
    }
    out
}

fn pco<T: Number>(form: u8, column: &[T]) -> Vec<u8> {
    let mut out = vec![form];
    out.extend(
        standalone::simple_compress(column, &ChunkConfig::default())
            .expect("the default configuration is valid and memory takes any bytes"),
    );
    out
}

/// Reads `count` whole numbers.
pub(super) fn take_whole(r: &mut Reader<'_>, count: usize) -> Result<Vec<i64>, Error> {
    let bytes = r.bytes()?;
    let mut column = r.inner(bytes);
    let mut all = Vec::with_capacity(count.min(ROWS_MAX));
    match column.byte()? {
        whole::STEPS => {
            let (first, step) = (column.signed()?, column.signed()?);
            all.extend((0..count as i64).map(|i| first.wrapping_add(step.wrapping_mul(i))));
        }
        whole::RUNS => {
            while !column.is_empty() {
                let (length, n) = (column.varint()?, column.signed()?);
                if length > (count - all.len()) as u64 {
                    return Err(column.damaged("runs longer than their column"));
                }
                all.resize(all.len() + length as usize, n);
            }
        }
        whole::VARINTS => {
            let mut n = 0i64;
            while !column.is_empty() && all.len() < count {
                n = n.wrapping_add(column.signed()?);
                all.push(n);
            }
        }
        whole::PCO => all = from_pco(&column)?,
        _ => return Err(column.damaged("a column of unknown form")),
    }
    counted(r, all, count)
}

fn from_pco<T: Number>(r: &Reader<'_>) -> Result<Vec<T>, Error> {
    standalone::simple_decompress(r.rest()).map_err(|e| r.damaged(&e.to_string()))
}

fn counted<T>(r: &Reader<'_>, column: Vec<T>, count: usize) -> Result<Vec<T>, Error> {
    if column.len() == count { Ok(column) } else { Err(r.damaged("a column of another length than the chunk says")) }
}

/// Appends readings with their length in bytes, but not their count.
pub(super) fn put_real(out: &mut Vec<u8>, column: &[f64], effort: Effort) {
    let mut best = None;
    let mut offer = |bytes: Vec<u8>| match &mut best {
        Some(best) => keep_smaller(best, bytes),
        none => *none = Some(bytes),
    };
    let decimals = decimals(column);
    if let Some((places, numbers)) = &decimals {
        let mut bytes = vec![real::DECIMAL, *places];
        put_whole(&mut bytes, numbers);
        offer(bytes);
    }
    if column.len() < PCO_ROWS_MIN {
        offer(bits(column));
    } else if decimals.is_none() || effort == Effort::Thorough {
        if column.iter().all(|v| f64::from(*v as f32).to_bits() == v.to_bits()) {
            offer(pco(real::F32, &column.iter().map(|v| *v as f32).collect::<Vec<_>>()));
        }
        offer(pco(real::F64, column));
    }
    put_bytes(out, &best.unwrap_or_else(|| bits(column)));
}

fn bits(column: &[f64]) -> Vec<u8> {
    let mut out = vec![real::BITS];
    column.iter().for_each(|v| out.extend_from_slice(&v.to_le_bytes()));
    out
}

/// The readings as whole numbers of the largest power of ten that gives each back bit by bit.
fn decimals(column: &[f64]) -> Option<(u8, Vec<i64>)> {
    let mut places = 0;
    for &v in column {
        while scaled(v, places).is_none() {
            places += 1;
            if places > DECIMALS_MAX {
                return None;
            }
        }
    }
    // A later reading may have raised the places beyond what an earlier, large one can bear.
    let numbers: Option<Vec<i64>> = column.iter().map(|&v| scaled(v, places)).collect();
    Some((places, numbers?))
}

fn scaled(v: f64, places: u8) -> Option<i64> {
    let scale = 10f64.powi(i32::from(places));
    let n = (v * scale).round();
    if n.is_nan() || n.abs() >= WHOLE_MAX {
        return None;
    }
    // Through the whole number itself, so that a negative zero is not taken for a zero.
    let n = n as i64;
    ((n as f64 / scale).to_bits() == v.to_bits()).then_some(n)
}

/// Reads `count` readings.
pub(super) fn take_real(r: &mut Reader<'_>, count: usize) -> Result<Vec<f64>, Error> {
    let bytes = r.bytes()?;
    let mut column = r.inner(bytes);
    let all = match column.byte()? {
        real::DECIMAL => {
            let places = column.byte()?;
            if places > DECIMALS_MAX {
                return Err(column.damaged("a column with too many decimals"));
            }
            let scale = 10f64.powi(i32::from(places));
            take_whole(&mut column, count)?.into_iter().map(|n| n as f64 / scale).collect()
        }
        real::F32 => from_pco::<f32>(&column)?.into_iter().map(f64::from).collect(),
        real::F64 => from_pco(&column)?,
        real::BITS => {
            let mut all = Vec::with_capacity(count.min(ROWS_MAX));
            while !column.is_empty() {
                all.push(column.f64()?);
            }
            all
        }
        _ => return Err(column.damaged("a column of unknown form")),
    };
    counted(r, all, count)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn real_back(column: &[f64], effort: Effort) -> (Vec<u64>, usize) {
        let mut out = Vec::new();
        put_real(&mut out, column, effort);
        let mut r = Reader::over(&out, "a test");
        let back = take_real(&mut r, column.len()).unwrap();
        assert!(r.is_empty());
        (back.iter().map(|v| v.to_bits()).collect(), out.len())
    }

    #[test]
    fn a_walk_of_hundredths_takes_less_than_a_byte_a_reading() {
        let mut n = 2_150i64;
        let walk: Vec<f64> = (0..8_640i64)
            .map(|i| {
                n += (i * 7_919 % 5) - 2;
                n as f64 / 100.0
            })
            .collect();
        let (back, bytes) = real_back(&walk, Effort::Quick);
        assert_eq!(back, walk.iter().map(|v| v.to_bits()).collect::<Vec<_>>());
        assert!(bytes < 8_640, "{bytes}");
    }

    #[test]
    fn odd_readings_come_back_bit_by_bit() {
        for column in [
            vec![],
            vec![-0.0, 0.0],
            vec![f64::MIN_POSITIVE, f64::MAX, -1e300, 5e-324],
            vec![0.1 + 0.2, 9.007_199_254_740_993e15, 1e-6, 123_456_789.123_456],
            vec![1e15, 0.000_001],
            (0..100).map(|i| f64::from(i as f32 * 0.3)).collect(),
            (0..100).map(|i| f64::from(i).sqrt()).collect(),
        ] {
            for effort in [Effort::Quick, Effort::Thorough] {
                let want: Vec<u64> = column.iter().map(|v| v.to_bits()).collect();
                assert_eq!(real_back(&column, effort).0, want);
            }
        }
    }

    proptest! {
        #[test]
        fn any_readings_come_back(column in prop::collection::vec(prop_oneof![
            any::<f64>().prop_filter("finite", |v| v.is_finite()),
            (-100_000i64..100_000, 0u8..5).prop_map(|(n, d)| n as f64 / 10f64.powi(i32::from(d))),
            (-1000i32..1000).prop_map(|n| f64::from(n as f32 * 0.1)),
        ], 0..200)) {
            let want: Vec<u64> = column.iter().map(|v| v.to_bits()).collect();
            prop_assert_eq!(real_back(&column, Effort::Thorough).0, want.clone());
            prop_assert_eq!(real_back(&column, Effort::Quick).0, want);
        }

        #[test]
        fn any_whole_numbers_come_back(column in prop_oneof![
            prop::collection::vec(any::<i64>(), 0..100),
            prop::collection::vec(0i64..3, 0..300),
            (any::<i64>(), -5i64..5, 0usize..300).prop_map(|(a, s, n)| {
                (0..n as i64).map(|i| a.wrapping_add(s.wrapping_mul(i))).collect()
            }),
        ]) {
            let mut out = Vec::new();
            put_whole(&mut out, &column);
            prop_assert_eq!(take_whole(&mut Reader::over(&out, "a test"), column.len()).unwrap(), column);
        }
    }
}
