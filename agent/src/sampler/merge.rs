//! Merges what the threads hear into drafts: one flat sample a tick, and one at once for each
//! change of a contact or of a set of faults. Pure: the time is an argument, waiting is for others.
//!
//! Drafts leave with times that never go back, so the order within a point is never reversed.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use wire::{Fault, PointName};

use super::{
    figures::Figures,
    judge::Judge,
    pace::Pace,
    plan::{Plan, Worker},
};
use crate::{
    draft::Draft,
    driver::{Error, Measured},
};

type Points = Vec<(PointName, f64)>;
type Faults = Vec<(PointName, Fault)>;

/// What the sampler must do now.
#[derive(Debug, Default)]
pub(crate) struct Todo {
    /// Samples to hand on.
    pub drafts: Vec<Draft>,
    /// Stations to ask.
    pub ask: Vec<usize>,
    /// Workers whose thread hangs.
    pub hung: Vec<usize>,
}

/// One station between two answers.
#[derive(Debug, Default)]
struct Track {
    next_due: Duration,
    /// When it was asked, while it has not answered.
    asked: Option<Duration>,
    judges: Vec<Judge>,
    /// Faults as last told.
    faults: Faults,
    /// A contact's last word, or why a line cannot be read.
    contact: Option<Result<f64, Fault>>,
    /// A counter's last word.
    counted: Vec<Measured>,
}

/// A tick that still waits for readings.
#[derive(Debug)]
struct Window {
    since: Duration,
    waiting: Vec<usize>,
    points: Points,
    faults: Faults,
}

pub(crate) struct Merger {
    plan: Arc<Plan>,
    stuck_after: u32,
    pace: Pace,
    pub(super) figures: Figures,
    tracks: Vec<Track>,
    window: Option<Window>,
    /// Time of the last draft.
    last: Duration,
    /// When each hung worker was last reported, so that it is replaced once a [`Pace::hung_after`].
    hung: BTreeMap<usize, Duration>,
}

impl Merger {
    /// Everything is due at `now`, then at whole multiples of its period.
    pub(crate) fn new(plan: Arc<Plan>, stuck_after: u32, pace: Pace, now: Duration) -> Self {
        let tracks = plan.stations.iter().map(|station| Track {
            next_due: now,
            judges: vec![Judge::default(); station.points.len()],
            ..Track::default()
        });
        let tracks = tracks.collect();
        Self {
            plan,
            stuck_after,
            pace,
            figures: Figures::default(),
            tracks,
            window: None,
            last: now,
            hung: BTreeMap::new(),
        }
    }

    /// When to call [`Merger::advance`] at the latest, if nothing is heard before.
    pub(crate) fn next_wake(&self) -> Option<Duration> {
        let window = self.window.as_ref().map(|window| window.since + self.pace.merge);
        let tracks = self.tracks.iter().enumerate().flat_map(|(station, track)| {
            let overdue = track.asked.map(|asked| self.overdue_at(station, asked));
            [Some(track.next_due), overdue]
        });
        tracks.chain([window]).flatten().min()
    }

    /// Lets time pass until `now`.
    pub(crate) fn advance(&mut self, now: Duration) -> Todo {
        let mut todo = Todo::default();
        if self.window.as_ref().is_some_and(|window| now >= window.since + self.pace.merge) {
            self.close(&mut todo);
        }
        self.miss_overdue(now, &mut todo);
        if self.tracks.iter().any(|track| now >= track.next_due) {
            self.close(&mut todo);
            self.tick(now, &mut todo);
        }
        todo
    }

    /// Makes every station due.
    pub(crate) fn make_due(&mut self, now: Duration) {
        self.tracks.iter_mut().for_each(|track| track.next_due = now);
    }

