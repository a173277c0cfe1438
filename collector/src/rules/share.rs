//! Kind `share`: judges for how much of a window a number was out of its band, as hygiene limits do that
//! are means over an hour. The time between two values counts as the first of them was, for the part of
//! the window in which the second was read; time across a pause longer than the rule's gap does not count.
//! The window has [`PARTS`] parts and moves by whole parts. While less than half of it is known nothing
//! is said; above `share` is bad, else good.
//!
//! Worked example: `high = 1500.0`, `share = 0.25`, `window = "1h"`, a value a minute. CO2 is above 1500
//! for 20 minutes from 12:00 on, and below before and after. At 12:15 it was out for 15 of 60 minutes,
//! 25 %: good; at 12:16 more: bad, until 13:05, when the window has left the first five of them behind.

use wire::UnixMs;

use super::run::Verdict;

/// Parts of a window.
pub const PARTS: usize = 60;

/// Time known, and time out of band, by part of the window; 1 KiB for live and late data together.
#[derive(Debug, Clone, PartialEq)]
pub struct Shares {
    /// Number of the part that is filled now, counted since 1970.
    pub part: i64,
    /// Whether the last value was out of band, and when it was read.
    pub last: (UnixMs, bool),
    /// Milliseconds known and out of band; the present part is `part` modulo [`PARTS`].
    pub parts: Vec<(u32, u32)>,
    /// Their sums.
    sums: (u64, u64),
}

impl Shares {
    /// Goes on with parts that were kept.
    #[must_use]
    pub fn new(part: i64, last: (UnixMs, bool), parts: Vec<(u32, u32)>) -> Self {
        let sum = |sums: (u64, u64), part: &(u32, u32)| (sums.0 + u64::from(part.0), sums.1 + u64::from(part.1));
        let sums = parts.iter().fold((0, 0), sum);
        Self { part, last, parts, sums }
    }

    fn slot(part: i64) -> usize {
        usize::try_from(part.rem_euclid(PARTS as i64)).unwrap_or(0)
    }

    /// Empties the parts that the window has left behind; all of them where time seems to go back, which
    /// is so when the rule got another window.
    fn advance(&mut self, part: i64) {
        let steps = if part < self.part { PARTS as i64 } else { (part - self.part).min(PARTS as i64) };
        for step in 1..=steps {
            let (known, out) = std::mem::take(&mut self.parts[Self::slot(part - steps + step)]);
            self.sums.0 -= u64::from(known);
            self.sums.1 -= u64::from(out);
        }
        self.part = part;
    }

    /// Takes the time since the last value.
    fn add(&mut self, length_ms: i64) {
        let slot = &mut self.parts[Self::slot(self.part)];
        // A part holds at most its own length and one gap, both weeks at most.
        let length = u32::try_from(length_ms).unwrap_or(0).min(u32::MAX - slot.0);
        slot.0 += length;
        self.sums.0 += u64::from(length);
        if self.last.1 {
            slot.1 += length;
            self.sums.1 += u64::from(length);
        }
    }
}

/// Takes the value read at `at`; gives the share out of band in percent, once enough is known.
pub fn judge(
    shares: &mut Option<Box<Shares>>,
    (at, is_out): (UnixMs, bool),
    fresh: bool,
    share: f64,
    window_ms: i64,
) -> Option<(f64, Verdict)> {
    let part_ms = (window_ms / PARTS as i64).max(1);
    let part = at.div_euclid(part_ms);
    let all = shares.get_or_insert_with(|| Box::new(Shares::new(part, (at, is_out), vec![(0, 0); PARTS])));
    all.advance(part);
    if !fresh {
        all.add(at - all.last.0);
    }
    all.last = (at, is_out);
    #[expect(clippy::cast_precision_loss, reason = "sums of a window are far below 2^52 ms")]
    let (known, out) = (all.sums.0 as f64, all.sums.1 as f64);
    #[expect(clippy::cast_precision_loss, reason = "a window is far below 2^52 ms")]
    let half = window_ms as f64 / 2.0;
    if known < half {
        return None;
    }
    let found = out / known;
    let verdict = match found > share {
        true => Verdict::Bad { limit: Some(share * 100.0), excess: (found - share) * 100.0 },
        false => Verdict::Good,
    };
    Some((found * 100.0, verdict))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worked_example() {
        const MINUTE: i64 = 60_000;
        let mut shares = None;
        let mut bad_at = Vec::new();
        for minute in 0..200 {
            let is_out = (100..120).contains(&minute);
            let judged = judge(&mut shares, (minute * MINUTE, is_out), minute == 0, 0.25, 60 * MINUTE);
            assert_eq!(judged.is_some(), minute >= 30, "half of the window is known at {minute}");
            if judged.is_some_and(|(_, verdict)| verdict != Verdict::Good) {
                bad_at.push(minute - 100);
            }
        }
        assert_eq!((bad_at[0], *bad_at.last().unwrap()), (16, 64));
        assert_eq!(bad_at.len(), 49, "without a break");
    }

    #[test]
    fn another_window_begins_with_nothing_known() {
        let mut shares = None;
        for minute in 0..60 {
            judge(&mut shares, (minute * 60_000, true), minute == 0, 0.5, 60 * 60_000);
        }
        let longer = judge(&mut shares, (60 * 60_000, true), false, 0.5, 600 * 60_000);
        assert_eq!((longer, shares.unwrap().sums), (None, (60_000, 60_000)));
    }

    #[test]
    fn a_pause_does_not_count_and_old_parts_are_left_behind() {
        let mut shares = None;
        for second in 0..40 {
            judge(&mut shares, (second * 1_000, true), second == 0, 0.5, 60_000);
        }
        let after = judge(&mut shares, (500_000, false), true, 0.5, 60_000);
        assert_eq!(after, None, "everything before is out of the window");
    }
}
