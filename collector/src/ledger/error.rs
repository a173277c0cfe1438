//! Why the ledger could not do something, and whether trying again can help.

use std::path::PathBuf;

/// A failure of the store behind the ledger.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file, or its folder, cannot be opened or made.
    #[error(
        "cannot open the ledger `{path}`\nhint: the folder must exist and belong to the user that runs the collector"
    )]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A newer collector wrote it.
    #[error(
        "the ledger `{path}` has version {found}, this program knows up to {known}\nhint: run the newer collector, or restore the copy made before the upgrade"
    )]
    TooNew {
        /// The file.
        path: PathBuf,
        /// Version in the file.
        found: i64,
        /// Newest version of this program.
        known: i64,
    },
    /// Another collector has it open, or took it over meanwhile.
    #[error(
        "the ledger `{path}` belongs to another running collector\nhint: one ledger serves one collector; stop the other, or give this one a `ledger.path` of its own"
    )]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// The store refused; `retry` says whether the same call can succeed later (disk full, busy, I/O).
    #[error("the ledger could not {doing}")]
    Store {
        /// The action that failed, as a verb phrase.
        doing: &'static str,
        /// Whether trying again can help.
        retry: bool,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Stored bytes do not read back: damage, or another program wrote them.
    #[error("the ledger holds {what} that cannot be read: {reason}")]
    Damaged {
        /// Which row.
        what: String,
        /// What is wrong.
        reason: String,
    },
}

impl Error {
    /// Whether the same call can succeed later without anybody touching the machine's software.
    #[must_use]
    pub fn retry_helps(&self) -> bool {
        matches!(self, Self::Store { retry: true, .. })
    }
}
