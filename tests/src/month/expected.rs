//! What the lines of a month must say, from the plan and the made-up readings alone: plain sums over tables,
//! written apart from the conversion that it is held against. Opening hours are arithmetic on Shanghai's clock.

use std::collections::{BTreeMap, BTreeSet};

use super::{DAY_MS, DAYS, HOUR_MS, Incident, MINUTE_MS, ROOMS, of_day, plan::End};
use wire::UnixMs;

/// How readings lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Shares {
    /// Readings that count: from 20 minutes before opening until closing.
    pub judged: usize,
    /// Of these between 18 and 22 °C.
    pub in_band: usize,
}

impl Shares {
    /// From 0 to 1.
    #[must_use]
    pub fn share(&self) -> f64 {
        self.in_band as f64 / self.judged.max(1) as f64
    }
}

/// Figures of the month.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Expected {
    /// Samples of each room, by its place.
    pub samples: Vec<usize>,
    /// Mean temperature of each room in each day of UTC, by place and the first instant of the day.
    pub celsius: BTreeMap<(usize, UnixMs), f64>,
    /// Open seconds of the hours in which each room was heard, by its place.
    pub open_seconds: Vec<f64>,
    /// Readings of each room in the band.
    pub in_band: Vec<Shares>,
    /// Tickets that were opened.
    pub opened: usize,
    /// By severity, 1 to 4.
    pub opened_by_severity: [usize; 4],
    /// By team.
    pub opened_by_team: BTreeMap<&'static str, usize>,
    /// Opened again.
    pub reopened: usize,
    /// Ended as mended.
    pub closed: usize,
    /// Ended, nothing was wrong.
    pub false_alarms: usize,
    /// Fixes that the data refused.
    pub refused: usize,
    /// Steps of chains that were taken.
    pub escalated: usize,
    /// Open when the month is over.
    pub left_open: usize,
    /// Seconds until each was acknowledged, in ascending order.
    pub acknowledge_seconds: Vec<f64>,
    /// Seconds until each was mended, in ascending order.
    pub repair_seconds: Vec<f64>,
    /// Seconds of waits, in ascending order.
    pub hold_seconds: Vec<f64>,
    /// Acknowledgements within their limit, and beyond it.
    pub acknowledged_in_time: (usize, usize),
    /// Reports before openings, each with a line a room; and as many lines at the openings.
    pub reports: usize,
}

/// The mean.
#[must_use]
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

impl Expected {
    /// Mean time to acknowledge, in seconds.
    #[must_use]
    pub fn mtta(&self) -> f64 {
        mean(&self.acknowledge_seconds)
    }

    /// Mean time to repair, in seconds.
    #[must_use]
    pub fn mttr(&self) -> f64 {
        mean(&self.repair_seconds)
    }

    /// The 90th percentile of the repairs as InfluxQL counts: the value at the rank nearest to nine tenths.
    #[must_use]
    pub fn p90(&self) -> f64 {
        let rank = (self.repair_seconds.len() as f64 * 0.9 + 0.5).floor() as usize;
        self.repair_seconds[rank.clamp(1, self.repair_seconds.len()) - 1]
    }

    /// The share of readings of all rooms in the band.
    #[must_use]
    pub fn in_band_of_all(&self) -> Shares {
        self.in_band.iter().fold(Shares::default(), |all, room| Shares {
            judged: all.judged + room.judged,
            in_band: all.in_band + room.in_band,
        })
    }
}

/// Minutes after opening at which the usual chain tells the next, and the usual limit to acknowledge, by severity.
const CHAINS: [(&[i64], i64); 4] = [(&[3, 8, 15], 3), (&[10, 30, 60], 10), (&[120], 30), (&[], 480)];

/// The step of five minutes in which something that is due at `minute` happens.
fn step(minute: i64) -> i64 {
    (minute + 4) / 5 * 5
}

/// The figures; `air` has room, instant and degrees of each sample.
pub(super) fn of(plan: &[Incident], air: &[(usize, UnixMs, f64)]) -> Expected {
    let mut all = Expected { samples: vec![0; ROOMS], in_band: vec![Shares::default(); ROOMS], ..Expected::default() };
    let mut hours: BTreeSet<(usize, UnixMs)> = BTreeSet::new();
    let mut sums: BTreeMap<(usize, UnixMs), (f64, usize)> = BTreeMap::new();
    for (room, at, celsius) in air {
        all.samples[*room] += 1;
        hours.insert((*room, at / HOUR_MS));
        let day = at - at.rem_euclid(DAY_MS);
        let sum = sums.entry((*room, day)).or_default();
        (sum.0, sum.1) = (sum.0 + celsius, sum.1 + 1);
        let time = of_day(*at);
        if !(2 * HOUR_MS..(18 * 60 + 10) * MINUTE_MS).contains(&time) {
            all.in_band[*room].judged += 1;
            all.in_band[*room].in_band += usize::from((18.0..=22.0).contains(celsius));
        }
    }
    all.celsius = sums.into_iter().map(|(key, (sum, count))| (key, sum / count as f64)).collect();
    all.open_seconds =
        (0..ROOMS).map(|room| hours.iter().filter(|h| h.0 == room).map(|h| open_seconds(h.1)).sum()).collect();
    plan.iter().for_each(|incident| add(&mut all, incident));
    // The extinguisher whose service comes within 30 days on the 15th day: nobody takes care of it.
    all.opened += 1;
    all.opened_by_severity[3] += 1;
    *all.opened_by_team.entry("fire").or_default() += 1;
    all.left_open = all.opened + all.reopened - all.closed - all.false_alarms;
    for list in [&mut all.acknowledge_seconds, &mut all.repair_seconds, &mut all.hold_seconds] {
        list.sort_by(f64::total_cmp);
    }
    all.reports = DAYS as usize;
    all
}

/// How long the lounge is open in an hour that is counted from 1970.
fn open_seconds(hour: i64) -> f64 {
    match of_day(hour * HOUR_MS) / HOUR_MS {
        18 => 1_800.0,
        19..=23 | 0 | 1 => 3_600.0,
        _ => 0.0,
    }
}

fn add(all: &mut Expected, incident: &Incident) {
    let (_, severity, team) = incident.what.rule();
    if incident.again {
        all.reopened += 1;
    } else {
        all.opened += 1;
        all.opened_by_severity[usize::from(severity) - 1] += 1;
        *all.opened_by_team.entry(team).or_default() += 1;
    }
    let (rungs, limit) = CHAINS[usize::from(severity) - 1];
    // In the step in which somebody says that he is on it, that comes first.
    all.escalated += rungs.iter().filter(|rung| step(**rung) < incident.acknowledge).count();
    let seconds = |minutes: i64| (minutes * 60) as f64;
    all.acknowledge_seconds.push(seconds(incident.acknowledge));
    if incident.acknowledge <= limit {
        all.acknowledged_in_time.0 += 1;
    } else {
        all.acknowledged_in_time.1 += 1;
    }
    all.hold_seconds.extend(incident.hold.map(|(_, length)| seconds(length)));
    match incident.end {
        End::FalseAlarm => all.false_alarms += 1,
        End::Mended | End::RefusedFirst(_) => {
            all.closed += 1;
            all.repair_seconds.push(seconds(incident.end_at));
        }
    }
    all.refused += usize::from(matches!(incident.end, End::RefusedFirst(_)));
}
