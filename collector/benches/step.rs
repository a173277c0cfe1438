//! Where the collector's time goes on its way from a body to a durable commit: decode, step with
//! the karaoke rules, commit, each alone. `cargo bench -p collector --bench step`; compare only
//! figures of one run.
#![allow(clippy::print_stdout, clippy::unwrap_used, missing_docs)]

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use collector::{
    causes, config,
    ingest::{Decoded, decode},
    ledger::{
        Commit, Ledger,
        sqlite::{Options, Sqlite},
    },
    packs,
    packs::Packs,
    rules,
    step::{Core, Deciders, Input},
    tickets,
};

const AGENTS: usize = 1_000;
const ROUNDS: u64 = 100;
/// Messages of one commit, as a drain makes them.
const GROUP: usize = 2_000;
const START: i64 = 1_763_880_000_000;

fn bodies() -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for seq in 1..=ROUNDS {
        for agent in 0..AGENTS {
            let at = START + seq as i64 * 10_000 + agent as i64;
            let drift = (seq as f64 / 20.0 + agent as f64).sin();
            let body = format!(
                "{{\"at\":{at},\"seq\":{seq},\"spool\":\"k3f9x0q2\",\"boot\":\"7c1e04aa\",\"clock\":1,\
                 \"temperature_celsius\":{:.2},\"humidity_percent\":{:.2},\"co2_ppm\":{},\"illuminance_lux\":{:.1},\
                 \"amplifier_current_ampere\":{:.3},\"door_open\":{},\"cpu_temperature_celsius\":{:.1},\"load_ratio\":{:.2}}}",
                20.0 + drift,
                45.0 + 3.0 * drift,
                600 + (40.0 * drift) as i64,
                120.0 + 9.0 * drift,
                1.2 + 0.1 * drift,
                (seq / 50) % 2,
                48.0 + drift,
                0.3 + 0.05 * drift
            );
            all.push((format!("hallwatch/v1/venue-1/room-{agent}/pi-{agent}/samples"), body.into_bytes()));
        }
    }
    all
}

fn core() -> Core {
    let packs = Packs::load(&config::Rules::default()).unwrap();
    let deciders = Deciders {
        rules: rules::State::new(packs.rules(), rules::Settings::default()),
        causes: causes::State::new(packs::cause_facts(&packs.rules())),
        tickets: tickets::State::new(
            tickets::Settings::default(),
            packs.facts(),
            Arc::new(tickets::plan::OneDay(20_261_123)),
        ),
        routes: Vec::new(),
    };
    Core::restore(Default::default(), deciders)
}

fn main() {
    let bodies = bodies();
    let count = bodies.len();
    let bytes: usize = bodies.iter().map(|(_, b)| b.len()).sum();
    println!("{count} messages of {} bytes, 8 readings each, {AGENTS} agents", bytes / count);

    let began = Instant::now();
    let decoded: Vec<Decoded> = bodies.iter().map(|(t, b)| decode(t, b, false, START).unwrap()).collect();
    report("decode", count, began.elapsed());

    let mut core = core();
    let mut commits: Vec<(u64, Commit)> = Vec::new();
    let began = Instant::now();
    let mut messages = decoded.into_iter().peekable();
    let mut group = 0;
    while messages.peek().is_some() {
        group += 1;
        let batch = messages.by_ref().take(GROUP).map(Ok);
        let now = START + group * GROUP as i64 / AGENTS as i64 * 10_000 + 10_000;
        let stepped = core.step(Input { batch, requests: Vec::new(), filings: Vec::new(), tick: true, now });
        commits.push((stepped.number, stepped.commit));
    }
    report("step", count, began.elapsed());
    let episodes: usize = commits.iter().map(|(_, c)| c.episodes.len()).sum();
    let tracks: usize = commits.iter().map(|(_, c)| c.tracks.len()).sum();

    let folder = tempfile::tempdir_in(".").unwrap();
    let (_, mut ledger) = Sqlite::open(&folder.path().join("bench.db"), Options::default()).unwrap();
    let began = Instant::now();
    for (number, commit) in &commits {
        ledger.commit(*number, commit).unwrap();
    }
    report("commit", count, began.elapsed());
    println!("{} commits, {episodes} episode rows, {tracks} track rows", commits.len());
}

fn report(what: &str, count: usize, took: Duration) {
    let per = took.as_secs_f64() / count as f64;
    println!("{what:>8}: {:6.0} k msg/s, {:5.2} µs a message", 1e-3 / per, per * 1e6);
}
