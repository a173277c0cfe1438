//! The delivery protocol played through in made-up time, with the real cores and no input or output:
//! the agent's spool and sending core on one side, the collector's step with watermarks, rules and
//! tickets on the other, and between them everything that goes wrong in life. An outsider keeps the
//! books.
//!
//! [`world`] plays one world from a seed; [`device`] is an agent, [`card`] its card, [`desk`] the
//! collector, [`books`] the ledger and the outsider, [`truth`] what the room did and which tickets
//! follow, [`event`] what can happen, [`faults`] what goes wrong,
//! [`traffic`] the ways between them. A [`Mistake`] plants a known fault, to show that it is found.

pub mod books;
pub mod card;
pub mod desk;
pub mod device;
pub mod event;
pub mod faults;
pub mod traffic;
pub mod truth;
pub mod world;

use std::{
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

use wire::{Source, UnixMs};

use crate::Rng;
use books::Wrongs;

/// Wall time at which a world begins.
pub const EPOCH_MS: UnixMs = 1_763_880_000_000;
/// Hours of one world; many short worlds find more than a long one, and remember less.
pub const WORLD_HOURS: u64 = 200;
/// Agents of a world, each in a room of its own.
pub const AGENTS: usize = 2;

/// A fault that is planted on purpose; each must be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mistake {
    /// None: nothing must be found.
    None,
    /// The agent frees samples when the broker has them.
    DeleteOnPuback,
    /// The collector acknowledges before it commits.
    AckBeforeCommit,
    /// The collector stores what it knows already.
    NoDedupe,
    /// The agent gives numbers again after a power cut.
    NumbersAgain,
}

/// What was played and found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// World time.
    pub hours: u64,
    /// Samples read.
    pub samples: u64,
    /// Tickets opened.
    pub tickets: u64,
    /// Power cuts and kills of agents.
    pub cuts: u64,
    /// Crashes of the collector.
    pub crashes: u64,
    /// Crashes of the broker, which forgets everything.
    pub amnesias: u64,
    /// Outages of an agent's network.
    pub outages: u64,
    /// Messages lost, doubled or delayed past others.
    pub messages: u64,
    /// Numbers that the collector learnt to be lost, with a reason.
    pub gone: u64,
    /// What is wrong.
    pub wrongs: Wrongs,
}

impl Tally {
    fn and(self, other: Self) -> Self {
        Self {
            hours: self.hours + other.hours,
            samples: self.samples + other.samples,
            tickets: self.tickets + other.tickets,
            cuts: self.cuts + other.cuts,
            crashes: self.crashes + other.crashes,
            amnesias: self.amnesias + other.amnesias,
            outages: self.outages + other.outages,
            messages: self.messages + other.messages,
            gone: self.gone + other.gone,
            wrongs: self.wrongs.and(other.wrongs),
        }
    }
}

/// Plays worlds on all cores until `hours` are over. World number n of a run has the seed `seed` + n,
/// so a world that fails can be played alone.
///
/// # Panics
/// When a world panics.
#[must_use]
pub fn play(seed: u64, hours: u64, mistake: Mistake) -> (Tally, Option<u64>) {
    let worlds = hours.div_ceil(WORLD_HOURS);
    let next = AtomicU64::new(0);
    let one = || {
        let (mut tally, mut failed) = (Tally::default(), None);
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= worlds {
                return (tally, failed);
            }
            let seed = seed.wrapping_add(number);
            let world = world::World::new(seed, mistake).play();
            failed = failed.or((world.wrongs.total() > 0).then_some(seed));
            tally = tally.and(world);
        }
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let all: Vec<_> = (0..threads).map(|_| scope.spawn(one)).collect();
        all.into_iter().fold((Tally::default(), None), |(tally, failed), thread| {
            let (more, failure) = thread.join().expect("no world panics");
            (tally.and(more), failed.or(failure))
        })
    })
}

/// The number of an agent, from its name.
fn place_of(source: &Source) -> usize {
    source.agent.as_str().strip_prefix("pi-").and_then(|n| n.parse().ok()).expect("agents are named by number")
}

/// A generator for a part of a world, so that parts do not disturb each other.
fn part(rng: &mut Rng) -> Rng {
    Rng::new(rng.next_u64())
}
