//! A GPIO line of a simulated room: remembers its level and its edges as a kernel does, which drops
//! the oldest when nobody fetches them, and what an output did to it.

use std::{collections::VecDeque, time::Duration};

use crate::driver::{Edge, Edges};

/// Edges that wait to be fetched, and levels driven that are remembered; as many edges as Linux keeps
/// for a request.
const REMEMBERED_MAX: usize = 1024;

/// One line; pulled up until something is done to it.
#[derive(Debug)]
pub(super) struct Line {
    high: bool,
    edges: VecDeque<Edge>,
    /// Edges ever, those that were dropped too.
    count: u64,
    driven: VecDeque<bool>,
}

impl Default for Line {
    fn default() -> Self {
        Self { high: true, edges: VecDeque::new(), count: 0, driven: VecDeque::new() }
    }
}

impl Line {
    /// One whose level is `high` while nothing happens.
    pub(super) fn at_rest(high: bool) -> Self {
        Self { high, ..Self::default() }
    }

    pub(super) fn is_high(&self) -> bool {
        self.high
    }

    /// A contact or a test sets the level; true if it changed.
    pub(super) fn set(&mut self, high: bool, at: Duration) -> bool {
        let changed = self.high != high;
        if changed {
            self.high = high;
            self.count += 1;
            remember(&mut self.edges, Edge { high, at });
        }
        changed
    }

    /// An output sets the level.
    pub(super) fn drive(&mut self, high: bool) {
        self.high = high;
        remember(&mut self.driven, high);
    }

    /// Levels that an output set, the latest last.
    pub(super) fn driven(&self) -> Vec<bool> {
        self.driven.iter().copied().collect()
    }

    /// Edges after the first `seen`, and how many there ever were.
    pub(super) fn edges(&self, seen: u64) -> (Edges, u64) {
        let new = self.count.saturating_sub(seen);
        let kept = usize::try_from(new).unwrap_or(usize::MAX).min(self.edges.len());
        let list: Vec<Edge> = self.edges.range(self.edges.len() - kept..).copied().collect();
        let lost = u32::try_from(new - kept as u64).unwrap_or(u32::MAX);
        (Edges { list, lost }, self.count)
    }
}

fn remember<T>(queue: &mut VecDeque<T>, item: T) {
    if queue.len() == REMEMBERED_MAX {
        queue.pop_front();
    }
    queue.push_back(item);
}
