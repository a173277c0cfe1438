//! Puts a stored past back into the order in which it came: turns samples, which are stored by the time of
//! their reading, and pages of the journal, which say when those came that came late or had consequences,
//! into steps. A sample of which nothing is said came at once. Holds a few hours of samples in memory.

use std::collections::{HashMap, VecDeque};

use wire::{Id, Sample, Source, UnixMs};

use super::{Error, replay::Past};
use crate::{
    ledger::journal::{Item, Page},
    step::Came,
};

/// Samples are read this much at a time: a day that is packed is then read four times.
const WINDOW_MS: i64 = 6 * 3_600_000;
/// Samples of one source that are read at once, at most; more are read in further looks.
const SAMPLES_MAX: usize = 200_000;
/// Samples of which nothing is said are taken in steps of this length: their exact instant changes nothing.
const TOGETHER_MS: i64 = 1_000;
/// Time passes in steps of this length, as in a collector.
pub const TICK_MS: i64 = 1_000;
/// No extra tick so shortly before one that is written down: what that one found must not be found earlier.
const BEFORE_TICK_MS: i64 = 3_000;
/// Pages of the journal that are read at once.
const PAGES_MAX: usize = 10_000;

/// One step of the past.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Given {
    /// Its instant.
    pub at: UnixMs,
    /// What came.
    pub came: Vec<Came>,
    /// Whether time was let pass.
    pub tick: bool,
    /// Nobody could be heard up to here, before the step.
    pub deaf_at: Option<UnixMs>,
}

/// Samples of a source that were read and not given yet.
#[derive(Default)]
struct Queue {
    waiting: VecDeque<Sample>,
    /// Nothing of it may come before this: its samples keep their order.
    not_before: UnixMs,
}

/// Numbers of a spool that came with a page.
struct Pin {
    first: u64,
    upto: u64,
    at: UnixMs,
}

/// A stored past, as steps in order.
pub struct Feed<'a> {
    past: &'a Past<'a>,
    pages: VecDeque<Page>,
    pins: HashMap<(Source, Id), Vec<Pin>>,
    queues: HashMap<Source, Queue>,
    /// Samples that were read, and come after what is laid out.
    later: Vec<(UnixMs, Source, Sample)>,
    read_upto: UnixMs,
    ticked: UnixMs,
    given: VecDeque<Given>,
}

impl<'a> Feed<'a> {
    /// The past from `past.from` on.
    pub fn new(past: &'a Past<'a>) -> Result<Self, Error> {
        let mut pages = VecDeque::new();
        let mut after = 0;
        loop {
            let read = past.reader.journal(past.from, past.to, after, PAGES_MAX)?;
            let Some((last, _)) = read.last() else { break };
            after = *last;
            pages.extend(read.into_iter().map(|(_, page)| page));
        }
        let mut pins: HashMap<(Source, Id), Vec<Pin>> = HashMap::new();
        for page in &pages {
            for item in &page.items {
                if let Item::Samples { source, spool, first, upto } = item {
                    let pin = Pin { first: *first, upto: *upto, at: page.at };
                    pins.entry((source.clone(), spool.clone())).or_default().push(pin);
                }
            }
        }
        pins.values_mut().for_each(|all| all.sort_by_key(|pin| pin.first));
        let queues = past.sources.iter().map(|source| (source.clone(), Queue::default())).collect();
        let (read_upto, ticked) = (past.from, past.from);
        Ok(Self { past, pages, pins, queues, later: Vec::new(), read_upto, ticked, given: VecDeque::new() })
    }

    /// How far it has come, from 0 to 1.
    #[must_use]
    pub fn share(&self) -> f64 {
        let whole = (self.past.to - self.past.from).max(1) as f64;
        ((self.ticked - self.past.from) as f64 / whole).clamp(0.0, 1.0)
    }

    /// When the sample came, where that is written down.
    fn pinned(&self, source: &Source, sample: &Sample) -> Option<UnixMs> {
        let pins = self.pins.get(&(source.clone(), sample.spool.clone()))?;
        let at = pins.partition_point(|pin| pin.first <= sample.seq).checked_sub(1)?;
        (pins[at].upto >= sample.seq).then_some(pins[at].at)
    }

    /// Reads the next window of samples, and makes steps of all that came in it.
    fn fill(&mut self) -> Result<(), Error> {
        let (from, upto) = (self.read_upto, self.read_upto.saturating_add(WINDOW_MS).min(self.past.to));
        self.read_upto = upto;
        let mut free = std::mem::take(&mut self.later);
        for source in &self.past.sources {
            for sample in self.read(source, from, upto)? {
                let pinned = self.pinned(source, &sample);
                let Some(queue) = self.queues.get_mut(source) else { continue };
                match pinned {
                    // It waits for its page, which is still to come.
                    Some(at) if at >= from => {
                        queue.not_before = queue.not_before.max(at);
                        queue.waiting.push_back(sample);
                    }
                    _ => {
                        queue.not_before = queue.not_before.max(sample.at);
                        free.push((queue.not_before, source.clone(), sample));
                    }
                }
            }
        }
        // What came at one instant is taken in a fixed order.
        free.sort_by(|a, b| (a.0, &a.1, a.2.seq).cmp(&(b.0, &b.1, b.2.seq)));
        self.later = free.split_off(free.partition_point(|(at, ..)| *at < upto));
        self.lay_out(free.into(), upto);
        Ok(())
    }

