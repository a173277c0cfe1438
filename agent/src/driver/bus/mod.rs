//! Opens a bus by its configuration: an `embedded_hal` I2C bus and GPIO lines, whatever is behind.

mod simulated;

use std::{fmt, sync::Arc, time::Duration};

use embedded_hal::i2c::{ErrorKind, I2c, NoAcknowledgeSource};

use super::simulated::Room;
use crate::{
    config::{Backend, Bus, sensor::Contact},
    world::Clock,
};

/// An I2C bus of any kind. Drivers are generic over [`I2c`]; this is what they get in life.
pub type AnyI2c = Box<dyn I2c<Error = BusError> + Send>;

/// Contacts of one bus.
pub trait Lines: Send {
    /// The level of the `index`th contact: true is high.
    fn is_high(&mut self, index: usize) -> Result<bool, BusError>;
    /// Returns when any line may have changed, or after `patience` of real time.
    fn wait(&mut self, patience: Duration) -> Result<(), BusError>;
}

/// What a bus answered instead of bytes.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{text}")]
pub struct BusError {
    /// What it means to a driver.
    pub kind: ErrorKind,
    /// What the system said.
    pub text: String,
}

impl BusError {
    /// Nobody at the address.
    #[must_use]
    pub fn nack() -> Self {
        Self { kind: ErrorKind::NoAcknowledge(NoAcknowledgeSource::Unknown), text: "not acknowledged".into() }
    }

    /// Anything else that `cause` says.
    pub fn other(cause: impl fmt::Display) -> Self {
        Self { kind: ErrorKind::Other, text: cause.to_string() }
    }
}

impl BusError {
    /// The reason on the wire.
    #[must_use]
    pub fn fault(&self) -> wire::Fault {
        wire::Fault::BusFailed
    }
}

impl embedded_hal::i2c::Error for BusError {
    fn kind(&self) -> ErrorKind {
        self.kind
    }
}

/// Opens the I2C side.
pub fn open_i2c(bus: &Bus, room: &Arc<Room>) -> Result<AnyI2c, BusError> {
    match &bus.backend {
        Backend::Simulated { .. } => Ok(Box::new(simulated::SimulatedI2c::new(Arc::clone(room)))),
        Backend::Rppal { .. } | Backend::Linux { .. } => Err(BusError::other("not built yet")),
    }
}

/// Opens the lines of `contacts`, all of this bus.
pub fn open_lines(bus: &Bus, contacts: &[Contact], room: &Arc<Room>) -> Result<Box<dyn Lines>, BusError> {
    match &bus.backend {
        Backend::Simulated { .. } => Ok(Box::new(simulated::SimulatedLines::new(Arc::clone(room), contacts))),
        Backend::Rppal { .. } | Backend::Linux { .. } => Err(BusError::other("not built yet")),
    }
}

/// Waits in the world's time, as a chip's data sheet counts it.
#[derive(Clone)]
pub struct WorldDelay(pub Arc<dyn Clock>);

impl embedded_hal::delay::DelayNs for WorldDelay {
    fn delay_ns(&mut self, ns: u32) {
        std::thread::sleep(self.0.real(Duration::from_nanos(ns.into())));
    }
}
