//! Opens a bus by its configuration: an `embedded_hal` I2C bus and GPIO lines, whatever is behind.

mod linux;
pub mod mux;
mod one_wire;
mod pi;
mod simulated;

use std::{fmt, path::Path, sync::Arc, time::Duration};

use embedded_hal::i2c::{ErrorKind, I2c, NoAcknowledgeSource};

use wire::Fault;

pub use super::chip::BusOf;
use super::{Edge, Edges, LineRequest, simulated::Room};
use crate::{
    config::{Backend, Bus},
    world::Clock,
};

/// An I2C bus of any kind. Drivers are generic over [`I2c`]; this is what they get in life.
pub type AnyI2c = Box<dyn I2c<Error = BusError> + Send>;

/// Where the kernel shows the devices of its 1-Wire buses.
const ONE_WIRE_DEVICES: &str = "/sys/bus/w1/devices";

/// A 1-Wire bus, as the kernel's `w1_therm` shows it.
pub trait OneWire: Send {
    /// Names of the devices that are there, for example `28-3c01b556a1b2`.
    fn devices(&mut self) -> Result<Vec<String>, BusError>;
    /// What the kernel's file `w1_slave` of a device says; takes as long as a conversion.
    fn read(&mut self, id: &str) -> Result<String, BusError>;
}

/// GPIO input lines of one bus.
pub trait Lines: Send {
    /// The level of the `index`th line: true is high.
    fn is_high(&mut self, index: usize) -> Result<bool, BusError>;
    /// The edges that the `index`th line had since this was last asked.
    fn edges(&mut self, index: usize) -> Edges;
    /// Returns when any line may have changed, or after `patience` of real time.
    fn wait(&mut self, patience: Duration) -> Result<(), BusError>;
}

/// How long one transaction may take, clock stretching included: 256 bytes take 26 ms at 100 kHz, and
/// no chip of ours stretches the clock by more than a few ms.
const TRANSACTION_MAX: Duration = Duration::from_millis(250);

/// A GPIO line that is driven: the lamp or buzzer of `[identify]`, and nothing else. Dropping it gives
/// the line back.
pub trait Output: Send {
    /// Drives the line: true is high.
    fn set(&mut self, high: bool) -> Result<(), BusError>;
}

/// Edges fetched in one go: a line that never rests keeps its thread from nothing else. As many as the
/// kernel keeps for all lines of a request.
const EDGES_AT_ONCE_MAX: usize = 1024;

/// What a bus answered instead of bytes.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{text}")]
pub struct BusError {
    /// What it means to a driver.
    pub kind: ErrorKind,
    /// The reason on the wire, where the whole bus is concerned.
    pub fault: Fault,
    /// What the system said.
    pub text: String,
}

/// Numbers by which Linux says that nobody acknowledged: EREMOTEIO (BCM2835 and others), ENXIO
/// (i801, DesignWare). <https://docs.kernel.org/i2c/fault-codes.html>
const ERRNO_NACK: [i32; 2] = [121, 6];
/// ETIMEDOUT: the clock line is held low, or the controller does not stretch it as long as a chip.
const ERRNO_TIMEOUT: i32 = 110;

impl BusError {
    /// Nobody at the address.
    #[must_use]
    pub fn nack() -> Self {
        let kind = ErrorKind::NoAcknowledge(NoAcknowledgeSource::Unknown);
        Self { kind, fault: Fault::NoResponse, text: "not acknowledged".to_owned() }
    }

    /// The system refuses.
    #[must_use]
    pub fn not_permitted(cause: impl fmt::Display) -> Self {
        Self { kind: ErrorKind::Other, fault: Fault::NotPermitted, text: cause.to_string() }
    }

    /// Anything else that `cause` says.
    #[must_use]
    pub fn other(cause: impl fmt::Display) -> Self {
        Self { kind: ErrorKind::Other, fault: Fault::BusFailed, text: cause.to_string() }
    }

    /// What an error of the system means.
    #[must_use]
    pub fn from_io(error: &std::io::Error) -> Self {
        match error.raw_os_error() {
            Some(number) if ERRNO_NACK.contains(&number) => Self::nack(),
            Some(ERRNO_TIMEOUT) => Self { kind: ErrorKind::Bus, ..Self::other(error) },
            _ if error.kind() == std::io::ErrorKind::PermissionDenied => Self::not_permitted(error),
            _ => Self::other(error),
        }
    }
}

impl embedded_hal::i2c::Error for BusError {
    fn kind(&self) -> ErrorKind {
        self.kind
    }
}

