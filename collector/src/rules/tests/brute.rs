//! The definition of the rules, read literally: searches every possible beginning and end instead of
//! remembering where it stands. Slow, and shares no code with what it judges.

use wire::UnixMs;

use super::meaning::Mark;

/// One thing that arrived about one point of one agent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Arrival {
    /// The collector's time.
    pub now: UnixMs,
    /// The sample's time.
    pub at: UnixMs,
    /// Whether its time can be believed.
    pub placed: bool,
    /// The value; `None` for a fault.
    pub value: Option<f64>,
}

/// The rule, as numbers.
#[derive(Debug, Clone, Copy)]
pub struct Band {
    pub low: f64,
    pub low_return: f64,
    pub high_return: f64,
    pub high: f64,
    pub for_ms: i64,
    pub clear_for_ms: i64,
    pub gap_ms: i64,
}

pub const HORIZON_MS: i64 = 300_000;
pub const FUTURE_MS: i64 = 60_000;

/// An episode: when it began, the time of the value at which it counted, and the time of the value
/// that ended it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Episode {
    pub late: bool,
    pub began_at: UnixMs,
    pub ended_at: Option<UnixMs>,
}

/// Places of values among the arrivals, in order.
type Places = Vec<usize>;

/// Which arrivals are live for the point, and stretches of those that are not, each with the arrival that
/// cut it off.
pub fn sort_out(arrivals: &[Arrival]) -> (Places, Vec<(Places, Option<usize>)>) {
    let mut live = Places::new();
    let mut late: Vec<(Places, Option<usize>)> = Vec::new();
    let mut fresh = true;
    for (i, a) in arrivals.iter().enumerate() {
        if a.value.is_none() || a.at > a.now + FUTURE_MS {
            continue;
        }
        let newest = live.iter().map(|i| arrivals[*i].at).max();
        if a.placed && a.at >= a.now - HORIZON_MS && newest.is_none_or(|n| a.at >= n) {
            // Live data cuts what was being looked at of the past.
            if let Some(last) = late.last_mut().filter(|_| !fresh) {
                last.1 = Some(i);
            }
            fresh = true;
            live.push(i);
            continue;
        }
        let steps_back = late.last().is_some_and(|(s, _)| s.last().is_some_and(|last| a.at < arrivals[*last].at));
        if fresh || steps_back {
            if let Some(last) = late.last_mut().filter(|_| !fresh) {
                last.1 = Some(i);
            }
            late.push((Places::new(), None));
            fresh = false;
        }
        late.last_mut().unwrap().0.push(i);
    }
    (live, late)
}

/// The durations of a rule.
#[derive(Debug, Clone, Copy)]
pub struct Lengths {
    pub for_ms: i64,
    pub clear_for_ms: i64,
    pub gap_ms: i64,
}

/// An episode by the places of its values: the first bad one, the one at which it counted, and the one
/// that ended it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    pub since: usize,
    pub told: usize,
    pub over: Option<usize>,
}

/// All episodes of one stretch of values, of which it is known when they were read and what each means.
pub fn episodes(values: &[(UnixMs, Mark)], lengths: Lengths) -> Vec<Found> {
    let is = |i: usize, mark: Mark| values[i].1 == mark;
    let joined = |i: usize| values[i + 1].0 - values[i].0 <= lengths.gap_ms;
    let lasts = |from: usize, to: usize, ms: i64| values[to].0 - values[from].0 >= ms;
    let mut found = Vec::new();
    let mut from = 0;
    loop {
        // The first value at which some bad value has been followed by nothing good, without a gap,
        // for long enough; of several such bad values the earliest.
        let begins = (from..values.len()).filter(|&j| !is(j, Mark::Nothing)).find_map(|j| {
            let bad = |s: usize| is(s, Mark::Bad) && (s..=j).all(|i| !is(i, Mark::Good)) && (s..j).all(joined);
            let since = (from..=j).find(|&s| bad(s))?;
            lasts(since, j, lengths.for_ms).then_some((since, j))
        });
        let Some((since, told)) = begins else { return found };
        let over = (told + 1..values.len()).filter(|&e| !is(e, Mark::Nothing)).find(|&e| {
            let good = |g: usize| is(g, Mark::Good) && (g..=e).all(|i| !is(i, Mark::Bad)) && (g..e).all(joined);
            (told + 1..=e).find(|&g| good(g)).is_some_and(|g| lasts(g, e, lengths.clear_for_ms))
        });
        found.push(Found { since, told, over });
        match over {
            Some(e) => from = e + 1,
            None => return found,
        }
    }
}

/// Everything that the definition says of one point.
pub fn judge(arrivals: &[Arrival], band: Band) -> Vec<Episode> {
    let Band { for_ms, clear_for_ms, gap_ms, .. } = band;
    let (live, late) = sort_out(arrivals);
    let mark = |value: f64| match value {
        _ if value < band.low || value > band.high => Mark::Bad,
        _ if value >= band.low_return && value <= band.high_return => Mark::Good,
        _ => Mark::Between,
    };
    let mut all = Vec::new();
    let mut add = |places: &Places, late: bool, cut: bool| {
        let values: Vec<_> = places.iter().map(|i| (arrivals[*i].at, mark(arrivals[*i].value.unwrap()))).collect();
        for e in episodes(&values, Lengths { for_ms, clear_for_ms, gap_ms }) {
            let ended_at = e.over.map(|e| values[e].0).or(cut.then(|| values[values.len() - 1].0));
            all.push(Episode { late, began_at: values[e.since].0, ended_at });
        }
    };
    add(&live, false, false);
    for (stretch, cut) in late {
        add(&stretch, true, cut.is_some());
    }
    all.sort();
    all
}

