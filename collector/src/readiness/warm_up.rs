//! Says from past mornings whether a temperature will be in its band at opening. Pure: readings come in
//! as plain series, the present is an argument.
//!
//! The method, in words. Each past morning is smoothed (the median of five minutes). First the mornings are
//! taken that at this time before the opening were about as far from the band as today, on the same
//! side: how long did each of them still take until it was in the band? Where there are fewer than
//! [`MORNINGS_MIN`] of them, each morning is asked another question: since it last was where the room is
//! now, how long until it was in the band? The median of these times is the forecast; a morning that never got
//! there counts as the longest of all.
//!
//! Whether today goes the same way shows in the last minutes: where past mornings were moving at this time
//! and today is not (less than a third as fast), nothing drives the room, and the forecast says so:
//! it must be started now, and would need as long as a morning takes from here.

use wire::UnixMs;

/// Past openings that are looked at.
pub const MORNINGS_MAX: usize = 14;
/// From fewer mornings nothing is concluded.
pub const MORNINGS_MIN: usize = 3;
/// A morning is looked at from so long before its opening, in milliseconds …
pub const BEFORE_MS: i64 = 3 * 3_600_000;
/// … to so long after it.
pub const AFTER_MS: i64 = 90 * 60_000;
/// The last minutes that show whether the room moves, in milliseconds.
pub const RECENT_MS: i64 = 12 * 60_000;

const MINUTE_MS: i64 = 60_000;
/// Readings so far to each side are smoothed together, in milliseconds.
const SMOOTH_MS: i64 = 150_000;
/// A morning is comparable when its gap differs by less than this share of today's …
const ALIKE_SHARE: f64 = 0.3;
/// … or by less than this, in degrees.
const ALIKE: f64 = 0.4;
/// Slower than this share of past mornings is standing still.
const MOVING_SHARE: f64 = 0.33;
/// A room that is this share of its furthest away has hardly begun to move.
const NEARLY: f64 = 0.95;
/// Slower than this is standing still, in degrees a minute: half a degree an hour.
const STILL: f64 = 0.5 / 60.0;

/// Readings around an opening, in order of time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Morning {
    /// The opening.
    pub opening: UnixMs,
    /// When, and how warm.
    pub readings: Vec<(UnixMs, f64)>,
}

/// Where a temperature is going.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Forecast {
    /// In the band before the opening.
    InTime {
        /// When.
        by: UnixMs,
        /// From how many mornings.
        mornings: usize,
    },
    /// Moving, and too slow.
    TooLate {
        /// When it would be in the band.
        by: UnixMs,
        /// From how many mornings.
        mornings: usize,
    },
    /// Not moving.
    NotStarted {
        /// When it would be in the band if it were started now.
        by: UnixMs,
        /// Whether that is before the opening.
        in_time: bool,
        /// From how many mornings.
        mornings: usize,
    },
    /// Past mornings did not get there from here.
    Never {
        /// How many mornings.
        mornings: usize,
    },
    /// Too few comparable mornings.
    NotEnough {
        /// How many there are.
        mornings: usize,
    },
}

/// What is known of today.
#[derive(Debug, Clone, Copy)]
pub struct Today<'a> {
    /// The present.
    pub now: UnixMs,
    /// The opening that is asked about.
    pub opening: UnixMs,
    /// How warm it is.
    pub value: f64,
    /// The least that is all right.
    pub low: Option<f64>,
    /// The greatest.
    pub high: Option<f64>,
    /// Readings of the last [`RECENT_MS`] and a little more.
    pub recent: &'a [(UnixMs, f64)],
}

/// A temperature as its distance to the band, positive outside on today's side.
#[derive(Clone, Copy)]
struct Side {
    edge: f64,
    sign: f64,
}

impl Side {
    fn of(today: &Today<'_>) -> Option<Self> {
        match (today.low, today.high) {
            (Some(low), _) if today.value < low => Some(Self { edge: low, sign: -1.0 }),
            (_, Some(high)) if today.value > high => Some(Self { edge: high, sign: 1.0 }),
            _ => None,
        }
    }

    fn gap(self, value: f64) -> f64 {
        (value - self.edge) * self.sign
    }
}

