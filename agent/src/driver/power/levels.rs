//! What a current means: turns the currents of an asset, one after the other, into off, idle or playing,
//! by levels that are configured or learned. Pure; never reads a clock, and never calls a level
//! learned that the readings do not show.
//!
//! Learned by a histogram of the logarithm of the current, cut where the two parts differ most (Otsu).
//! An asset that only ever idles or only ever plays has one hump and no cut, so nothing is learned.

/// Columns of the histogram: 16 a decade from 10 mA to 316 A, each 15 % wide.
const COLUMNS: usize = 72;
const COLUMNS_A_DECADE: f64 = 16.0;
const FIRST_AMPERE: f64 = 0.01;
/// Once so many readings are in it, two days and a half of being switched on at one in 10 s, all count half.
const READINGS_MAX: f64 = 20_000.0;
/// Readings that a level needs: ten minutes.
const READINGS_MIN: f64 = 60.0;
/// The share of the spread that the cut must explain. An even spread reaches 0.75, a single hump 0.64.
const EXPLAINED_MIN: f64 = 0.8;
/// Playing is at least so many times idle.
const RATIO_MIN: f64 = 1.4;

/// What an asset does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    /// It draws less than the floor.
    Off,
    /// It draws something, and the levels are not known yet.
    On,
    /// It is on and silent.
    Idle,
    /// It works.
    Playing,
}

/// The two levels of an asset that is on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Levels {
    /// On and silent.
    pub idle_ampere: f64,
    /// At work, on the average of the logarithm.
    pub playing_ampere: f64,
}

impl Levels {
    /// From here on it plays: as many times idle as playing is of it.
    #[must_use]
    pub fn threshold(self) -> f64 {
        (self.idle_ampere * self.playing_ampere).sqrt()
    }
}

/// What was seen of an asset.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    columns: Vec<f64>,
}

impl Default for Seen {
    fn default() -> Self {
        Self { columns: vec![0.0; COLUMNS] }
    }
}

impl Seen {
    /// Takes in a current of an asset that is on.
    pub fn add(&mut self, ampere: f64) {
        let column = ((ampere / FIRST_AMPERE).log10() * COLUMNS_A_DECADE).floor();
        self.columns[column.clamp(0.0, (COLUMNS - 1) as f64) as usize] += 1.0;
        if self.columns.iter().sum::<f64>() > READINGS_MAX {
            self.columns.iter_mut().for_each(|readings| *readings /= 2.0);
        }
    }

    /// The levels, once they can be told apart.
    #[must_use]
    pub fn levels(&self) -> Option<Levels> {
        let total = moments(&self.columns);
        let cuts = (1..COLUMNS).map(|cut| (moments(&self.columns[..cut]), cut));
        let best = cuts
            .map(|(low, cut)| {
                let high = Moments { sum: total.sum - low.sum, count: total.count - low.count, ..total };
                let apart = (high.mean() - low.mean()).powi(2);
                (low.count * high.count * apart / total.count.powi(2), low, high, cut)
            })
            .filter(|(_, low, high, _)| low.count >= READINGS_MIN && high.count >= READINGS_MIN)
            .max_by(|a, b| a.0.total_cmp(&b.0))?;
        let (between, low, high, _) = best;
        let spread = total.squares / total.count - total.mean().powi(2);
        let levels = Levels { idle_ampere: ampere(low.mean()), playing_ampere: ampere(high.mean()) };
        let apart = levels.playing_ampere >= RATIO_MIN * levels.idle_ampere;
        (apart && between >= EXPLAINED_MIN * spread).then_some(levels)
    }

    /// As text that outlives a restart.
    #[must_use]
    pub fn keep(&self) -> String {
        serde_json::Value::from(self.columns.clone()).to_string()
    }

