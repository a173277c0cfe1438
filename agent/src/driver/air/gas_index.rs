//! Sensirion's gas index: turns the raw signal of a metal oxide pixel, fed once a second, into an
//! index of 1 to 500 that says how the air differs from what is usual here. It learns over hours; it
//! never says micrograms, and never anything in its first 45 s, or 165 s where it knows nothing yet.
//!
//! The algorithm is Sensirion's (<https://github.com/Sensirion/gas-index-algorithm>, version 3.2, and
//! the SGP40 and SGP41 "Info Note: VOC Index" and "NOx Index"): a slow estimate of the signal's mean
//! and spread, which stops learning while the air is bad; the distance from it, squeezed into the
//! scale; a low pass that is fast where much happens. The crate `gas-index-algorithm` is not used: it
//! cannot take back what it learned after a restart, and its exponential is an approximation.

/// Seconds between two raw signals; everything below is tuned for it.
const STEP_S: f64 = 1.0;
/// Says nothing for so long, while the pixel becomes warm.
const BLACKOUT_S: f64 = 45.0;
/// Where nothing was known, the low pass of the VOC index comes up from 0 for so long: air as usual
/// would look far better than usual. After 120 s it is within a point.
const SETTLING_S: f64 = 120.0;
/// Points of the index for one spread of the signal.
const GAIN: f64 = 230.0;
/// The first guess of the spread.
const SPREAD_INITIAL: f64 = 50.0;
/// How slowly it forgets, once it has learned.
const FORGET_S: f64 = 12.0 * 3600.0;
/// How slowly the spread forgets in the beginning.
const FORGET_SPREAD_INITIAL_S: f64 = 2500.0;
/// Counters of time end here.
const UPTIME_MAX_S: f64 = 32_767.0;
/// "After at least 3 hours" what it learned is worth keeping; given back, it counts as so long.
const UPTIME_RESTORED_S: f64 = 3.0 * 3600.0;
/// The threshold of the gate in the beginning; nothing reaches it.
const GATE_INITIAL: f64 = 510.0;
/// Of the time that the gate was closed, so much is forgiven while it is open.
const GATE_FORGIVE: f64 = 0.3;
/// The end of the scale.
const INDEX_MAX: f64 = 500.0;
/// The raw signal is counted from the pixel's minimum, and no further than this.
const SIGNAL_MAX: f64 = 32_767.0;
/// Raw signals from here on are no signals.
const RAW_END: u16 = 65_000;
/// The two ends of the low pass, and how quickly it changes from one to the other.
const PASS_FAST_S: f64 = 20.0;
const PASS_SLOW_S: f64 = 500.0;
const PASS_SHARPNESS: f64 = 0.2;
/// A deviation that is greater than this is scaled down before it is squared.
const DEVIATION_MAX: f64 = 1440.0;
/// The estimator counts deviations in this many counts of the signal.
const COUNTS: f64 = 64.0;
/// A mean that went so far from its origin takes its origin along.
const ORIGIN_STEP: f64 = 100.0;

/// What differs between the two gases.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gas {
    /// The index of air as usual.
    usual: f64,
    /// The least raw signal that a pixel gives.
    raw_min: u16,
    /// How slowly the mean forgets in the beginning.
    forget_initial_s: f64,
    /// How long the beginning is, for the mean and for the spread.
    beginning_s: [f64; 2],
    /// Above this index it stops learning …
    gate: f64,
    /// … but not for longer than this.
    gate_minutes_max: f64,
    /// The middle and the steepness of the scale.
    middle: f64,
    steepness: f64,
    /// The spread that a deviation is measured in; none: what it learned, and 220.
    spread: Option<f64>,
}

/// Volatile organic compounds: 100 is as usual, more is worse, less is better than usual. Their signal
/// falls when there is more of them.
pub const VOC: Gas = Gas {
    usual: 100.0,
    raw_min: 20_000,
    forget_initial_s: 20.0,
    beginning_s: [0.75 * 3600.0, 1.45 * 3600.0],
    gate: 340.0,
    gate_minutes_max: 180.0,
    middle: 213.0,
    steepness: 0.0065,
    spread: None,
};
/// Added to what it learned of the spread of the VOC signal.
const SPREAD_BONUS_VOC: f64 = 220.0;

