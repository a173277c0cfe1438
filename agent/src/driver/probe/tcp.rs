//! Does a TCP port accept a connection? Nothing is sent over it.

use std::{
    io::ErrorKind,
    net::TcpStream,
    time::{Duration, Instant},
};

use super::{Error, LATENCY, Measured, Quantity, REACHABLE, not_permitted, outcome, resolve};
use crate::config::sensor::Tcp;

/// What it gives.
pub const QUANTITIES: [Quantity; 2] = [REACHABLE, LATENCY];

/// Tries once: each address of the host in turn, all within the time-out.
pub fn read(probe: &Tcp) -> Result<Vec<Measured>, Error> {
    let addresses = resolve(&probe.host, probe.port)?;
    let deadline = Instant::now() + probe.timeout;
    for address in addresses {
        let left = deadline.saturating_duration_since(Instant::now());
        if left < Duration::from_millis(1) {
            break;
        }
        let since = Instant::now();
        match TcpStream::connect_timeout(&address, left) {
            Ok(_) => return Ok(outcome(Some(since.elapsed()))),
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                return Err(not_permitted("the system forbids the connection", &error));
            }
            Err(error) => tracing::debug!(%address, %error, "a TCP probe found nobody"),
        }
    }
    Ok(outcome(None))
}
