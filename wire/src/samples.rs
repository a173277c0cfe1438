//! Body of the `samples` channel: one sample, or an array of samples and lost runs in the order
//! of their numbers. [`parse`] reads it, [`print`] writes it.

use crate::{Error, Id, Sample};

/// Why sample numbers have no sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LostReason {
    /// Reserved or in memory only when the power went.
    NeverDurable,
    /// Dropped as the oldest when the spool was full; counted.
    Evicted,
    /// On the card, and unreadable.
    Corrupt,
}

/// A run of numbers whose samples no longer exist:
/// `{"spool":"k3f9x0q2","seq":10,"upto":12,"lost":"evicted"}`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Lost {
    /// The spool that gave the numbers.
    pub spool: Id,
    /// The first number.
    pub seq: u64,
    /// The last number, not before the first.
    pub upto: u64,
    /// Why.
    pub reason: LostReason,
}

/// One item of the body.
#[derive(Debug, Clone, PartialEq)]
pub enum Entry {
    /// A sample.
    Sample(Sample),
    /// Numbers without a sample.
    Lost(Lost),
}

impl Entry {
    /// The spool of the entry.
    #[must_use]
    pub fn spool(&self) -> &Id {
        match self {
            Self::Sample(s) => &s.spool,
            Self::Lost(l) => &l.spool,
        }
    }

    /// First and last number that the entry accounts for.
    #[must_use]
    pub fn seqs(&self) -> (u64, u64) {
        match self {
            Self::Sample(s) => (s.seq, s.seq),
            Self::Lost(l) => (l.seq, l.upto),
        }
    }
}

/// Reads a body. An array keeps its order; an empty array is refused.
pub fn parse(_body: &[u8]) -> Result<Vec<Entry>, Error> {
    Err(Error::Missing { path: String::new() })
}

/// Writes entries: one sample alone as an object, anything else as an array.
#[must_use]
pub fn print(_entries: &[Entry]) -> String {
    String::new()
}
