//! A-weighting: turns samples of a microphone into what an ear takes for loud, sample by sample, and
//! their mean square into decibels. Keeps nothing of a sample but the state of its filters.
//!
//! IEC 61672-1:2013, annex E: four poles near 20.6 Hz (two), 107.7 Hz and 737.9 Hz below, two at 12194 Hz
//! above, four zeros at 0, and 1 at 1 kHz. Here by the bilinear transform of each pair, whose poles are
//! bent beforehand so that they stay where they are; a computed factor makes 1 kHz right.

use std::f64::consts::{PI, TAU};

/// Poles, in Hz: 61672-1 equations E.1 to E.6.
const POLES_LOW_HZ: [[f64; 2]; 2] = [[20.598_997, 20.598_997], [107.652_65, 737.862_23]];
const POLES_HIGH_HZ: [f64; 2] = [12_194.217, 12_194.217];
/// Where the weight is 1.
const REFERENCE_HZ: f64 = 1000.0;

/// A filter of second order: b of the zeros, a of the poles, and two values that it remembers.
#[derive(Debug, Clone)]
struct Section {
    b: [f64; 3],
    a: [f64; 2],
    memory: [f64; 2],
}

impl Section {
    /// Two poles, with two zeros at 0 Hz (`high`) or none.
    fn new(poles_hz: [f64; 2], high_pass: bool, rate: f64) -> Self {
        // 1/(s + w) with s = (z - 1)/(z + 1) and w = tan(πf/rate).
        let [first, second] = poles_hz.map(|hertz| {
            let bent = (PI * (hertz / rate).min(0.49)).tan();
            (bent - 1.0) / (bent + 1.0)
        });
        let b = if high_pass { [1.0, -2.0, 1.0] } else { [1.0, 2.0, 1.0] };
        Self { b, a: [first + second, first * second], memory: [0.0; 2] }
    }

    fn pass(&mut self, x: f64) -> f64 {
        let y = self.b[0] * x + self.memory[0];
        self.memory[0] = self.b[1] * x - self.a[0] * y + self.memory[1];
        self.memory[1] = self.b[2] * x - self.a[1] * y;
        y
    }

    /// Its gain for a wave of `turn` radians a sample.
    fn gain(&self, turn: f64) -> f64 {
        let at = |c: [f64; 3]| {
            let real = c[0] + c[1] * turn.cos() + c[2] * (2.0 * turn).cos();
            let imaginary = c[1] * turn.sin() + c[2] * (2.0 * turn).sin();
            real.hypot(imaginary)
        };
        at(self.b) / at([1.0, self.a[0], self.a[1]])
    }
}

/// The filter.
#[derive(Debug, Clone)]
pub struct AWeighting {
    sections: [Section; 3],
    factor: f64,
    rate: f64,
}

impl AWeighting {
    /// For `rate` samples a second.
    #[must_use]
    pub fn new(rate: u32) -> Self {
        let rate = f64::from(rate);
        let [low, middle] = POLES_LOW_HZ.map(|poles| Section::new(poles, true, rate));
        let sections = [low, middle, Section::new(POLES_HIGH_HZ, false, rate)];
        let mut filter = Self { sections, factor: 1.0, rate };
        filter.factor = 1.0 / filter.gain(REFERENCE_HZ);
        filter
    }

    /// A sample, weighted.
    pub fn pass(&mut self, sample: f64) -> f64 {
        self.sections.iter_mut().fold(sample * self.factor, |x, section| section.pass(x))
    }

    /// What becomes of a wave of `hertz`, as a factor.
    #[must_use]
    pub fn gain(&self, hertz: f64) -> f64 {
        self.sections.iter().map(|section| section.gain(TAU * hertz / self.rate)).product::<f64>() * self.factor
    }
}

/// A level from a mean square of samples between -1 and 1: a full-scale sine is 0 dB, and `offset_db` is
/// the sound pressure level at which the microphone gives one.
#[must_use]
pub fn level_db(mean_square: f64, offset_db: f64) -> f64 {
    10.0 * (2.0 * mean_square).log10() + offset_db
}

