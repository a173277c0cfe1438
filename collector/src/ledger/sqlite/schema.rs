//! Brings a file to this program's version, one migration a transaction, so that a cut in the
//! middle leaves the version before or after and the next start goes on from there.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use crate::ledger::Error;

/// Every migration in order; its number is its place, counted from 1. Released ones never change.
const MIGRATIONS: [&str; 5] = [
    include_str!("../migrations/0001_begin.sql"),
    include_str!("../migrations/0002_readings.sql"),
    include_str!("../migrations/0003_records.sql"),
    include_str!("../migrations/0004_journal.sql"),
    include_str!("../migrations/0005_influx.sql"),
];

/// The version that this program writes.
pub const VERSION: i64 = MIGRATIONS.len() as i64;

/// The version of a file; 0 where it is new.
pub(super) fn version(connection: &Connection) -> Result<i64, rusqlite::Error> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Refuses a file that is older or newer than this program.
pub(super) fn check_current(connection: &Connection, path: &Path) -> Result<(), Error> {
    let open = |e: rusqlite::Error| Error::Open { path: path.into(), source: e.into() };
    match version(connection).map_err(open)? {
        VERSION => Ok(()),
        found if found > VERSION => Err(Error::TooNew { path: path.into(), found, known: VERSION }),
        found => Err(Error::Open {
            path: path.into(),
            source: format!("its version is {found}, older than {VERSION}; start the collector once to migrate it")
                .into(),
        }),
    }
}

/// Runs the migrations that the file does not have yet.
pub(super) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), Error> {
    let open = |e: rusqlite::Error| Error::Open { path: path.into(), source: e.into() };
    loop {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(open)?;
        let found = version(&transaction).map_err(open)?;
        if found > VERSION {
            return Err(Error::TooNew { path: path.into(), found, known: VERSION });
        }
        let Some(migration) = MIGRATIONS.get(found.max(0) as usize) else { return Ok(()) };
        transaction.execute_batch(migration).map_err(open)?;
        transaction.pragma_update(None, "user_version", found + 1).map_err(open)?;
        transaction.commit().map_err(open)?;
    }
}
