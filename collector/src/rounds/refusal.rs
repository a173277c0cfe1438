//! Why a person's answer to a round was refused. Kept as JSON in the ledger like a ticket's refusal, so
//! that the one who asked reads it in his own language; the words are in [`super::text`].

use super::Stage;

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "refused_round", rename_all = "snake_case")]
pub enum Refusal {
    /// No round of that name can be made now.
    Unknown {
        /// Its name.
        round: String,
    },
    /// The round has no such check.
    NoCheck {
        /// What was named.
        check: String,
        /// What it has.
        known: Vec<String>,
    },
    /// Only a reader can answer this.
    TagOnly {
        /// The check.
        check: String,
    },
    /// The round takes no answers any more.
    Ended {
        /// How it stands.
        stage: Stage,
    },
    /// Something must be written.
    Empty {
        /// What: `by`, `note`.
        field: String,
    },
    /// Too much was written.
    TooLong {
        /// What.
        field: String,
        /// The most characters.
        most: usize,
    },
    /// The question was answered too often.
    TooOften {
        /// The question.
        item: String,
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
