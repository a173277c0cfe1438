//! GPIO lines as drivers see them: what is asked of one, and who watches it.

use std::time::Duration;

use super::Measured;

/// A level of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Near 0 V.
    Low,
    /// Near 3.3 V.
    High,
}

/// The resistor that holds an open line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pull {
    /// To 3.3 V.
    Up,
    /// To ground.
    Down,
    /// None: something outside drives the line both ways.
    Off,
}

/// A line, and how to hold it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineRequest {
    /// Offset on the GPIO chip; on a Raspberry Pi the BCM number.
    pub line: u32,
    /// The resistor inside the computer.
    pub pull: Pull,
}

/// One change of a line's level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    /// The level since.
    pub high: bool,
    /// When, by a clock of its own: good for comparing edges of one line, nothing else.
    pub at: Duration,
}

/// Changes of a line since it was last looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edges {
    /// In their order.
    pub list: Vec<Edge>,
    /// Further ones, before these, that nobody had room for.
    pub lost: u32,
}

impl Edges {
    /// How many there were.
    #[must_use]
    pub fn count(&self) -> u32 {
        u32::try_from(self.list.len()).unwrap_or(u32::MAX).saturating_add(self.lost)
    }
}

/// Watches one input line: turns levels and edges into points.
pub trait Watcher: Send {
    /// The line that it watches.
    fn request(&self) -> LineRequest;
    /// Sees the level at `now`, and what edges there were since it last saw; gives a value that must
    /// be told at once.
    fn see(&mut self, high: bool, edges: &Edges, now: Duration) -> Option<f64>;
    /// What it says between changes, for counters, whose every step is no news; none for those that
    /// only tell changes.
    fn measured(&mut self, _now: Duration) -> Option<Vec<Measured>> {
        None
    }
    /// How long from `now` until it must see again even if nothing happens.
    fn remaining(&self, now: Duration) -> Option<Duration>;
    /// The line could not be read: the past counts no more.
    fn forget(&mut self);
    /// What it must not forget over a restart of the agent.
    fn keep(&self) -> Option<String> {
        None
    }
    /// Gets back what [`Watcher::keep`] gave, maybe long ago.
    fn restore(&mut self, _kept: &str) {}
}
