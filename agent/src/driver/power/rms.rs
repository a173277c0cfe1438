//! True RMS: turns what an ADC's register showed, read again and again, into the effective value of an
//! alternating input, whatever its wave, phase and frequency. Never needs to know the time.
//!
//! An ADS1115's clock is off by up to 10 %, and nothing says when a conversion is new, so cutting a whole
//! number of mains cycles out of a row would be guesswork; a third of a cycle too much in twenty is 1 %.
//! Instead
//! - the register is read several times a conversion, and conversions are told apart by their values. Read
//!   only as often as it changes, some would be left out and others come twice, in step with the mains:
//!   up to 7 % wrong, as simulated;
//! - the squares are weighted by a window (Hann) that rises from and falls to nothing, so that a cycle cut
//!   in two at an end of the row weighs nothing there. Over n cycles what is left of the ripple falls with
//!   the third power of n, to less than 0.01 % for twenty.

use std::f64::consts::TAU;

/// The mean of a row, and the effective value of what alternates about it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effective {
    /// Direct part.
    pub mean: f64,
    /// Alternating part.
    pub rms: f64,
}

/// Steps of so many counts are no noise: 1.6 counts peak to peak at 860 a second (SBAS444E table 2).
const STEP_MIN: f64 = 4.0;
/// A run longer than this share of the median is two conversions that happened to be equal.
const RUN_MAX: f64 = 1.75;

/// Of counts as they were read, at about equal distances, at least twenty cycles long; none of fewer
/// than eight conversions.
///
/// A conversion is an average over its own length (SBAS444E 8.3.8), which takes 1.1 % of the square of a
/// wave of 50 Hz at 860 a second, and far more of its harmonics: it leaves s/u² with u = ωT/2, s = sin²u. The
/// mean square of nth differences is (4s)ⁿ times that of the wave, so these give back u²/s, which is
/// 1 + s/3 + 8s²/45 + 4s³/35 + …; 3s³/10 stands for all that follow, up to the seventh harmonic.
#[must_use]
pub fn effective(counts: &[i16]) -> Option<Effective> {
    let row = conversions(counts);
    if row.len() < 8 {
        return None;
    }
    let mean = weighted(&row, |count| count);
    let mut differences: Vec<f64> = row.iter().map(|count| count - mean).collect();
    let mut square = 0.0;
    for share in [1.0, 1.0 / 12.0, 1.0 / 90.0, 3.0 / 640.0] {
        square += share * weighted(&differences, |difference| difference * difference);
        differences = differences.windows(2).map(|pair| pair[1] - pair[0]).collect();
    }
    Some(Effective { mean, rms: square.sqrt() })
}

/// The conversions behind a row of readings.
fn conversions(counts: &[i16]) -> Vec<f64> {
    let each = readings_per_conversion(counts);
    let runs = counts.chunk_by(|a, b| a == b);
    let times = |run: &[i16]| ((run.len() as f64 / each).round() as usize).max(1);
    runs.flat_map(|run| std::iter::repeat_n(f64::from(run[0]), times(run))).collect()
}

/// How often a conversion was read, from runs of one value between two steps that are no noise.
fn readings_per_conversion(counts: &[i16]) -> f64 {
    let step = |n: usize| (f64::from(counts[n + 1]) - f64::from(counts[n])).abs();
    let changes: Vec<usize> = (0..counts.len().saturating_sub(1)).filter(|n| step(*n) > 0.0).collect();
    let is_run = |pair: &&[usize]| pair.iter().all(|n| step(*n) >= STEP_MIN);
    let mut runs: Vec<usize> = changes.windows(2).filter(is_run).map(|pair| pair[1] - pair[0]).collect();
    if runs.is_empty() {
        return counts.len() as f64 / (changes.len() + 1) as f64;
    }
    runs.sort_unstable();
    let longest = runs[runs.len() / 2] as f64 * RUN_MAX;
    runs.retain(|run| *run as f64 <= longest);
    runs.iter().sum::<usize>() as f64 / runs.len() as f64
}

