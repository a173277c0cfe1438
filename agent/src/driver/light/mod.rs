//! Light at the sensor, in lux.

pub mod bh1750;
