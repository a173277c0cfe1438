//! Kind `due`: judges the days that are left until something is due. Below `within` is bad; negative is
//! past. The days are counted outside, in the venue's zone.
//!
//! Worked example: an extinguisher is to be serviced on 1 June and `within = "30d"`. On 1 May 31 days
//! are left, which is good; on 2 May 30, which is good; on 3 May 29: an episode begins, and it ends when
//! the service is entered and the next date lies a year ahead.

use super::run::Verdict;

/// The usual gap of rules of this kind: days left are told every hour, and a weekend without the
/// collector takes nothing away from them.
pub const GAP_MS: i64 = 2 * 86_400_000;

/// Judges the days that are `left`.
#[must_use]
pub fn judge(left: f64, within_days: f64) -> Verdict {
    if left < within_days {
        Verdict::Bad { limit: Some(within_days), excess: within_days - left }
    } else {
        Verdict::Good
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worked_example() {
        assert_eq!(judge(31.0, 30.0), Verdict::Good);
        assert_eq!(judge(30.0, 30.0), Verdict::Good);
        assert_eq!(judge(29.0, 30.0), Verdict::Bad { limit: Some(30.0), excess: 1.0 });
        assert_eq!(judge(-3.0, 30.0), Verdict::Bad { limit: Some(30.0), excess: 33.0 });
    }
}
