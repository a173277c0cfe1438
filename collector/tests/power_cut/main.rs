//! Power cuts at every write of the ledger: whatever part of the un-synced writes is there, the
//! ledger opens, is whole, holds every acknowledged commit and nothing that was not decided, and
//! takes the next commit. The same search must catch two planted mistakes, or it proves nothing.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod disk;
mod script;
mod states;
mod vfs;

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

use collector::{
    ledger::{Ledger, Reader, sqlite::Sqlite},
    readings,
};
use rusqlite::{Connection, OpenFlags};
use script::{Mistake, Recorded, options};
use states::{CUTS, Cut, Follower, Random};

/// States that one run tries at least (PROMISES, P1).
const STATES_MIN: usize = 20_000;
/// Seed of the run; another one by the environment variable `HALLWATCH_SEED`.
const SEED: u64 = 20_261_123;
const THREADS: usize = 4;

fn seed() -> u64 {
    std::env::var("HALLWATCH_SEED").ok().and_then(|s| s.parse().ok()).unwrap_or(SEED)
}

/// Tries about `wanted` states and gives how many it tried, and the first few that are wrong.
fn search(recorded: &Recorded, wanted: usize) -> (usize, Vec<String>) {
    let tried = AtomicUsize::new(0);
    let rounds = wanted.div_ceil(recorded.log.len() * CUTS.len()).max(1);
    let part = |thread: usize| {
        let (mut follower, mut wrong) = (Follower::default(), Vec::new());
        for (place, event) in recorded.log.iter().enumerate() {
            follower.apply(event);
            if place % THREADS != thread {
                continue;
            }
            for round in 0..rounds {
                for how in CUTS {
                    if round > 0 && matches!(how, Cut::Dropped | Cut::Kept) {
                        continue;
                    }
                    let number = (place * rounds + round) * CUTS.len() + how as usize;
                    let files = follower.cut(how, &mut Random::new(seed().wrapping_add(number as u64)));
                    tried.fetch_add(1, Relaxed);
                    if let Err(what) = check(recorded, files, follower.acknowledged, thread) {
                        wrong.push(format!("after event {place} ({how:?}, round {round}): {what}"));
                    }
                    if wrong.len() >= 5 {
                        return wrong;
                    }
                }
            }
        }
        wrong
    };
    let wrong = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|t| scope.spawn(move || part(t))).collect();
        threads.into_iter().flat_map(|t| t.join().unwrap()).collect()
    });
    (tried.into_inner(), wrong)
}

/// Opens what a cut left and compares it with what was decided.
fn check(recorded: &Recorded, files: HashMap<String, Vec<u8>>, acknowledged: u64, thread: usize) -> Result<(), String> {
    let name = format!("{}-left-{thread}", recorded.name);
    disk::Disk::insert(&name, files, false);
    let path = PathBuf::from(format!("/{name}/hallwatch.db"));
    let (sqlite, mut ledger) = Sqlite::open(&path, options("FULL")).map_err(|e| format!("does not open: {e:?}"))?;
    let loaded = ledger.load(script::START).map_err(|e| format!("does not load: {e:?}"))?;
    let number = loaded.commit_number;
    if number < acknowledged {
        return Err(format!("commit {acknowledged} was acknowledged and only {number} are there"));
    }
    let expected = recorded.after(number).ok_or_else(|| format!("commit {number} was never decided"))?;
    let mut marks: Vec<_> = loaded.watermarks.iter().map(|w| (w.source.agent.to_string(), w.upto)).collect();
    marks.sort();
    same("watermarks", &marks, &expected.marks)?;
    let tickets = sqlite.tickets(&Default::default()).map_err(|e| format!("{e:?}"))?;
    same("tickets", &tickets.iter().map(|t| (t.id, t.stage)).collect(), &expected.tickets)?;
    let messages = sqlite.messages(None, 0).map_err(|e| format!("{e:?}"))?;
    same("messages", &messages.len(), &expected.messages)?;
    let readings = readings::over(std::sync::Arc::new(sqlite.clone()));
    for (agent, values) in &expected.values {
        let source = script::source(agent);
        let samples = readings.samples(&source, 0, i64::MAX / 2, usize::MAX).map_err(|e| format!("{e:?}"))?;
        let found: Vec<_> = samples.iter().map(|s| (s.seq, s.points[0].1)).collect();
        same(agent, &found, values)?;
    }
    if let Some(next) = recorded.commits.get(number as usize) {
        ledger.commit(number + 1, next).map_err(|e| format!("takes no commit any more: {e:?}"))?;
    }
    drop((readings, ledger, sqlite));
    let connection = Connection::open_with_flags_and_vfs(&path, OpenFlags::default(), vfs::NAME);
    let whole = connection.and_then(|c| c.query_row("PRAGMA integrity_check", [], |r| r.get::<_, String>(0)));
    same("integrity", &whole.map_err(|e| e.to_string())?, &"ok".to_owned())?;
    disk::Disk::remove(&name);
    Ok(())
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: &T, expected: &T) -> Result<(), String> {
    if found == expected {
        return Ok(());
    }
    Err(format!("{what}: found {found:?}, expected {expected:?}"))
}

#[test]
fn a_power_cut_anywhere_costs_no_acknowledged_sample_and_no_ticket() {
    let recorded = script::record("good", "FULL", Mistake::None);
    let (tried, wrong) = search(&recorded, STATES_MIN + STATES_MIN / 2);
    println!("seed {}: {} events, {tried} states, {} wrong", seed(), recorded.log.len(), wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(tried >= STATES_MIN, "only {tried} states");
    assert!(recorded.tickets_moved(), "the script opens and ends no ticket");
    assert!(recorded.checkpoints() >= 3, "the log was written back only {} times", recorded.checkpoints());
}

#[test]
fn a_commit_that_is_not_synced_is_caught() {
    let recorded = script::record("unsynced", "NORMAL", Mistake::None);
    let (tried, wrong) = search(&recorded, STATES_MIN / 4);
    println!("{tried} states until caught: {}", wrong.first().map_or("never", |w| w));
    assert!(!wrong.is_empty(), "synchronous=NORMAL passed {tried} states");
}

#[test]
fn an_ack_before_its_commit_is_caught() {
    let recorded = script::record("early", "FULL", Mistake::AckBeforeCommit);
    let (tried, wrong) = search(&recorded, STATES_MIN / 4);
    println!("{tried} states until caught: {}", wrong.first().map_or("never", |w| w));
    assert!(!wrong.is_empty(), "an ack before the commit passed {tried} states");
}
