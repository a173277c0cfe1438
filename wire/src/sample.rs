//! One sample: what an agent read at one instant, as a flat JSON object of numbers.
//!
//! ```json
//! {"at":1763880000123,"seq":4711,"spool":"k3f9x0q2","boot":"7c1e04aa","clock":1,
//!  "temperature_celsius":20.4,"co2_ppm":612,"faults":{"illuminance_lux":"no_response"}}
//! ```

use crate::{Id, PointName, UnixMs};

/// The most points and faults that one sample carries together.
pub const SAMPLE_POINTS_MAX: usize = 256;

/// How far the instant of a sample can be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Clock {
    /// `"clock":1`: the agent's clock was trusted, now or later in the same boot.
    Trusted,
    /// `"clock":0`: `at` is a guess that can be off by `uncertainty_ms` either way.
    Uncertain {
        /// Half the width of what is possible, in milliseconds.
        uncertainty_ms: u64,
    },
}

/// Why a point has no value in a sample. Few and fixed, since they become labels of metrics; a
/// reason that this version does not know reads as [`Fault::Other`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fault {
    /// Nothing answered at the address, or within the time-out.
    NoResponse,
    /// The chip answered and its checksum does not fit.
    BadCrc,
    /// The value lies outside what the sensor or physics allows.
    OutOfRange,
    /// The value has not moved although it always does.
    Stuck,
    /// The sensor is not ready yet.
    WarmingUp,
    /// Another chip than the configured one sits at the address.
    WrongDevice,
    /// The whole bus hangs or is missing.
    BusFailed,
    /// The peer answered with something that is no answer.
    BadResponse,
    /// The operating system refused.
    NotPermitted,
    /// A reason of a later version.
    Other(Box<str>),
}

impl Fault {
    /// Every reason that this version sends.
    pub const ALL: [Fault; 9] = [
        Self::NoResponse,
        Self::BadCrc,
        Self::OutOfRange,
        Self::Stuck,
        Self::WarmingUp,
        Self::WrongDevice,
        Self::BusFailed,
        Self::BadResponse,
        Self::NotPermitted,
    ];

    /// The reason as it stands on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::NoResponse => "no_response",
            Self::BadCrc => "bad_crc",
            Self::OutOfRange => "out_of_range",
            Self::Stuck => "stuck",
            Self::WarmingUp => "warming_up",
            Self::WrongDevice => "wrong_device",
            Self::BusFailed => "bus_failed",
            Self::BadResponse => "bad_response",
            Self::NotPermitted => "not_permitted",
            Self::Other(name) => name,
        }
    }

    /// The reason that `text` names.
    #[must_use]
    pub fn from_wire(text: &str) -> Self {
        Self::ALL.into_iter().find(|f| f.as_str() == text).unwrap_or_else(|| Self::Other(text.into()))
    }
}

/// A sample. Points and faults keep the order in which the agent wrote them; no name is in both.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// When it was read.
    pub at: UnixMs,
    /// Its number in the spool; never used twice, without holes ([`crate::Lost`] fills them).
    pub seq: u64,
    /// The spool that numbered it: random at each creation or truncated recovery.
    pub spool: Id,
    /// The boot in which it was read.
    pub boot: Id,
    /// How far `at` can be believed.
    pub clock: Clock,
    /// Values; finite numbers only.
    pub points: Vec<(PointName, f64)>,
    /// Points without a value, and why.
    pub faults: Vec<(PointName, Fault)>,
}
