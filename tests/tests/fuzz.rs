//! Whatever reads what others wrote is given broken input for a while: no panic, and what is
//! accepted survives printing. `HALLWATCH_FUZZ_SECONDS` makes it longer, `HALLWATCH_SEED` repeats.

#![allow(clippy::print_stdout, reason = "the seed and the counts are what a person reads")]

use std::time::Duration;

use tests::{
    Rng,
    fuzz::{self, Tally},
};

/// How long all targets take together in an ordinary run.
const SECONDS_DEFAULT: u64 = 20;

/// Runs the targets whose names begin with `group`, each for its share of the whole time.
fn check(group: &str) {
    let seconds = std::env::var("HALLWATCH_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok());
    let targets = fuzz::targets();
    let each = Duration::from_secs(seconds.unwrap_or(SECONDS_DEFAULT)) / targets.len().try_into().unwrap_or(1);
    let seed = Rng::seed_from_env();
    println!("HALLWATCH_SEED={seed}");
    for target in targets.iter().filter(|target| target.name.starts_with(group)) {
        let Tally { tried, accepted } = fuzz::run_for(target, seed, each);
        println!("{}: {tried} inputs, {accepted} accepted", target.name);
        assert!(accepted > 0 && accepted < tried, "{}: {accepted} of {tried} accepted: nothing was tried", target.name);
    }
}

#[test]
fn no_message_panics_a_reader() {
    check("wire_");
}

#[test]
fn no_configuration_panics_a_reader() {
    check("config_");
}

#[test]
fn no_folder_panics_the_recovery_of_a_spool() {
    check("spool");
}

#[test]
fn no_answer_of_a_bus_panics_a_driver() {
    check("bus_");
}

#[test]
fn no_line_of_a_device_panics_a_probe() {
    check("probe_");
}
