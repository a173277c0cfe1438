//! Plays the stored past again and says what other rules would have meant: which tickets, how often somebody
//! would have been woken, how many minutes things were wrong.
//!
//! [`feed`] puts stored samples and the journal of steps back into the order in which they came, [`replay`]
//! takes the steps again, [`compare`] counts what followed, [`picture`] draws it, [`change`] alters a number
//! of a rule, [`series`] reads a file to try a rule on. The past itself is never touched, and nobody is told anything.

pub mod change;
pub mod compare;
pub mod feed;
pub mod picture;
pub mod replay;
pub mod series;

pub use compare::{Comparison, RuleFigures};
pub use replay::{Outcome, Past, replay};

/// Why a past cannot be played again.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The ledger cannot be read.
    #[error("the past cannot be read")]
    Ledger(#[from] crate::ledger::Error),
    /// The rules are wrong.
    #[error("the rules cannot be used")]
    Packs(#[from] crate::packs::Error),
    /// A change that names no rule, or no key of it.
    #[error(
        "`{written}`: {reason}\nhint: write RULE.KEY=VALUE, such as `air-temperature.high=24` or `agent-silent.after=5m`; `rules show RULE` lists the keys"
    )]
    Change {
        /// As it was written.
        written: String,
        /// What is wrong with it.
        reason: String,
    },
}
