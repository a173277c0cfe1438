//! `[[bus]]`: what sensors and contacts are wired to.

use std::path::PathBuf;

use wire::Id;

/// One bus: an I2C bus and the GPIO lines beside it. Each gets a thread of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct Bus {
    /// What sensors call it.
    pub name: Id,
    /// How it is reached.
    pub backend: Backend,
}

/// How a bus is reached.
#[derive(Debug, Clone, PartialEq)]
pub enum Backend {
    /// A Raspberry Pi through the crate `rppal`.
    Rppal {
        /// Number of the I2C bus; 1 on the 40-pin header.
        i2c: u8,
    },
    /// Any Linux computer through its character devices.
    Linux {
        /// The I2C device, for example `/dev/i2c-1`.
        i2c: PathBuf,
        /// The GPIO chip, for example `/dev/gpiochip0`.
        gpio: PathBuf,
    },
    /// A simulated room with chips in it.
    Simulated {
        /// The same seed gives the same room, noise included.
        seed: u64,
    },
}
