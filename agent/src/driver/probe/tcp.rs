//! Does a TCP port accept a connection? Nothing is sent over it.

use std::{
    io::ErrorKind,
    net::TcpStream,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{LATENCY, REACHABLE, not_permitted, outcome, resolve, timeout};
use crate::{
    config::{Expected, Table, quantity::print_duration},
    driver::{self, Error, Kind, Measured, PROBE_MARGIN, Place, Probe, Quantity, Reader, Sits},
};

/// a TCP port.
pub static KIND: Kind = Kind {
    word: "tcp",
    chips: "a TCP port",
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
    /// How long to wait.
    pub timeout: Duration,
}

impl Settings {
    fn read(table: &Table<'_>) -> Option<Self> {
        let host = table.require("host", Expected::Text, table.text("host"));
        let port = Expected::Whole { low: 1, high: 65535 };
        let port = table.require("port", port, table.whole("port", 1, 65535)).and_then(|port| u16::try_from(port).ok());
        let timeout = timeout(table);
        Some(Self { host: host?, port: port?, timeout })
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