/// A word or a look in the life of an agent: a live sample read at `at`, a tick, or a restart of the
/// collector.
#[derive(Debug, Clone, Copy)]
pub enum Moment {
    Heard { now: UnixMs, at: UnixMs },
    Tick { now: UnixMs },
    Restart { now: UnixMs },
}

impl Moment {
    fn now(self) -> UnixMs {
        match self {
            Self::Heard { now, .. } | Self::Tick { now } | Self::Restart { now } => now,
        }
    }
}

/// What counts as silence.
#[derive(Debug, Clone, Copy)]
pub struct Quiet {
    pub after_ms: i64,
    pub for_ms: i64,
    pub clear_for_ms: i64,
    pub stall_ms: i64,
}

/// Silences of an agent: (since when, when it was over). `matters` says whether the rule does.
pub fn silences(moments: &[Moment], quiet: Quiet, matters: &dyn Fn(UnixMs) -> bool) -> Vec<(UnixMs, Option<UnixMs>)> {
    let Quiet { after_ms, for_ms, clear_for_ms, stall_ms } = quiet;
    // What was news when it came.
    let news = |until: usize| {
        let mut heard: Vec<(usize, UnixMs)> = Vec::new();
        for (i, m) in moments[..until].iter().enumerate() {
            if let Moment::Heard { at, .. } = *m
                && heard.iter().all(|(_, h)| at >= *h)
            {
                heard.push((i, at));
            }
        }
        heard
    };
    let listening_since = |i: usize| {
        let breaks = |k: usize| {
            let is_restart = matches!(moments[k - 1], Moment::Restart { .. });
            is_restart || moments[k].now() - moments[k - 1].now() > stall_ms
        };
        moments[(1..=i).rev().find(|&k| breaks(k)).unwrap_or(0)].now()
    };
    // The last look at which the rule did not matter.
    let off = |i: usize| {
        let looks = moments[..=i].iter().filter(|m| matches!(m, Moment::Tick { .. }));
        looks.map(|m| m.now()).filter(|now| !matters(*now)).max().unwrap_or(UnixMs::MIN)
    };
    // At which ticks it is silent.
    let silent = |i: usize| {
        let last = news(i).last().map(|(_, at)| *at)?;
        let Moment::Tick { now } = moments[i] else { return None };
        (now - last.max(listening_since(i)).max(off(i)) > after_ms + for_ms).then_some(last)
    };
    let mut found = Vec::new();
    let mut from = 0;
    loop {
        let Some((i, since)) = (from..moments.len()).find_map(|i| Some((i, silent(i)?))) else { return found };
        let over = (i + 1..moments.len()).find_map(|e| {
            let heard = news(e + 1);
            let (last, end) = *heard.last().filter(|(k, _)| *k == e)?;
            // The earliest word since which it spoke without a break and was never found silent.
            let first = heard.iter().position(|&(k, _)| {
                k > i && (k..last).all(|t| silent(t).is_none()) && {
                    let run: Vec<_> = heard.iter().filter(|(h, _)| *h >= k).collect();
                    run.windows(2).all(|w| w[1].1 - w[0].1 <= after_ms)
                }
            })?;
            (end - heard[first].1 >= clear_for_ms).then_some((e, end))
        });
        found.push((since, over.map(|(_, end)| end)));
        match over {
            Some((e, _)) => from = e + 1,
            None => return found,
        }
    }
}

/// A live sample in the life of an agent whose point is watched: when, and whether the point had a
/// value in it. Ticks come all the time, so the collector itself is never away.
#[derive(Debug, Clone, Copy)]
pub struct Word {
    pub at: UnixMs,
    pub valued: bool,
}

/// An agent whose samples are further apart than this has stopped speaking.
pub const SPEAKING_GAP_MS: i64 = 300_000;

/// Silences of the point: (since when, when it was over).
pub fn point_silences(
    words: &[Word],
    (allowed_ms, after_ms, clear_for_ms): (i64, i64, i64),
    matters: &dyn Fn(UnixMs) -> bool,
) -> Vec<(UnixMs, Option<UnixMs>)> {
    let last_value = |i: usize| words[..=i].iter().rev().find(|w| w.valued).map_or(words[0].at, |w| w.at);
    let speaks_since = |i: usize| {
        let first = (1..=i).rev().find(|&k| words[k].at - words[k - 1].at > SPEAKING_GAP_MS).unwrap_or(0);
        words[first].at
    };
    let off = |i: usize| words[..=i].iter().rev().find(|w| !matters(w.at)).map_or(UnixMs::MIN, |w| w.at);
    let silent = |i: usize| words[i].at - last_value(i).max(speaks_since(i)).max(off(i)) > allowed_ms;
    let mut found = Vec::new();
    let mut from = 0;
    loop {
        let Some(i) = (from..words.len()).find(|&i| silent(i)) else { return found };
        let over = (i + 1..words.len()).filter(|&e| words[e].valued).find(|&e| {
            (i + 1..=e).filter(|&g| words[g].valued).any(|g| {
                let values: Vec<_> = words[g..=e].iter().filter(|w| w.valued).collect();
                values.windows(2).all(|w| w[1].at - w[0].at <= after_ms)
                    && (g..e).all(|k| !silent(k))
                    && words[e].at - words[g].at >= clear_for_ms
            })
        });
        found.push((last_value(i), over.map(|e| words[e].at)));
        match over {
            Some(e) => from = e + 1,
            None => return found,
        }
    }
}