    /// A station answered at `at`.
    pub(crate) fn answered(&mut self, station: usize, at: Duration, outcome: &Result<Vec<Measured>, Error>) -> Todo {
        let mut todo = Todo::default();
        let (points, faults) = self.judge(station, outcome);
        let track = &mut self.tracks[station];
        track.asked = None;
        self.hung.remove(&self.plan.stations[station].worker);
        let changed = track.faults != faults;
        track.faults.clone_from(&faults);
        let position =
            self.window.as_ref().and_then(|window| window.waiting.iter().position(|waiting| *waiting == station));
        if let (Some(window), Some(position)) = (&mut self.window, position) {
            window.waiting.swap_remove(position);
            if window.waiting.is_empty() {
                let round = at.saturating_sub(window.since);
                self.figures.round_ms = u64::try_from(round.as_millis()).unwrap_or(u64::MAX);
            }
            if !changed {
                window.points.extend(points);
                window.faults.extend(faults);
                if window.waiting.is_empty() {
                    self.close(&mut todo);
                }
                return todo;
            }
        }
        self.figures.late += u64::from(position.is_none());
        self.emit(at, points, faults, &mut todo);
        if self.window.as_ref().is_some_and(|window| window.waiting.is_empty()) {
            self.close(&mut todo);
        }
        todo
    }

    /// A station changed at `at` without having been asked.
    pub(crate) fn changed(&mut self, station: usize, at: Duration, outcome: &Result<Vec<Measured>, Error>) -> Todo {
        let mut todo = Todo::default();
        let (points, faults) = self.judge(station, outcome);
        self.tracks[station].faults.clone_from(&faults);
        // The open tick holds what was before.
        self.close(&mut todo);
        self.emit(at, points, faults, &mut todo);
        todo
    }

    /// A contact changed at `at`, or could not be read.
    pub(crate) fn switched(&mut self, station: usize, at: Duration, value: Result<f64, Fault>) -> Todo {
        let mut todo = Todo::default();
        let track = &mut self.tracks[station];
        if track.contact.as_ref() == Some(&value) {
            return todo;
        }
        track.contact = Some(value);
        // The open tick holds the level of before.
        self.close(&mut todo);
        let (points, faults) = self.line(station);
        self.emit(at, points, faults, &mut todo);
        todo
    }

    /// What a counter says at `at`. Its steps are no news, that it can be read again is.
    pub(crate) fn counted(&mut self, station: usize, at: Duration, measured: Vec<Measured>) -> Todo {
        let mut todo = Todo::default();
        let track = &mut self.tracks[station];
        track.counted = measured;
        if track.contact.take().is_some() {
            self.close(&mut todo);
            let (points, faults) = self.line(station);
            self.emit(at, points, faults, &mut todo);
        }
        todo
    }

    /// Starts a tick with every station that is due.
    fn tick(&mut self, now: Duration, todo: &mut Todo) {
        let mut window = Window { since: now, waiting: Vec::new(), points: Vec::new(), faults: Vec::new() };
        for station in 0..self.tracks.len() {
            if now < self.tracks[station].next_due {
                continue;
            }
            self.tracks[station].next_due = next_multiple(now, self.plan.stations[station].period);
            if self.is_line(station) {
                let (points, faults) = self.line(station);
                window.points.extend(points);
                window.faults.extend(faults);
            } else if self.tracks[station].asked.is_some() {
                window.faults.extend(self.tracks[station].faults.iter().cloned());
            } else {
                self.tracks[station].asked = Some(now);
                window.waiting.push(station);
                todo.ask.push(station);
            }
        }
        let waits = !window.waiting.is_empty();
        self.window = Some(window);
        if !waits {
            self.close(todo);
        }
    }

    /// Turns long silence into faults.
    fn miss_overdue(&mut self, now: Duration, todo: &mut Todo) {
        for station in 0..self.tracks.len() {
            let Some(asked) = self.tracks[station].asked else { continue };
            let worker = self.plan.stations[station].worker;
            let is_bus = matches!(self.plan.workers[worker], Worker::Bus(_));
            let failed = is_bus && now >= asked + self.pace.hung_after;
            let fault = if failed {
                Fault::BusFailed
            } else if now >= asked + self.patience(station) {
                Fault::NoResponse
            } else {
                continue;
            };
            if failed && self.hung.get(&worker).is_none_or(|at| now >= *at + self.pace.hung_after) {
                self.hung.insert(worker, now);
                todo.hung.push(worker);
            }
            let faults = self.every_point(station, &fault);
            if self.tracks[station].faults != faults {
                self.tracks[station].faults.clone_from(&faults);
                self.tracks[station].judges.iter_mut().for_each(Judge::forget);
                if let Some(window) = &mut self.window {
                    window.waiting.retain(|waiting| *waiting != station);
                }
                self.emit(now, Vec::new(), faults, todo);
            }
        }
    }

