//! The collector's own broker, for a venue that has none: rumqttd on threads of its own. It keeps
//! nothing over a restart, which end-to-end acks make harmless, and it lives as long as the process.

use std::{
    collections::HashMap,
    net::{SocketAddr, TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};

use rumqttd::{Broker, Config, ConnectionSettings, RouterConfig, ServerSettings};

/// Agents and others that may be connected at once.
const CONNECTIONS_MAX: usize = 10_000;
/// Messages on their way to one subscriber, unacknowledged; the collector commits hundreds at a time.
const INFLIGHT_MAX: usize = 2_000;
/// Packets that the broker hands to one connection at a time.
const OUTGOING_PACKETS_MAX: u64 = 500;
/// Memory of one topic filter: so many segments of so many bytes; the oldest goes first, and agents
/// send again what was lost so.
const SEGMENT_BYTES_MAX: usize = 4 * 1024 * 1024;
const SEGMENTS_MAX: usize = 4;
/// A body of [`wire::BODY_BYTES_MAX`], its topic and header.
const PAYLOAD_BYTES_MAX: usize = wire::BODY_BYTES_MAX + 1_024;
/// A client that connects must introduce itself within this time.
const INTRODUCTION_MS: u16 = 10_000;
/// How long a broker may take to listen.
const START_TIMEOUT: Duration = Duration::from_secs(5);
/// Free ports tried where any will do: another program can take one between our look and its use.
const PORTS_TRIED_MAX: usize = 5;

/// Starts a broker on `listen` and returns where it really listens, once it does.
pub fn start(listen: SocketAddr) -> Result<SocketAddr, std::io::Error> {
    if listen.port() != 0 {
        // A refusal must reach the caller with its reason; the broker itself would only log it.
        drop(TcpListener::bind(listen)?);
        return launch(listen);
    }
    let mut last = std::io::Error::other("no free port");
    for _ in 0..PORTS_TRIED_MAX {
        let free = TcpListener::bind(listen)?.local_addr()?;
        match launch(free) {
            Ok(address) => return Ok(address),
            Err(e) => last = e,
        }
    }
    Err(last)
}

fn launch(listen: SocketAddr) -> Result<SocketAddr, std::io::Error> {
    let server = ServerSettings {
        name: "hallwatch".into(),
        listen,
        tls: None,
        next_connection_delay_ms: 0,
        connections: ConnectionSettings {
            connection_timeout_ms: INTRODUCTION_MS,
            max_payload_size: PAYLOAD_BYTES_MAX,
            max_inflight_count: INFLIGHT_MAX,
            auth: None,
            external_auth: None,
            dynamic_filters: true,
        },
    };
    let config = Config {
        id: 0,
        router: RouterConfig {
            max_connections: CONNECTIONS_MAX,
            max_outgoing_packet_count: OUTGOING_PACKETS_MAX,
            max_segment_size: SEGMENT_BYTES_MAX,
            max_segment_count: SEGMENTS_MAX,
            ..RouterConfig::default()
        },
        v4: Some(HashMap::from([("hallwatch".to_owned(), server)])),
        ..Config::default()
    };
    let mut broker = Broker::new(config);
    let thread = thread::Builder::new().name("broker".into()).spawn(move || broker.start().err())?;
    let began = Instant::now();
    while began.elapsed() < START_TIMEOUT {
        if thread.is_finished() {
            let reason = thread.join().ok().flatten().map_or("it ended at once".into(), |e| e.to_string());
            return Err(std::io::Error::other(reason));
        }
        if TcpStream::connect_timeout(&reachable(listen), START_TIMEOUT).is_ok() {
            return Ok(listen);
        }
        thread::sleep(Duration::from_millis(5));
    }
    Err(std::io::Error::from(std::io::ErrorKind::TimedOut))
}

/// Where this machine itself reaches a server that listens on `listen`.
#[must_use]
pub fn reachable(listen: SocketAddr) -> SocketAddr {
    let mut address = listen;
    if address.ip().is_unspecified() {
        address.set_ip(if listen.is_ipv4() {
            std::net::Ipv4Addr::LOCALHOST.into()
        } else {
            std::net::Ipv6Addr::LOCALHOST.into()
        });
    }
    address
}
