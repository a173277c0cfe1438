//! Power cuts at every write of the ledger, on SQLite's own file layer: whatever part of what was
//! not synced is there, the ledger opens, is whole, holds every acknowledged sample and ticket once
//! and nothing that was not decided, and goes on. The same search must catch planted mistakes, or
//! it proves nothing.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected has failed")]
#![allow(clippy::print_stdout, reason = "a search says its seed and how far it went")]

#[path = "ledger_power_cut/disk.rs"]
mod disk;
#[path = "ledger_power_cut/script.rs"]
mod script;
#[path = "ledger_power_cut/syscalls.rs"]
mod syscalls;

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
};

use collector::{
    ledger::{Ledger, Reader, sqlite::Sqlite},
    readings::{self, compact::compact},
};
use disk::{CUTS, Cut, Disk, Files};
use script::{Mistake, Recorded, Truth, options, record, source};
use syscalls::Event;
use tests::Rng;

/// States that a run tries at least.
const STATES_MIN: usize = 20_000;
/// One in so many is read through by SQLite and has its compaction brought to the end; the others
/// are opened, compared and written to.
const THOROUGH: usize = 4;
/// Wrong states after which a search ends.
const WRONG_MAX: usize = 5;

/// A folder in memory where the system has one: states are many, and none must be durable.
fn folder(name: &str) -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let within = if memory.is_dir() { memory.to_path_buf() } else { std::env::temp_dir() };
    tempfile::Builder::new().prefix(&format!("hallwatch-{name}-")).tempdir_in(within).unwrap()
}

struct Found {
    tried: usize,
    wrong: Vec<String>,
}

/// Cuts the power after each event in every way, as often as it takes to try `wanted` states.
fn search(recorded: &Recorded, seed: u64, wanted: usize) -> Found {
    let rounds = wanted.div_ceil(recorded.log.len() * (CUTS.len() - 2)).max(1);
    let (tried, enough) = (AtomicUsize::new(0), AtomicBool::new(false));
    let threads = std::thread::available_parallelism().map_or(2, usize::from).min(4);
    let part = |thread: usize| {
        let folder = folder("cut");
        let (mut disk, mut acknowledged, mut wrong) = (Disk::holding(&recorded.before), 0, Vec::new());
        for (place, event) in recorded.log.iter().enumerate() {
            disk.apply(event);
            if let Event::Acknowledged(number) = event {
                acknowledged = acknowledged.max(*number);
            }
            if place % threads != thread || enough.load(Relaxed) {
                continue;
            }
            let again = |how: &Cut| !matches!(how, Cut::Nothing | Cut::All);
            let cuts = CUTS.iter().chain((1..rounds).flat_map(|_| CUTS.iter().filter(|how| again(how))));
            for (number, how) in cuts.enumerate() {
                let mut rng = Rng::new(seed ^ (place as u64) << 20 ^ number as u64);
                let files = disk.cut(*how, &mut rng);
                let nth = tried.fetch_add(1, Relaxed);
                if let Err(what) = check(recorded, &files, acknowledged, folder.path(), nth.is_multiple_of(THOROUGH)) {
                    wrong.push(format!("after event {place}, {how:?}, number {number}: {what}"));
                    if wrong.len() >= WRONG_MAX {
                        enough.store(true, Relaxed);
                        return wrong;
                    }
                }
            }
        }
        wrong
    };
    let wrong = std::thread::scope(|scope| {
        let part = &part;
        let all: Vec<_> = (0..threads).map(|thread| scope.spawn(move || part(thread))).collect();
        all.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    Found { tried: tried.into_inner(), wrong }
}

/// Opens what a cut left and compares it with what was decided.
fn check(recorded: &Recorded, files: &Files, acknowledged: u64, folder: &Path, thorough: bool) -> Result<(), String> {
    for entry in fs::read_dir(folder).unwrap() {
        fs::remove_file(entry.unwrap().path()).unwrap();
    }
    for (name, bytes) in files {
        fs::write(folder.join(name), bytes).unwrap();
    }
    let path = folder.join("hallwatch.db");
    let failed = |what: &str, e: &dyn std::fmt::Debug| format!("{what}: {e:?}");
    let (sqlite, mut ledger) = Sqlite::open(&path, options(Mistake::None)).map_err(|e| failed("does not open", &e))?;
    let loaded = ledger.load(script::START).map_err(|e| failed("does not load", &e))?;
    let number = loaded.commit_number;
    if number < acknowledged {
        return Err(format!("commit {acknowledged} was acknowledged and only {number} are there"));
    }
    let truth = recorded.truths.get(number as usize).ok_or_else(|| format!("commit {number} was never decided"))?;
    compare(&sqlite, truth)?;
    let mut truth = truth.clone();
    if let Some(next) = recorded.commits.get(number as usize) {
        ledger.commit(number + 1, next).map_err(|e| failed("takes no commit any more", &e))?;
        truth = recorded.truths[number as usize + 1].clone();
    }
    if thorough {
        let mut archivist = sqlite.archivist().map_err(|e| failed("does not open for compaction", &e))?;
        for _ in 0..2 {
            compact(&mut archivist, u64::MAX, &mut || true).map_err(|e| failed("does not compact", &e))?;
        }
        compare(&sqlite, &truth).map_err(|what| format!("after compaction: {what}"))?;
        drop((archivist, ledger, sqlite));
        let file = rusqlite::Connection::open(&path).unwrap();
        let whole = file.query_row("PRAGMA integrity_check", [], |r| r.get::<_, String>(0));
        same("integrity", &whole.map_err(|e| e.to_string())?, &"ok".to_owned())?;
    }
    Ok(())
}

fn compare(sqlite: &Sqlite, truth: &Truth) -> Result<(), String> {
    let past = readings::over(Arc::new(sqlite.clone()));
    for (agent, samples) in &truth.samples {
        let mut stored = past
            .samples(&source(agent), i64::MIN, i64::MAX, usize::MAX)
            .map_err(|e| format!("samples of {agent} cannot be read: {e:?}"))?;
        stored.sort_by_key(|sample| sample.seq);
        if stored != *samples {
            let numbers = |all: &[wire::Sample]| all.iter().map(|s| s.seq).collect::<Vec<_>>();
            return Err(format!("{agent}: stored {:?}, decided {:?}", numbers(&stored), numbers(samples)));
        }
    }
    let tickets = sqlite.tickets(&Default::default()).map_err(|e| format!("{e:?}"))?;
    let stages: BTreeMap<_, _> = tickets.iter().map(|t| (t.id, t.stage)).collect();
    same("tickets", &stages, &truth.tickets)?;
    let lines = tickets.iter().map(|t| sqlite.history(t.id).map_or(0, |lines| lines.len())).sum::<usize>();
    same("history", &lines, &truth.history)?;
    same("messages", &sqlite.messages(None, 0).map_err(|e| format!("{e:?}"))?.len(), &truth.messages)
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: &T, expected: &T) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("{what}: found {found:?}, expected {expected:?}")) }
}

