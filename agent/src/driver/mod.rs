//! Sensors and probes, and the buses they sit on: turns bus traffic into [`Measured`] values or a
//! named [`Error`], and never into a number that only looks right.
//!
//! [`table`] lists every kind of sensor. A driver is one file: its [`Kind`], what a `[[sensor]]` of
//! it can say ([`Settings`]), its bus traffic generic over `embedded_hal::i2c::I2c`, and its
//! arithmetic apart in pure functions. [`bus`] opens what drivers talk through; [`simulated`] is a
//! room of register-level chips behind the same traits.

pub mod air;
pub mod bus;
mod chip;
pub mod climate;
pub mod computer;
pub mod contact;
mod kind;
pub mod light;
mod line;
pub mod plain;
pub mod power;
pub mod probe;
pub mod scan;
pub mod sensirion;
pub mod simulated;
mod surroundings;
pub mod table;
pub mod tag;

use std::borrow::Cow;

use wire::Fault;

pub use chip::{AnyChip, Chip, Context, OneWireDevice, Probe};
pub use kind::{CHIP_PATIENCE, Kind, MUX_ADDRESSES, Mux, PROBE_MARGIN, Place, Reader, Seat, Settings, Sits};
pub use line::{Edge, Edges, Level, LineRequest, Pull, Watcher};
pub use surroundings::Air;

/// One quantity that a driver gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Quantity {
    /// Point name without the asset: quantity first, unit last.
    pub name: Cow<'static, str>,
    /// Unit as SenML or UCUM writes it.
    pub unit: &'static str,
    /// The least value that the sensor can mean.
    pub low: f64,
    /// The greatest.
    pub high: f64,
    /// Decimals worth sending.
    pub precision: u8,
    /// Its raw value always moves, by noise if by nothing else, so one that stands still is `stuck`.
    pub moves: bool,
}

impl Quantity {
    /// A number whose raw value always moves.
    #[must_use]
    pub const fn moving(name: &'static str, unit: &'static str, low: f64, high: f64, precision: u8) -> Self {
        Self { name: Cow::Borrowed(name), unit, low, high, precision, moves: true }
    }

    /// A number that may rest for hours.
    #[must_use]
    pub const fn resting(name: &'static str, unit: &'static str, low: f64, high: f64, precision: u8) -> Self {
        Self { name: Cow::Borrowed(name), unit, low, high, precision, moves: false }
    }

    /// 0 or 1.
    #[must_use]
    pub const fn flag(name: &'static str) -> Self {
        Self::resting(name, "/", 0.0, 1.0, 0)
    }

    /// The same under another name, for names that the configuration gives.
    #[must_use]
    pub fn named(self, name: impl Into<Cow<'static, str>>) -> Self {
        Self { name: name.into(), ..self }
    }
}

/// One value, before it is judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// Which of the driver's quantities.
    pub quantity: Cow<'static, str>,
    /// The value, or why this one quantity has none while others of the sensor do.
    pub value: Result<f64, Fault>,
    /// The bits of a new measurement, for the stuck check; none where the last one is given again.
    pub raw: Option<u64>,
}

impl Measured {
    /// A value with the bits it came from.
    #[must_use]
    pub fn new(quantity: impl Into<Cow<'static, str>>, value: f64, raw: u64) -> Self {
        Self { quantity: quantity.into(), value: Ok(value), raw: Some(raw) }
    }

    /// A value that cannot be stuck.
    #[must_use]
    pub fn plain(quantity: impl Into<Cow<'static, str>>, value: f64) -> Self {
        Self { quantity: quantity.into(), value: Ok(value), raw: None }
    }

    /// 0 or 1.
    #[must_use]
    pub fn flag(quantity: impl Into<Cow<'static, str>>, yes: bool) -> Self {
        Self::plain(quantity, f64::from(u8::from(yes)))
    }

    /// This quantity has no value.
    #[must_use]
    pub fn fault(quantity: impl Into<Cow<'static, str>>, fault: Fault) -> Self {
        Self { quantity: quantity.into(), value: Err(fault), raw: None }
    }
}

/// Why a driver has no reading at all. Each is one [`Fault`] on the wire; the text is for people.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody acknowledged the address.
    #[error("nothing acknowledges address {address:#04x}")]
    NoAnswer {
        /// I2C address.
        address: u8,
    },
    /// The bus itself failed.
    #[error("the bus failed while talking to {address:#04x}: {text}")]
    Bus {
        /// I2C address.
        address: u8,
        /// What the bus said.
        text: String,
    },
    /// The checksum does not fit the bytes.
    #[error("checksum of {address:#04x} does not fit: read {bytes:02x?}")]
    Crc {
        /// I2C address.
        address: u8,
        /// The word and its checksum.
        bytes: [u8; 3],
    },
    /// A checksum does not fit, and the bytes are not known.
    #[error("a checksum of {address:#04x} does not fit")]
    Checksum {
        /// I2C address.
        address: u8,
    },
    /// Something answers that is not the configured chip.
    #[error("the chip at {address:#04x} is no {expected}: {found}")]
    WrongDevice {
        /// I2C address.
        address: u8,
        /// The chip that should be there.
        expected: &'static str,
        /// What gave it away.
        found: String,
    },
    /// The chip has nothing to say yet.
    #[error("no measurement yet")]
    WarmingUp,
    /// Anything that has its fault and its text already: probes and the computer.
    #[error("{text}")]
    Other {
        /// The fault on the wire.
        fault: Fault,
        /// What happened.
        text: String,
    },
}

impl Error {
    /// The reason on the wire.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::NoAnswer { .. } => Fault::NoResponse,
            Self::Bus { .. } => Fault::BusFailed,
            Self::Crc { .. } | Self::Checksum { .. } => Fault::BadCrc,
            Self::WrongDevice { .. } => Fault::WrongDevice,
            Self::WarmingUp => Fault::WarmingUp,
            Self::Other { fault, .. } => fault.clone(),
        }
    }

    /// Whether asking once more at once can help.
    #[must_use]
    pub fn retry_helps(&self) -> bool {
        matches!(self, Self::NoAnswer { .. } | Self::Bus { .. } | Self::Crc { .. } | Self::Checksum { .. })
    }

    /// What the error of a bus means for the chip at `address`.
    pub fn from_bus<E: embedded_hal::i2c::Error>(address: u8, error: &E) -> Self {
        match error.kind() {
            embedded_hal::i2c::ErrorKind::NoAcknowledge(_) => Self::NoAnswer { address },
            _ => Self::Bus { address, text: format!("{error:?}") },
        }
    }
}
