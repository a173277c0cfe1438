//! The quality of the air: gases and particles.

pub mod scd4x;