/// Records with `mistake` and searches; says what it did.
fn run(mistake: Mistake, upgraded: bool, wanted: usize) -> (Recorded, Found) {
    let folder = folder("script");
    let recorded = record(folder.path(), mistake, upgraded);
    let seed = Rng::seed_from_env();
    let found = search(&recorded, seed, wanted);
    println!(
        "{mistake:?}, upgraded {upgraded}, HALLWATCH_SEED={seed}: {} events, {} states, {} wrong{}",
        recorded.log.len(),
        found.tried,
        found.wrong.len(),
        found.wrong.first().map(|wrong| format!(", first {wrong:.300}")).unwrap_or_default(),
    );
    (recorded, found)
}

#[test]
fn a_power_cut_anywhere_costs_no_acknowledged_sample_and_no_ticket() {
    let (recorded, found) = run(Mistake::None, false, STATES_MIN);
    assert!(found.wrong.is_empty(), "{}", found.wrong.join("\n"));
    assert!(found.tried >= STATES_MIN, "only {} states", found.tried);
    let truth = recorded.truths.last().unwrap();
    assert!(truth.tickets.len() >= 2 && truth.messages >= 2, "the script moves tickets: {truth:?}");
    let syncs = |name: &str| recorded.log.iter().filter(|e| matches!(e, Event::Sync(n) if n == name)).count();
    assert!(syncs("hallwatch.db") >= 5, "the log was written back {} times", syncs("hallwatch.db"));
    assert!(recorded.days_packed >= 6, "{} days were packed", recorded.days_packed);
    assert!(syncs("hallwatch.db-wal") >= recorded.commits.len());
}

#[test]
fn a_power_cut_during_an_upgrade_leaves_the_old_file_or_the_new_one() {
    let (recorded, found) = run(Mistake::None, true, STATES_MIN / 5);
    assert!(found.wrong.is_empty(), "{}", found.wrong.join("\n"));
    assert_eq!(recorded.truths[0].samples["pi-1"].len(), 40);
}

/// The search finds a wrong state, or it is worth nothing.
fn must_be_caught(mistake: Mistake) {
    let (_, found) = run(mistake, false, STATES_MIN / 4);
    assert!(!found.wrong.is_empty(), "{mistake:?} passed {} states", found.tried);
}

#[test]
fn a_commit_that_is_not_synced_is_caught() {
    must_be_caught(Mistake::Normal);
}

#[test]
fn a_ledger_that_syncs_nothing_is_caught() {
    must_be_caught(Mistake::Off);
}

#[test]
fn an_ack_before_its_commit_is_caught() {
    must_be_caught(Mistake::AckBeforeCommit);
}

#[test]
fn a_folder_that_nobody_syncs_is_caught() {
    must_be_caught(Mistake::FolderNotSynced);
}
