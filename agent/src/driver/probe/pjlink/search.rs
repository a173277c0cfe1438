//! Finds PJLink devices of class 2 in the local network: one datagram to everybody, and who answers
//! with what hardware address (§3.2). Devices of class 1, and those whose search is switched off in
//! their menu, stay silent.

use std::{
    collections::BTreeMap,
    fmt,
    io::ErrorKind,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
    time::{Duration, Instant},
};

use crate::driver::probe::tcp::left;

/// The hardware address of a network card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mac(pub [u8; 6]);

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

/// More devices than one network has; answers beyond are a flood.
const FOUND_MAX: usize = 256;
/// More datagrams than a search reads: answers of strangers do not prolong it.
const DATAGRAMS_MAX: usize = 4096;
/// The question (§3.2.2).
const QUESTION: &[u8] = b"%2SRCH\r";

/// Asks at `broadcast`, twice within `timeout`, and returns who answered, by address.
///
/// The question leaves from the port that it is sent to, where that is free: some devices answer to
/// that port whoever asks.
pub fn search(broadcast: SocketAddr, timeout: Duration) -> std::io::Result<Vec<(IpAddr, Mac)>> {
    let here: IpAddr = if broadcast.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((here, broadcast.port())).or_else(|_| UdpSocket::bind((here, 0)))?;
    socket.set_broadcast(true)?;
    let since = Instant::now();
    let mut found = BTreeMap::new();
    let mut datagrams = 0;
    for half in 1..=2 {
        socket.send_to(QUESTION, broadcast)?;
        while let Some(left) = left(since + timeout * half / 2) {
            let mut datagram = [0; 128];
            socket.set_read_timeout(Some(left))?;
            match socket.recv_from(&mut datagram) {
                Ok((length, from)) => {
                    datagrams += 1;
                    if let Some(mac) = answer(&datagram[..length]) {
                        found.insert(from.ip(), mac);
                    }
                }
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => break,
                // Nobody listens at that port of some address: an answer of a kind.
                Err(error) if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::ConnectionRefused) => {}
                Err(error) => return Err(error),
            }
            if found.len() >= FOUND_MAX || datagrams >= DATAGRAMS_MAX {
                return Ok(found.into_iter().collect());
            }
        }
    }
    Ok(found.into_iter().collect())
}

/// The hardware address in `%2ACKN=…`, or in the `%2LKUP=…` of a device that has just come up.
fn answer(datagram: &[u8]) -> Option<Mac> {
    let text = std::str::from_utf8(datagram).ok()?.trim_matches(|c: char| c.is_whitespace() || c == '\0');
    let (head, mac) = text.split_once('=')?;
    let head = head.trim_end().to_ascii_uppercase();
    if head != "%2ACKN" && head != "%2LKUP" {
        return None;
    }
    let digits: String = mac.chars().filter(|c| !matches!(c, ':' | '-' | ' ')).collect();
    let bytes = hex::decode(digits).ok()?;
    bytes.try_into().ok().map(Mac)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_hardware_address_is_read_however_it_is_spaced() {
        let mac = Some(Mac([0x00, 0x1b, 0xc5, 0x01, 0xab, 0xff]));
        for text in ["%2ACKN=00:1b:c5:01:ab:ff\r", "%2ackn=001BC501ABFF", "\n%2LKUP = 00-1B-C5-01-AB-FF\r\n"] {
            assert_eq!(answer(text.as_bytes()), mac, "{text}");
        }
        assert_eq!(mac.map(|mac| mac.to_string()), Some("00:1b:c5:01:ab:ff".to_owned()));
    }

    #[test]
    fn what_names_no_hardware_address_is_nobody() {
        for text in ["%2SRCH\r", "%2ACKN=\r", "%2ACKN=192.168.1.5\r", "%2ACKN=001bc501ab\r", "%1ACKN=001bc501abff", ""]
        {
            assert_eq!(answer(text.as_bytes()), None, "{text}");
        }
        assert_eq!(answer(b"\xff\xff"), None);
    }

    proptest! {
        #[test]
        fn no_datagram_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..128)) {
            let _ = answer(&bytes);
        }
    }
}