    /// What [`Seen::keep`] gave; none of anything else.
    #[must_use]
    pub fn restore(kept: &str) -> Option<Self> {
        let value: serde_json::Value = serde_json::from_str(kept).ok()?;
        let columns: Option<Vec<f64>> = value.as_array()?.iter().map(serde_json::Value::as_f64).collect();
        let columns = columns.filter(|all| all.len() == COLUMNS)?;
        columns.iter().all(|readings| (0.0..=2.0 * READINGS_MAX).contains(readings)).then_some(Self { columns })
    }
}

/// Sums over columns, by their number.
#[derive(Debug, Clone, Copy)]
struct Moments {
    count: f64,
    sum: f64,
    squares: f64,
}

impl Moments {
    fn mean(self) -> f64 {
        self.sum / self.count
    }
}

fn moments(columns: &[f64]) -> Moments {
    let mut all = Moments { count: 0.0, sum: 0.0, squares: 0.0 };
    for (number, readings) in columns.iter().enumerate() {
        let number = number as f64;
        all.count += readings;
        all.sum += readings * number;
        all.squares += readings * number * number;
    }
    all
}

/// The current in the middle of a column.
fn ampere(column: f64) -> f64 {
    FIRST_AMPERE * 10f64.powf((column + 0.5) / COLUMNS_A_DECADE)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `count` readings about `ampere`, evenly spread over a factor of `spread` to each side.
    fn see(seen: &mut Seen, ampere: f64, spread: f64, count: u32) {
        for n in 0..count {
            let at = f64::from(n) * 0.618_034;
            seen.add(ampere * spread.powf(2.0 * at.fract() - 1.0));
        }
    }

    #[test]
    fn an_evening_teaches_idle_and_playing() {
        let mut seen = Seen::default();
        // An amplifier: 0.3 A of quiescent current, music from 0.7 to 2.8 A.
        see(&mut seen, 0.3, 1.05, 700);
        see(&mut seen, 1.4, 2.0, 1500);
        let levels = seen.levels().unwrap();
        assert!((levels.idle_ampere / 0.3 - 1.0).abs() < 0.1, "{levels:?}");
        assert!((levels.playing_ampere / 1.4 - 1.0).abs() < 0.15, "{levels:?}");
        assert!((0.4..0.75).contains(&levels.threshold()), "{levels:?}");
    }

    #[test]
    fn what_only_idles_or_only_plays_teaches_nothing() {
        for (ampere, spread) in [(0.3, 1.05), (1.4, 2.0), (1.4, 4.0)] {
            let mut seen = Seen::default();
            see(&mut seen, ampere, spread, 5000);
            assert_eq!(seen.levels(), None, "{ampere} {spread}");
        }
        assert_eq!(Seen::default().levels(), None);
    }

    #[test]
    fn a_few_readings_are_no_level() {
        let mut seen = Seen::default();
        see(&mut seen, 0.3, 1.02, 2000);
        see(&mut seen, 3.0, 1.02, 59);
        assert_eq!(seen.levels(), None);
    }

    #[test]
    fn another_amplifier_in_its_place_is_learned_within_days() {
        let mut seen = Seen::default();
        for _ in 0..10 {
            see(&mut seen, 0.3, 1.05, 1000);
            see(&mut seen, 1.4, 1.5, 1000);
        }
        for _ in 0..60 {
            see(&mut seen, 0.8, 1.05, 1000);
            see(&mut seen, 5.0, 1.5, 1000);
        }
        let levels = seen.levels().unwrap();
        assert!((levels.idle_ampere / 0.8 - 1.0).abs() < 0.15, "{levels:?}");
    }

    #[test]
    fn what_was_learned_outlives_a_restart_and_garbage_does_not() {
        let mut seen = Seen::default();
        see(&mut seen, 0.3, 1.1, 100);
        assert_eq!(Seen::restore(&seen.keep()), Some(seen));
        for garbage in ["", "[]", "{}", "[1,2]", "null", &format!("[{}]", vec!["-1"; COLUMNS].join(","))] {
            assert_eq!(Seen::restore(garbage), None, "{garbage}");
        }
    }
}
