//! The definition of the rules, read literally: searches every possible beginning and end instead of
//! remembering where it stands. Slow, and shares no code with what it judges.

use wire::UnixMs;

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

/// Values in order of their arrival: when, and what.
type Values = Vec<(UnixMs, f64)>;

/// Values that are live for the point, and stretches of values that are not, each with whether it was
/// cut.
pub fn sort_out(arrivals: &[Arrival]) -> (Values, Vec<(Values, bool)>) {
    let mut live = Values::new();
    let mut late: Vec<(Values, bool)> = Vec::new();
    let mut fresh = true;
    for a in arrivals {
        let Some(value) = a.value else { continue };
        if a.at > a.now + FUTURE_MS {
            continue;
        }
        let newest = live.iter().map(|(at, _)| *at).max();
        if a.placed && a.at >= a.now - HORIZON_MS && newest.is_none_or(|n| a.at >= n) {
            // Live data cuts what was being looked at of the past.
            if let Some(last) = late.last_mut().filter(|_| !fresh) {
                last.1 = true;
            }
            fresh = true;
            live.push((a.at, value));
            continue;
        }
        let steps_back = late.last().is_some_and(|(stretch, _)| stretch.last().is_some_and(|(at, _)| a.at < *at));
        if fresh || steps_back {
            if let Some(last) = late.last_mut().filter(|_| !fresh) {
                last.1 = true;
            }
            late.push((Vec::new(), false));
            fresh = false;
        }
        late.last_mut().unwrap().0.push((a.at, value));
    }
    (live, late)
}

/// All episodes of one stretch of values; `cut` says that the stretch is over, open or not.
pub fn episodes(values: &[(UnixMs, f64)], band: Band, late: bool, cut: bool) -> Vec<Episode> {
    let bad = |i: usize| values[i].1 < band.low || values[i].1 > band.high;
    let good = |i: usize| values[i].1 >= band.low_return && values[i].1 <= band.high_return;
    let joined = |i: usize| values[i + 1].0 - values[i].0 <= band.gap_ms;
    let mut found = Vec::new();
    let mut from = 0;
    loop {
        // The first value at which some bad value has been followed by nothing good, without a gap,
        // for long enough; of several such bad values the earliest.
        let begins = (from..values.len()).find_map(|j| {
            let s = (from..=j).find(|&s| bad(s) && (s..=j).all(|i| !good(i)) && (s..j).all(joined))?;
            (values[j].0 - values[s].0 >= band.for_ms).then_some((s, j))
        });
        let Some((s, j)) = begins else { return found };
        let ends = (j + 1..values.len()).find_map(|e| {
            let g = (j + 1..=e).find(|&g| good(g) && (g..=e).all(|i| !bad(i)) && (g..e).all(joined))?;
            (values[e].0 - values[g].0 >= band.clear_for_ms).then_some(e)
        });
        let ended_at = ends.map(|e| values[e].0).or(cut.then(|| values[values.len() - 1].0));
        found.push(Episode { late, began_at: values[s].0, ended_at });
        match ends {
            Some(e) => from = e + 1,
            None => return found,
        }
    }
}

/// Everything that the definition says of one point.
pub fn judge(arrivals: &[Arrival], band: Band) -> Vec<Episode> {
    let (live, late) = sort_out(arrivals);
    let mut all = episodes(&live, band, false, false);
    for (stretch, cut) in late {
        all.extend(episodes(&stretch, band, true, cut));
    }
    all.sort();
    all
}

/// A word or a look in the life of an agent: a live sample read at `at`, or a tick.
#[derive(Debug, Clone, Copy)]
pub enum Moment {
    Heard { now: UnixMs, at: UnixMs },
    Tick { now: UnixMs },
}

impl Moment {
    fn now(self) -> UnixMs {
        match self {
            Self::Heard { now, .. } | Self::Tick { now } => now,
        }
    }
}

/// Silences of an agent: (since when, when it was over).
pub fn silences(
    moments: &[Moment],
    after_ms: i64,
    for_ms: i64,
    clear_for_ms: i64,
    stall_ms: i64,
) -> Vec<(UnixMs, Option<UnixMs>)> {
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
        let began = (1..=i).rev().find(|&k| moments[k].now() - moments[k - 1].now() > stall_ms).unwrap_or(0);
        moments[began].now()
    };
    // At which ticks it is silent.
    let silent = |i: usize| {
        let last = news(i).last().map(|(_, at)| *at)?;
        let Moment::Tick { now } = moments[i] else { return None };
        (now - last.max(listening_since(i)) > after_ms + for_ms).then_some(last)
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
    allowed_ms: i64,
    after_ms: i64,
    clear_for_ms: i64,
) -> Vec<(UnixMs, Option<UnixMs>)> {
    let last_value = |i: usize| words[..=i].iter().rev().find(|w| w.valued).map_or(words[0].at, |w| w.at);
    let speaks_since = |i: usize| {
        let first = (1..=i).rev().find(|&k| words[k].at - words[k - 1].at > SPEAKING_GAP_MS).unwrap_or(0);
        words[first].at
    };
    let silent = |i: usize| words[i].at - last_value(i).max(speaks_since(i)) > allowed_ms;
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
