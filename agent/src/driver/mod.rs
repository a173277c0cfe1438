//! Sensors and probes, and the buses they sit on.

pub mod simulated;
