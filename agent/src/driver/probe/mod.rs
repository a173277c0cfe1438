//! Probes of real hosts: turn an attempt to reach something into `reachable` 0 or 1 and how long it
//! took. That a host does not answer is a value; that one could not even try is a fault.

pub mod dns;
mod gateway;
pub mod http;
pub mod icmp;
pub mod pjlink;
pub mod snmp;
pub mod tcp;

use std::{
    net::{SocketAddr, ToSocketAddrs},
    time::Duration,
};

use wire::Fault;

use super::{Error, Measured, Quantity};
use crate::config::Table;

/// 1 if it answered as it should.
pub const REACHABLE: Quantity = Quantity::flag("reachable");
/// From the first packet to the answer; left out where there is none.
pub const LATENCY: Quantity = Quantity::resting("latency_ms", "ms", 0.0, 120_000.0, 2);

/// The time-out of a probe, by default 2 s.
fn timeout(table: &Table<'_>) -> Duration {
    table.duration("timeout", "100ms", "1m").unwrap_or(Duration::from_secs(2))
}

/// What came of an attempt.
fn outcome(latency: Option<Duration>) -> Vec<Measured> {
    let mut measured = vec![Measured::flag(REACHABLE.name, latency.is_some())];
    measured.extend(latency.map(|latency| Measured::plain(LATENCY.name, milliseconds(latency))));
    measured
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// Whether `bytes` have `text` in them.
fn contains(bytes: &[u8], text: &str) -> bool {
    text.is_empty() || bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// The addresses of a host. A name that leads nowhere says nothing about the host.
fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, Error> {
    let unknown = |text: String| Error::Other { fault: Fault::BadResponse, text };
    let addresses: Vec<SocketAddr> =
        (host, port).to_socket_addrs().map_err(|error| unknown(format!("cannot look up `{host}`: {error}")))?.collect();
    if addresses.is_empty() { Err(unknown(format!("`{host}` has no address"))) } else { Ok(addresses) }
}

/// The system forbids what the probe needs.
fn not_permitted(what: &str, error: &std::io::Error) -> Error {
    Error::Other { fault: Fault::NotPermitted, text: format!("{what}: {error}") }
}
