//! Temperature, humidity and air pressure: chips whose readings say how a room or a fridge feels.

pub mod lm75;
pub mod sht4x;
pub mod tmp1x2;
