//! Turns the readings of a point, from every agent that has it, into the marks of a chart: in
//! order, thinned where there are too many, with gaps and faults kept. Pure; never reads a store.

use wire::UnixMs;

use super::{FAULT_SPANS_MAX, FaultSpan, Mark, Series, chunk::PointRows, rollup::Hourly};
use crate::ledger::archive::HOUR_MS;

/// A gap is a silence of more than this many usual periods: one lost reading is not worth a hole.
const GAP_PERIODS: f64 = 2.5;
/// … and of this much more, for clocks that are read late.
const GAP_SLACK_MS: i64 = 1_000;
/// Steps of thinned marks in milliseconds, so that a chart that is loaded again keeps its buckets;
/// beyond the last, whole multiples of it.
const STEPS_MS: [i64; 26] = [
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 20_000, 30_000, 60_000, 120_000, 300_000,
    600_000, 900_000, 1_200_000, 1_800_000, 3_600_000, 7_200_000, 21_600_000,
];
/// The last step: a day.
const DAY_MS: i64 = 24 * HOUR_MS;

/// What one agent has of a point.
#[derive(Debug, Default)]
pub(super) struct Part {
    /// Readings and faults in any order.
    pub rows: PointRows,
    /// Roll-ups of hours whose readings are not among `rows`.
    pub hours: Vec<Hourly>,
}

/// Readings that lie together: one, or those of an hour.
#[derive(Debug, Clone, Copy)]
struct Item {
    from: UnixMs,
    to: UnixMs,
    mean: f64,
    min: f64,
    max: f64,
    count: u32,
    uncertain: bool,
    after_gap: bool,
}

/// Marks and faults of `parts`, at most about `marks_max` marks.
pub(super) fn series(parts: Vec<Part>, marks_max: usize) -> Series {
    let mut items = Vec::new();
    let (mut faults, mut gap_ms, mut hourly) = (Vec::new(), 0, false);
    for mut part in parts {
        part.rows.readings.sort_by_key(|r| r.0);
        part.rows.faults.sort_by_key(|f| f.0);
        let usual = gap_of(&part.rows);
        gap_ms = gap_ms.max(usual);
        hourly |= !part.hours.is_empty();
        faults.extend(spans(&part.rows, usual));
        items.extend(part.rows.readings.iter().map(|&(at, value, uncertain)| Item::reading(at, value, uncertain)));
        items.extend(part.hours.iter().map(Item::hour));
    }
    items.sort_by_key(|item| item.from);
    mark_gaps(&mut items, gap_ms, hourly);
    faults.sort_by_key(|span| span.from);
    let surplus = faults.len().saturating_sub(FAULT_SPANS_MAX);
    faults.drain(..surplus);
    if items.len() <= marks_max && !hourly {
        return Series { marks: items.iter().map(Item::mark).collect(), step_ms: 0, faults };
    }
    let step_ms = step(&items, marks_max, hourly);
    Series { marks: thin(&items, step_ms), step_ms, faults }
}

impl Item {
    fn reading(at: UnixMs, value: f64, uncertain: bool) -> Self {
        Self { from: at, to: at, mean: value, min: value, max: value, count: 1, uncertain, after_gap: false }
    }

    fn hour(h: &Hourly) -> Self {
        let to = h.from.saturating_add(HOUR_MS - 1);
        let (mean, min, max, count) = (h.mean, h.min, h.max, h.count);
        Self { from: h.from, to, mean, min, max, count, uncertain: false, after_gap: false }
    }

    fn mark(&self) -> Mark {
        Mark {
            at: self.from + self.to.saturating_sub(self.from) / 2,
            mean: self.mean,
            min: self.min,
            max: self.max,
            count: self.count,
            after_gap: self.after_gap,
            uncertain: self.uncertain,
        }
    }

    fn join(&mut self, next: &Item) {
        let (a, b) = (f64::from(self.count), f64::from(next.count));
        self.mean = (self.mean * a + next.mean * b) / (a + b);
        self.min = self.min.min(next.min);
        self.max = self.max.max(next.max);
        self.to = self.to.max(next.to);
        self.count = self.count.saturating_add(next.count);
        self.uncertain |= next.uncertain;
    }
}

/// The silence that counts as a gap, from the data: the period that nine in ten pairs of samples
/// keep (half of the pairs where there are few), so that neither bursts nor outages decide.
fn gap_of(rows: &PointRows) -> i64 {
    let mut instants: Vec<UnixMs> = rows.readings.iter().map(|r| r.0).chain(rows.faults.iter().map(|f| f.0)).collect();
    instants.sort_unstable();
    let mut periods: Vec<i64> = instants.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).collect();
    if periods.is_empty() {
        return i64::MAX;
    }
    let usual = if periods.len() < 10 { (periods.len() - 1) / 2 } else { periods.len() * 9 / 10 };
    let (_, period, _) = periods.select_nth_unstable(usual);
    ((*period as f64 * GAP_PERIODS) as i64).saturating_add(GAP_SLACK_MS)
}

fn mark_gaps(items: &mut [Item], gap_ms: i64, hourly: bool) {
    // Between hours, or an hour and a reading, a whole hour must be empty.
    let gap_ms = if hourly { gap_ms.max(HOUR_MS) } else { gap_ms };
    let mut heard: Option<UnixMs> = None;
    for item in items {
        item.after_gap = heard.is_some_and(|heard| item.from.saturating_sub(heard) > gap_ms);
        heard = Some(heard.map_or(item.to, |heard| heard.max(item.to)));
    }
}

