//! What one value means to each kind of rule, read from its definition: looks at all values before it
//! each time, remembers nothing from one to the next, and shares no code with the kinds.

use wire::UnixMs;

use super::Expect;

/// One value of a stretch, in order of time.
#[derive(Debug, Clone, PartialEq)]
pub struct Value {
    pub at: UnixMs,
    pub value: f64,
    /// Other points of the same sample that a rule may compare it with.
    pub siblings: Vec<f64>,
}

/// What a value means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    Good,
    Between,
    Bad,
    /// Nothing can be said of it.
    Nothing,
}

fn bad_if(bad: bool) -> Mark {
    if bad { Mark::Bad } else { Mark::Good }
}

/// What the last of `values` means.
pub fn mark(expect: &Expect, gap_ms: i64, values: &[Value]) -> Mark {
    let value = values[values.len() - 1].value;
    match expect {
        Expect::Band { low, high, low_return, high_return } => {
            let least = low_return.or(*low).unwrap_or(f64::MIN);
            let most = high_return.or(*high).unwrap_or(f64::MAX);
            match value {
                _ if value < low.unwrap_or(f64::MIN) || value > high.unwrap_or(f64::MAX) => Mark::Bad,
                _ if value >= least && value <= most => Mark::Good,
                _ => Mark::Between,
            }
        }
        Expect::State { good } => bad_if((value < 0.5) == *good),
        Expect::Due { within_days } => bad_if(value - within_days < 0.0),
        Expect::Stuck { after_ms, within } => stuck(since_pause(gap_ms, values), *after_ms, *within),
        Expect::Rate { rise, fall, per_ms } => rate(since_pause(gap_ms, values), *rise, *fall, *per_ms),
        Expect::Share { low, high, share, window_ms } => {
            let out = |v: f64| !(low.unwrap_or(f64::MIN)..=high.unwrap_or(f64::MAX)).contains(&v);
            shares(gap_ms, values, &out, *share, *window_ms)
        }
        Expect::Disagree { apart, .. } => disagree(&values[values.len() - 1], *apart),
        Expect::Silent { .. } => Mark::Nothing,
    }
}

/// The values since the last pause.
fn since_pause(gap_ms: i64, values: &[Value]) -> &[Value] {
    let from = (1..values.len()).rev().find(|&i| values[i].at - values[i - 1].at > gap_ms).unwrap_or(0);
    &values[from..]
}

/// Spans follow each other without overlap; each is as long as can be.
fn stuck(values: &[Value], after_ms: i64, within: f64) -> Mark {
    let leaves = |from: usize, to: usize| {
        let all = || values[from..=to].iter().map(|v| v.value);
        all().any(|a| all().any(|b| a - b > within))
    };
    let last = values.len() - 1;
    let mut begin = 0;
    while let Some(next) = (begin + 1..=last).find(|&to| leaves(begin, to)) {
        begin = next;
    }
    match begin {
        _ if values[last].at - values[begin].at >= after_ms => Mark::Bad,
        0 => Mark::Between,
        _ if begin == last => Mark::Good,
        _ => Mark::Between,
    }
}

/// Measured against the latest anchor that is `per` old; compared without dividing.
fn rate(values: &[Value], rise: Option<f64>, fall: Option<f64>, per_ms: i64) -> Mark {
    let last = &values[values.len() - 1];
    let mut anchors = vec![&values[0]];
    for value in values {
        if value.at >= anchors[anchors.len() - 1].at + per_ms {
            anchors.push(value);
        }
    }
    let Some(base) = anchors.into_iter().rfind(|a| a.at <= last.at - per_ms) else { return Mark::Nothing };
    let moved = (last.value - base.value) * per_ms as f64;
    let time = (last.at - base.at) as f64;
    bad_if(rise.is_some_and(|rise| moved > rise * time) || fall.is_some_and(|fall| -moved > fall * time))
}

/// The stretch of time before a value counts as the value before it was, in the sixtieth of a window in
/// which the later one lies; of the last sixty of these all that is known is summed up.
fn shares(gap_ms: i64, values: &[Value], out: &dyn Fn(f64) -> bool, share: f64, window_ms: i64) -> Mark {
    let sixtieth = |v: &Value| v.at.div_euclid((window_ms / 60).max(1));
    let now = sixtieth(&values[values.len() - 1]);
    let pairs = values.windows(2).filter(|w| w[1].at - w[0].at <= gap_ms && now - sixtieth(&w[1]) < 60);
    let times: Vec<(i64, bool)> = pairs.map(|w| (w[1].at - w[0].at, out(w[0].value))).collect();
    let known: i64 = times.iter().map(|t| t.0).sum();
    let bad: i64 = times.iter().filter(|t| t.1).map(|t| t.0).sum();
    if 2 * known < window_ms { Mark::Nothing } else { bad_if(bad as f64 > share * known as f64) }
}

/// As many siblings lie below a median as above it.
fn disagree(value: &Value, apart: f64) -> Mark {
    let all = &value.siblings;
    let middles = all.iter().filter(|m| {
        let below = all.iter().filter(|s| s < m).count();
        let above = all.iter().filter(|s| s > m).count();
        2 * below <= all.len() && 2 * above <= all.len()
    });
    let (mut least, mut most) = (f64::MAX, f64::MIN);
    middles.for_each(|m| (least, most) = (least.min(*m), most.max(*m)));
    if all.is_empty() { Mark::Nothing } else { bad_if((value.value - (least + most) / 2.0).abs() > apart) }
}
