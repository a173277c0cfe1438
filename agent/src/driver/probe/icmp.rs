//! Does a host answer to ping? Uses the kernel's unprivileged ping sockets, never raw ones.

use std::{
    io::ErrorKind,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use surge_ping::{Client, Config, ICMP, PingIdentifier, PingSequence, SurgeError};
use wire::Fault;

use super::{LATENCY, REACHABLE, outcome, resolve, timeout};
use crate::{
    config::{Expected, Table, quantity::print_duration},
    driver::{self, Error, Kind, Measured, PROBE_MARGIN, Place, Probe, Quantity, Reader, Sits},
};

/// a host that answers to ping.
pub static KIND: Kind = Kind {
    word: "icmp",
    chips: "a host that answers to ping",
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
    /// How long to wait.
    pub timeout: Duration,
}

impl Settings {
    fn read(table: &Table<'_>) -> Option<Self> {
        let host = table.require("host", Expected::Text, table.text("host"));
        let timeout = timeout(table);
        Some(Self { host: host?, timeout })
    }
}

impl driver::Settings for Settings {
    fn kind(&self) -> &'static Kind {
        &KIND
    }
    fn place(&self) -> Place {
        Place::Host(self.host.clone())
    }
    fn print(&self, table: &mut toml::Table) {
        table.insert("host".into(), self.host.as_str().into());
        table.insert("timeout".into(), print_duration(self.timeout).into());
    }
    fn quantities(&self) -> Vec<Quantity> {
        QUANTITIES.to_vec()
    }
    fn patience(&self) -> Duration {
        self.timeout + PROBE_MARGIN
    }
    fn start(&self) -> Reader {
        Reader::Alone(Box::new(Icmp::new(self.clone())))
    }
}

/// What it gives.
pub const QUANTITIES: [Quantity; 2] = [REACHABLE, LATENCY];

/// What the system must allow, for people. The crate's own text has several lines and names `sudo`.
const PERMISSION: &str = "the system lets this user send no ping (net.ipv4.ping_group_range)";
/// As `ping` sends by default.
const PAYLOAD: [u8; 56] = [0; 56];

/// One probe.
pub struct Icmp {
    settings: Settings,
    sequence: u16,
}

impl Icmp {
    /// A probe that has asked nothing yet.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings, sequence: 0 }
    }
}

impl Probe for Icmp {
    /// Pings once; must be called outside any tokio runtime.
    fn read(&mut self) -> Result<Vec<Measured>, Error> {
        let address = resolve(&self.settings.host, 0)?.first().map(SocketAddr::ip);
        let address = address.expect("resolve gives at least one address");
        self.sequence = self.sequence.wrapping_add(1);
        let failed = |error: std::io::Error| Error::Other { fault: Fault::BadResponse, text: error.to_string() };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
        match runtime.block_on(ping(address, self.sequence, self.settings.timeout)) {
            Ok(latency) => Ok(outcome(Some(latency))),
            Err(SurgeError::IOError(error)) if error.kind() == ErrorKind::PermissionDenied => {
                Err(Error::Other { fault: Fault::NotPermitted, text: PERMISSION.to_owned() })
            }
            Err(error) => {
                tracing::debug!(%address, %error, "a ping found nobody");
                Ok(outcome(None))
            }
        }
    }
}

async fn ping(address: IpAddr, sequence: u16, timeout: Duration) -> Result<Duration, SurgeError> {
    let kind = if address.is_ipv4() { ICMP::V4 } else { ICMP::V6 };
    let client = Client::new(&Config::builder().kind(kind).build())?;
    // The kernel puts the socket's own number in place of the identifier.
    let mut pinger = client.pinger(address, PingIdentifier(0)).await;
    pinger.timeout(timeout);
    pinger.ping(PingSequence(sequence), &PAYLOAD).await.map(|(_, latency)| latency)
}
