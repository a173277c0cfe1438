//! The delivery protocol, played through: power cuts, lost, doubled and reordered messages, a broker
//! that forgets, a collector that dies before and after its commits, clocks that are wrong. Nothing
//! that was promised to a sampler is lost or counted twice, and the tickets are those that a literal
//! reading gives. Planted mistakes must be found, or nothing was tried.
//!
//! `HALLWATCH_SIM_HOURS` plays longer, `HALLWATCH_SIM_SEED` repeats.

#![allow(clippy::print_stdout, reason = "the seed and the counts are what a person reads")]

use tests::{
    Rng,
    simulation::{Mistake, Tally, books::Wrongs, play},
};

/// World time of an ordinary run.
const HOURS_DEFAULT: u64 = 20_000;
/// World time in which a planted mistake must be found.
const HOURS_MISTAKE: u64 = 1_000;

fn variable(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("`{name}` is no number: {text}")))
}

fn seed() -> u64 {
    let seed = variable("HALLWATCH_SIM_SEED").unwrap_or_else(Rng::seed_from_env);
    println!("HALLWATCH_SIM_SEED={seed}");
    seed
}

fn found(mistake: Mistake) -> Wrongs {
    let (tally, _) = play(seed(), HOURS_MISTAKE, mistake);
    println!("{mistake:?}: {tally:?}");
    tally.wrongs
}

#[test]
fn nothing_promised_is_lost_or_counted_twice_and_tickets_are_right() {
    let hours = variable("HALLWATCH_SIM_HOURS").unwrap_or(HOURS_DEFAULT);
    let (tally, failed) = play(seed(), hours, Mistake::None);
    println!("{tally:#?}");
    assert_eq!(tally.wrongs, Wrongs::default(), "a world that shows it: HALLWATCH_SIM_SEED={failed:?}, 1 hour");
    let Tally { cuts, crashes, amnesias, outages, messages, gone, tickets, .. } = tally;
    for (what, count) in [
        ("power cuts", cuts),
        ("crashes", crashes),
        ("amnesias", amnesias),
        ("outages", outages),
        ("messages", messages),
        ("numbers gone", gone),
        ("tickets", tickets),
    ] {
        assert!(count > hours / 200, "only {count} {what} in {hours} h: too little was tried");
    }
}

#[test]
fn freeing_samples_on_a_puback_is_found() {
    let wrongs = found(Mistake::DeleteOnPuback);
    assert!(wrongs.lost > 0, "{wrongs:?}");
}

#[test]
fn an_ack_before_the_commit_is_found() {
    let wrongs = found(Mistake::AckBeforeCommit);
    assert!(wrongs.lost > 0, "{wrongs:?}");
}

#[test]
fn storing_what_is_known_is_found() {
    let wrongs = found(Mistake::NoDedupe);
    assert!(wrongs.doubled > 0, "{wrongs:?}");
}

#[test]
fn numbers_given_again_are_found() {
    let wrongs = found(Mistake::NumbersAgain);
    assert!(wrongs.lost > 0, "{wrongs:?}");
}
