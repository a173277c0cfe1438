//! A contact's patience: turns the levels of a line into a steady one; bouncing shorter than the
//! configured time never shows. Pure: the time is an argument.

use std::time::Duration;

/// Waits until a level has held for a while.
#[derive(Debug, Clone)]
pub struct Debouncer {
    settle: Duration,
    /// The level that stays at least so long once it counted.
    stays: Option<(bool, Duration)>,
    /// The level at which pulses count as if it held between them.
    pulsing: Option<bool>,
    steady: Option<bool>,
    /// A level that differs from the steady one, and since when.
    other: Option<(bool, Duration)>,
    /// The steady level counts until here at least.
    until: Duration,
    /// When a pulsing line was last at its level.
    last_pulse: Option<Duration>,
}

impl Debouncer {
    /// A level counts once it held for `settle`. The very first level counts at once.
    #[must_use]
    pub fn new(settle: Duration) -> Self {
        Self { settle, stays: None, pulsing: None, steady: None, other: None, until: Duration::ZERO, last_pulse: None }
    }

    /// Once `level` counted it stays for at least `time`, whatever the line does.
    #[must_use]
    pub fn staying(self, level: bool, time: Duration) -> Self {
        Self { stays: Some((level, time)), ..self }
    }

    /// Pulses of `level` count as that level: an opto-coupler on mains voltage conducts in every
    /// half wave or every other one, 50 or 100 times a second. Only silence for the time to settle
    /// is the other level.
    #[must_use]
    pub fn pulsing(self, level: bool) -> Self {
        Self { pulsing: Some(level), ..self }
    }

    /// Sees a level at `now`, and how many edges there were since it last saw; gives the level when
    /// it became the steady one. An edge while a level waits to count begins the wait anew.
    pub fn see(&mut self, high: bool, edges: u32, now: Duration) -> Option<bool> {
        let (level, settle) = self.heed(high, edges, now);
        if self.steady == Some(level) {
            self.other = None;
            return None;
        }
        let bounced = edges > 0 && self.pulsing.is_none();
        let since = match self.other {
            Some((other, since)) if other == level && !bounced => since,
            _ => now,
        };
        let first = self.steady.is_none() && self.pulsing.is_none();
        if (first || now.saturating_sub(since) >= settle) && now >= self.until {
            let stays = self.stays.filter(|(staying, _)| *staying == level).map_or(Duration::ZERO, |(_, time)| time);
            (self.steady, self.other, self.until) = (Some(level), None, now + stays);
            return Some(level);
        }
        self.other = Some((level, since));
        None
    }

    /// The level that counts for a pulsing line, and how long it must still hold.
    fn heed(&mut self, high: bool, edges: u32, now: Duration) -> (bool, Duration) {
        let Some(level) = self.pulsing else { return (high, self.settle) };
        if high == level || edges > 0 {
            self.last_pulse = Some(now);
        }
        let silent = self.last_pulse.is_none_or(|last| now.saturating_sub(last) >= self.settle);
        match (silent, self.last_pulse) {
            (false, _) => (level, self.settle),
            // The silence has lasted for as long as it must.
            (true, Some(_)) => (!level, Duration::ZERO),
            (true, None) => (!level, self.settle),
        }
    }

    /// How long from `now` until it must see again even if nothing happens.
    #[must_use]
    pub fn remaining(&self, now: Duration) -> Option<Duration> {
        let settles = self.other.map(|(_, since)| (since + self.settle).max(self.until));
        let silent = self.pulsing.and(self.last_pulse).map(|last| last + self.settle);
        let silent = silent.filter(|at| *at > now && self.steady.is_none_or(|steady| self.pulsing == Some(steady)));
        [settles, silent].into_iter().flatten().min().map(|at| at.saturating_sub(now))
    }

    /// The level that counts.
    #[must_use]
    pub fn steady(&self) -> Option<bool> {
        self.steady
    }