/// Nitrogen oxides: 1 is as usual, more is worse. Their signal rises when there is more of them.
pub const NOX: Gas = Gas {
    usual: 1.0,
    raw_min: 10_000,
    forget_initial_s: 1200.0,
    beginning_s: [4.75 * 3600.0, 5.7 * 3600.0],
    gate: 30.0,
    gate_minutes_max: 720.0,
    middle: 614.0,
    steepness: 0.0101,
    spread: Some(2000.0),
};

/// What it learned: the usual signal and its spread.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Learned {
    /// The mean, in counts over the pixel's minimum.
    pub mean: f64,
    /// The spread, likewise.
    pub spread: f64,
}

/// The index of one gas.
#[derive(Debug, Clone)]
pub struct GasIndex {
    gas: Gas,
    /// Until the end of the blackout.
    uptime_s: f64,
    signal: f64,
    index: f64,
    usual: Usual,
    pass: Option<LowPass>,
    /// Seconds left in which it is not believed.
    settling_s: f64,
}

impl GasIndex {
    /// Knows nothing yet.
    #[must_use]
    pub fn new(gas: Gas) -> Self {
        let usual = Usual {
            gas,
            begun: false,
            origin: 0.0,
            mean: 0.0,
            spread: SPREAD_INITIAL,
            learning_s: 0.0,
            gating_s: 0.0,
            gate_minutes: 0.0,
        };
        let settling_s = if gas.spread.is_none() { SETTLING_S } else { 0.0 };
        Self { gas, uptime_s: 0.0, signal: 0.0, index: 0.0, usual, pass: None, settling_s }
    }

    /// As after a short interruption: it knows what it learned, and begins with a blackout.
    #[must_use]
    pub fn resumed(gas: Gas, learned: Learned) -> Self {
        let mut index = Self::new(gas);
        index.signal = learned.mean;
        index.usual.mean = learned.mean;
        index.usual.spread = learned.spread;
        index.usual.learning_s = UPTIME_RESTORED_S;
        index.usual.begun = true;
        index.settling_s = 0.0;
        index
    }

    /// What it learned, once that is worth keeping: after 3 hours.
    #[must_use]
    pub fn learned(&self) -> Option<Learned> {
        let learned = Learned { mean: self.usual.mean(), spread: self.usual.spread };
        (self.usual.learning_s >= UPTIME_RESTORED_S).then_some(learned)
    }

    /// Takes the raw signal of this second.
    pub fn feed(&mut self, raw: u16) {
        if self.uptime_s <= BLACKOUT_S {
            self.uptime_s += STEP_S;
            return;
        }
        self.settling_s -= STEP_S;
        if raw > 0 && raw < RAW_END {
            self.signal = (f64::from(raw) - f64::from(self.gas.raw_min)).clamp(1.0, SIGNAL_MAX);
        }
        // NOx has no spread to go by before its first signal.
        let sample = if self.gas.spread.is_none() || self.usual.begun {
            self.gas.scale(self.deviation())
        } else {
            self.gas.usual
        };
        self.index = self.pass.get_or_insert(LowPass::at(sample)).feed(sample).max(0.5);
        if self.signal > 0.0 {
            self.usual.feed(self.signal, self.index);
        }
    }

    /// 1 to 500; none during the blackout and while it settles.
    #[must_use]
    pub fn index(&self) -> Option<f64> {
        let settled = self.pass.is_some() && self.settling_s <= 0.0;
        settled.then(|| (self.index + 0.5).floor().min(INDEX_MAX))
    }

    /// How far the signal is from the usual one, in points.
    fn deviation(&self) -> f64 {
        let away = self.signal - self.usual.mean();
        match self.gas.spread {
            Some(spread) => away / spread * GAIN,
            None => -away / (self.usual.spread + SPREAD_BONUS_VOC) * GAIN,
        }
    }
}

impl Gas {
    /// Squeezes points into the scale, so that no deviation is its usual value.
    fn scale(&self, points: f64) -> f64 {
        INDEX_MAX * falling(-self.steepness * (points - self.middle))
    }
}

