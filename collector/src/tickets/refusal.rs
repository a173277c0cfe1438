//! Why a person's action was refused. Kept as JSON in the ledger, so that the one who asked reads
//! it in his own language; the words are in [`crate::texts`].

use wire::UnixMs;

use super::{Stage, ticket::WorkWindow};

/// Longest note, reason or description that a person may write, in characters.
pub const WORDS_MAX: usize = 2_000;

/// Longest name of a person, in characters.
pub const NAME_MAX: usize = 64;

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "refused", rename_all = "snake_case")]
pub enum Refusal {
    /// No ticket of that number is open or ended lately.
    Unknown,
    /// The action is not legal at this stage.
    Stage {
        /// Where the ticket stands.
        stage: Stage,
        /// The action, by its word on the command line.
        action: String,
    },
    /// It is being verified: the data answers by itself.
    Verifying,
    /// It must be fixed before it is closed.
    NotFixed {
        /// Where the ticket stands.
        stage: Stage,
    },
    /// Something must be written.
    Empty {
        /// What: `note`, `reason`, `to`, `text`, `description`.
        field: String,
    },
    /// Too much was written.
    TooLong {
        /// What.
        field: String,
        /// The most characters.
        most: usize,
    },
    /// The other ticket is unknown.
    NoOther {
        /// Its number.
        of: String,
    },
    /// The other ticket is this one, or has ended: nobody would go on with what is wrong.
    OtherEnded {
        /// Its number.
        of: String,
    },
    /// It may not be worked at now.
    Window {
        /// When it may.
        window: WorkWindow,
        /// When that begins, as far as it is known.
        from: Option<UnixMs>,
    },
    /// Another ticket is open for the same thing.
    OtherOpen {
        /// Its number.
        number: String,
    },
}

impl Refusal {
    /// The refusal as the ledger keeps it.
    #[must_use]
    pub fn to_stored(&self) -> String {
        serde_json::to_string(self).expect("plain fields always print")
    }

    /// The refusal that was kept; `None` for other words.
    #[must_use]
    pub fn from_stored(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}