    /// Forgets the steady level, as after the line could not be read.
    pub fn forget(&mut self) {
        (self.steady, self.other, self.until, self.last_pulse) = (None, None, Duration::ZERO, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// Levels are (time in ms, high, edges).
    fn check(mut debouncer: Debouncer, levels: &[(u32, bool, u32)], expected: &[(u32, bool)]) {
        let seen: Vec<(u32, bool)> = levels
            .iter()
            .filter_map(|&(ms, high, edges)| debouncer.see(high, edges, MS * ms).map(|steady| (ms, steady)))
            .collect();
        assert_eq!(seen, expected);
    }

    fn door() -> Debouncer {
        Debouncer::new(MS * 50)
    }

    #[test]
    fn the_first_level_counts_at_once() {
        check(door(), &[(0, true, 0)], &[(0, true)]);
    }

    #[test]
    fn a_level_that_holds_counts_once() {
        let levels = [(0, true, 0), (10, false, 1), (59, false, 0), (60, false, 0), (500, false, 0)];
        check(door(), &levels, &[(0, true), (60, false)]);
    }

    #[test]
    fn bouncing_never_shows() {
        let levels = [(0, true, 0), (10, false, 1), (30, true, 1), (40, false, 1), (80, true, 1), (90, false, 1)];
        check(door(), &levels, &[(0, true)]);
        check(door(), &[(0, true, 0), (10, false, 1), (139, true, 1), (188, true, 0)], &[(0, true)]);
    }

    #[test]
    fn a_bounce_between_two_looks_begins_the_wait_anew() {
        let levels = [(0, true, 0), (10, false, 1), (55, false, 2), (60, false, 0), (104, false, 0), (105, false, 0)];
        check(door(), &levels, &[(0, true), (105, false)]);
    }

    proptest::proptest! {
        /// Looked at each millisecond, a level counts exactly once it held, and never comes back before
        /// its time.
        #[test]
        fn only_a_level_that_held_counts(
            levels in proptest::collection::vec((proptest::bool::ANY, 1_u32..120), 1..40),
            settle in 0_u32..60,
            stays in 0_u32..200,
        ) {
            let mut debouncer = Debouncer::new(MS * settle).staying(true, MS * stays);
            let line: Vec<bool> = levels.iter().flat_map(|(high, ms)| std::iter::repeat_n(*high, *ms as usize)).collect();
            let mut last: Option<(bool, usize)> = None;
            for (ms, high) in line.iter().enumerate() {
                let edge = u32::from(ms > 0 && line[ms - 1] != *high);
                let held = line[..=ms].iter().rev().take_while(|level| *level == high).count() - 1;
                let told = debouncer.see(*high, edge, MS * u32::try_from(ms).unwrap());
                let may = last.is_none_or(|(level, at)| {
                    level != *high && held >= settle as usize && (!level || ms - at >= stays as usize)
                });
                proptest::prop_assert_eq!(told, may.then_some(*high), "at {} ms", ms);
                if told.is_some() {
                    last = Some((*high, ms));
                }
            }
        }
    }

    #[test]
    fn a_leak_stays_for_its_time_although_the_line_dries() {
        let leak = || Debouncer::new(MS * 500).staying(true, MS * 5000);
        let levels = [
            (0, false, 0),
            (100, true, 1),
            (600, true, 0),
            (700, false, 1),
            (1300, false, 0),
            (5599, false, 0),
            (5600, false, 0),
        ];
        check(leak(), &levels, &[(0, false), (600, true), (5600, false)]);
        let mut wet = leak();
        let _ = (
            wet.see(false, 0, MS),
            wet.see(true, 1, MS * 100),
            wet.see(true, 0, MS * 600),
            wet.see(false, 1, MS * 700),
        );
        assert_eq!(wet.remaining(MS * 700), Some(MS * 4900), "it wakes when the leak may end");
    }

    #[test]
    fn mains_pulses_are_steady_power_and_their_end_is_told_once() {
        let power = || Debouncer::new(MS * 300).pulsing(false);
        // Low in each half wave, looked at in its gaps as well.
        let mut levels: Vec<(u32, bool, u32)> =
            (0..100).map(|half| (half * 10, half % 2 == 0, u32::from(half > 0))).collect();
        levels.extend([(1000, true, 0), (1200, true, 0), (1289, true, 0), (1290, true, 0), (2000, true, 0)]);
        check(power(), &levels, &[(310, false), (1290, true)]);
        // Without any pulse it is off, and says so once it is sure.
        check(power(), &[(0, true, 0), (299, true, 0), (300, true, 0)], &[(300, true)]);
        // One stray pulse is no power.
        check(power(), &[(0, true, 0), (300, true, 0), (400, true, 2), (699, true, 0), (700, true, 0)], &[(300, true)]);
        // A steady level is power as well.
        check(power(), &[(0, false, 0), (300, false, 0), (900, false, 0)], &[(300, false)]);
    }

    #[test]
    fn a_pulsing_line_that_falls_silent_is_looked_at_in_time() {
        let mut power = Debouncer::new(MS * 300).pulsing(false);
        let _ = (power.see(false, 0, MS), power.see(false, 0, MS * 400), power.see(true, 1, MS * 410));
        assert_eq!(power.steady(), Some(false));
        assert_eq!(power.remaining(MS * 420), Some(MS * 290));
        assert_eq!(power.see(true, 0, MS * 710), Some(true));
        assert_eq!(power.remaining(MS * 710), None);
    }
}
