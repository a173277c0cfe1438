//! The simulated bus: passes traffic to the chips and lines of a [`Room`].

use std::{sync::Arc, time::Duration};

use embedded_hal::i2c::{ErrorType, I2c, Operation};

use super::{BusError, Lines, OneWire, Output};
use crate::driver::{Edges, LineRequest, simulated::Room};

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

/// The 1-Wire bus of a room.
pub(super) struct SimulatedOneWire(Arc<Room>);

impl SimulatedOneWire {
    pub(super) fn new(room: Arc<Room>) -> Self {
        Self(room)
    }
}

impl OneWire for SimulatedOneWire {
    fn devices(&mut self) -> Result<Vec<String>, BusError> {
        Ok(self.0.one_wire_devices())
    }

    fn read(&mut self, id: &str) -> Result<String, BusError> {
        self.0.one_wire(id)
    }
}

/// Lines of a room.
pub(super) struct SimulatedLines {
    room: Arc<Room>,
    lines: Vec<u32>,
    /// Changes at the last look, so that none between two waits is slept through.
    seen: u64,
    /// How many edges each line had had when they were last asked for.
    edges: Vec<u64>,
}

impl SimulatedLines {
    pub(super) fn new(room: Arc<Room>, lines: &[LineRequest]) -> Self {
        let lines: Vec<u32> = lines.iter().map(|line| line.line).collect();
        let edges = lines.iter().map(|line| room.edges(*line, 0).1).collect();
        Self { room, lines, seen: 0, edges }
    }
}

impl Lines for SimulatedLines {
    fn is_high(&mut self, index: usize) -> Result<bool, BusError> {
        self.room.level(self.lines[index])
    }

    fn edges(&mut self, index: usize) -> Edges {
        let (edges, count) = self.room.edges(self.lines[index], self.edges[index]);
        self.edges[index] = count;
        edges
    }

    fn wait(&mut self, patience: Duration) -> Result<(), BusError> {
        self.seen = self.room.wait_for_edge(self.seen, patience);
        Ok(())
    }
}

/// A line of a room that is driven; the room remembers how.
pub(super) struct SimulatedOutput {
    room: Arc<Room>,
    line: u32,
}

impl SimulatedOutput {
    pub(super) fn open(room: Arc<Room>, line: u32, high: bool) -> Self {
        room.drive(line, high);
        Self { room, line }
    }
}

impl Output for SimulatedOutput {
    fn set(&mut self, high: bool) -> Result<(), BusError> {
        self.room.drive(self.line, high);
        Ok(())
    }
}
