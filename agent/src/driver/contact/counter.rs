//! Counts pulses: turns the timed edges of a line into whole pulses and a rate. An edge that is
//! followed by another too soon is a bounce. Pure: times are arguments.

use std::{collections::VecDeque, time::Duration};

use crate::driver::Edge;

/// The window of a rate is divided into so many parts; the oldest leaves when a new one begins.
const PARTS: u32 = 60;
/// A rate says nothing until so many parts have passed: one pulse in the first second is no 3600 an
/// hour.
const PARTS_MIN: u32 = 6;

/// Pulses of a line: low after high, each for at least the time to settle.
#[derive(Debug, Clone)]
pub struct Counter {
    settle: Duration,
    /// The level that counts.
    steady: Option<bool>,
    /// The last edge, while it is not known whether it holds.
    candidate: Option<Candidate>,
    count: u64,
    lost: u64,
}

#[derive(Debug, Clone, Copy)]
struct Candidate {
    high: bool,
    /// By the clock of edges.
    at: Duration,
    /// When this side looked, by its own clock.
    seen: Duration,
}

impl Counter {
    /// Both levels of a pulse must hold for `settle`.
    #[must_use]
    pub fn new(settle: Duration) -> Self {
        Self { settle, steady: None, candidate: None, count: 0, lost: 0 }
    }

    /// Goes on from what was counted before a restart.
    pub fn resume(&mut self, count: u64, lost: u64) {
        (self.count, self.lost) = (self.count.saturating_add(count), self.lost.saturating_add(lost));
    }

    /// Sees edges in their order, how many the kernel had no room for before them, and the level that
    /// the line has at `now`. Gives how many pulses were counted.
    pub fn see(&mut self, high: bool, edges: &[Edge], lost: u32, now: Duration) -> u64 {
        let before = self.count;
        if lost > 0 {
            self.lost = self.lost.saturating_add(lost.into());
            self.candidate = None;
        }
        for edge in edges {
            if let Some(last) = self.candidate
                && edge.at.saturating_sub(last.at) >= self.settle
            {
                self.settle_on(last.high);
            }
            self.candidate = Some(Candidate { high: edge.high, at: edge.at, seen: now });
        }
        if let Some(last) = self.candidate
            && edges.is_empty()
            && now.saturating_sub(last.seen) >= self.settle
        {
            self.settle_on(last.high);
            self.candidate = None;
        }
        if self.candidate.is_none() {
            match self.steady {
                // An edge that nobody has told of yet: it must hold like any other.
                Some(steady) if steady != high => self.candidate = Some(Candidate { high, at: now, seen: now }),
                _ => self.steady = Some(high),
            }
        }
        self.count - before
    }

    fn settle_on(&mut self, high: bool) {
        if self.steady == Some(true) && !high {
            self.count = self.count.saturating_add(1);
        }
        self.steady = Some(high);
    }

    /// When it must see again even if nothing happens.
    #[must_use]
    pub fn remaining(&self, now: Duration) -> Option<Duration> {
        self.candidate.map(|last| (last.seen + self.settle).saturating_sub(now))
    }

    /// Pulses so far.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Edges that the kernel dropped because nobody fetched them in time.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// The line could not be read: its level is unknown, what was counted stays.
    pub fn forget(&mut self) {
        (self.steady, self.candidate) = (None, None);
    }
}

/// Pulses an hour, over a window that moves.
#[derive(Debug, Clone)]
pub struct Rate {
    part: Duration,
    began: Option<Duration>,
    /// The number of a part since the beginning, and its pulses; at most [`PARTS`].
    parts: VecDeque<(u32, u64)>,
}

impl Rate {
    /// Over the last `window`.
    #[must_use]
    pub fn new(window: Duration) -> Self {
        Self { part: (window / PARTS).max(Duration::from_millis(1)), began: None, parts: VecDeque::new() }
    }

    /// Notes pulses at `now`.
    pub fn note(&mut self, pulses: u64, now: Duration) {
        let part = self.part_at(now);
        match self.parts.back_mut() {
            Some((last, count)) if *last == part => *count = count.saturating_add(pulses),
            _ if pulses > 0 => self.parts.push_back((part, pulses)),
            _ => {}
        }
        self.expire(part);
    }

    /// Pulses an hour, once enough time has passed to say so.
    pub fn per_hour(&mut self, now: Duration) -> Option<f64> {
        let part = self.part_at(now);
        self.expire(part);
        let window = self.part * PARTS;
        // The present part has only begun, so the window is what of it has passed and all before.
        let since = self.part * part.saturating_sub(PARTS - 1);
        let over = (now - self.began?).saturating_sub(since).min(window);
        let pulses: u64 = self.parts.iter().map(|(_, count)| count).sum();
        (over >= self.part * PARTS_MIN).then(|| pulses as f64 * 3600.0 / over.as_secs_f64())
    }

    fn part_at(&mut self, now: Duration) -> u32 {
        let began = *self.began.get_or_insert(now);
        u32::try_from(now.saturating_sub(began).as_millis() / self.part.as_millis()).unwrap_or(u32::MAX)
    }