#[cfg(test)]
mod tests {
    use super::*;

    /// IEC 61672-1:2013 table 3: frequency, A-weight, and the limits of class 2 above and below.
    const TABLE: [(f64, f64, f64, f64); 29] = [
        (31.5, -39.4, 3.0, 3.0),
        (40.0, -34.6, 2.0, 2.0),
        (50.0, -30.2, 2.0, 2.0),
        (63.0, -26.2, 2.0, 2.0),
        (80.0, -22.5, 2.0, 2.0),
        (100.0, -19.1, 1.5, 1.5),
        (125.0, -16.1, 1.5, 1.5),
        (160.0, -13.4, 1.5, 1.5),
        (200.0, -10.9, 1.5, 1.5),
        (250.0, -8.6, 1.5, 1.5),
        (315.0, -6.6, 1.5, 1.5),
        (400.0, -4.8, 1.5, 1.5),
        (500.0, -3.2, 1.5, 1.5),
        (630.0, -1.9, 1.5, 1.5),
        (800.0, -0.8, 1.5, 1.5),
        (1000.0, 0.0, 1.0, 1.0),
        (1250.0, 0.6, 1.5, 1.5),
        (1600.0, 1.0, 2.0, 2.0),
        (2000.0, 1.2, 2.0, 2.0),
        (2500.0, 1.3, 2.5, 2.5),
        (3150.0, 1.2, 2.5, 2.5),
        (4000.0, 1.0, 3.0, 3.0),
        (5000.0, 0.5, 3.5, 3.5),
        (6300.0, -0.1, 4.5, 4.5),
        (8000.0, -1.1, 5.0, 5.0),
        (10_000.0, -2.5, 5.0, f64::INFINITY),
        (12_500.0, -4.3, 5.0, f64::INFINITY),
        (16_000.0, -6.6, 5.0, f64::INFINITY),
        (20_000.0, -9.3, 5.0, f64::INFINITY),
    ];

    /// A wave of `hertz` through the filter: its level in dB against the one that went in.
    fn through(rate: u32, hertz: f64) -> f64 {
        let mut filter = AWeighting::new(rate);
        let (settle, count) = (rate / 2, rate);
        let mut sum = 0.0;
        for n in 0..settle + count {
            let weighted = filter.pass((TAU * hertz * f64::from(n) / f64::from(rate)).sin());
            if n >= settle {
                sum += weighted * weighted;
            }
        }
        level_db(sum / f64::from(count), 0.0)
    }

    #[test]
    fn every_frequency_of_the_standard_is_within_class_2() {
        for rate in [44_100, 48_000, 96_000] {
            for (hertz, weight, above, below) in TABLE {
                let found = through(rate, hertz) - weight;
                assert!(found <= above && found >= -below, "{rate}: {hertz} Hz is {found:.2} dB off");
            }
        }
    }

    #[test]
    fn up_to_4_khz_it_is_within_class_1_at_48_khz() {
        for (hertz, weight, ..) in TABLE.iter().filter(|row| row.0 <= 4000.0) {
            let found = through(48_000, *hertz) - weight;
            assert!(found.abs() < 0.7, "{hertz} Hz is {found:.2} dB off");
        }
    }

    #[test]
    fn what_is_computed_is_what_happens() {
        let filter = AWeighting::new(48_000);
        for hertz in [50.0, 440.0, 8000.0] {
            assert!((20.0 * filter.gain(hertz).log10() - through(48_000, hertz)).abs() < 0.05, "{hertz}");
        }
    }

    #[test]
    fn a_full_scale_sine_is_the_offset() {
        assert!((level_db(0.5, 120.0) - 120.0).abs() < 1e-9);
        assert!((level_db(0.5e-6, 120.0) - 60.0).abs() < 1e-9);
        assert_eq!(level_db(0.0, 120.0), f64::NEG_INFINITY);
    }
}
