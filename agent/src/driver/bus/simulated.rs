//! The simulated bus: passes traffic to the chips and lines of a [`Room`].

use std::{sync::Arc, time::Duration};

use embedded_hal::i2c::{ErrorType, I2c, Operation};

use super::{BusError, Lines};
use crate::{config::sensor::Contact, driver::simulated::Room};

/// The I2C side of a room.
pub(super) struct SimulatedI2c(Arc<Room>);

impl SimulatedI2c {
    pub(super) fn new(room: Arc<Room>) -> Self {
        Self(room)
    }
}

impl ErrorType for SimulatedI2c {
    type Error = BusError;
}

impl I2c for SimulatedI2c {
    fn transaction(&mut self, address: u8, operations: &mut [Operation<'_>]) -> Result<(), BusError> {
        self.0.transaction(address, operations)
    }
}

/// The contacts of a room.
pub(super) struct SimulatedLines {
    room: Arc<Room>,
    lines: Vec<u32>,
    /// Levels at the last look, so that no change between two waits is slept through.
    seen: u64,
}

impl SimulatedLines {
    pub(super) fn new(room: Arc<Room>, contacts: &[Contact]) -> Self {
        Self { room, lines: contacts.iter().map(|c| c.line).collect(), seen: 0 }
    }
}

impl Lines for SimulatedLines {
    fn is_high(&mut self, index: usize) -> Result<bool, BusError> {
        self.room.level(self.lines[index])
    }

    fn wait(&mut self, patience: Duration) -> Result<(), BusError> {
        self.seen = self.room.wait_for_edge(self.seen, patience);
        Ok(())
    }
}
