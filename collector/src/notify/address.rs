//! Keeps notifications from addresses that they must not reach: this machine, its link, metadata services of
//! clouds. Names are looked up once for each connection, and only what was looked at is connected to, so a
//! name that changes its mind gains nothing; redirects are never followed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ureq::{
    config::Config,
    http::Uri,
    unversioned::{
        resolver::{ResolvedSocketAddrs, Resolver},
        transport::NextTimeout,
    },
};

/// Looks names up and refuses what they must not lead to.
#[derive(Debug)]
pub(super) struct Guard<N> {
    refused: fn(IpAddr) -> bool,
    names: N,
}

/// Marks a refusal among the client's errors.
pub(super) const LOCAL: &str = "hallwatch: a local address";

impl<N> Guard<N> {
    /// Refuses what `refused` says, of what `names` find.
    pub(super) fn new(refused: fn(IpAddr) -> bool, names: N) -> Self {
        Self { refused, names }
    }
}

impl<N: Resolver> Resolver for Guard<N> {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let all = self.names.resolve(uri, config, timeout)?;
        // One bad address among good ones is refused too: which is tried first is not ours to say.
        if all.iter().any(|address: &SocketAddr| (self.refused)(address.ip())) {
            return Err(ureq::Error::Io(std::io::Error::other(LOCAL)));
        }
        Ok(all)
    }
}

/// Whether an address is this machine, a link-local neighbour (a cloud's metadata service among them),
/// or nobody. Private networks are not: a venue's own server is a usual receiver.
#[must_use]
pub fn is_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            v4.is_loopback() || v4.is_link_local() || v4.octets()[0] == 0 || v4.is_broadcast() || v4.is_multicast()
                // Metadata services of Alibaba Cloud, Oracle Cloud and Azure, which are not link-local.
                || [[100, 100, 100, 200], [192, 0, 0, 192], [168, 63, 129, 16]].contains(&v4.octets())
        }
        IpAddr::V6(v6) => match embedded(v6) {
            Some(v4) => is_local(v4),
            None => {
                v6.is_loopback() || v6.is_unspecified() || v6.is_multicast() || v6.is_unicast_link_local()
                    // Amazon keeps its metadata service here.
                    || v6 == Ipv6Addr::new(0xFD00, 0xEC2, 0, 0, 0, 0, 0, 0x254)
            }
        },
    }
}

/// The IPv4 address inside an IPv6 one: mapped, of the old compatible form, by NAT64 or by 6to4.
fn embedded(v6: Ipv6Addr) -> Option<IpAddr> {
    let segments = v6.segments();
    let translated = segments[..6] == [0x64, 0xFF9B, 0, 0, 0, 0];
    // `::` and `::1` are no old form of 0.0.0.0 and 0.0.0.1.
    let compatible = segments[..6] == [0; 6] && segments[6] != 0;
    let pair = |high: u16, low: u16| Ipv4Addr::from(u32::from(high) << 16 | u32::from(low));
    let last = (translated || compatible).then(|| pair(segments[6], segments[7]));
    let tunnelled = (segments[0] == 0x2002).then(|| pair(segments[1], segments[2]));
    v6.to_ipv4_mapped().or(last).or(tunnelled).map(IpAddr::V4)
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Write},
        net::TcpListener,
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
        thread,
        time::Duration,
    };

    use super::*;
    use crate::notify::{post::Poster, secret::Secret};

    #[test]
    fn this_machine_and_its_link_are_local_and_a_venues_network_is_not() {
        for (address, local) in [
            ("127.0.0.1", true),
            ("127.9.9.9", true),
            ("0.0.0.0", true),
            ("169.254.169.254", true),
            ("100.100.100.200", true),
            ("255.255.255.255", true),
            ("::1", true),
            ("fe80::1", true),
            ("fd00:ec2::254", true),
            ("::ffff:127.0.0.1", true),
            ("64:ff9b::169.254.169.254", true),
            ("0.1.2.3", true),
            ("192.0.0.192", true),
            ("168.63.129.16", true),
            ("::7f00:1", true),
            ("2002:7f00:1::1", true),
            ("2002:a9fe:a9fe::", true),
            ("192.168.1.10", false),
            ("2002:808:808::1", false),
            ("10.0.0.7", false),
            ("8.8.8.8", false),
            ("2001:db8::7", false),
        ] {
            assert_eq!(is_local(address.parse().unwrap()), local, "{address}");
        }
    }

    /// A name that leads elsewhere from the second look on: what an attacker's name server does between
    /// check and use.
    #[derive(Debug)]
    struct Turncoat {
        first: SocketAddr,
        then: SocketAddr,
        asked: Arc<AtomicUsize>,
    }

    impl Resolver for Turncoat {
        fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
            let turn = self.asked.fetch_add(1, Ordering::SeqCst);
            let mut all = self.empty();
            all.push(if turn == 0 { self.first } else { self.then });
            Ok(all)
        }
    }

    /// Answers every request with 200 and closes; counts them.
    fn server(address: &str) -> (SocketAddr, Arc<AtomicUsize>) {
        let listener = TcpListener::bind(address).unwrap();
        let (at, heard) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
        let count = heard.clone();
        thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                count.fetch_add(1, Ordering::SeqCst);
                let _ = stream.read(&mut [0; 4_096]);
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            }
        });
        (at, heard)
    }

    /// 127.0.0.2 stands for what is refused, 127.0.0.1 for what is not.
    fn is_second(address: IpAddr) -> bool {
        address == IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2))
    }

    #[test]
    fn a_name_that_changes_its_mind_between_check_and_connect_gains_nothing() {
        let (good, good_heard) = server("127.0.0.1:0");
        let (bad, bad_heard) = server("127.0.0.2:0");
        let asked = Arc::new(AtomicUsize::new(0));
        let names = Turncoat { first: good, then: bad, asked: asked.clone() };
        let url = Secret::new("http://hooks.example.com/x");
        let poster = Poster::guarded(url, is_second, Duration::from_secs(10), names);
        assert!(poster.post(&[], b"{}", 0).is_ok());
        assert_eq!(asked.load(Ordering::SeqCst), 1, "what was looked at is what is connected to");
        let failure = poster.post(&[], b"{}", 0).unwrap_err();
        assert!(failure.reason.contains("`allow_local = true`"), "{failure:?}");
        assert_eq!((good_heard.load(Ordering::SeqCst), bad_heard.load(Ordering::SeqCst)), (1, 0));
        assert_eq!(asked.load(Ordering::SeqCst), 2);
    }
}
