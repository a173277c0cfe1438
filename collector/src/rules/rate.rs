//! Kind `rate`: judges how fast a number moves: faster than physics allows, or a fridge that warms. The
//! speed is that between the value and an older one, read at least `per` and less than two `per` before
//! it, and is told as the change in one `per`. Until an older one is there, nothing is said.
//!
//! The older value is one of two anchors: a new anchor is set at the first value that comes `per` or more
//! after the last; the value is measured against the last anchor where that is `per` or more ago, else
//! against the one before it. A pause longer than the rule's gap forgets both.
//!
//! Worked example: `rise = 2.0`, `per = "10m"`; a fridge reads 4.0 °C at 12:00, 5.0 at 12:05 and 7.5 at
//! 12:10. At 12:05 nothing is known; at 12:10 it rose 3.5 °C in ten minutes: bad. At 12:15 it reads 7.6:
//! against 12:00 that is 3.6 °C in fifteen minutes, 2.4 in ten: still bad. At 12:20, 7.6 against the
//! anchor of 12:10 is 0.1 in ten minutes: good.

use wire::UnixMs;

use super::run::Verdict;

/// Two values to measure against.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slope {
    /// The anchor before the last.
    pub older: Option<(UnixMs, f64)>,
    /// The last anchor.
    pub last: (UnixMs, f64),
}

/// Takes the value read at `at`; gives the change in one `per`, once it is known.
pub fn judge(
    slope: &mut Option<Slope>,
    (at, value): (UnixMs, f64),
    fresh: bool,
    (rise, fall): (Option<f64>, Option<f64>),
    per_ms: i64,
) -> Option<(f64, Verdict)> {
    let Some(anchors) = slope.as_mut().filter(|_| !fresh) else {
        *slope = Some(Slope { older: None, last: (at, value) });
        return None;
    };
    let mut base = anchors.older;
    if at.saturating_sub(anchors.last.0) >= per_ms {
        base = Some(anchors.last);
        *anchors = Slope { older: base, last: (at, value) };
    }
    let (from, before) = base?;
    #[expect(clippy::cast_precision_loss, reason = "lengths of time are far below 2^52 ms")]
    let change = (value - before) * per_ms as f64 / at.saturating_sub(from).max(1) as f64;
    let verdict = match (rise, fall) {
        (Some(rise), _) if change > rise => Verdict::Bad { limit: Some(rise), excess: change - rise },
        (_, Some(fall)) if -change > fall => Verdict::Bad { limit: Some(-fall), excess: -change - fall },
        _ => Verdict::Good,
    };
    Some((change, verdict))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worked_example() {
        const MINUTE: i64 = 60_000;
        let mut slope = None;
        let mut at = |minutes: i64, value| {
            let judged = judge(&mut slope, (minutes * MINUTE, value), false, (Some(2.0), None), 10 * MINUTE);
            judged.map(|(change, verdict)| ((change * 100.0).round() / 100.0, verdict != Verdict::Good))
        };
        assert_eq!(at(0, 4.0), None);
        assert_eq!(at(5, 5.0), None);
        assert_eq!(at(10, 7.5), Some((3.5, true)));
        assert_eq!(at(15, 7.6), Some((2.4, true)));
        assert_eq!(at(20, 7.6), Some((0.1, false)));
    }

    #[test]
    fn falling_has_its_own_limit() {
        let mut slope = None;
        let limits = (None, Some(1.0));
        assert_eq!(judge(&mut slope, (0, 10.0), false, limits, 10), None);
        let bad = Verdict::Bad { limit: Some(-1.0), excess: 1.0 };
        assert_eq!(judge(&mut slope, (10, 8.0), false, limits, 10), Some((-2.0, bad)));
        assert_eq!(judge(&mut slope, (20, 18.0), false, limits, 10), Some((10.0, Verdict::Good)));
        assert_eq!(judge(&mut slope, (30, 8.0), true, limits, 10), None, "a pause forgets");
    }
}
