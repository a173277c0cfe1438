//! Faults at every boundary of a commit: the commit is refused, half of it fails, its outcome is in doubt,
//! the process is killed before it, after it, and with another step decided behind it. Over the real step
//! and SQLite, with the shipped rules, generated traffic and people's actions. Whatever happens, the ledger
//! holds no transition without its message and no two open tickets for one thing.
//!
//! [`world`] plays the traffic, [`file`] is the ledger that fails, [`check`] reads the rows.
//! `HALLWATCH_CASES` asks for more random worlds, `HALLWATCH_SEED` for a certain one.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::panic::AssertUnwindSafe;

mod check;
mod file;
mod world;

use check::check;
use file::{Fault, TABLES};
use world::World;

/// Steps of a world that is played once for each boundary and fault.
const STEPS: usize = 40;
/// Steps of a random world, in which anything fails at any time.
const STEPS_RANDOM: usize = 150;
/// Random worlds in the default run.
const CASES: u64 = 16;

/// Every fault that a boundary can have.
fn faults() -> Vec<Fault> {
    let mut all = vec![Fault::Refused, Fault::InDoubt, Fault::KilledBefore, Fault::KilledAfter];
    all.extend(TABLES.map(Fault::FailsAt));
    all
}

#[test]
fn a_fault_at_any_boundary_leaves_no_transition_without_its_message_and_no_second_ticket() {
    let mut whole = World::new(7, 0);
    (0..STEPS).for_each(|_| whole.step(None));
    let clean = check(whole.end());
    assert!(clean.tickets >= 6 && clean.news >= 10 && clean.by_people >= 5, "too little happens: {clean:?}");
    let mut hits = 0;
    for boundary in 0..STEPS {
        for fault in faults() {
            let mut world = World::new(7, 0);
            (0..STEPS).for_each(|step| world.step((step == boundary).then_some(fault)));
            hits += world.hits();
            check(world.end());
        }
    }
    println!("{hits} faults hit; {clean:?}");
    assert!(hits > STEPS * 6, "only {hits} faults hit");
}

#[test]
fn anything_may_fail_at_any_time() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let (cases, first) = (number("HALLWATCH_CASES").unwrap_or(CASES), number("HALLWATCH_SEED").unwrap_or(1));
    let (mut hits, mut news) = (0, 0);
    for seed in first..first + cases {
        let caught = std::panic::catch_unwind(|| {
            let mut world = World::new(seed, 4);
            (0..STEPS_RANDOM).for_each(|_| world.step(None));
            let hits = world.hits();
            (hits, check(world.end()).news)
        });
        match caught {
            Ok((h, n)) => (hits, news) = (hits + h, news + n),
            Err(panic) => {
                eprintln!("HALLWATCH_SEED={seed} HALLWATCH_CASES=1 runs this world alone");
                std::panic::resume_unwind(panic);
            }
        }
    }
    println!("{hits} faults, {news} news");
    assert!(hits as u64 > cases * 10 && news as u64 > cases * 10, "{hits} faults, {news} news: too little was tried");
}

/// A harness that looks for faults must first find planted ones.
#[test]
fn a_commit_in_pieces_is_found() {
    let mistakes = [
        (file::Mistake::NoOutbox, "no message"),
        (file::Mistake::NoTickets, "stands at"),
        (file::Mistake::NoAnswer, "twice"),
        (file::Mistake::ForgetsTickets, "two open tickets"),
    ];
    for (mistake, word) in mistakes {
        let mut found = Vec::new();
        for seed in 1..=12 {
            let mut world = World::with(seed, 3, mistake);
            (0..STEPS_RANDOM).for_each(|_| world.step(None));
            let folder = world.end();
            let caught = std::panic::catch_unwind(AssertUnwindSafe(|| check(folder)));
            let text = caught.err().and_then(|e| e.downcast_ref::<String>().cloned());
            found.extend(text);
            if found.iter().any(|text: &String| text.contains(word)) {
                break;
            }
        }
        assert!(found.iter().any(|text| text.contains(word)), "{mistake:?} is not found: {found:?}");
    }
}
