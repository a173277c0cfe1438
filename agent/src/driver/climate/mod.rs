//! Temperature, humidity and air pressure: chips whose readings say how a room or a fridge feels.

pub mod sht4x;