/// Opens the I2C side.
pub fn open_i2c(bus: &Bus, room: &Arc<Room>) -> Result<AnyI2c, BusError> {
    Ok(match &bus.backend {
        Backend::Rppal { i2c } => Box::new(pi::open_i2c(*i2c)?),
        Backend::Linux { i2c, .. } => Box::new(linux::open_i2c(i2c)?),
        Backend::Simulated { .. } => Box::new(simulated::SimulatedI2c::new(Arc::clone(room))),
    })
}

/// SMBus keeps this address for a host that listens, so no sensor of the table can sit there.
const NOBODY: u8 = 0x08;

/// Whether the data line is held low: then every address seems to acknowledge, and every chip without
/// a checksum seems to say 0.
pub fn is_shorted<B: I2c + ?Sized>(bus: &mut B) -> bool {
    bus.read(NOBODY, &mut [0]).is_ok()
}

/// Tries to free an I2C bus on which a chip holds the data line low, as after a reset in the middle
/// of a byte: nine clocks let it finish (UM10204, 3.1.16). False where the backend cannot.
pub fn recover_i2c(bus: &Bus, room: &Arc<Room>) -> Result<bool, BusError> {
    match &bus.backend {
        Backend::Rppal { i2c } => pi::recover_i2c(*i2c),
        // The kernel owns the pins; its own driver recovers where it can.
        Backend::Linux { .. } => Ok(false),
        Backend::Simulated { .. } => Ok(room.clock_nine()),
    }
}

/// Opens the 1-Wire side.
pub fn open_one_wire(bus: &Bus, room: &Arc<Room>) -> Box<dyn OneWire> {
    match &bus.backend {
        Backend::Rppal { .. } | Backend::Linux { .. } => Box::new(one_wire::Kernel::new(Path::new(ONE_WIRE_DEVICES))),
        Backend::Simulated { .. } => Box::new(simulated::SimulatedOneWire::new(Arc::clone(room))),
    }
}

/// Opens lines, all of this bus.
pub fn open_lines(bus: &Bus, lines: &[LineRequest], room: &Arc<Room>) -> Result<Box<dyn Lines>, BusError> {
    Ok(match &bus.backend {
        Backend::Rppal { .. } => Box::new(pi::PiLines::open(lines)?),
        Backend::Linux { gpio, .. } => Box::new(linux::LinuxLines::open(gpio, lines)?),
        Backend::Simulated { .. } => Box::new(simulated::SimulatedLines::new(Arc::clone(room), lines)),
    })
}

/// Opens a line as an output that begins at `high`.
pub fn open_output(bus: &Bus, line: u32, high: bool, room: &Arc<Room>) -> Result<Box<dyn Output>, BusError> {
    Ok(match &bus.backend {
        Backend::Rppal { .. } => Box::new(pi::PiOutput::open(line, high)?),
        Backend::Linux { gpio, .. } => Box::new(linux::LinuxOutput::open(gpio, line, high)?),
        Backend::Simulated { .. } => Box::new(simulated::SimulatedOutput::open(Arc::clone(room), line, high)),
    })
}

/// Edges of some lines that were not asked for yet.
struct Queues {
    lines: Vec<Edges>,
    /// The number that the kernel gave the last edge of each line.
    last: Vec<Option<u32>>,
}

impl Queues {
    fn new(lines: usize) -> Self {
        Self { lines: vec![Edges::default(); lines], last: vec![None; lines] }
    }

    /// Takes in an edge with its number among those of its line, which count from 1; numbers that are
    /// missing were dropped.
    fn put(&mut self, index: usize, edge: Edge, number: u32) {
        let Some((queue, last)) = self.lines.get_mut(index).zip(self.last.get_mut(index)) else { return };
        let missing = number.saturating_sub(last.unwrap_or(0)).saturating_sub(1);
        queue.lost = queue.lost.saturating_add(missing);
        queue.list.push(edge);
        *last = Some(number);
    }

    fn take(&mut self, index: usize) -> Edges {
        self.lines.get_mut(index).map(std::mem::take).unwrap_or_default()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_that_the_kernel_dropped_are_counted_for_their_line() {
        let mut queues = Queues::new(2);
        let edge = |high| Edge { high, at: Duration::ZERO };
        for (line, number) in [(0, 1), (1, 1), (0, 2), (0, 7), (1, 2)] {
            queues.put(line, edge(number % 2 == 0), number);
        }
        let edges = queues.take(0);
        assert_eq!((edges.list.len(), edges.lost, edges.count()), (3, 4, 7));
        assert_eq!(queues.take(0), Edges::default(), "told once");
        assert_eq!(queues.take(1).lost, 0);
        // A kernel of before the numbers says 0 for each; nothing is made of that.
        queues.put(1, edge(true), 0);
        assert_eq!(queues.take(1).lost, 0);
        queues.put(5, edge(true), 9);
        assert_eq!(queues.take(5), Edges::default());
    }
}