    fn expire(&mut self, part: u32) {
        while self.parts.front().is_some_and(|(first, _)| part - first >= PARTS) {
            self.parts.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn edge(ms: u32, high: bool) -> Edge {
        Edge { high, at: MS * ms }
    }

    /// Everything is fetched in one go at `then`, as after a nap.
    fn counted(settle_ms: u32, edges: &[Edge], high: bool, then: u32) -> u64 {
        let mut counter = Counter::new(MS * settle_ms);
        counter.see(true, &[], 0, Duration::ZERO);
        counter.see(high, edges, 0, MS * then);
        counter.see(high, &[], 0, MS * (then + settle_ms));
        counter.count()
    }

    #[test]
    fn a_pulse_is_one_falling_edge_that_holds() {
        assert_eq!(counted(10, &[edge(100, false), edge(130, true)], true, 200), 1);
        assert_eq!(counted(10, &[edge(100, false)], false, 101), 1);
    }

    #[test]
    fn bounces_are_not_counted_on_either_side_of_a_pulse() {
        let bouncing =
            [edge(100, false), edge(101, true), edge(103, false), edge(140, true), edge(141, false), edge(142, true)];
        assert_eq!(counted(10, &bouncing, true, 200), 1);
        assert_eq!(counted(10, &[edge(100, false), edge(105, true)], true, 200), 0, "a spike");
    }

    #[test]
    fn a_hundred_pulses_a_second_that_are_fetched_late_are_all_counted() {
        let edges: Vec<Edge> = (0..2000).map(|half| edge(half * 5, half % 2 == 1)).collect();
        assert_eq!(counted(2, &edges, true, 10_000), 1000);
    }

    #[test]
    fn what_the_kernel_dropped_is_told_and_never_guessed() {
        let mut counter = Counter::new(MS * 10);
        counter.see(true, &[], 0, Duration::ZERO);
        counter.see(true, &[edge(100, false), edge(130, true)], 37, MS * 200);
        assert_eq!((counter.count(), counter.lost()), (1, 37));
    }

    #[test]
    fn a_line_that_cannot_be_read_for_a_while_keeps_its_count() {
        let mut counter = Counter::new(MS);
        counter.see(true, &[edge(5, false), edge(10, true)], 0, MS * 20);
        counter.see(true, &[], 0, MS * 30);
        counter.forget();
        counter.see(false, &[], 0, MS * 40);
        assert_eq!(counter.count(), 0, "its level before the first edge was not known");
        counter.see(false, &[edge(50, true), edge(60, false)], 0, MS * 61);
        counter.see(false, &[], 0, MS * 70);
        assert_eq!(counter.count(), 1);
    }

    proptest::proptest! {
        /// Levels that are bounces or hold, looked at whenever, by edges that come a little later than
        /// the level: as many pulses as lows that held after highs that held.
        #[test]
        fn every_pulse_is_counted_once_however_the_line_bounces(
            levels in proptest::collection::vec((0_u32..4, proptest::bool::ANY), 1..80),
            looks in proptest::collection::vec((1_u32..60, 0_u32..3), 1..80),
        ) {
            const SETTLE: u32 = 20;
            let (mut edges, mut at, mut expected, mut held_high) = (Vec::new(), 100, 0, true);
            for (i, (short, holds)) in levels.iter().enumerate() {
                let high = i % 2 == 1;
                edges.push(edge(at, high));
                // The last level holds, or nobody could say.
                let holds = *holds || i + 1 == levels.len();
                at += if holds { SETTLE * 3 } else { 1 + short };
                expected += u64::from(holds && !high && held_high);
                held_high = if holds { high } else { held_high };
            }
            let level_at = |ms: u32| edges.iter().rev().find(|edge| edge.at <= MS * ms).is_none_or(|edge| edge.high);
            let mut counter = Counter::new(MS * SETTLE);
            let (mut now, mut told) = (0, 0);
            for (step, late) in looks.iter().copied().chain(std::iter::repeat_n((SETTLE, 0), 400)) {
                let fetched = edges.iter().filter(|edge| edge.at <= MS * (now - now.min(late))).count().max(told);
                counter.see(level_at(now), &edges[told..fetched], 0, MS * now);
                told = fetched;
                now += step;
            }
            proptest::prop_assert_eq!(counter.count(), expected);
        }
    }

    #[test]
    fn an_edge_that_nobody_told_of_counts_when_its_level_holds() {
        let mut counter = Counter::new(MS * 10);
        counter.see(true, &[], 0, Duration::ZERO);
        counter.see(false, &[], 0, MS * 100);
        assert_eq!(counter.remaining(MS * 100), Some(MS * 10));
        assert_eq!(counter.see(false, &[], 0, MS * 110), 1);
    }

    #[test]
    fn a_rate_counts_the_window_and_waits_until_it_knows() {
        let second = Duration::from_secs(1);
        let mut rate = Rate::new(second * 600);
        rate.note(0, second * 1000);
        rate.note(5, second * 1001);
        assert_eq!(rate.per_hour(second * 1059), None);
        assert_eq!(rate.per_hour(second * 1060), Some(300.0));
        // Once a second for an hour.
        let mut rate = Rate::new(second * 600);
        for s in 0..3600 {
            rate.note(1, second * s);
        }
        let steady = rate.per_hour(second * 3600).unwrap();
        assert!((3590.0..=3610.0).contains(&steady), "{steady}");
        // And nothing any more: gone with the window.
        assert!(rate.per_hour(second * 3900).unwrap() < 2000.0);
        assert_eq!(rate.per_hour(second * 4300), Some(0.0));
    }
}
