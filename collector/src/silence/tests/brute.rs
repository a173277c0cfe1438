//! The definition of the account read literally, from everything that was committed and when: which share a
//! single instant belongs to. Knows no note, no stretch and no day.

use std::collections::BTreeMap;

use wire::{Fault, LostReason, PointName, UnixMs};

use super::{HORIZON_MS, point};
use crate::silence::Reason;

/// Something that a commit held.
#[derive(Debug, Clone)]
pub enum What {
    /// A sample read at this instant, with words of some points.
    Sample(UnixMs, Vec<(&'static str, Option<Fault>)>),
    /// So many samples after the one before no longer exist.
    Lost(LostReason, u64),
    /// Stopped on purpose, or there again, since.
    Stopped(UnixMs),
    Online(UnixMs),
    /// The points of an `about`.
    About(Vec<&'static str>),
    /// The room is locked, or open again.
    Locked(bool),
}

/// Everything that was committed, with the instant of its step, in order.
pub type Log = Vec<(UnixMs, What)>;

/// A share of an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Share {
    Measured,
    Backfilled,
    PlannedOff,
    Lost(Reason),
}

/// When a word was said, whether it came late, and the fault that it is, if any.
type Said<'a> = (UnixMs, bool, Option<&'a Fault>);

pub struct Truth<'a> {
    abouts: Vec<(UnixMs, &'a [&'static str])>,
    periods_ms: &'a BTreeMap<PointName, i64>,
    /// Words of each point in order of time, those of one instant as they came.
    words: BTreeMap<&'static str, Vec<Said<'a>>>,
    off: Vec<(UnixMs, UnixMs)>,
    lost: Vec<(UnixMs, UnixMs, LostReason, u64)>,
}

impl<'a> Truth<'a> {
    pub fn of(log: &'a Log, periods_ms: &'a BTreeMap<PointName, i64>) -> Self {
        let mut truth =
            Self { abouts: Vec::new(), periods_ms, words: BTreeMap::new(), off: Vec::new(), lost: Vec::new() };
        let (mut stopped, mut starting, mut locked) = (None::<UnixMs>, Vec::<(UnixMs, UnixMs)>::new(), None);
        let mut runs: Vec<(UnixMs, LostReason, u64)> = Vec::new();
        let mut newest = None;
        for (now, what) in log {
            match what {
                What::Sample(at, words) => {
                    for (name, fault) in words {
                        truth.words.entry(name).or_default().push((*at, now - at > HORIZON_MS, fault.as_ref()));
                    }
                    newest = Some(*at);
                    truth.lost.extend(runs.drain(..).map(|(from, reason, n)| (from, *at, reason, n)));
                    // The first sample after a stop ends it, whatever else was said.
                    if let Some(from) = stopped.filter(|from| from < at) {
                        truth.off.push((from, *at));
                        stopped = None;
                    }
                    for off in starting.iter_mut().filter(|off| off.0 < *at) {
                        off.1 = off.1.min(*at);
                    }
                }
                What::Lost(reason, n) => {
                    let from = newest.unwrap_or(*now);
                    match runs.iter_mut().find(|run| run.1 == *reason) {
                        Some(run) => run.2 += n,
                        None => runs.push((from, *reason, *n)),
                    }
                }
                What::Stopped(since) => stopped = stopped.or(Some(*since)),
                What::Online(since) => {
                    if let Some(from) = stopped.take() {
                        starting.push((from, since + 60_000));
                    }
                }
                What::Locked(true) => locked = locked.or(Some(*now)),
                What::Locked(false) => truth.off.extend(locked.take().map(|from| (from, *now))),
                What::About(points) => truth.abouts.push((*now, points)),
            }
        }
        truth.off.extend(stopped.into_iter().chain(locked).map(|from| (from, UnixMs::MAX)));
        truth.off.extend(starting);
        truth.lost.extend(runs.into_iter().map(|(from, reason, n)| (from, UnixMs::MAX, reason, n)));
        truth.words.values_mut().for_each(|words| words.sort_by_key(|(at, ..)| *at));
        truth
    }

    /// What stands of a point at `t`.
    fn standing(&self, name: &str, t: UnixMs) -> Option<(bool, Option<&Fault>)> {
        let stands = self.periods_ms[&point(name)] * 3 / 2;
        let words = self.words.get(name)?;
        let said = words.partition_point(|(at, ..)| *at <= t);
        let (at, late, fault) = *words.get(said.checked_sub(1)?)?;
        (t - at < stands).then_some((late, fault))
    }

    /// Since when the point counts.
    fn since(&self, name: &str) -> Option<UnixMs> {
        let said = self.words.get(name).and_then(|words| words.first());
        let named = self.abouts.iter().filter(|(_, points)| points.contains(&name)).map(|(now, _)| *now);
        said.map(|(at, ..)| *at).into_iter().chain(named).min()
    }

    /// When the agent did not name the point any more.
    fn out(&self, name: &str, t: UnixMs) -> bool {
        let abouts = self.abouts.iter().filter(|(now, _)| *now <= t).map(|(_, points)| points.contains(&name));
        let mut named = None;
        for about in abouts {
            named = if about { Some(true) } else { named.map(|_| false) };
        }
        named == Some(false)
    }

    /// The share of a point at `t`; `None` where it does not count. `all` are the points of the agent.
    pub fn share(&self, name: &str, t: UnixMs, all: &[&str]) -> Option<Share> {
        if t < self.since(name)? {
            return None;
        }
        match self.standing(name, t) {
            Some((_, Some(fault))) => return Some(Share::Lost(Reason::Fault(fault.clone()))),
            Some((false, None)) => return Some(Share::Measured),
            Some((true, None)) => return Some(Share::Backfilled),
            None => {}
        }
        if self.out(name, t) || self.off.iter().any(|(from, to)| (*from..*to).contains(&t)) {
            return Some(Share::PlannedOff);
        }
        let runs = self.lost.iter().filter(|(from, to, ..)| (*from..*to).contains(&t));
        let mut most: Option<(LostReason, u64)> = None;
        for (.., reason, n) in runs {
            if most.is_none_or(|(_, known)| *n > known) {
                most = Some((*reason, *n));
            }
        }
        if let Some((reason, _)) = most {
            return Some(Share::Lost(reason.into()));
        }
        let heard = all.iter().any(|other| self.standing(other, t).is_some());
        Some(Share::Lost(if heard { Reason::NotReported } else { Reason::AgentAway }))
    }
}
