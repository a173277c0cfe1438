//! What the sampler hands to the spool: a sample that has no number and no wall time yet.

use std::time::Duration;

use wire::{Fault, PointName};

/// A sample before the spool numbers it and the clock places it.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// When it was read, on CLOCK_BOOTTIME.
    pub read_at: Duration,
    /// Values, already rounded to the sensor's precision; finite.
    pub points: Vec<(PointName, f64)>,
    /// Points without a value, and why. No name is in both.
    pub faults: Vec<(PointName, Fault)>,
}
