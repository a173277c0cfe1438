//! Kind `state`: judges whether a 0/1 point is as it should be.

use super::run::Verdict;

/// Judges `value`: a half and above counts as 1.
#[must_use]
pub fn judge(value: f64, good: bool) -> Verdict {
    if (value >= 0.5) == good { Verdict::Good } else { Verdict::Bad { limit: None, excess: 0.0 } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_wanted_state_is_good() {
        let bad = Verdict::Bad { limit: None, excess: 0.0 };
        assert_eq!(judge(1.0, true), Verdict::Good);
        assert_eq!(judge(0.0, true), bad);
        assert_eq!(judge(0.0, false), Verdict::Good);
        assert_eq!(judge(1.0, false), bad);
    }
}
