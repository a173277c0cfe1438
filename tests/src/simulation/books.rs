//! The collector's ledger as plain maps, and beside it the books of an outsider who knows what each
//! agent read and what it was promised: they find what was lost, counted twice, misplaced, made up.

use std::collections::{BTreeMap, HashMap, VecDeque};

use collector::{
    episode::EpisodeKey,
    ledger::{Commit, EpisodeRow, Loaded, Watermark},
    tickets::Ticket,
};
use wire::{Clock, Id, Sample, Source, UnixMs};

use super::{EPOCH_MS, truth::Row};

/// Samples that a restart finds at hand for each agent.
const RECENT_MAX: usize = 64;
/// How far a stored time may be off that calls itself right.
const OFF_MS_MAX: i64 = 2_000;

/// What is wrong; all zero in a run that keeps its promises.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wrongs {
    /// Acknowledged to the sampler and not in the ledger.
    pub lost: u64,
    /// In the ledger more than once.
    pub doubled: u64,
    /// In the ledger with other values than the room had, or under another's name.
    pub invented: u64,
    /// Numbers below the watermark with neither a sample nor a reason.
    pub unaccounted: u64,
    /// Stored times that are off by more than they say.
    pub misplaced: u64,
    /// Samples of a boot that were stored in another order than they were read.
    pub reversed: u64,
    /// Tickets that differ from the literal reading.
    pub tickets: u64,
    /// Samples that never drained although everything was up again.
    pub stuck: u64,
}

impl Wrongs {
    /// All of them together.
    #[must_use]
    pub fn total(&self) -> u64 {
        let Self { lost, doubled, invented, unaccounted, misplaced, reversed, tickets, stuck } = *self;
        lost + doubled + invented + unaccounted + misplaced + reversed + tickets + stuck
    }

    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            lost: self.lost + other.lost,
            doubled: self.doubled + other.doubled,
            invented: self.invented + other.invented,
            unaccounted: self.unaccounted + other.unaccounted,
            misplaced: self.misplaced + other.misplaced,
            reversed: self.reversed + other.reversed,
            tickets: self.tickets + other.tickets,
            stuck: self.stuck + other.stuck,
        }
    }
}

/// What an agent really read, and its name.
#[derive(Debug, Clone)]
pub struct Read {
    /// World time.
    pub at_ms: i64,
    /// °C.
    pub temperature: f64,
    /// 0 or 1.
    pub power: f64,
    /// The spool that numbered it.
    pub spool: Id,
    /// Its number.
    pub seq: u64,
    /// Times it stands in the ledger.
    pub stored: u32,
    /// It was promised to the sampler while the process lived that read it. What a later life says
    /// of its number promises nothing: that may be the word that it is gone.
    pub promised: bool,
}

/// What is known of one agent.
#[derive(Debug, Default)]
pub struct Agent {
    /// Everything it read.
    pub reads: Vec<Read>,
    /// Up to where it was promised to its sampler, by spool.
    pub promised: HashMap<Id, u64>,
    /// Reads of processes that have ended: up to here.
    ended: usize,
    /// Numbers that the ledger accounts for, by spool: how many.
    accounted: HashMap<Id, u64>,
    /// What the collector committed, in its order.
    pub rows: Vec<Row>,
    newest: Option<(Id, UnixMs, usize)>,
}

/// The ledger, and the outsider's books.
#[derive(Debug, Default)]
pub struct Books {
    number: u64,
    marks: BTreeMap<(Source, Id), Watermark>,
    tracks: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Tickets, as the ledger has them.
    pub tickets: BTreeMap<u64, Ticket>,
    episodes: BTreeMap<EpisodeKey, EpisodeRow>,
    recent: BTreeMap<Source, VecDeque<Sample>>,
    /// One an agent.
    pub agents: Vec<Agent>,
    /// What was found so far.
    pub wrongs: Wrongs,
}

impl Books {
    /// Empty books of so many agents.
    #[must_use]
    pub fn new(agents: usize) -> Self {
        Self { agents: (0..agents).map(|_| Agent::default()).collect(), ..Self::default() }
    }

    /// What a starting collector finds.
    #[must_use]
    pub fn load(&self) -> Loaded {
        let samples = self.recent.iter().flat_map(|(s, all)| all.iter().map(|sample| (s.clone(), sample.clone())));
        Loaded {
            commit_number: self.number,
            ticket_id: self.tickets.keys().next_back().copied().unwrap_or(0),
            watermarks: self.marks.values().cloned().collect(),
            tracks: self.tracks.iter().map(|(key, bytes)| (key.clone(), bytes.clone())).collect(),
            tickets: self.tickets.values().cloned().collect(),
            episodes: self.episodes.values().filter(|row| row.ended_at.is_none()).cloned().collect(),
            devices: Vec::new(),
            records: Vec::new(),
            samples: samples.collect(),
        }
    }

