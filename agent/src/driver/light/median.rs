//! The middle of several measurements: turns light that flashes into the light that mostly is. A mean
//! would follow every flash; the median moves only when half of the time is different.

use std::{collections::VecDeque, time::Duration};

/// Between two measurements of a median.
pub const EVERY: Duration = Duration::from_secs(1);
/// The most measurements: a minute of them.
pub const LEN_MAX: u8 = 60;

/// The last so many measurements.
#[derive(Debug)]
pub struct Median {
    len: usize,
    values: VecDeque<f64>,
}

impl Median {
    /// Of the last `len` measurements; of 1, the last is the middle.
    #[must_use]
    pub fn new(len: u8) -> Self {
        Self { len: usize::from(len.clamp(1, LEN_MAX)), values: VecDeque::new() }
    }

    /// How often to measure between two readings, if at all.
    #[must_use]
    pub fn every(&self) -> Option<Duration> {
        (self.len > 1).then_some(EVERY)
    }

    /// Takes a measurement; infinity for one that was too bright to count.
    pub fn push(&mut self, value: f64) {
        if self.values.len() == self.len {
            self.values.pop_front();
        }
        self.values.push_back(value);
    }

    /// Forgets them: the light may have changed while nobody looked.
    pub fn clear(&mut self) {
        self.values.clear();
    }

    /// The middle one; of an even number the darker one, which is a value that was measured.
    #[must_use]
    pub fn middle(&self) -> Option<f64> {
        let mut sorted: Vec<f64> = self.values.iter().copied().collect();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len().checked_sub(1)? / 2).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(len: u8, values: &[f64], middle: Option<f64>) {
        let mut median = Median::new(len);
        values.iter().for_each(|value| median.push(*value));
        assert_eq!(median.middle(), middle, "{values:?}");
    }

    #[test]
    fn flashes_do_not_move_it_until_they_are_half_of_the_time() {
        check(5, &[], None);
        check(5, &[7.0], Some(7.0));
        check(5, &[7.0, 900.0], Some(7.0));
        check(5, &[7.0, 900.0, 8.0, f64::INFINITY, 6.0], Some(8.0));
        check(5, &[7.0, 900.0, 900.0, 900.0, 6.0], Some(900.0));
        check(3, &[500.0, 500.0, 500.0, 5.0, 6.0], Some(6.0));
        check(1, &[5.0, 900.0], Some(900.0));
        check(0, &[5.0], Some(5.0));
    }

    #[test]
    fn only_a_median_of_several_wants_looks() {
        assert_eq!((Median::new(1).every(), Median::new(2).every()), (None, Some(EVERY)));
    }
}
