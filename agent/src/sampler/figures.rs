//! What the sampler says about itself, as points of each tick.

use wire::{PointAbout, PointName};

/// Counts since the agent started.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Figures {
    /// Readings that took a second attempt: wires go bad slowly.
    pub retries: u64,
    /// Readings that came after their tick had left.
    pub late: u64,
    /// Threads that hung and were replaced.
    pub hung: u64,
}

const NAMES: [&str; 3] = ["sampler_retry_count", "sampler_late_count", "sampler_hung_count"];

impl Figures {
    /// As points.
    pub(crate) fn points(&self) -> impl Iterator<Item = (PointName, f64)> {
        names().zip([self.retries, self.late, self.hung]).map(|(name, count)| (name, count as f64))
    }
}

/// The points, for `about`.
pub(crate) fn about() -> impl Iterator<Item = (PointName, PointAbout)> {
    names().map(|name| (name, PointAbout { unit: "1".to_owned(), precision: Some(0), ..PointAbout::default() }))
}

fn names() -> impl Iterator<Item = PointName> {
    NAMES.into_iter().map(|name| PointName::parse(name).expect("the sampler's own names are well-formed"))
}