    fn read(&self, source: &Source, from: UnixMs, upto: UnixMs) -> Result<Vec<Sample>, Error> {
        let mut all: Vec<Sample> = Vec::new();
        let mut next = from;
        loop {
            let mut more = self.past.readings.samples(source, next, upto, SAMPLES_MAX)?;
            let full = more.len() >= SAMPLES_MAX;
            let Some(last) = more.last().map(|sample| sample.at) else { break };
            if full && last > next {
                // Those of the last instant come whole with the next look.
                more.retain(|sample| sample.at < last);
            }
            all.append(&mut more);
            if !full || last <= next {
                break;
            }
            next = last;
        }
        Ok(all)
    }

    /// Makes steps of free samples and of the pages up to `upto`.
    fn lay_out(&mut self, mut free: VecDeque<(UnixMs, Source, Sample)>, upto: UnixMs) {
        loop {
            let page_at = self.pages.front().map_or(UnixMs::MAX, |page| page.at);
            let sample_at = free.front().map_or(UnixMs::MAX, |(at, ..)| *at);
            if page_at.min(sample_at) >= upto {
                break;
            }
            if page_at <= sample_at {
                self.page();
                continue;
            }
            self.ticks_before(sample_at);
            // Not over a page, nor over a tick.
            let end = (sample_at + TOGETHER_MS).min(page_at).min((self.ticked + TICK_MS).max(sample_at + 1));
            let mut given = Given { at: sample_at, ..Given::default() };
            while let Some((at, source, sample)) = free.pop_front_if(|(at, ..)| *at < end) {
                given.at = at;
                given.came.push(Came::Sample(source, sample));
            }
            self.given.push_back(given);
        }
        self.ticks_before(upto);
    }

    /// Time passes up to `at`.
    fn ticks_before(&mut self, at: UnixMs) {
        let next = self.pages.front();
        let near = self.pages.iter().take_while(|page| page.at < at.saturating_add(BEFORE_TICK_MS));
        let close = near.filter(|page| page.tick).map(|page| page.at - BEFORE_TICK_MS).min().unwrap_or(UnixMs::MAX);
        // From when on nobody could be heard, or the collector did not run.
        let quiet = next.and_then(|page| page.deaf.map(|(from, _)| from)).unwrap_or(UnixMs::MAX);
        let end = at.min(close).min(quiet);
        while self.ticked.saturating_add(TICK_MS) < end {
            self.ticked += TICK_MS;
            self.given.push_back(Given { at: self.ticked, tick: true, ..Given::default() });
        }
    }

    /// Nobody was heard up to `at`.
    fn deaf_upto(&mut self, at: UnixMs) {
        self.given.push_back(Given { at, deaf_at: Some(at), ..Given::default() });
        self.ticked = self.ticked.max(at);
    }

    /// The step of the next page.
    fn page(&mut self) {
        let Some(Page { at, deaf, started_at, .. }) = self.pages.front() else { return };
        let (at, deaf, started_at) = (*at, *deaf, *started_at);
        if started_at.is_none() {
            self.ticks_before(at);
        }
        for until in [started_at, deaf.map(|(_, until)| until)].into_iter().flatten() {
            self.deaf_upto(until.min(at));
        }
        let Some(page) = self.pages.pop_front() else { return };
        let mut given = Given { at, tick: page.tick, ..Given::default() };
        for item in page.items {
            match item {
                Item::Samples { source, spool, first, upto } => {
                    let Some(queue) = self.queues.get_mut(&source) else { continue };
                    let of_run = |s: &Sample| s.spool == spool && (first..=upto).contains(&s.seq);
                    let mut run: Vec<Sample> = Vec::new();
                    queue.waiting.retain(|sample| {
                        let is = of_run(sample);
                        if is {
                            run.push(sample.clone());
                        }
                        !is
                    });
                    run.sort_by_key(|sample| sample.seq);
                    given.came.extend(run.into_iter().map(|sample| Came::Sample(source.clone(), sample)));
                }
                other => {
                    if self.past.is_asked(&other) {
                        given.came.push(Came::Other(other));
                    }
                }
            }
        }
        if page.tick {
            self.ticked = self.ticked.max(at);
        }
        self.given.push_back(given);
    }

    /// The next step; `None` at the end.
    pub fn step(&mut self) -> Result<Option<Given>, Error> {
        while self.given.is_empty() && self.read_upto < self.past.to {
            self.fill()?;
        }
        Ok(self.given.pop_front())
    }
}
