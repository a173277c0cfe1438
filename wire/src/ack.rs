//! Body of the `ack` channel: the collector's word that everything up to a number is committed.

use crate::{Error, Id, UnixMs, read};

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
pub fn parse(body: &[u8]) -> Result<Ack, Error> {
    let fields = read::object(body)?;
    Ok(Ack {
        spool: read::id("spool", read::required(&fields, "spool")?)?,
        upto: read::whole("upto", read::required(&fields, "upto")?)?,
        time: read::instant("time", read::required(&fields, "time")?)?,
    })
}

/// Writes a body.
#[must_use]
pub fn print(ack: &Ack) -> String {
    read::print(ack)
}
