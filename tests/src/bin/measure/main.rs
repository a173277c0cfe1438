//! Measures Hallwatch beside its peers on this machine, and prints each figure with its goal.
//! Figures are only compared within one run. `tests/measure` builds what this needs and calls it.

#![allow(clippy::print_stdout, reason = "figures are what it is for")]

mod agent;
mod bytes;
mod drain;
mod edge;
mod report;

use clap::{Parser, ValueEnum};

/// Measure Hallwatch beside its peers.
#[derive(Debug, Parser)]
struct Arguments {
    /// What to measure; without it everything.
    #[arg(value_enum)]
    what: Vec<What>,
    /// Messages of a drain.
    #[arg(long, default_value_t = 200_000)]
    messages: u64,
    /// Each drain is done this often; the median counts.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Rooms of a day of readings.
    #[arg(long, default_value_t = 100)]
    rooms: usize,
    /// How long the agent runs.
    #[arg(long, default_value_t = 300)]
    seconds: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// A backlog in the broker, and live messages, committed; beside mosquitto_sub.
    Drain,
    /// From a contact to its ticket, under load.
    Edge,
    /// Stored bytes a reading, beside VictoriaMetrics.
    Bytes,
    /// What the agent costs, beside collectd.
    Agent,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let all = [What::Drain, What::Edge, What::Bytes, What::Agent];
    let what = if arguments.what.is_empty() { all.to_vec() } else { arguments.what.clone() };
    for what in what {
        match what {
            What::Drain => drain::measure(arguments.messages, arguments.rounds)?,
            What::Edge => edge::measure()?,
            What::Agent => agent::measure(arguments.seconds)?,
            What::Bytes => bytes::measure(arguments.rooms)?,
        }
    }
    Ok(())
}