/// The mean of `value` under the window.
fn weighted(row: &[f64], value: impl Fn(f64) -> f64) -> f64 {
    let count = row.len() as f64;
    let weight = |n: usize| 1.0 - (TAU * (n as f64 + 0.5) / count).cos();
    // The weights add up to the count.
    row.iter().enumerate().map(|(n, one)| weight(n) * value(*one)).sum::<f64>() / count
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An ADS1115: averages `wave` (of one cycle, 0 to 1) over each of its conversions, `rate` a second.
    struct Adc<'a> {
        wave: &'a dyn Fn(f64) -> f64,
        hertz: f64,
        phase: f64,
        rate: f64,
    }

    impl Adc<'_> {
        /// The conversion that is the last at `second`, for a wave of 3200 counts.
        fn at(&self, second: f64) -> i16 {
            let number = (second * self.rate).floor();
            let fine = 32;
            let at = |part: u32| (number - 1.0 + (f64::from(part) + 0.5) / f64::from(fine)) / self.rate;
            let sum: f64 = (0..fine).map(|part| (self.wave)((at(part) * self.hertz + self.phase).fract())).sum();
            // Noise of 1.6 counts peak to peak.
            let noise = 1.6 * ((number * 0.618_034).fract() - 0.5);
            (100.0 + 3200.0 * sum / f64::from(fine) + noise).round() as i16
        }

        /// As the bus reads it: every `pace` seconds, each time up to `late` later, for half a second.
        fn row(&self, pace: f64, late: f64) -> Vec<i16> {
            let (mut second, mut state, mut row) = (1.0, 1u64, Vec::new());
            while second < 1.5 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                second += pace + late * ((state >> 40) as f64 / (1u64 << 24) as f64);
                row.push(self.at(second));
            }
            row
        }
    }

    fn sine(cycle: f64) -> f64 {
        0.3 * (TAU * cycle).sin()
    }
    /// A supply with a rectifier: it draws only near the peaks, 3 ms of each half cycle.
    fn rectifier(cycle: f64) -> f64 {
        let half = (2.0 * cycle).fract() - 0.5;
        let pulse = if half.abs() < 0.15 { (std::f64::consts::PI * half / 0.3).cos() } else { 0.0 };
        if cycle < 0.5 { pulse } else { -pulse }
    }
    /// A dimmer at half power.
    fn dimmer(cycle: f64) -> f64 {
        if (2.0 * cycle).fract() < 0.5 { 0.0 } else { sine(cycle) }
    }
    /// A class AB amplifier: a sine and its third and fifth harmonic.
    fn harmonics(cycle: f64) -> f64 {
        [(1.0, 0.3), (3.0, 0.12), (5.0, 0.05)].iter().map(|(n, a)| a * (TAU * n * cycle + n).sin()).sum()
    }

    fn true_rms(wave: &dyn Fn(f64) -> f64) -> f64 {
        let n = 100_000;
        let at = |k: i32| wave((f64::from(k) + 0.5) / f64::from(n));
        let mean: f64 = (0..n).map(at).sum::<f64>() / f64::from(n);
        ((0..n).map(|k| (at(k) - mean).powi(2)).sum::<f64>() / f64::from(n)).sqrt()
    }

    /// The worst error over phases, frequencies of the mains, clocks of the chip and speeds of the bus.
    fn worst(wave: &dyn Fn(f64) -> f64) -> f64 {
        let expected = true_rms(wave);
        let mut worst: f64 = 0.0;
        for hertz in [49.5, 49.8, 50.0, 50.2, 50.5, 60.0] {
            for rate in [774.0, 830.0, 860.0, 900.0, 946.0] {
                // Reading at 400 kHz and at 100 kHz, and with a computer that is busy.
                for (pace, late) in [(0.000_17, 0.000_02), (0.000_44, 0.000_05), (0.000_4, 0.000_2)] {
                    for phase in 0..7 {
                        let adc = Adc { wave, hertz, phase: f64::from(phase) / 7.0, rate };
                        let found = effective(&adc.row(pace, late)).unwrap();
                        worst = worst.max((found.rms / 3200.0 / expected - 1.0).abs());
                    }
                }
            }
        }
        worst
    }

    #[test]
    fn the_current_of_any_wave_is_within_two_percent() {
        for (name, wave) in
            [("sine", &sine as &dyn Fn(f64) -> f64), ("rectifier", &rectifier), ("harmonics", &harmonics)]
        {
            let worst = worst(wave);
            assert!(worst < 0.02, "{name}: {:.2} %", 100.0 * worst);
        }
    }

    #[test]
    fn a_wave_that_is_cut_by_a_dimmer_is_within_six_percent() {
        // Its edges hold harmonics beyond what 860 conversions a second can see.
        let worst = worst(&dimmer);
        assert!(worst < 0.06, "{:.2} %", 100.0 * worst);
    }

    #[test]
    fn the_mean_is_the_bias_of_the_input() {
        let adc = Adc { wave: &rectifier, hertz: 50.3, phase: 0.2, rate: 830.0 };
        assert!((effective(&adc.row(0.000_44, 0.0)).unwrap().mean - 100.0).abs() < 1.0);
    }

    #[test]
    fn noise_alone_is_less_than_a_count() {
        let adc = Adc { wave: &|_| 0.0, hertz: 50.0, phase: 0.0, rate: 860.0 };
        assert!(effective(&adc.row(0.000_44, 0.0)).unwrap().rms < 1.0);
    }

    #[test]
    fn a_row_of_one_value_or_none_is_no_current() {
        assert_eq!(effective(&[26_400; 900]), None);
        assert_eq!(effective(&[]), None);
    }
}