/// 1 / (1 + e^x), without overflow.
fn falling(x: f64) -> f64 {
    match x {
        ..-50.0 => 1.0,
        x if x > 50.0 => 0.0,
        x => 1.0 / (1.0 + x.exp()),
    }
}

/// What share of the past a step replaces, where it is forgotten over `over_s`.
fn share(over_s: f64) -> f64 {
    STEP_S / (over_s + STEP_S)
}

/// The running mean and spread of a signal.
#[derive(Debug, Clone)]
struct Usual {
    gas: Gas,
    begun: bool,
    /// The mean is counted from here, which keeps it small.
    origin: f64,
    mean: f64,
    spread: f64,
    /// How long it learns.
    learning_s: f64,
    /// How long the gate works.
    gating_s: f64,
    /// How long the gate was closed, less what was forgiven.
    gate_minutes: f64,
}

impl Usual {
    fn mean(&self) -> f64 {
        self.origin + self.mean
    }

    fn feed(&mut self, signal: f64, index: f64) {
        if !self.begun {
            (self.begun, self.origin, self.mean) = (true, signal, 0.0);
            return;
        }
        if self.mean.abs() >= ORIGIN_STEP {
            (self.origin, self.mean) = (self.origin + self.mean, 0.0);
        }
        let [mean_share, spread_share] = self.shares(index);
        let away = (signal - self.origin - self.mean) / COUNTS;
        let far = self.spread + away.abs();
        // Keeps the squares small; mathematically it cancels out.
        let scaling = if far > DEVIATION_MAX { (far / DEVIATION_MAX).powi(2) } else { 1.0 };
        let kept = self.spread * (self.spread / (COUNTS * scaling));
        let new = COUNTS * spread_share * away / scaling * away;
        self.spread = (scaling * COUNTS * (1.0 - spread_share)).sqrt() * (kept + new).sqrt();
        self.mean += COUNTS * mean_share * away;
    }

    /// What share of the past this second replaces in the mean and in the spread.
    fn shares(&mut self, index: f64) -> [f64; 2] {
        let limit = UPTIME_MAX_S - STEP_S;
        for time in [&mut self.learning_s, &mut self.gating_s] {
            if *time < limit {
                *time += STEP_S;
            }
        }
        let [mean_s, spread_s] = self.gas.beginning_s;
        let early = |time: f64, beginning_s: f64| falling(0.01 * (time - beginning_s));
        let open = |beginning_s: f64| {
            let gate = self.gas.gate + (GATE_INITIAL - self.gas.gate) * early(self.gating_s, beginning_s);
            falling(0.09 * (index - gate))
        };
        let (mean_open, spread_open) = (open(mean_s), open(spread_s));
        let (mean_early, spread_early) = (early(self.learning_s, mean_s), early(self.learning_s, spread_s));
        let late = share(FORGET_S);
        let mean = late + (share(self.gas.forget_initial_s) - late) * mean_early;
        let spread = late + (share(FORGET_SPREAD_INITIAL_S) - late) * (spread_early - mean_early);
        self.gate_minutes += STEP_S / 60.0 * ((1.0 - mean_open) * (1.0 + GATE_FORGIVE) - GATE_FORGIVE);
        self.gate_minutes = self.gate_minutes.max(0.0);
        if self.gate_minutes > self.gas.gate_minutes_max {
            self.gating_s = 0.0;
        }
        [mean_open * mean, spread_open * spread]
    }
}

/// A low pass that is slow while little happens.
#[derive(Debug, Clone)]
struct LowPass {
    fast: f64,
    slow: f64,
    out: f64,
}

impl LowPass {
    fn at(sample: f64) -> Self {
        Self { fast: sample, slow: sample, out: sample }
    }

    fn feed(&mut self, sample: f64) -> f64 {
        self.fast += share(PASS_FAST_S) * (sample - self.fast);
        self.slow += share(PASS_SLOW_S) * (sample - self.slow);
        let calm = (-PASS_SHARPNESS * (self.fast - self.slow).abs()).exp();
        self.out += share(PASS_FAST_S + (PASS_SLOW_S - PASS_FAST_S) * calm) * (sample - self.out);
        self.out
    }
}
