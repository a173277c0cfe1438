//! The contract between agent and collector: topics and message bodies, parsed and printed side
//! by side. No I/O, no async, no clock; every size is bounded and every refusal names its field.
//!
//! Read in this order: [`id`] and [`point`] (names), [`topic`] (where a message goes), then one
//! module a body: [`sample`], [`samples`], [`status`], [`about`], [`ack`], [`command`].
//! Released shapes live as files in `wire/golden`: add, never edit.

pub mod about;
pub mod ack;
pub mod command;
pub mod error;
mod field;
pub mod id;
pub mod point;
mod read;
pub mod sample;
pub mod samples;
pub mod status;
pub mod topic;

pub use about::{About, PointAbout};
pub use ack::Ack;
pub use command::{Command, Outcome};
pub use error::Error;
pub use id::Id;
pub use point::PointName;
pub use sample::{Clock, Fault, Sample};
pub use samples::{Entry, Lost, LostReason};
pub use status::{State, Status};
pub use topic::{Channel, Source, Topic};

/// No body is larger than this; a larger one is refused unread (64 KiB).
pub const BODY_BYTES_MAX: usize = 64 * 1024;

/// Wall time in milliseconds since 1970-01-01T00:00:00Z, as every body carries it.
pub type UnixMs = i64;
