//! Kind `band`: judges a number against [low, high] with separate return limits.

use super::run::Verdict;

/// Judges `value`. Outside is bad, inside the return limits is good, between them nothing changes.
/// Not a number is no value, and the wire never carries one.
#[must_use]
pub fn judge(
    value: f64,
    low: Option<f64>,
    high: Option<f64>,
    low_return: Option<f64>,
    high_return: Option<f64>,
) -> Verdict {
    match (low, high) {
        (Some(low), _) if value < low => Verdict::Bad { limit: Some(low), excess: low - value },
        (_, Some(high)) if value > high => Verdict::Bad { limit: Some(high), excess: value - high },
        _ if low_return.or(low).is_some_and(|l| value < l) || high_return.or(high).is_some_and(|h| value > h) => {
            Verdict::Between
        }
        _ => Verdict::Good,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_belong_to_the_band_and_return_limits_to_the_good() {
        let check = |value, expected| {
            assert_eq!(judge(value, Some(18.0), Some(22.0), Some(18.5), Some(21.5)), expected, "{value}");
        };
        check(17.9, Verdict::Bad { limit: Some(18.0), excess: 18.0 - 17.9 });
        check(18.0, Verdict::Between);
        check(18.5, Verdict::Good);
        check(21.5, Verdict::Good);
        check(22.0, Verdict::Between);
        check(23.0, Verdict::Bad { limit: Some(22.0), excess: 1.0 });
    }

    #[test]
    fn without_return_limits_the_band_itself_is_good() {
        assert_eq!(judge(22.0, None, Some(22.0), None, None), Verdict::Good);
        assert_eq!(judge(-40.0, None, Some(22.0), None, None), Verdict::Good);
        assert_eq!(judge(3.0, Some(3.0), None, None, None), Verdict::Good);
    }
}
