//! Does a TCP port accept a connection, and does whoever listens there still talk? Nothing is sent
//! unless the configuration says what.

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{LATENCY, REACHABLE, contains, not_permitted, outcome, resolve, timeout};
use crate::{
    config::{Expected, Table, quantity::print_duration},
    driver::{self, Error, Kind, Measured, PROBE_MARGIN, Place, Probe, Quantity, Reader, Sits},
};

/// A TCP port.
pub static KIND: Kind = Kind {
    word: "tcp",
    parts: ["a TCP port", "TCP 端口"],
    measures: ["reachable, latency", "是否可达、延迟"],
    sits: Sits::Network,
    period: None,
    period_min: None,
    read: |table| Some(Arc::new(Settings::read(table)?)),
    at: None,
};

/// What a `[[sensor]]` of this kind says.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// What is sent once the connection stands.
    pub send: Option<String>,
    /// A text that the first 4 KiB that come back must contain. A system that hangs still accepts
    /// connections: its kernel does.
    pub contains: Option<String>,
    /// How long to wait for all of it.
    pub timeout: Duration,
}

impl Settings {
    /// Asks only whether somebody accepts.
    #[must_use]
    pub fn new(host: impl Into<String>, port: u16, timeout: Duration) -> Self {
        Self { host: host.into(), port, send: None, contains: None, timeout }
    }

    fn read(table: &Table<'_>) -> Option<Self> {
        let host = table.require("host", Expected::Text, table.text("host"));
        let port = Expected::Whole { low: 1, high: 65535 };
        let port = table.require("port", port, table.whole("port", 1, 65535)).and_then(|port| u16::try_from(port).ok());
        let (send, contains) = (table.text("send"), table.text("contains"));
        let timeout = timeout(table);
        Some(Self { host: host?, port: port?, send, contains, timeout })
    }
}

impl driver::Settings for Settings {
    fn kind(&self) -> &'static Kind {
        &KIND
    }
    fn place(&self) -> Place {
        Place::Host(format!("{}:{}", self.host, self.port))
    }
    fn print(&self, table: &mut toml::Table) {
        table.insert("host".into(), self.host.as_str().into());
        table.insert("port".into(), i64::from(self.port).into());
        for (key, text) in [("send", &self.send), ("contains", &self.contains)] {
            if let Some(text) = text {
                table.insert(key.into(), text.as_str().into());
            }
        }
        table.insert("timeout".into(), print_duration(self.timeout).into());
    }
    fn quantities(&self) -> Vec<Quantity> {
        QUANTITIES.to_vec()
    }
    fn patience(&self) -> Duration {
        self.timeout + PROBE_MARGIN
    }
    fn start(&self) -> Reader {
        Reader::Alone(Box::new(self.clone()))
    }
}

/// What it gives.
pub const QUANTITIES: [Quantity; 2] = [REACHABLE, LATENCY];

/// How much of an answer is looked through for `contains`.
const ANSWER_BYTES_MAX: usize = 4 * 1024;

impl Probe for Settings {
    fn read(&mut self) -> Result<Vec<Measured>, Error> {
        read(self)
    }
}

/// Tries once: each address of the host in turn, all within the time-out.
pub fn read(probe: &Settings) -> Result<Vec<Measured>, Error> {
    let addresses = resolve(&probe.host, probe.port)?;
    let deadline = Instant::now() + probe.timeout;
    for address in addresses {
        let Some(left) = left(deadline) else { break };
        let since = Instant::now();
        let talked = TcpStream::connect_timeout(&address, left).and_then(|peer| talk(probe, peer, deadline));
        match talked {
            Ok(true) => return Ok(outcome(Some(since.elapsed()))),
            Ok(false) => tracing::debug!(%address, "a TCP probe heard something else"),
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                return Err(not_permitted("the system forbids the connection", &error));
            }
            Err(error) => tracing::debug!(%address, %error, "a TCP probe found nobody"),
        }
    }
    Ok(outcome(None))
}

/// Whether the peer says what it should before the deadline, however slowly it drips.
fn talk(probe: &Settings, mut peer: TcpStream, deadline: Instant) -> std::io::Result<bool> {
    if let Some(text) = &probe.send {
        peer.set_write_timeout(left(deadline))?;
        peer.write_all(text.as_bytes())?;
    }
    let Some(text) = &probe.contains else { return Ok(true) };
    let mut heard = Vec::new();
    let mut part = [0; 512];
    while heard.len() < ANSWER_BYTES_MAX && !contains(&heard, text) {
        let Some(left) = left(deadline) else { return Ok(false) };
        peer.set_read_timeout(Some(left))?;
        match peer.read(&mut part) {
            Ok(0) => return Ok(false),
            Ok(length) => heard.extend_from_slice(&part[..length]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(contains(&heard, text))
}

/// What is left, as a socket takes it: not zero.
pub(super) fn left(deadline: Instant) -> Option<Duration> {
    Some(deadline.saturating_duration_since(Instant::now())).filter(|left| *left >= Duration::from_millis(1))
}
