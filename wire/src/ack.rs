//! Body of the `ack` channel: the collector's word that everything up to a number is committed.

use crate::{Error, Id, UnixMs};

/// `{"spool":"k3f9x0q2","upto":4711,"time":1763880000456}`
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Ack {
    /// The spool that gave the numbers.
    pub spool: Id,
    /// The highest number up to which nothing is missing; 0 where nothing is committed yet.
    pub upto: u64,
    /// The collector's wall time when it wrote this.
    pub time: UnixMs,
}

/// Reads a body.
pub fn parse(_body: &[u8]) -> Result<Ack, Error> {
    Err(Error::Missing { path: String::new() })
}

/// Writes a body.
#[must_use]
pub fn print(_ack: &Ack) -> String {
    String::new()
}
