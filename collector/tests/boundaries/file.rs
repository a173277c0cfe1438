//! The real SQLite ledger, with faults: refused before it begins, failing in the middle of its
//! transaction at any table, done and not said so. Planted mistakes commit in pieces.

use std::path::{Path, PathBuf};

use collector::ledger::{
    Commit, Error, Ledger, Loaded,
    sqlite::{Options, Sqlite, SqliteLedger},
};
use wire::UnixMs;

/// Tables that a commit writes, in its order.
pub const TABLES: [&str; 9] =
    ["blob", "watermark", "episode", "track", "ticket", "history", "request", "outbox", "record"];

/// What goes wrong at a boundary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is stored; it is tried again.
    Refused,
    /// SQLite fails when the commit comes to this table, in the middle of the transaction; tried again.
    FailsAt(&'static str),
    /// All is stored and that is not known; tried again.
    InDoubt,
    /// The process is killed before anything is stored.
    KilledBefore,
    /// All is stored, and the process is killed before anybody is told.
    KilledAfter,
}

/// A mistake that the checks must find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mistake {
    None,
    /// A kill loses the messages of the last commit.
    NoOutbox,
    /// A kill loses the tickets, and keeps their history.
    NoTickets,
    /// A kill loses the answers to people.
    NoAnswer,
    /// A new life does not look for the tickets of the one before.
    ForgetsTickets,
}

/// The ledger of one life of the collector.
pub struct File {
    pub sqlite: Sqlite,
    ledger: SqliteLedger,
    path: PathBuf,
}

impl File {
    /// Opens it; kills are tried here and not power cuts, so nothing need be synced.
    pub fn open(path: &Path) -> Self {
        let options = Options { synchronous: "OFF", ..Options::default() };
        let (sqlite, ledger) = Sqlite::open(path, options).unwrap();
        Self { sqlite, ledger, path: path.into() }
    }

    pub fn load(&mut self, now: UnixMs) -> Loaded {
        self.ledger.load(now).unwrap()
    }

    /// Commits, and says whether the fault really hit.
    pub fn commit(&mut self, number: u64, commit: &Commit, fault: Option<Fault>) -> bool {
        match fault {
            None => self.ledger.commit(number, commit).unwrap(),
            // Nothing was done: the same commit again.
            Some(Fault::Refused) => self.ledger.commit(number, commit).unwrap(),
            Some(Fault::FailsAt(table)) => {
                self.arm(table);
                let failed = self.ledger.commit(number, commit);
                self.disarm();
                self.ledger.commit(number, commit).unwrap();
                return matches!(failed, Err(Error::Store { .. }));
            }
            Some(Fault::InDoubt) => {
                self.ledger.commit(number, commit).unwrap();
                self.ledger.commit(number, commit).unwrap();
            }
            Some(Fault::KilledBefore) => {}
            Some(Fault::KilledAfter) => self.ledger.commit(number, commit).unwrap(),
        }
        fault.is_some()
    }

    /// Commits what a planted mistake leaves of it.
    pub fn commit_in_pieces(&mut self, number: u64, commit: &Commit, mistake: Mistake) {
        let mut piece = commit.clone();
        match mistake {
            Mistake::None | Mistake::ForgetsTickets => {}
            Mistake::NoOutbox => piece.outbox.clear(),
            Mistake::NoTickets => piece.tickets.clear(),
            Mistake::NoAnswer => piece.answered.clear(),
        }
        self.ledger.commit(number, &piece).unwrap();
    }

    /// From now on whoever writes to the table fails.
    fn arm(&self, table: &str) {
        let file = rusqlite::Connection::open(&self.path).unwrap();
        let raise = "BEGIN SELECT RAISE(ABORT, 'planted'); END";
        file.execute_batch(&format!(
            "CREATE TRIGGER planted_insert BEFORE INSERT ON {table} {raise};\
             CREATE TRIGGER planted_update BEFORE UPDATE ON {table} {raise};"
        ))
        .unwrap();
    }

    fn disarm(&self) {
        let file = rusqlite::Connection::open(&self.path).unwrap();
        file.execute_batch("DROP TRIGGER planted_insert; DROP TRIGGER planted_update;").unwrap();
    }
}