    /// Stores a commit whole.
    ///
    /// # Panics
    /// When its number does not follow.
    pub fn commit(&mut self, number: u64, commit: &Commit, place_of: impl Fn(&Source) -> usize) {
        assert_eq!(number, self.number + 1, "commits follow each other");
        self.number = number;
        for (source, sample) in &commit.samples {
            self.store(place_of(source), sample, commit.at);
            let recent = self.recent.entry(source.clone()).or_default();
            recent.push_back(sample.clone());
            recent.drain(..recent.len().saturating_sub(RECENT_MAX));
        }
        for (source, lost) in &commit.lost {
            let known = self.agents[place_of(source)].accounted.entry(lost.spool.clone()).or_default();
            *known += lost.upto + 1 - lost.seq;
        }
        for mark in &commit.watermarks {
            self.marks.insert((mark.source.clone(), mark.spool.clone()), mark.clone());
        }
        for (key, bytes) in &commit.tracks {
            match bytes {
                Some(bytes) => drop(self.tracks.insert(key.clone(), bytes.clone())),
                None => drop(self.tracks.remove(key)),
            }
        }
        self.tickets.extend(commit.tickets.iter().map(|ticket| (ticket.id, ticket.clone())));
        self.episodes.extend(commit.episodes.iter().map(|row| (row.key.clone(), row.clone())));
        self.episodes.retain(|_, row| row.ended_at.is_none());
    }

    fn store(&mut self, place: usize, sample: &Sample, now: UnixMs) {
        let (agent, wrongs) = (&mut self.agents[place], &mut self.wrongs);
        let value = |name: &str| sample.points.iter().find(|(point, _)| point.as_str() == name).map(|(_, v)| *v);
        let index = value("read_count").map_or(usize::MAX, |count| count as usize);
        let Some(read) = agent.reads.get_mut(index) else {
            wrongs.invented += 1;
            return;
        };
        let same = read.seq == sample.seq
            && read.spool == sample.spool
            && value("temperature_celsius") == Some(read.temperature)
            && value("amplifier_on") == Some(read.power);
        wrongs.invented += u64::from(!same);
        read.stored += 1;
        wrongs.doubled += u64::from(read.stored > 1);
        let off = (sample.at - (EPOCH_MS + read.at_ms)).abs();
        let (allowed, placed) = match sample.clock {
            Clock::Trusted => (OFF_MS_MAX, true),
            Clock::Uncertain { uncertainty_ms } => (i64::try_from(uncertainty_ms).unwrap_or(i64::MAX), false),
        };
        wrongs.misplaced += u64::from(off > allowed);
        let reversed = agent.newest.as_ref().is_some_and(|(boot, at, last)| {
            *boot == sample.boot && (index > *last && sample.at < *at || index < *last)
        });
        wrongs.reversed += u64::from(reversed && read.stored == 1);
        agent.newest = Some((sample.boot.clone(), sample.at, index));
        *agent.accounted.entry(sample.spool.clone()).or_default() += 1;
        let (temperature, power) = (read.temperature, read.power);
        agent.rows.push(Row { now, at: sample.at, placed, temperature, power });
    }

    /// The sampler of an agent was promised everything of `spool` up to `upto`.
    pub fn promise(&mut self, place: usize, spool: &Id, upto: u64) {
        match self.agents[place].promised.get_mut(spool) {
            Some(known) => *known = upto.max(*known),
            None => drop(self.agents[place].promised.insert(spool.clone(), upto)),
        }
    }

    /// A process of an agent has ended; what it promised stands.
    pub fn end_life(&mut self, place: usize) {
        let agent = &mut self.agents[place];
        for read in &mut agent.reads[agent.ended..] {
            read.promised = agent.promised.get(&read.spool).is_some_and(|upto| read.seq <= *upto);
        }
        agent.ended = agent.reads.len();
    }

    /// Closes the books of one agent: what it still has to send is not lost yet.
    pub fn close_agent(&mut self, place: usize, waiting: &HashMap<Id, u64>) {
        self.end_life(place);
        let freed = |read: &Read| waiting.get(&read.spool).is_none_or(|first| read.seq < *first);
        let reads = &self.agents[place].reads;
        let lost = reads.iter().filter(|read| read.promised && read.stored == 0 && freed(read));
        self.wrongs.lost += lost.count() as u64;
    }

    /// Closes the ledger's side of the books.
    pub fn close(&mut self) {
        for ((source, spool), mark) in &self.marks {
            let place = super::place_of(source);
            let accounted = self.agents[place].accounted.get(spool).copied().unwrap_or(0);
            // Doubles are counted where they are stored.
            self.wrongs.unaccounted += mark.upto.saturating_sub(accounted);
        }
    }
}
