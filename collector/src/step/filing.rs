//! What jobs beside the step want committed: documents, messages, and words of the collector's own for
//! the rules. The step takes them with its next commit, all or nothing. They are not durable before that:
//! a job that finds its document missing files again.

use std::{collections::VecDeque, sync::Mutex};

use wire::{Id, PointName, Source, UnixMs};

use crate::ledger::{NewMessage, Record};

/// Filings that wait, at most: a job files a few at a time, and tries again later when it is full.
const WAITING_MAX: usize = 1_024;

/// One wish.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filing {
    /// Documents.
    pub records: Vec<Record>,
    /// Messages; one whose channel and key are known already is dropped.
    pub messages: Vec<NewMessage>,
    /// Words for the rules.
    pub samples: Vec<OwnSample>,
}

/// What the collector itself tells the rules: judged like a sample, never stored as readings.
#[derive(Debug, Clone, PartialEq)]
pub struct OwnSample {
    /// Agent [`crate::episode::OWN_AGENT`] in the room that it concerns.
    pub source: Source,
    /// When it is true.
    pub at: UnixMs,
    /// Values.
    pub points: Vec<(PointName, f64)>,
    /// The assets that points belong to.
    pub assets: Vec<(PointName, Id)>,
}

/// Filings on their way to the step.
#[derive(Debug, Default)]
pub struct Filings(Mutex<VecDeque<Filing>>);

impl Filings {
    /// Puts one before the next step; gives it back when too many wait. Wake `Shared::requests` after.
    pub fn put(&self, filing: Filing) -> Result<(), Filing> {
        let mut waiting = self.0.lock().expect("no holder of this lock can panic");
        if waiting.len() >= WAITING_MAX {
            return Err(filing);
        }
        waiting.push_back(filing);
        Ok(())
    }

    /// All that wait.
    #[must_use]
    pub fn take(&self) -> Vec<Filing> {
        self.0.lock().expect("no holder of this lock can panic").drain(..).collect()
    }
}
