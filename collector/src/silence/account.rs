//! How a stretch of a point's time was spent, in whole milliseconds, and why what is lost is lost.

use std::{collections::BTreeMap, fmt};

use wire::{Fault, LostReason};

/// Why time of a point is lost.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// Nothing came from the agent.
    AgentAway,
    /// The agent spoke, and not of this point.
    NotReported,
    /// The power went before the agent could keep it.
    NeverDurable,
    /// The agent's spool was full, and the oldest went.
    Evicted,
    /// The agent's card gave it back damaged.
    Corrupt,
    /// The sensor had a fault in place of a value.
    Fault(Fault),
}

impl Reason {
    /// Those that are no fault of a sensor.
    pub const OWN: [Self; 5] = [Self::AgentAway, Self::NotReported, Self::NeverDurable, Self::Evicted, Self::Corrupt];

    /// As one word: faults by the name that they have on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::AgentAway => "agent_away",
            Self::NotReported => "not_reported",
            Self::NeverDurable => "never_durable",
            Self::Evicted => "evicted",
            Self::Corrupt => "corrupt",
            Self::Fault(fault) => fault.as_str(),
        }
    }

    /// The reason that a word names.
    #[must_use]
    pub fn from_word(word: &str) -> Self {
        Self::OWN.into_iter().find(|own| own.as_str() == word).unwrap_or_else(|| Self::Fault(Fault::from_wire(word)))
    }
}

impl From<LostReason> for Reason {
    fn from(reason: LostReason) -> Self {
        match reason {
            LostReason::NeverDurable => Self::NeverDurable,
            LostReason::Evicted => Self::Evicted,
            LostReason::Corrupt => Self::Corrupt,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The four shares of a stretch, in milliseconds; together they are what counts of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Account {
    /// Values that came live.
    pub measured_ms: i64,
    /// Values that came later.
    pub backfilled_ms: i64,
    /// Off on purpose.
    pub planned_off_ms: i64,
    /// Lost, by reason; no reason stands here with 0.
    pub lost: BTreeMap<Reason, i64>,
}

/// A million: what [`Account::shares_ppm`] adds up to.
pub const MILLION: i64 = 1_000_000;

/// The four shares in parts per million.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Shares {
    /// Values that came live.
    pub measured_ppm: i64,
    /// Values that came later.
    pub backfilled_ppm: i64,
    /// Lost, for whatever reason.
    pub lost_ppm: i64,
    /// Off on purpose.
    pub planned_off_ppm: i64,
}

impl Account {
    /// Everything that is lost.
    #[must_use]
    pub fn lost_ms(&self) -> i64 {
        self.lost.values().sum()
    }

    /// Everything that counts.
    #[must_use]
    pub fn counted_ms(&self) -> i64 {
        self.measured_ms + self.backfilled_ms + self.planned_off_ms + self.lost_ms()
    }

    /// Adds a stretch that is lost.
    pub fn lose(&mut self, reason: Reason, ms: i64) {
        if ms > 0 {
            *self.lost.entry(reason).or_default() += ms;
        }
    }

    /// Adds another account.
    pub fn add(&mut self, other: &Self) {
        self.measured_ms += other.measured_ms;
        self.backfilled_ms += other.backfilled_ms;
        self.planned_off_ms += other.planned_off_ms;
        for (reason, ms) in &other.lost {
            self.lose(reason.clone(), *ms);
        }
    }

    /// Reasons, those that cost most first.
    #[must_use]
    pub fn reasons(&self) -> Vec<(&Reason, i64)> {
        let mut all: Vec<_> = self.lost.iter().map(|(reason, ms)| (reason, *ms)).collect();
        all.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        all
    }

    /// The shares, which add up to exactly a million (to 0 where nothing counts): each is rounded down,
    /// and what is missing goes to those that lost most by it.
    #[must_use]
    pub fn shares_ppm(&self) -> Shares {
        let parts = [self.measured_ms, self.backfilled_ms, self.lost_ms(), self.planned_off_ms];
        let whole: i64 = parts.iter().sum();
        if whole <= 0 {
            return Shares::default();
        }
        // i128: a year of a thousand rooms of points in milliseconds times a million.
        let exact = parts.map(|ms| i128::from(ms) * i128::from(MILLION));
        let mut ppm = exact.map(|e| (e / i128::from(whole)) as i64);
        let mut order = [0, 1, 2, 3];
        order.sort_by_key(|&i| std::cmp::Reverse(exact[i] % i128::from(whole)));
        let missing = MILLION - ppm.iter().sum::<i64>();
        for &i in order.iter().take(missing as usize) {
            ppm[i] += 1;
        }
        let [measured_ppm, backfilled_ppm, lost_ppm, planned_off_ppm] = ppm;
        Shares { measured_ppm, backfilled_ppm, lost_ppm, planned_off_ppm }
    }
}