/// Whether a temperature that is out of its band will be in it at opening. `None` where it is in it.
#[must_use]
pub fn forecast(today: &Today<'_>, mornings: &[Morning]) -> Option<Forecast> {
    let side = Side::of(today)?;
    let gap = side.gap(today.value);
    let lead = today.opening - today.now;
    let curves: Vec<Curve> = mornings.iter().map(|morning| Curve::of(morning, side)).collect();
    let alike: Vec<(&Curve, f64)> = curves
        .iter()
        .filter_map(|curve| Some((curve, curve.at(-lead)?)))
        .filter(|(_, then)| (then - gap).abs() <= (gap * ALIKE_SHARE).max(ALIKE) && *then > 0.0)
        .collect();
    let at_this_hour: Vec<Option<i64>> = alike.iter().map(|(curve, _)| curve.reached_after(-lead)).collect();
    let from_here: Vec<Option<i64>> = curves.iter().filter_map(|curve| curve.time_from(gap)).collect();
    let by_hour = at_this_hour.len() >= MORNINGS_MIN;
    let times = if by_hour { &at_this_hour } else { &from_here };
    let mornings = times.len();
    if mornings < MORNINGS_MIN {
        return Some(Forecast::NotEnough { mornings });
    }
    let Some(needs_ms) = median_time(times) else { return Some(Forecast::Never { mornings }) };
    let usual = if by_hour {
        median(alike.iter().filter_map(|(curve, _)| curve.speed(-lead)).collect()).unwrap_or(0.0)
    } else {
        gap / (needs_ms.max(MINUTE_MS) as f64 / MINUTE_MS as f64)
    };
    let speed = speed_now(today, side).unwrap_or(0.0);
    if usual > STILL && speed < usual * MOVING_SHARE {
        let drive_ms = if from_here.len() >= MORNINGS_MIN { median_time(&from_here) } else { None };
        let by = today.now + drive_ms.unwrap_or(needs_ms);
        return Some(Forecast::NotStarted { by, in_time: by <= today.opening, mornings });
    }
    let by = today.now + needs_ms;
    Some(if by <= today.opening { Forecast::InTime { by, mornings } } else { Forecast::TooLate { by, mornings } })
}

/// How fast the gap closes now, in degrees a minute: the first half of the last minutes against the second.
fn speed_now(today: &Today<'_>, side: Side) -> Option<f64> {
    let middle = today.now - RECENT_MS / 2;
    let of = |from: i64, to: i64| {
        median(today.recent.iter().filter(|(at, _)| (from..=to).contains(at)).map(|(_, v)| side.gap(*v)).collect())
    };
    let (before, after) = (of(today.now - RECENT_MS, middle - 1)?, of(middle, today.now)?);
    Some((before - after) / (RECENT_MS as f64 / 2.0 / MINUTE_MS as f64))
}

/// A morning as gaps, one a minute, smoothed; the first is [`BEFORE_MS`] before the opening.
struct Curve(Vec<Option<f64>>);

impl Curve {
    fn of(morning: &Morning, side: Side) -> Self {
        let readings = &morning.readings;
        let (mut first, mut end) = (0, 0);
        let minutes = (BEFORE_MS + AFTER_MS) / MINUTE_MS;
        let gap = |minute: i64| {
            let at = morning.opening - BEFORE_MS + minute * MINUTE_MS;
            while first < readings.len() && readings[first].0 < at - SMOOTH_MS {
                first += 1;
            }
            while end < readings.len() && readings[end].0 <= at + SMOOTH_MS {
                end += 1;
            }
            median(readings[first..end.max(first)].iter().map(|(_, value)| side.gap(*value)).collect())
        };
        Self((0..=minutes).map(gap).collect())
    }

    fn place(relative_ms: i64) -> Option<usize> {
        usize::try_from((relative_ms + BEFORE_MS) / MINUTE_MS).ok()
    }

    /// The gap at an instant, given from the opening.
    fn at(&self, relative_ms: i64) -> Option<f64> {
        *self.0.get(Self::place(relative_ms)?)?
    }

    /// How long after an instant it is in the band; `None` where it does not get there.
    fn reached_after(&self, relative_ms: i64) -> Option<i64> {
        let from = Self::place(relative_ms)?;
        let minutes = self.0.get(from..)?.iter().position(|gap| gap.is_some_and(|gap| gap <= 0.0))?;
        Some(minutes as i64 * MINUTE_MS)
    }

    /// How fast it closed around an instant, in degrees a minute.
    fn speed(&self, relative_ms: i64) -> Option<f64> {
        let span = RECENT_MS / 2;
        Some((self.at(relative_ms - span)? - self.at(relative_ms)?) / (span as f64 / MINUTE_MS as f64))
    }

    /// How long it took since it last was as far away as `gap` before it was in the band. A morning that was
    /// never that far away, and at least half as far, counts in proportion: a room slows down on its way, so
    /// that is rather too long than too short. The outer `None`: it was never far away; the inner: it
    /// never got there.
    fn time_from(&self, gap: f64) -> Option<Option<i64>> {
        let furthest = self.0.iter().flatten().copied().fold(0.0, f64::max);
        if furthest < gap / 2.0 {
            return None;
        }
        let (from, share) = if furthest >= gap { (gap, 1.0) } else { (furthest * NEARLY, gap / furthest) };
        let far = |g: &Option<f64>| g.is_some_and(|g| g >= from);
        let was_far = self.0.iter().position(far)?;
        let Some(reached) = self.0[was_far..].iter().position(|g| g.is_some_and(|g| g <= 0.0)) else {
            return Some(None);
        };
        let last = self.0[was_far..was_far + reached].iter().rposition(far)?;
        let minutes = (reached - last) as f64 * share;
        #[expect(clippy::cast_possible_truncation, reason = "minutes of one morning")]
        let needs_ms = (minutes * MINUTE_MS as f64).round() as i64;
        Some(Some(needs_ms))
    }
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// The median of times of which some are endless; `None` where it is.
fn median_time(times: &[Option<i64>]) -> Option<i64> {
    let mut sorted: Vec<i64> = times.iter().map(|time| time.unwrap_or(i64::MAX)).collect();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().filter(|time| *time != i64::MAX)
}

#[cfg(test)]
mod tests;
