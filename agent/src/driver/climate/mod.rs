//! Temperature, humidity and air pressure: chips whose readings say how a room or a fridge feels.

pub mod bme280;
pub mod bosch;
pub mod ds18b20;
pub mod lm75;
pub mod sht3x;
pub mod sht4x;
pub mod tmp1x2;
