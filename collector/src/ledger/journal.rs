//! What a step was given, as far as the samples themselves do not tell it: people's requests, what devices
//! said of themselves, restarts, and when samples came of which something followed or which came late. With
//! it a past can be played again exactly. Data only; the step writes it, [`crate::backtest`] reads it.

use serde::{Deserialize, Serialize};
use wire::{About, Id, PointName, Source, Status, UnixMs};

use crate::tickets::Action;

/// One step.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Page {
    /// Its instant.
    pub at: UnixMs,
    /// Whether time was let pass.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub tick: bool,
    /// From when to when the collector heard nobody for its broker was away, since the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deaf: Option<(UnixMs, UnixMs)>,
    /// When the collector started, since the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<UnixMs>,
    /// What came, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<Item>,
}

/// Something that came.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Item {
    /// Samples of a spool with these numbers.
    Samples {
        /// Whose.
        source: Source,
        /// Which spool.
        spool: Id,
        /// The first number.
        first: u64,
        /// The last.
        upto: u64,
    },
    /// How a device is.
    Status {
        /// Which.
        source: Source,
        /// How.
        status: Status,
    },
    /// What a device says of itself.
    About {
        /// Which.
        source: Source,
        /// What.
        about: Box<About>,
    },
    /// A word of the collector's own.
    Own {
        /// In whose name.
        source: Source,
        /// When it is true.
        at: UnixMs,
        /// Values.
        points: Vec<(PointName, f64)>,
        /// The assets that points belong to.
        assets: Vec<(PointName, Id)>,
    },
    /// What a person asked.
    Request {
        /// Who.
        who: String,
        /// Number of the ticket.
        ticket: String,
        /// What.
        action: Box<Action>,
    },
}

impl Page {
    /// A sample came; it joins those before it where they are of one run.
    pub fn sample(&mut self, of: &Source, sample_spool: &Id, seq: u64) {
        if let Some(Item::Samples { source, spool, upto, .. }) = self.items.last_mut()
            && (&*source, &*spool, *upto + 1) == (of, sample_spool, seq)
        {
            *upto = seq;
            return;
        }
        let (source, spool) = (of.clone(), sample_spool.clone());
        self.items.push(Item::Samples { source, spool, first: seq, upto: seq });
    }

    /// Whether anything came but samples.
    #[must_use]
    pub fn has_more_than_samples(&self) -> bool {
        self.deaf.is_some()
            || self.started_at.is_some()
            || self.items.iter().any(|item| !matches!(item, Item::Samples { .. }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_one_spool_are_one_item_and_read_back() {
        let id = |text: &str| Id::parse(text).unwrap();
        let source = |agent: &str| Source { venue: id("nanshan"), room: id("k01"), agent: id(agent) };
        let mut page = Page { at: 5, tick: true, ..Page::default() };
        for (agent, seq) in [("a", 1), ("a", 2), ("b", 7), ("a", 3), ("a", 5)] {
            page.sample(&source(agent), &id("s"), seq);
        }
        let runs = page.items.iter().map(|item| match item {
            Item::Samples { first, upto, .. } => (*first, *upto),
            other => panic!("{other:?}"),
        });
        assert_eq!(runs.collect::<Vec<_>>(), [(1, 2), (7, 7), (3, 3), (5, 5)]);
        assert!(!page.has_more_than_samples());
        let text = serde_json::to_string(&page).unwrap();
        assert_eq!(serde_json::from_str::<Page>(&text).unwrap(), page);
    }
}