    /// When silence since `asked` means something new.
    fn overdue_at(&self, station: usize, asked: Duration) -> Duration {
        let told = |fault: Fault| self.tracks[station].faults == self.every_point(station, &fault);
        let worker = self.plan.stations[station].worker;
        let is_bus = matches!(self.plan.workers[worker], Worker::Bus(_));
        if told(Fault::BusFailed) {
            self.hung.get(&worker).map_or(Duration::MAX, |at| *at + self.pace.hung_after)
        } else if told(Fault::NoResponse) {
            if is_bus { asked + self.pace.hung_after } else { Duration::MAX }
        } else {
            asked + self.patience(station)
        }
    }

    /// Whether its thread tells what it sees without being asked.
    fn is_line(&self, station: usize) -> bool {
        matches!(self.plan.workers[self.plan.stations[station].worker], Worker::Lines(_))
    }

    fn patience(&self, station: usize) -> Duration {
        let station = &self.plan.stations[station];
        self.pace.patience(&self.plan.workers[station.worker], station.patience)
    }

    fn every_point(&self, station: usize, fault: &Fault) -> Faults {
        self.plan.stations[station].points.iter().map(|point| (point.name.clone(), fault.clone())).collect()
    }

    fn judge(&mut self, station: usize, outcome: &Result<Vec<Measured>, Error>) -> (Points, Faults) {
        let measured = match outcome {
            Ok(measured) => measured,
            Err(error) => {
                self.tracks[station].judges.iter_mut().for_each(Judge::forget);
                return (Vec::new(), self.every_point(station, &error.fault()));
            }
        };
        let (mut points, mut faults) = (Vec::new(), Vec::new());
        let judges = &mut self.tracks[station].judges;
        for (point, judge) in self.plan.stations[station].points.iter().zip(judges) {
            let Some(one) = measured.iter().find(|m| m.quantity == point.quantity.name) else { continue };
            match judge.judge(&point.quantity, one, self.stuck_after) {
                Ok(value) => points.push((point.name.clone(), value)),
                Err(fault) => faults.push((point.name.clone(), fault)),
            }
        }
        (points, faults)
    }

    /// What the line of a contact or a counter says now.
    fn line(&mut self, station: usize) -> (Points, Faults) {
        match &self.tracks[station].contact {
            Some(Ok(value)) => (vec![(self.plan.stations[station].points[0].name.clone(), *value)], Vec::new()),
            Some(Err(fault)) => (Vec::new(), self.every_point(station, fault)),
            None => {
                let counted = Ok(self.tracks[station].counted.clone());
                self.judge(station, &counted)
            }
        }
    }

    /// Hands on what the open tick has.
    fn close(&mut self, todo: &mut Todo) {
        if let Some(mut window) = self.window.take() {
            if !window.points.is_empty() || !window.faults.is_empty() {
                window.points.extend(self.figures.points());
                window.points.extend(self.buses());
            }
            self.emit(window.since, window.points, window.faults, todo);
        }
    }

    /// For each bus whether anything on it answers.
    fn buses(&self) -> Points {
        let failed = |bus: usize| {
            let here = |station: &&super::plan::Station| self.plan.workers[station.worker] == Worker::Bus(bus);
            self.plan.stations.iter().zip(&self.tracks).filter(|(station, _)| here(station)).all(|(station, track)| {
                track.faults.len() == station.points.len()
                    && track.faults.iter().all(|(_, fault)| *fault == Fault::BusFailed)
            })
        };
        let value = |bus: usize| (self.plan.working[bus].clone(), f64::from(u8::from(!failed(bus))));
        self.plan.buses().map(value).collect()
    }

    fn emit(&mut self, at: Duration, points: Points, faults: Faults, todo: &mut Todo) {
        if points.is_empty() && faults.is_empty() {
            return;
        }
        self.last = self.last.max(at);
        todo.drafts.push(Draft { read_at: self.last, points, faults });
    }
}

/// The next whole multiple of `period` after `now`, so that sensors of one rhythm stay together.
fn next_multiple(now: Duration, period: Duration) -> Duration {
    let period_ns = period.as_nanos().max(1);
    let next_ns = (now.as_nanos() / period_ns + 1) * period_ns;
    Duration::from_nanos_u128(next_ns)
}
