//! The quality of the air: gases and particles.

pub mod gas_index;
pub mod pmsa003i;
pub mod scd4x;
pub mod sgp4x;
pub mod sps30;
