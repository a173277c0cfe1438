//! A contact: turns the levels of a line into a steady 0 or 1; bouncing shorter than the configured
//! time never shows. Pure: the time is an argument.

use std::time::Duration;

/// Waits until a level has held for a while.
#[derive(Debug, Clone)]
pub struct Debouncer {
    hold: Duration,
    steady: Option<bool>,
    /// A level that differs from the steady one, and since when.
    other: Option<(bool, Duration)>,
}

impl Debouncer {
    /// A level counts once it held for `hold`. The very first level counts at once.
    #[must_use]
    pub fn new(hold: Duration) -> Self {
        Self { hold, steady: None, other: None }
    }

    /// Sees a level at `now`; gives it when it became the steady one.
    pub fn see(&mut self, high: bool, now: Duration) -> Option<bool> {
        if self.steady == Some(high) {
            self.other = None;
            return None;
        }
        let since = match self.other {
            Some((level, since)) if level == high => since,
            _ => now,
        };
        if self.steady.is_none() || now.saturating_sub(since) >= self.hold {
            self.steady = Some(high);
            self.other = None;
            return Some(high);
        }
        self.other = Some((high, since));
        None
    }

    /// How long from `now` until the level that is being watched would count.
    #[must_use]
    pub fn remaining(&self, now: Duration) -> Option<Duration> {
        self.other.map(|(_, since)| (since + self.hold).saturating_sub(now))
    }

    /// Forgets the steady level, as after the line could not be read.
    pub fn forget(&mut self) {
        self.steady = None;
        self.other = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(levels: &[(u64, bool)], expected: &[(u64, bool)]) {
        let mut debouncer = Debouncer::new(Duration::from_millis(50));
        let seen: Vec<(u64, bool)> = levels
            .iter()
            .filter_map(|&(ms, high)| debouncer.see(high, Duration::from_millis(ms)).map(|steady| (ms, steady)))
            .collect();
        assert_eq!(seen, expected);
    }

    #[test]
    fn the_first_level_counts_at_once() {
        check(&[(0, true)], &[(0, true)]);
    }

    #[test]
    fn a_level_that_holds_counts_once() {
        check(&[(0, true), (10, false), (59, false), (60, false), (500, false)], &[(0, true), (60, false)]);
    }

    #[test]
    fn bouncing_never_shows() {
        check(&[(0, true), (10, false), (30, true), (40, false), (80, true), (90, false), (139, false)], &[(0, true)]);
    }
}
