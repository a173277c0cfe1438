//! Finds TCP ports that nobody uses, and looks whether somebody answers on one.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    time::Duration,
};

use crate::Rng;

/// Below the range from which Linux hands out ports by itself (32768 up), so that a port whose
/// program was just killed is still free when the program comes back.
const PORTS: std::ops::Range<u16> = 20_000..32_000;

/// A port that can be bound now.
///
/// # Panics
/// When a hundred tries found none.
#[must_use]
pub fn free() -> u16 {
    let mut rng = Rng::new(getrandom::u64().expect("the system gives random numbers"));
    (0..100)
        .map(|_| PORTS.start + rng.below(PORTS.len()) as u16)
        .find(|port| TcpListener::bind(local(*port)).is_ok())
        .expect("one port of a hundred is free")
}

/// `127.0.0.1:port`.
#[must_use]
pub fn local(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

/// Whether somebody accepts connections there.
#[must_use]
pub fn answers(port: u16) -> bool {
    TcpStream::connect_timeout(&local(port), Duration::from_millis(500)).is_ok()
}
