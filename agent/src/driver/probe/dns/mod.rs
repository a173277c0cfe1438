//! Does a name server answer, and right? Asks it one question over UDP and waits for the answer to
//! that very question. Never asks the system's resolver, whose cache would answer for a dead server.

mod message;

use std::{
    io::ErrorKind,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
    sync::Arc,
    time::{Duration, Instant},
};

use wire::Fault;

pub use message::Record;
use message::Reply;

use super::{LATENCY, REACHABLE, not_permitted, outcome, resolve, timeout};
use crate::{
    config::{Expected, Table, quantity::print_duration},
    driver::{self, Error, Kind, Measured, PROBE_MARGIN, Place, Probe, Quantity, Reader, Sits},
};

/// A name server.
pub static KIND: Kind = Kind {
    word: "dns",
    parts: ["a name server", "域名服务器"],
    measures: ["answers rightly, latency", "是否正确应答、延迟"],
    sits: Sits::Network,
    period: None,
    period_min: None,
    read: |table| Some(Arc::new(Settings::read(table)?)),
    at: None,
};

/// What a `[[sensor]]` of this kind says.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The name that is looked up.
    pub lookup: String,
    /// Whom to ask; without it the first name server of the system.
    pub server: Option<String>,
    /// Its port.
    pub port: u16,
    /// What to ask for.
    pub record: Record,
    /// An address that must be in the answer.
    pub expect: Option<IpAddr>,
    /// How long to wait, a repeated question included.
    pub timeout: Duration,
}

impl Settings {
    fn read(table: &Table<'_>) -> Option<Self> {
        let is_name = |text: &str| message::question(0, text, Record::A).map(|_| text.to_owned());
        let lookup = table.require("lookup", Expected::HostName, table.parsed("lookup", Expected::HostName, is_name));
        let server = table.text("server");
        let port = table.whole("port", 1, 65535).and_then(|port| u16::try_from(port).ok()).unwrap_or(PORT);
        let record = table.word("record", Record::WORDS, &Record::ALL).unwrap_or(Record::A);
        let expect = table.parsed("expect", Expected::IpAddress, |text| text.parse().ok());
        let timeout = timeout(table);
        Some(Self { lookup: lookup?, server, port, record, expect, timeout })
    }

    fn address(&self) -> Result<SocketAddr, Error> {
        match &self.server {
            Some(server) => Ok(*resolve(server, self.port)?.first().expect("resolve gives at least one address")),
            None => system_server().map(|address| SocketAddr::new(address, self.port)),
        }
    }
}

impl driver::Settings for Settings {
    fn kind(&self) -> &'static Kind {
        &KIND
    }
    fn place(&self) -> Place {
        Place::Host(self.server.clone().unwrap_or_else(|| RESOLV_CONF.to_owned()))
    }
    fn print(&self, table: &mut toml::Table) {
        let mut put = |key: &str, value: toml::Value| drop(table.insert(key.into(), value));
        put("lookup", self.lookup.as_str().into());
        if let Some(server) = &self.server {
            put("server", server.as_str().into());
        }
        put("port", i64::from(self.port).into());
        put("record", self.record.word().into());
        if let Some(expect) = self.expect {
            put("expect", expect.to_string().into());
        }
        put("timeout", print_duration(self.timeout).into());
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

/// The port of DNS.
const PORT: u16 = 53;
/// Where the system has its name servers.
const RESOLV_CONF: &str = "/etc/resolv.conf";
/// An answer over UDP without extensions has at most 512 bytes (RFC 1035 §4.2.1); servers that say
/// more are read that far.
const ANSWER_BYTES_MAX: usize = 4096;

impl Probe for Settings {
    fn read(&mut self) -> Result<Vec<Measured>, Error> {
        let address = self.address()?;
        let failed = |error: std::io::Error| match error.kind() {
            ErrorKind::PermissionDenied => not_permitted("the system forbids the question", &error),
            _ => Error::Other { fault: Fault::BadResponse, text: error.to_string() },
        };
        let id = u16::try_from(getrandom::u32().unwrap_or_default() >> 16).unwrap_or_default();
        let question = message::question(id, &self.lookup, self.record).expect("the name was checked when it was read");
        let here: IpAddr = if address.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        let socket = UdpSocket::bind((here, 0)).map_err(failed)?;
        if let Err(error) = socket.connect(address) {
            // No way leads there: as good as silence.
            tracing::debug!(%address, %error, "a name server is out of reach");
            return Ok(outcome(None));
        }
        match self.ask(&socket, &question) {
            Ok(latency) => Ok(outcome(latency)),
            Err(error) if error.kind() == ErrorKind::PermissionDenied => Err(failed(error)),
            Err(error) => {
                tracing::debug!(%address, %error, "a name server does not answer");
                Ok(outcome(None))
            }
        }
    }
}

impl Settings {
    /// Asks, and once more at half time: one lost datagram is no dead server.
    fn ask(&self, socket: &UdpSocket, question: &[u8]) -> std::io::Result<Option<Duration>> {
        let mut datagram = [0; ANSWER_BYTES_MAX];
        let since = Instant::now();
        for half in 1..=2 {
            socket.send(question)?;
            let deadline = since + self.timeout * half / 2;
            while let Some(left) = deadline.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
                socket.set_read_timeout(Some(left))?;
                let length = match socket.recv(&mut datagram) {
                    Ok(length) => length,
                    Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => break,
                    Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                    Err(error) => return Err(error),
                };
                let reply = message::reply(&datagram[..length], question, self.record);
                if reply != Reply::Stray {
                    let right = self.is_right(&reply);
                    tracing::debug!(?reply, right, "a name server answered");
                    return Ok(right.then(|| since.elapsed()));
                }
            }
        }
        Ok(None)
    }

    fn is_right(&self, reply: &Reply) -> bool {
        match (reply, self.expect) {
            (Reply::Addresses(addresses), Some(expected)) => addresses.contains(&expected),
            (Reply::Addresses(addresses), None) => !addresses.is_empty(),
            (Reply::Stray | Reply::Refused(_) | Reply::Broken, _) => false,
        }
    }
}

/// The first name server of the system.
fn system_server() -> Result<IpAddr, Error> {
    let text = std::fs::read_to_string(RESOLV_CONF).map_err(|error| Error::Other {
        fault: Fault::NotPermitted,
        text: format!("cannot read `{RESOLV_CONF}`: {error}"),
    })?;
    server_of(&text).ok_or_else(|| Error::Other {
        fault: Fault::NoResponse,
        text: format!("`{RESOLV_CONF}` names no server: did this computer get an address?"),
    })
}

fn server_of(resolv_conf: &str) -> Option<IpAddr> {
    let words = resolv_conf.lines().map(|line| line.split_ascii_whitespace().collect::<Vec<_>>());
    words.filter(|words| words.first() == Some(&"nameserver")).find_map(|words| words.get(1)?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_name_server_of_the_system_is_asked() {
        let text =
            "# nameserver 1.1.1.1\nsearch lan\nnameserver fe80::1%eth0\nnameserver  192.168.1.1 \nnameserver 8.8.8.8";
        assert_eq!(server_of(text), Some([192, 168, 1, 1].into()));
        assert_eq!(server_of("options edns0\nnameserver\n"), None);
    }
}
