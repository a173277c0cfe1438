//! One HTTP POST with everything that a notification needs of it: an end in time, no redirects, no
//! address of this machine or its neighbours unless that was asked for, and errors without secrets.

use std::{
    net::{IpAddr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use ureq::{
    Agent,
    config::Config,
    http::{Response, Uri},
    unversioned::{
        resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver},
        transport::{DefaultConnector, NextTimeout},
    },
};
use wire::UnixMs;

use super::{failure::Failure, secret::Secret};

/// A receiver that has not answered by then is taken as hanging.
pub const ANSWER_TIME: Duration = Duration::from_secs(10);
/// No receiver says more than this that anybody reads.
const ANSWER_BYTES_MAX: u64 = 64 * 1024;

/// What a receiver answered with a status that is good.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Its body as JSON; null where it is none.
    pub json: serde_json::Value,
}

/// Posts to one address.
#[derive(Debug)]
pub struct Poster {
    url: Secret,
    agent: Agent,
}

impl Poster {
    /// To `url`. Addresses of this machine and of its neighbours by cable are refused unless
    /// `allow_local`, whatever the name in `url` leads to when it is used.
    #[must_use]
    pub fn new(url: Secret, allow_local: bool, answer_time: Duration) -> Self {
        let config = Agent::config_builder()
            .timeout_global(Some(answer_time))
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .user_agent(concat!("hallwatch/", env!("CARGO_PKG_VERSION")))
            .build();
        let guard = Guard { allow_local, names: DefaultResolver::default() };
        Self { url, agent: Agent::with_parts(config, DefaultConnector::default(), guard) }
    }

    /// Posts `body` once. Blocks for at most the answer time.
    pub fn post(&self, headers: &[(&str, &str)], body: &[u8], now: UnixMs) -> Result<Answer, Failure> {
        self.post_to(self.url.expose(), headers, body, now)
    }

    /// The same with more behind the `?` of the address.
    pub fn post_with(
        &self,
        query: &str,
        headers: &[(&str, &str)],
        body: &[u8],
        now: UnixMs,
    ) -> Result<Answer, Failure> {
        let url = self.url.expose();
        let joint = if url.contains('?') { '&' } else { '?' };
        self.post_to(&format!("{url}{joint}{query}"), headers, body, now)
    }

    fn post_to(&self, url: &str, headers: &[(&str, &str)], body: &[u8], now: UnixMs) -> Result<Answer, Failure> {
        let mut request = self.agent.post(url).header("Content-Type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut response = request.send(body).map_err(|error| Failure::channel(reason(&error)))?;
        judge(&response, now)?;
        // A status says enough; a body that never ends must not.
        let text = response.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_string().unwrap_or_default();
        Ok(Answer { json: serde_json::from_str(&text).unwrap_or_default() })
    }
}

/// Looks names up and refuses what they must not lead to. Asked at each connection, so a name that
/// changes its mind gains nothing.
#[derive(Debug)]
struct Guard {
    allow_local: bool,
    names: DefaultResolver,
}

/// Marks a refusal among the client's errors.
const LOCAL: &str = "hallwatch: a local address";

impl Resolver for Guard {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let all = self.names.resolve(uri, config, timeout)?;
        if !self.allow_local && all.iter().any(|address: &SocketAddr| is_local(address.ip())) {
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
            v4.is_loopback() || v4.is_link_local() || v4.is_unspecified() || v4.is_broadcast() || v4.is_multicast()
                // Alibaba Cloud keeps its metadata service here.
                || v4.octets() == [100, 100, 100, 200]
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

/// The IPv4 address inside an IPv6 one: mapped, or translated by NAT64.
fn embedded(v6: Ipv6Addr) -> Option<IpAddr> {
    let segments = v6.segments();
    let translated = segments[..6] == [0x64, 0xFF9B, 0, 0, 0, 0];
    let last = u32::from(segments[6]) << 16 | u32::from(segments[7]);
    v6.to_ipv4_mapped().or(translated.then(|| last.into())).map(IpAddr::V4)
}

fn judge<B>(response: &Response<B>, now: UnixMs) -> Result<(), Failure> {
    let status = response.status();
    let retry_after_ms = response
        .headers()
        .get("Retry-After")
        .and_then(|value| value.to_str().ok())
        .and_then(|value| retry_after_ms(value, now));
    let failure = match status.as_u16() {
        200..=299 => return Ok(()),
        300..=399 => Failure::channel(format!("answered {status}: redirects are not followed")),
        // Busy, too early, or an answer of a gate in front of the receiver: every message meets it.
        401 | 403 | 404 | 408 | 410 | 425 | 429 | 500..=599 => Failure::channel(format!("answered {status}")),
        _ => Failure::message(format!("answered {status}")),
    };
    Err(Failure { retry_after_ms, ..failure })
}

/// Reads `Retry-After`: seconds, or a date.
fn retry_after_ms(value: &str, now: UnixMs) -> Option<i64> {
    if let Ok(seconds) = value.trim().parse::<i64>() {
        return Some(seconds.max(0).saturating_mul(1_000));
    }
    let date = jiff::fmt::rfc2822::parse(value.trim()).ok()?;
    Some(date.timestamp().as_millisecond().saturating_sub(now).max(0))
}

/// What failed, without the address: errors of the client may hold it.
fn reason(e: &ureq::Error) -> String {
    match e {
        ureq::Error::Timeout(_) => "no answer in time".into(),
        ureq::Error::HostNotFound => "the host name is unknown".into(),
        ureq::Error::ConnectionFailed => "no connection".into(),
        ureq::Error::Io(e) if e.to_string() == LOCAL => {
            "the address leads to this machine or its link; `allow_local = true` would allow it".into()
        }
        ureq::Error::Io(e) => format!("the connection failed: {}", e.kind()),
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) => "TLS failed".into(),
        ureq::Error::BadUri(_) | ureq::Error::Http(_) => "the address is no URL".into(),
        _ => "the answer is no HTTP".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_read_in_both_forms() {
        let now = 1_445_412_420_000;
        assert_eq!(retry_after_ms("120", now), Some(120_000));
        assert_eq!(retry_after_ms("Wed, 21 Oct 2015 07:28:00 GMT", now), Some(60_000));
        assert_eq!(retry_after_ms("Wed, 21 Oct 2015 07:20:00 GMT", now), Some(0));
        assert_eq!(retry_after_ms("soon", now), None);
    }

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
            ("192.168.1.10", false),
            ("10.0.0.7", false),
            ("8.8.8.8", false),
            ("2001:db8::7", false),
        ] {
            assert_eq!(is_local(address.parse().unwrap()), local, "{address}");
        }
    }
}
