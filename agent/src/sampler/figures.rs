//! What the sampler says about itself, as points of each tick.

use wire::{Id, PointAbout, PointName};

use super::plan::Plan;
use crate::config::Bus;

/// Counts since the agent started.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Figures {
    /// Readings that took a second attempt: wires go bad slowly.
    pub retries: u64,
    /// Readings that came after their tick had left.
    pub late: u64,
    /// Threads that hung and were replaced.
    pub hung: u64,
    /// From the last tick's begin until every sensor had answered, in ms.
    pub round_ms: u64,
}

const NAMES: [(&str, &str); 4] = [
    ("sampler_retry_count", "1"),
    ("sampler_late_count", "1"),
    ("sampler_hung_count", "1"),
    ("sampler_round_ms", "ms"),
];

impl Figures {
    /// As points.
    pub(crate) fn points(&self) -> impl Iterator<Item = (PointName, f64)> {
        names().zip([self.retries, self.late, self.hung, self.round_ms]).map(|((name, _), count)| (name, count as f64))
    }
}

/// The points, for `about`.
pub(crate) fn about(plan: &Plan, buses: &[Bus]) -> impl Iterator<Item = (PointName, PointAbout)> {
    let unit = |unit: &str| PointAbout { unit: unit.to_owned(), precision: Some(0), ..PointAbout::default() };
    let working = plan.buses().map(|bus| working(&buses[bus].name));
    names().map(move |(name, of)| (name, unit(of))).chain(working.map(move |name| (name, unit("/"))))
}

/// The point that says whether a bus works: 1 while anything on it answers, so that one that hangs is
/// seen to be one thing and not as many as there are sensors on it.
pub(crate) fn working(bus: &Id) -> PointName {
    let name = format!("bus_{}_working", bus.as_str().replace('-', "_"));
    let short: String = name.chars().take(wire::point::POINT_BYTES_MAX).collect();
    PointName::parse(&short).expect("an identifier with `_` for `-` is part of a point name")
}

fn names() -> impl Iterator<Item = (PointName, &'static str)> {
    let parse = |name| PointName::parse(name).expect("the sampler's own names are well-formed");
    NAMES.into_iter().map(move |(name, unit)| (parse(name), unit))
}
