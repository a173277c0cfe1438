//! GPIO lines as drivers see them: what is asked of one, and who watches it.

use std::time::Duration;

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

/// Watches one input line: turns levels and edges into one point.
pub trait Watcher: Send {
    /// The line that it watches.
    fn request(&self) -> LineRequest;
    /// Sees the level at `now`, and how many edges there were since it last saw; gives a value that
    /// must be told at once.
    fn see(&mut self, high: bool, edges: u32, now: Duration) -> Option<f64>;
    /// How long from `now` until it must see again even if nothing happens.
    fn remaining(&self, now: Duration) -> Option<Duration>;
    /// The line could not be read: the past counts no more.
    fn forget(&mut self);
}
