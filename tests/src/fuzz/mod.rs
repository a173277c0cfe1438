//! Fuzzing: turns a seed corpus into endless broken inputs and gives them to everything that reads
//! what others wrote. The same targets run under `cargo fuzz` (`tests/fuzz`) and, with no nightly
//! toolchain, under [`run_for`], which `tests/run` calls.
//!
//! A target must never panic, and what it accepts must survive being printed and read again.

pub mod bus;
pub mod bytes;
pub mod config;
pub mod json;
pub mod probe;
pub mod spool;
pub mod text;
pub mod wire;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, Instant},
};

use crate::Rng;

/// Something that reads what others wrote.
pub struct Target {
    /// Its name, also under `tests/fuzz/fuzz_targets`.
    pub name: &'static str,
    /// Inputs to start from: real ones.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Makes a new input of an old one.
    pub mutate: fn(&mut Rng, &[Vec<u8>]) -> Vec<u8>,
    /// Reads one input; panics when a promise is broken. Says whether the input was accepted.
    pub run: fn(&[u8]) -> bool,
}

/// What a run of one target came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// Inputs tried.
    pub tried: u64,
    /// Inputs that were accepted; neither none nor all, or the mutations are of no use.
    pub accepted: u64,
}

/// Every target.
#[must_use]
pub fn targets() -> Vec<Target> {
    wire::targets()
        .into_iter()
        .chain(config::targets())
        .chain(spool::targets())
        .chain(bus::targets())
        .chain(probe::targets())
        .collect()
}

/// Tries inputs for `duration`, beginning with the seeds as they are.
///
/// # Panics
/// When a promise is broken; the message holds the seed and the input.
#[must_use]
pub fn run_for(target: &Target, seed: u64, duration: Duration) -> Tally {
    let corpus = (target.seeds)();
    assert!(!corpus.is_empty(), "{} has no seeds", target.name);
    let mut rng = Rng::new(seed);
    let mut tally = Tally { tried: 0, accepted: 0 };
    for input in &corpus {
        assert!(attempt(target, seed, input), "{} refuses its own seed: {}", target.name, input.escape_ascii());
    }
    let deadline = Instant::now() + duration;
    while Instant::now() < deadline {
        // The clock is looked at once a handful of inputs.
        for _ in 0..16 {
            let input = (target.mutate)(&mut rng, &corpus);
            tally.tried += 1;
            tally.accepted += u64::from(attempt(target, seed, &input));
        }
    }
    tally
}

fn attempt(target: &Target, seed: u64, input: &[u8]) -> bool {
    catch_unwind(AssertUnwindSafe(|| (target.run)(input))).unwrap_or_else(|_| {
        panic!("{} broke with HALLWATCH_SEED={seed} on {} bytes: {}", target.name, input.len(), input.escape_ascii())
    })
}
