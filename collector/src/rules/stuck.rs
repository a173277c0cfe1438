//! Kind `stuck`: judges a number that always moves and has not. It is bad once values have come for
//! `after` without leaving a span of `within`; good again with the first value that leaves it.
//!
//! Worked example: `after = "30m"`, `within = 0.0` and a thermometer that says 21.3 from 12:00 on. At
//! 12:29:50 nothing is known yet, at 12:30:00 it is bad, and 21.4 at 14:10 is good again. A pause longer
//! than the rule's gap proves nothing, so the half hour is counted anew from the value after it.

use wire::UnixMs;

use super::run::Verdict;

/// The span in which a number has stayed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Still {
    /// Since when.
    pub since: UnixMs,
    /// Its least value since then.
    pub low: f64,
    /// Its greatest.
    pub high: f64,
}

/// Takes the value read at `at`. `fresh` says that the values before it prove nothing.
pub fn judge(still: &mut Option<Still>, at: UnixMs, value: f64, fresh: bool, after_ms: i64, within: f64) -> Verdict {
    let here = Still { since: at, low: value, high: value };
    let Some(span) = still.as_mut().filter(|_| !fresh) else {
        *still = Some(here);
        return Verdict::Between;
    };
    let (low, high) = (span.low.min(value), span.high.max(value));
    if high - low > within {
        *span = here;
        return Verdict::Good;
    }
    (span.low, span.high) = (low, high);
    if at.saturating_sub(span.since) >= after_ms {
        return Verdict::Bad { limit: None, excess: 0.0 };
    }
    Verdict::Between
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worked_example() {
        const MINUTE: i64 = 60_000;
        let bad = Verdict::Bad { limit: None, excess: 0.0 };
        let mut still = None;
        let mut at = |minutes: i64, value, fresh| judge(&mut still, minutes * MINUTE, value, fresh, 30 * MINUTE, 0.0);
        assert_eq!(at(0, 21.3, false), Verdict::Between);
        assert_eq!(at(29, 21.3, false), Verdict::Between);
        assert_eq!(at(30, 21.3, false), bad);
        assert_eq!(at(130, 21.4, false), Verdict::Good);
        assert_eq!(at(140, 21.4, true), Verdict::Between);
        assert_eq!(at(169, 21.4, false), Verdict::Between, "counted from the value after the pause");
        assert_eq!(at(170, 21.4, false), bad);
    }

    #[test]
    fn a_slow_drift_leaves_the_span_sooner_or_later() {
        let mut still = None;
        let verdicts: Vec<_> =
            (0..6i32).map(|n| judge(&mut still, i64::from(n), f64::from(n) * 0.1, false, 3, 0.25)).collect();
        assert_eq!(verdicts[3], Verdict::Good);
        assert!(!verdicts.contains(&Verdict::Bad { limit: None, excess: 0.0 }));
    }
}
