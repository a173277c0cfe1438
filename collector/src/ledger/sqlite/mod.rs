//! The ledger in one SQLite file: WAL, `synchronous=FULL`, so that a commit that returned
//! survives a power cut. One connection writes for the step, short-lived work (outbox, inbox,
//! compaction) and readers take theirs from a pool.

mod archive;
mod commit;
mod export;
mod load;
mod outbox;
mod pool;
mod read;
mod rows;
mod schema;

use std::{
    fs::{File, TryLockError},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use rusqlite::{Connection, OpenFlags};

pub use archive::SqliteArchivist;
pub use commit::SqliteLedger;
pub use export::SqliteExporter;
use pool::Pool;
pub use schema::VERSION;

use super::Error;

/// How long a writer waits for another one. Commits take milliseconds, compaction tens of them.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// The log is written back to the file when it has this many pages of 4 KiB: 16 MiB. Smaller
/// means more syncs of the file, larger a longer pause when it happens.
const CHECKPOINT_PAGES: u32 = 4_096;
/// Page cache of the writing connection, in KiB.
const CACHE_KIB: i64 = 32 * 1024;

/// What an opener may choose.
#[derive(Debug, Clone)]
pub struct Options {
    /// Rows of quarantine that are kept.
    pub quarantine_rows_max: u64,
    /// `FULL` always, but for a test that shows what happens without.
    #[doc(hidden)]
    pub synchronous: &'static str,
    /// Pages of the log before it is written back to the file.
    #[doc(hidden)]
    pub checkpoint_pages: u32,
    /// Name of a SQLite VFS; `None` for the system's. Tests record writes through their own.
    #[doc(hidden)]
    pub vfs: Option<&'static str>,
    /// Makes the names in the folder of a file durable.
    #[doc(hidden)]
    pub sync_folder: fn(&Path) -> std::io::Result<()>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            quarantine_rows_max: 10_000,
            synchronous: "FULL",
            checkpoint_pages: CHECKPOINT_PAGES,
            vfs: None,
            sync_folder,
        }
    }
}

/// A ledger file: the way to its writer, outbox, inbox and readers.
#[derive(Clone)]
pub struct Sqlite {
    pool: Arc<Pool>,
    path: PathBuf,
    options: Options,
}

impl Sqlite {
    /// Opens `path`, makes it where it does not exist, brings it to this program's version, and
    /// syncs its folder, so that a power cut cannot take the file itself.
    pub fn open(path: &Path, options: Options) -> Result<(Self, SqliteLedger), Error> {
        let claim = options.vfs.is_none().then(|| claim(path)).transpose()?;
        let mut writer = connect(path, &options)?;
        schema::migrate(&mut writer, path)?;
        let ledger = SqliteLedger::new(writer, path, &options, claim)?;
        (options.sync_folder)(path).map_err(|e| Error::Open { path: path.into(), source: e.into() })?;
        let sqlite = Self { pool: Arc::new(Pool::default()), path: path.into(), options };
        Ok((sqlite, ledger))
    }

    /// Opens an existing file beside a collector that may be running: for readers and the inbox.
    pub fn beside(path: &Path) -> Result<Self, Error> {
        if !path.is_file() {
            let source = std::io::Error::from(std::io::ErrorKind::NotFound).into();
            return Err(Error::Open { path: path.into(), source });
        }
        let options = Options::default();
        let connection = connect(path, &options)?;
        schema::check_current(&connection, path)?;
        let sqlite = Self { pool: Arc::new(Pool::default()), path: path.into(), options };
        sqlite.pool.put(connection);
        Ok(sqlite)
    }

    /// What migrating would do, without doing it: the file's version and this program's.
    pub fn versions(path: &Path) -> Result<(i64, i64), Error> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let open = |e: rusqlite::Error| Error::Open { path: path.into(), source: e.into() };
        let connection = Connection::open_with_flags(path, flags).map_err(open)?;
        let found = schema::version(&connection).map_err(open)?;
        Ok((found, VERSION))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Lends a connection of the pool to `work`.
    fn with<T>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&mut Connection) -> Result<T, Failure>,
    ) -> Result<T, Error> {
        let mut connection = match self.pool.take() {
            Some(connection) => connection,
            None => connect(&self.path, &self.options)?,
        };
        let result = work(&mut connection).map_err(|f| f.doing(doing));
        // A connection that failed may hold a broken transaction: let it go.
        if result.is_ok() {
            self.pool.put(connection);
        }
        result
    }
}

/// What goes wrong inside the store: SQLite itself, or bytes that do not read back.
enum Failure {
    Sqlite(rusqlite::Error),
    Ledger(Error),
}

impl From<rusqlite::Error> for Failure {
    fn from(e: rusqlite::Error) -> Self {
        Self::Sqlite(e)
    }
}

impl From<Error> for Failure {
    fn from(e: Error) -> Self {
        Self::Ledger(e)
    }
}

impl Failure {
    fn doing(self, doing: &'static str) -> Error {
        match self {
            Self::Sqlite(e) => store_error(doing, e),
            Self::Ledger(e) => e,
        }
    }
}

/// Disk full, busy and I/O errors can pass; a constraint or a corrupt page cannot.
fn store_error(doing: &'static str, e: rusqlite::Error) -> Error {
    use rusqlite::ErrorCode as Code;
    let retry = matches!(
        e.sqlite_error_code(),
        Some(
            Code::DatabaseBusy
                | Code::DatabaseLocked
                | Code::DiskFull
                | Code::SystemIoFailure
                | Code::CannotOpen
                | Code::OutOfMemory
                | Code::ReadOnly
        )
    );
    Error::Store { doing, retry, source: e.into() }
}

/// Takes the ledger for this process, for as long as the returned file is open: two writers would
/// each take the other's commits for repetitions of their own. The lock goes with the process, so
/// nobody ever has to delete the file. Not the ledger's own file: closing that would drop SQLite's
/// locks.
fn claim(path: &Path) -> Result<File, Error> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let open = |e: std::io::Error| Error::Open { path: path.into(), source: e.into() };
    let file = File::options().create(true).truncate(false).write(true).open(name).map_err(open)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::InUse { path: path.into() }),
        Err(TryLockError::Error(e)) => Err(open(e)),
    }
}

fn connect(path: &Path, options: &Options) -> Result<Connection, Error> {
    let open = |e: rusqlite::Error| Error::Open { path: path.into(), source: e.into() };
    let connection = match options.vfs {
        Some(vfs) => Connection::open_with_flags_and_vfs(path, OpenFlags::default(), vfs).map_err(open)?,
        None => Connection::open(path).map_err(open)?,
    };
    let setting = || -> Result<(), rusqlite::Error> {
        connection.busy_timeout(BUSY_TIMEOUT)?;
        // So that pages which compaction frees can be given back; for new files, others keep theirs.
        connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
        // Readers and writers at once; the mode sticks to the file.
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
        connection.pragma_update(None, "synchronous", options.synchronous)?;
        connection.pragma_update(None, "wal_autocheckpoint", options.checkpoint_pages)?;
        connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        connection.set_prepared_statement_cache_capacity(64);
        Ok(())
    };
    setting().map_err(open)?;
    Ok(connection)
}

/// Makes the names of the file and its log durable; without it a power cut can take both.
fn sync_folder(path: &Path) -> std::io::Result<()> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}