fn step(items: &[Item], marks_max: usize, hourly: bool) -> i64 {
    let first = items.first().map_or(0, |item| item.from);
    let last = items.iter().map(|item| item.to).max().unwrap_or(first);
    // One more mark can come from buckets that begin before the first reading.
    let marks = (marks_max as i64 - 1).max(1);
    let wanted = (last.saturating_sub(first) / marks).saturating_add(1).max(if hourly { HOUR_MS } else { 1 });
    match STEPS_MS.iter().find(|step| **step >= wanted) {
        Some(step) => *step,
        None => wanted.div_euclid(DAY_MS).saturating_add(i64::from(wanted % DAY_MS != 0)).saturating_mul(DAY_MS),
    }
}

fn thin(items: &[Item], step_ms: i64) -> Vec<Mark> {
    let buckets = items.chunk_by(|a, b| a.from.div_euclid(step_ms) == b.from.div_euclid(step_ms));
    buckets
        .map(|bucket| {
            let mut all = bucket[0];
            bucket[1..].iter().for_each(|item| all.join(item));
            all.mark()
        })
        .collect()
}

/// Runs of the same fault, ended by a reading, another fault or a gap.
fn spans(rows: &PointRows, gap_ms: i64) -> Vec<FaultSpan> {
    let mut spans: Vec<FaultSpan> = Vec::new();
    let mut readings = rows.readings.iter().map(|r| r.0).peekable();
    for (at, fault) in &rows.faults {
        let mut read_between = false;
        while readings.next_if(|reading| reading < at).is_some() {
            read_between = true;
        }
        match spans.last_mut() {
            Some(span) if span.fault == *fault && !read_between && at.saturating_sub(span.to) <= gap_ms => {
                span.to = *at;
                span.count = span.count.saturating_add(1);
            }
            _ => spans.push(FaultSpan { from: *at, to: *at, fault: fault.clone(), count: 1 }),
        }
    }
    spans
}

#[cfg(test)]
mod tests {
    use wire::Fault;

    use super::*;

    fn part(instants: impl IntoIterator<Item = i64>) -> Part {
        let readings = instants.into_iter().map(|at| (at, at as f64 / 1000.0, false)).collect();
        Part { rows: PointRows { readings, faults: Vec::new() }, hours: Vec::new() }
    }

    #[test]
    fn few_readings_are_their_own_marks_in_order() {
        let series = series(vec![part([30_000, 10_000]), part([20_000])], 10);
        assert_eq!(series.step_ms, 0);
        assert_eq!(series.marks.iter().map(|m| m.at).collect::<Vec<_>>(), [10_000, 20_000, 30_000]);
    }

    #[test]
    fn a_line_is_never_drawn_across_an_outage() {
        let before = (0..360).map(|i| i * 10_000);
        let after = (720..1_080).map(|i| i * 10_000);
        let series = series(vec![part(before.chain(after))], 100);
        assert!(series.marks.len() <= 100 && series.step_ms > 0, "{}", series.marks.len());
        let gaps: Vec<_> = series.marks.iter().filter(|m| m.after_gap).collect();
        assert_eq!(gaps.len(), 1);
        assert!(gaps[0].at >= 7_200_000);
        assert_eq!(series.marks.iter().map(|m| m.count).sum::<u32>(), 720);
    }

    #[test]
    fn one_lost_reading_is_no_gap_and_a_burst_makes_none() {
        let lost = (0..100).filter(|i| *i != 50).map(|i| i * 10_000);
        assert!(series(vec![part(lost)], 1_000).marks.iter().all(|m| !m.after_gap));
        let burst = (0..100).map(|i| i * 10_000).chain((0..8).map(|i| 500_000 + i));
        assert!(series(vec![part(burst)], 1_000).marks.iter().all(|m| !m.after_gap));
    }

    #[test]
    fn thinned_marks_keep_least_and_greatest() {
        let mut one = part((0..10_000).map(|i| i * 1_000));
        one.rows.readings[5_000].1 = -40.0;
        let series = series(vec![one], 50);
        let least = series.marks.iter().map(|m| m.min).fold(f64::MAX, f64::min);
        assert_eq!(least, -40.0);
        assert!(series.marks.iter().all(|m| m.min <= m.mean && m.mean <= m.max));
        assert!(series.marks.windows(2).all(|w| w[0].at < w[1].at));
    }

    #[test]
    fn faults_are_named_with_their_stretch() {
        let mut one = part((0..10).map(|i| i * 10_000).chain((20..30).map(|i| i * 10_000)));
        one.rows.faults = (10..20).map(|i| (i * 10_000, Fault::NoResponse)).collect();
        one.rows.faults.push((900_000, Fault::BadCrc));
        let series = series(vec![one], 100);
        let said: Vec<_> = series.faults.iter().map(|s| (s.from, s.to, s.fault.clone(), s.count)).collect();
        assert_eq!(said, [(100_000, 190_000, Fault::NoResponse, 10), (900_000, 900_000, Fault::BadCrc, 1)]);
        assert_eq!(series.marks.iter().filter(|m| m.after_gap).map(|m| m.at).collect::<Vec<_>>(), [200_000]);
    }

    #[test]
    fn extreme_instants_do_no_harm() {
        let series = series(vec![part([i64::MIN, -5, 0, i64::MAX])], 2);
        assert_eq!(series.marks.iter().map(|m| m.count).sum::<u32>(), 4);
    }
}
