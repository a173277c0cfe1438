//! Puts readings together so that a chart gets about as many marks as it can show: mean, least and
//! greatest of equal stretches of time, gaps kept. Pure.

use wire::{Fault, UnixMs};

use super::{FAULT_SPANS_MAX, FaultSpan, Mark, Series};

/// A pause this many times longer than the usual distance of two readings is a gap.
const GAP_FACTOR: i64 = 3;
/// … but never less than this, so that jitter of fast points draws no holes.
const GAP_MS_MIN: i64 = 5_000;

/// What a sample said of one point.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// When.
    pub at: UnixMs,
    /// The value, or why there was none.
    pub value: Result<f64, Fault>,
    /// The clock was not trusted.
    pub uncertain: bool,
}

/// Marks and fault stretches of `readings`, which are in order of time and lie in [from, to).
#[must_use]
pub fn series(readings: &[Reading], from: UnixMs, to: UnixMs, marks_max: usize) -> Series {
    let values: Vec<Value> = readings
        .iter()
        .filter_map(|r| r.value.as_ref().ok().map(|v| Value { at: r.at, value: *v, uncertain: r.uncertain }))
        .collect();
    let gap_ms = gap(&values);
    let faults = faults(readings, gap_ms);
    let marks_max = marks_max.max(1);
    let step_ms = if values.len() <= marks_max { 0 } else { ((to - from) / marks_max as i64).max(1) };
    let mut marks: Vec<Mark> = Vec::with_capacity(values.len().min(marks_max + 1));
    let (mut current, mut sum, mut before) = (i64::MIN, 0.0, None);
    for &Value { at, value, uncertain } in &values {
        let stretch = if step_ms == 0 { at } else { (at - from) / step_ms };
        match marks.last_mut() {
            Some(mark) if step_ms > 0 && stretch == current => {
                sum += value;
                mark.count += 1;
                mark.mean = sum / f64::from(mark.count);
                (mark.min, mark.max) = (mark.min.min(value), mark.max.max(value));
                mark.uncertain |= uncertain;
            }
            _ => {
                let after_gap = before.is_some_and(|b| at - b > gap_ms);
                let at = if step_ms == 0 { at } else { from + stretch * step_ms + step_ms / 2 };
                marks.push(Mark { at, mean: value, min: value, max: value, count: 1, after_gap, uncertain });
                (current, sum) = (stretch, value);
            }
        }
        before = Some(at);
    }
    Series { marks, step_ms, faults }
}

struct Value {
    at: UnixMs,
    value: f64,
    uncertain: bool,
}

/// The pause that counts as a gap: by the median distance of neighbours.
fn gap(values: &[Value]) -> i64 {
    let mut distances: Vec<i64> = values.windows(2).map(|w| w[1].at - w[0].at).filter(|d| *d > 0).collect();
    if distances.is_empty() {
        return GAP_MS_MIN;
    }
    let middle = distances.len() / 2;
    let (_, median, _) = distances.select_nth_unstable(middle);
    (*median * GAP_FACTOR).max(GAP_MS_MIN)
}

/// Neighbouring samples with the same fault are one stretch; a value or a gap ends it.
fn faults(readings: &[Reading], gap_ms: i64) -> Vec<FaultSpan> {
    let mut spans: Vec<FaultSpan> = Vec::new();
    let mut open = false;
    for reading in readings {
        let Err(fault) = &reading.value else {
            open = false;
            continue;
        };
        match spans.last_mut() {
            Some(span) if open && span.fault == *fault && reading.at - span.to <= gap_ms => {
                span.to = reading.at;
                span.count += 1;
            }
            _ => spans.push(FaultSpan { from: reading.at, to: reading.at, fault: fault.clone(), count: 1 }),
        }
        open = true;
    }
    let surplus = spans.len().saturating_sub(FAULT_SPANS_MAX);
    spans.drain(..surplus);
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(at: UnixMs, value: f64) -> Reading {
        Reading { at, value: Ok(value), uncertain: false }
    }

    #[test]
    fn few_readings_come_back_as_they_are() {
        let s = series(&[reading(0, 1.0), reading(10_000, 2.0)], 0, 20_000, 10);
        assert_eq!(s.step_ms, 0);
        assert_eq!(
            s.marks.iter().map(|m| (m.at, m.mean, m.count)).collect::<Vec<_>>(),
            [(0, 1.0, 1), (10_000, 2.0, 1)]
        );
    }

    #[test]
    fn many_readings_keep_their_extremes_and_their_mean() {
        let mut all: Vec<_> = (0..1_000).map(|i| reading(i * 1_000, 20.0)).collect();
        all[500].value = Ok(99.0);
        let s = series(&all, 0, 1_000_000, 10);
        assert_eq!(s.marks.len(), 10);
        assert_eq!(s.marks.iter().map(|m| m.count).sum::<u32>(), 1_000);
        assert_eq!(s.marks[5].max, 99.0);
        assert!((s.marks[5].mean - 20.79).abs() < 1e-9);
        assert_eq!(s.marks[4].max, 20.0);
    }

    #[test]
    fn a_pause_is_a_gap_and_jitter_is_not() {
        let times = [0, 10_000, 20_400, 29_900, 100_000, 110_000];
        let all: Vec<_> = times.map(|at| reading(at, 1.0)).into();
        let gaps: Vec<_> = series(&all, 0, 200_000, 10).marks.iter().map(|m| m.after_gap).collect();
        assert_eq!(gaps, [false, false, false, false, true, false]);
    }

    #[test]
    fn neighbouring_faults_are_one_stretch_until_a_value_comes() {
        let fault = |at| Reading { at, value: Err(Fault::NoResponse), uncertain: false };
        let all = [fault(0), fault(1_000), reading(2_000, 1.0), fault(3_000), reading(4_000, 1.0)];
        let spans = series(&all, 0, 5_000, 10).faults;
        assert_eq!(
            spans.iter().map(|s| (s.from, s.to, s.count)).collect::<Vec<_>>(),
            [(0, 1_000, 2), (3_000, 3_000, 1)]
        );
    }
}
