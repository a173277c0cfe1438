//! Probes of real hosts: turn an attempt to reach something into `reachable` 0 or 1 and how long it
//! took. That a host does not answer is a value; that one could not even try is a fault.

pub mod http;
pub mod icmp;
pub mod tcp;

use std::{
    net::{SocketAddr, ToSocketAddrs},
    time::Duration,
};

use wire::Fault;

use super::{Error, Measured, Quantity};

/// 1 if it answered as it should.
pub const REACHABLE: Quantity =
    Quantity { name: "reachable", unit: "/", low: 0.0, high: 1.0, precision: 0, moves: false };
/// From the first packet to the answer; left out where there is none.
pub const LATENCY: Quantity =
    Quantity { name: "latency_ms", unit: "ms", low: 0.0, high: 120_000.0, precision: 2, moves: false };

/// What came of an attempt.
fn outcome(latency: Option<Duration>) -> Vec<Measured> {
    let reachable = f64::from(u8::from(latency.is_some()));
    let mut measured = vec![Measured { quantity: REACHABLE.name, value: Ok(reachable), raw: None }];
    if let Some(latency) = latency {
        let value = Ok(latency.as_secs_f64() * 1000.0);
        measured.push(Measured { quantity: LATENCY.name, value, raw: None });
    }
    measured
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
