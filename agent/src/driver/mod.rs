//! Sensors and probes, and the buses they sit on: turns bus traffic into [`Measured`] values or a
//! named [`Error`], and never into a number that only looks right.
//!
//! A chip's file holds its bus traffic, generic over `embedded_hal::i2c::I2c`, and its arithmetic
//! apart in pure functions. [`bus`] opens what the drivers talk through; [`simulated`] is a room
//! of register-level chips behind the same traits.

pub mod bh1750;
pub mod bus;
pub mod computer;
pub mod contact;
pub mod probe;
pub mod scd4x;
pub mod sensirion;
pub mod sht4x;
pub mod simulated;

use wire::Fault;

/// One quantity that a driver gives.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantity {
    /// Point name without the asset: quantity first, unit last.
    pub name: &'static str,
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

/// One value, before it is judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// Which of the driver's quantities.
    pub quantity: &'static str,
    /// The value, or why this one quantity has none while others of the sensor do.
    pub value: Result<f64, Fault>,
    /// The bits of a new measurement, for the stuck check; none where the last one is given again.
    pub raw: Option<u64>,
}

impl Measured {
    /// A value with the bits it came from.
    #[must_use]
    pub fn new(quantity: &'static str, value: f64, raw: u64) -> Self {
        Self { quantity, value: Ok(value), raw: Some(raw) }
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
