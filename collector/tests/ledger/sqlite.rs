//! The suite over SQLite, and what only a file can do: be too new, be older, be read beside a
//! running collector, have its folder missing.

use std::{path::PathBuf, sync::Arc};

use collector::ledger::{
    Error, Inbox, Ledger, Reader, TicketFilter,
    sqlite::{Options, Sqlite, VERSION},
};
use rusqlite::Connection;

use crate::suite::{self, All, NOW, Store, commit, ticket};

struct File {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

impl File {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hallwatch.db");
        Self { _folder: folder, path }
    }

    fn both(&self) -> (Sqlite, impl Ledger + use<>) {
        Sqlite::open(&self.path, Options { quarantine_rows_max: 10, ..Options::default() }).unwrap()
    }
}

impl Store for File {
    fn open(&self) -> (Box<dyn Ledger>, Arc<dyn All>) {
        let (sqlite, ledger) = self.both();
        (Box::new(ledger), Arc::new(sqlite))
    }
}

#[test]
fn sqlite_keeps_every_promise_of_a_ledger() {
    suite::run(File::new);
}

#[test]
fn a_file_of_a_newer_collector_is_refused_with_the_way_out() {
    let file = File::new();
    drop(file.both());
    let connection = Connection::open(&file.path).unwrap();
    connection.pragma_update(None, "user_version", VERSION + 1).unwrap();
    let Err(error) = Sqlite::open(&file.path, Options::default()) else { panic!("opened a newer file") };
    assert!(matches!(error, Error::TooNew { found, known, .. } if found == VERSION + 1 && known == VERSION));
    assert!(error.to_string().contains("hint: run the newer collector"), "{error}");
    let kept: i64 = connection.pragma_query_value(None, "user_version", |r| r.get(0)).unwrap();
    assert_eq!(kept, VERSION + 1, "a refused file is left as it is");
}

#[test]
fn a_file_of_the_first_version_is_migrated_with_its_rows() {
    let file = File::new();
    let connection = Connection::open(&file.path).unwrap();
    connection.execute_batch(include_str!("../../src/ledger/migrations/0001_begin.sql")).unwrap();
    connection.pragma_update(None, "user_version", 1).unwrap();
    let sql = "INSERT INTO source (venue, room, agent, first_at) VALUES ('nanshan', 'k01', 'pi-1', 7)";
    connection.execute(sql, []).unwrap();
    drop(connection);
    assert_eq!(Sqlite::versions(&file.path).unwrap(), (1, VERSION));
    let (sqlite, _ledger) = file.both();
    assert_eq!(sqlite.devices().unwrap()[0].first_at, 7);
    assert_eq!(Sqlite::versions(&file.path).unwrap(), (VERSION, VERSION));
}

#[test]
fn another_process_reads_and_asks_while_the_collector_writes() {
    let file = File::new();
    let (_, mut ledger) = file.both();
    let beside = Sqlite::beside(&file.path).unwrap();
    ledger.commit(1, &commit(|c| c.tickets = vec![ticket(1, collector::tickets::Stage::New)])).unwrap();
    assert_eq!(beside.tickets(&TicketFilter::default()).unwrap().len(), 1);
    let request =
        beside.put_request(NOW, "li", "nanshan-20261123-001", &collector::tickets::Action::Acknowledge).unwrap();
    ledger.commit(2, &commit(|c| c.answered = vec![(request, Ok("done".into()))])).unwrap();
    assert_eq!(beside.answer(request).unwrap(), Some(Ok("done".into())));
}

#[test]
fn a_second_collector_on_the_same_file_is_refused_while_the_first_lives() {
    let file = File::new();
    let (_, mut first) = file.both();
    let Err(error) = Sqlite::open(&file.path, Options::default()) else { panic!("two writers") };
    assert!(matches!(error, Error::InUse { .. }), "{error:?}");
    assert!(error.to_string().contains("hint: one ledger serves one collector"), "{error}");
    first.commit(1, &commit(|c| c.tickets = vec![ticket(1, collector::tickets::Stage::New)])).unwrap();
    drop(first);
    let (_, mut second) = file.both();
    second.commit(2, &commit(|c| c.tickets = vec![ticket(2, collector::tickets::Stage::New)])).unwrap();
    assert_eq!(second.load(NOW).unwrap().tickets.len(), 2);
}

#[test]
fn a_writer_whose_ledger_was_taken_over_commits_nothing_and_says_so() {
    let file = File::new();
    let (sqlite, mut first) = file.both();
    // Another machine on the same disk, say, where locks do not reach.
    let connection = Connection::open(&file.path).unwrap();
    connection.execute("UPDATE meta SET value = 'another' WHERE key = 'writer'", []).unwrap();
    let error = first.commit(1, &commit(|c| c.tickets = vec![ticket(1, collector::tickets::Stage::New)]));
    assert!(matches!(error, Err(Error::InUse { .. })), "{error:?}");
    assert_eq!(sqlite.tickets(&TicketFilter::default()).unwrap(), []);
}

#[test]
fn a_missing_folder_or_file_is_named() {
    let file = File::new();
    let Err(error) = Sqlite::beside(&file.path) else { panic!("opened nothing") };
    assert!(error.to_string().contains("hallwatch.db"), "{error}");
    let inside = file.path.join("no").join("such.db");
    let Err(error) = Sqlite::open(&inside, Options::default()) else { panic!("opened nothing") };
    assert!(error.to_string().contains("hint: the folder must exist"), "{error}");
}

#[test]
fn the_history_of_a_ticket_is_never_altered_whoever_asks() {
    let file = File::new();
    let (_, mut ledger) = file.both();
    let line = collector::tickets::Transition {
        ticket: 1,
        at: NOW,
        who: "li".into(),
        from: None,
        to: collector::tickets::Stage::New,
        note: "opened".into(),
        value: None,
        limit: None,
        point: None,
        line: 1,
    };
    ledger.commit(1, &commit(|c| c.history = vec![line])).unwrap();
    let other = Connection::open(&file.path).unwrap();
    for sql in ["UPDATE history SET body = '{}'", "DELETE FROM history"] {
        let error = other.execute(sql, []).unwrap_err();
        assert!(error.to_string().contains("never"), "{sql}: {error}");
    }
}
