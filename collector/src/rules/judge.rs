//! Judges one value by the rule's kind, with what the kind remembers of the values before it.

use wire::{PointName, UnixMs};

use super::{
    Expect, Rule, band, disagree, due, pattern,
    rate::{self, Slope},
    run::Verdict,
    share::{self, Shares},
    state,
    stuck::{self, Still},
};

/// What kinds that look back remember of one stream of values; empty for the others.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Past {
    /// Of kind `stuck`.
    pub still: Option<Still>,
    /// Of kind `rate`.
    pub slope: Option<Slope>,
    /// Of kind `share`.
    pub shares: Option<Box<Shares>>,
}

/// Whether a rule of that kind remembers more than its run.
#[must_use]
pub fn looks_back(expect: &Expect) -> bool {
    matches!(expect, Expect::Stuck { .. } | Expect::Rate { .. } | Expect::Share { .. })
}

/// A value to judge, and what stands around it.
#[derive(Debug, Clone, Copy)]
pub struct Reading<'a> {
    /// The point.
    pub name: &'a PointName,
    /// When.
    pub at: UnixMs,
    /// What it says.
    pub value: f64,
    /// All points of the sample.
    pub sample: &'a [(PointName, f64)],
}

/// The number that people should see and what it means; `None` where nothing can be said of it.
/// `fresh` says that there was a pause longer than the rule's gap, or nothing before.
#[must_use]
#[inline]
pub fn judge(rule: &Rule, reading: Reading<'_>, past: Option<&mut Past>, fresh: bool) -> Option<(f64, Verdict)> {
    let Reading { at, value, .. } = reading;
    Some(match &rule.expect {
        Expect::Band { low, high, low_return, high_return } => {
            (value, band::judge(value, *low, *high, *low_return, *high_return))
        }
        Expect::State { good } => (value, state::judge(value, *good)),
        Expect::Due { within_days } => (value, due::judge(value, *within_days)),
        Expect::Stuck { after_ms, within } => {
            (value, stuck::judge(&mut past?.still, at, value, fresh, *after_ms, *within))
        }
        Expect::Rate { rise, fall, per_ms } => {
            return rate::judge(&mut past?.slope, (at, value), fresh, (*rise, *fall), *per_ms);
        }
        Expect::Share { low, high, share, window_ms } => {
            let is_out = low.is_some_and(|low| value < low) || high.is_some_and(|high| value > high);
            return share::judge(&mut past?.shares, (at, is_out), fresh, *share, *window_ms);
        }
        Expect::Disagree { with, apart } => {
            let sibling =
                |name: &PointName| name != reading.name && with.iter().any(|p| pattern::fits(p, name.as_str()));
            let siblings = reading.sample.iter().filter(|(name, _)| sibling(name)).map(|(_, value)| *value);
            return disagree::judge(value, &mut siblings.collect::<Vec<_>>(), *apart);
        }
        Expect::Silent { .. } => return None,
    })
}
