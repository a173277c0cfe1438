//! What a kind of sensor is, and what one `[[sensor]]` of it says: the face that the configuration,
//! the sampler and the command line see of every driver. Talks to no bus.

use std::{any::Any, fmt, sync::Arc, time::Duration};

use wire::Id;

use super::{AnyChip, OneWireDevice, Probe, Quantity, Watcher, simulated};
use crate::config::{Expected, Table};

/// How long a chip may take before its silence is a fault: the slowest driver call (an SCD4x that
/// is set up anew) takes 0.6 s, once more for the retry, and others on the bus may be first.
pub const CHIP_PATIENCE: Duration = Duration::from_secs(3);
/// What a probe may take beyond its own time-out: looking up the name.
pub const PROBE_MARGIN: Duration = Duration::from_secs(5);

/// A kind of sensor: one line of `hallwatch-agent drivers`.
pub struct Kind {
    /// Its word after `driver =`.
    pub word: &'static str,
    /// The parts or the protocol that it is for, in English and Chinese.
    pub parts: [&'static str; 2],
    /// What it measures, in English and Chinese.
    pub measures: [&'static str; 2],
    /// Where it can sit.
    pub sits: Sits,
    /// Its own default period; without one that of `[sampler]`.
    pub period: Option<Duration>,
    /// It must not be asked more often than this.
    pub period_min: Option<Duration>,
    /// Reads the keys of its own; none where a mistake was noted.
    pub read: fn(&Table<'_>) -> Option<Arc<dyn Settings>>,
    /// The defaults for a chip at a seat, where it can be found by asking around.
    pub at: Option<fn(Seat) -> Arc<dyn Settings>>,
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Kind({})", self.word)
    }
}

/// Where sensors of a kind sit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sits {
    /// On an I2C bus, at one of these addresses; the first is the default.
    I2c(&'static [u8]),
    /// On a GPIO line.
    Gpio,
    /// On a 1-Wire bus.
    OneWire,
    /// Somewhere in the network.
    Network,
    /// On this computer.
    Computer,
}

/// What one `[[sensor]]` says.
pub trait Settings: Any + fmt::Debug + Send + Sync {
    /// Of what kind it is.
    fn kind(&self) -> &'static Kind;
    /// Where it sits.
    fn place(&self) -> Place;
    /// Writes the keys of its own, as a file would say them, secrets masked.
    fn print(&self, table: &mut toml::Table);
    /// What it will give.
    fn quantities(&self) -> Vec<Quantity>;
    /// How long one reading may take, retry included, before silence is a fault.
    fn patience(&self) -> Duration {
        CHIP_PATIENCE
    }
    /// What reads it. No traffic yet.
    fn start(&self) -> Reader;
    /// Whose a quantity is, where one sensor watches several assets; its name says so already.
    fn asset_of(&self, _quantity: &str) -> Option<Id> {
        None
    }
    /// The level of its line in a simulated room where all is well: true is high.
    fn at_rest(&self) -> Option<bool> {
        None
    }
    /// The chip that answers it in a simulated room.
    fn simulate(&self) -> Option<Box<dyn simulated::Device>> {
        None
    }
    /// The thermometer that answers it on the 1-Wire bus of a simulated room.
    fn simulate_one_wire(&self) -> Option<simulated::OneWireTwin> {
        None
    }
}

/// What reads a sensor, and thus which thread does.
pub enum Reader {
    /// A chip on an I2C bus.
    Chip(Box<dyn AnyChip>),
    /// A GPIO line.
    Line(Box<dyn Watcher>),
    /// A device on a 1-Wire bus.
    OneWire(Box<dyn OneWireDevice>),
    /// Something with a thread of its own.
    Alone(Box<dyn Probe>),
}

/// Where a sensor sits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// On an I2C bus.
    Chip(Seat),
    /// On a GPIO line.
    Line {
        /// The bus whose GPIO chip has the line.
        bus: Id,
        /// Its offset there.
        line: u32,
    },
    /// On a 1-Wire bus.
    OneWire {
        /// The bus.
        bus: Id,
        /// The name that the kernel gives the device.
        id: String,
    },
    /// A host or an address in the network, without secrets.
    Host(String),
    /// On this computer.
    Here,
}

impl Place {
    /// The bus, if there is one.
    #[must_use]
    pub fn bus(&self) -> Option<&Id> {
        match self {
            Self::Chip(Seat { bus, .. }) | Self::Line { bus, .. } | Self::OneWire { bus, .. } => Some(bus),
            Self::Host(_) | Self::Here => None,
        }
    }

    /// The place without its bus: `0x44`, `0x70:2 0x24`, `line 17`.
    #[must_use]
    pub fn on_bus(&self) -> String {
        match self {
            Self::Chip(seat) => match seat.mux {
                Some(mux) => format!("{mux} {:#04x}", seat.address),
                None => format!("{:#04x}", seat.address),
            },
            Self::Line { line, .. } => format!("line {line}"),
            Self::OneWire { id, .. } => id.clone(),
            Self::Host(host) => host.clone(),
            Self::Here => String::new(),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.bus() {
            Some(bus) => write!(f, "{bus} {}", self.on_bus()),
            None => f.write_str(&self.on_bus()),
        }
    }
}

/// A seat on an I2C bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seat {
    /// The bus.
    pub bus: Id,
    /// The multiplexer that it sits behind.
    pub mux: Option<Mux>,
    /// Its address.
    pub address: u8,
}

/// A channel of a TCA9548A or PCA9548 multiplexer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mux {
    /// Address of the multiplexer, 0x70 to 0x77.
    pub address: u8,
    /// 0 to 7.
    pub channel: u8,
}

impl fmt::Display for Mux {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#04x}:{}", self.address, self.channel)
    }
}

/// Where multiplexers can sit: their three address pins.
pub const MUX_ADDRESSES: std::ops::RangeInclusive<u8> = 0x70..=0x77;

impl Seat {
    /// A seat directly on a bus.
    #[must_use]
    pub fn new(bus: Id, address: u8) -> Self {
        Self { bus, mux: None, address }
    }

    /// Reads `bus`, `address`, `mux` and `channel` of a chip that sits at one of `addresses`.
    #[must_use]
    pub fn read(table: &Table<'_>, addresses: &'static [u8]) -> Option<Self> {
        let bus = table.bus();
        let address = table.address("address", addresses);
        let (low, high) = (i64::from(*MUX_ADDRESSES.start()), i64::from(*MUX_ADDRESSES.end()));
        let mux = table.whole("mux", low, high).and_then(|n| u8::try_from(n).ok());
        let channel = table.whole("channel", 0, 7).and_then(|n| u8::try_from(n).ok());
        let mux = match (mux, channel) {
            (Some(address), Some(channel)) => Some(Mux { address, channel }),
            (Some(_), None) => {
                table.require("channel", Expected::Whole { low: 0, high: 7 }, None::<u8>)?;
                None
            }
            (None, Some(_)) => {
                table.require("mux", Expected::Whole { low, high }, None::<u8>)?;
                None
            }
            (None, None) => None,
        };
        Some(Self { bus: bus?, mux, address: address? })
    }

    /// Its keys as a file would say them.
    pub(crate) fn print(&self, table: &mut toml::Table) {
        table.insert("address".into(), i64::from(self.address).into());
        if let Some(mux) = self.mux {
            table.insert("mux".into(), i64::from(mux.address).into());
            table.insert("channel".into(), i64::from(mux.channel).into());
        }
    }
}
