//! Light at the sensor, in lux.

pub mod bh1750;
pub mod median;
pub mod veml7700;
