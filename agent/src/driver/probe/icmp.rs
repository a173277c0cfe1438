//! Does a host answer to ping, how fast, and how many of several pings are lost? Uses the kernel's
//! unprivileged ping sockets, never raw ones.

use std::{
    io::ErrorKind,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use surge_ping::{Client, Config, ICMP, PingIdentifier, PingSequence, SurgeError};
use tokio::task::JoinSet;
use wire::Fault;

use super::{LATENCY, REACHABLE, gateway, milliseconds, outcome, resolve, timeout};
use crate::{
    config::{Expected, Table, quantity::print_duration},
    driver::{self, Error, Kind, Measured, PROBE_MARGIN, Place, Probe, Quantity, Reader, Sits},
};

/// A host that answers to ping.
pub static KIND: Kind = Kind {
    word: "icmp",
    parts: ["a host that answers to ping, or the gateway", "能应答 ping 的主机，或默认网关"],
    measures: ["reachable, latency, loss, jitter", "是否可达、延迟、丢包率、抖动"],
    sits: Sits::Network,
    period: None,
    period_min: None,
    read: |table| Some(Arc::new(Settings::read(table)?)),
    at: None,
};

/// What a `[[sensor]]` of this kind says.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Name or address; `gateway` is the gateway of the default route.
    pub host: String,
    /// Pings a reading. From 2 on there are loss and jitter.
    pub count: u16,
    /// How long to wait for each.
    pub timeout: Duration,
}

impl Settings {
    /// One ping a reading.
    #[must_use]
    pub fn new(host: impl Into<String>, timeout: Duration) -> Self {
        Self { host: host.into(), count: 1, timeout }
    }

    fn read(table: &Table<'_>) -> Option<Self> {
        let host = table.require("host", Expected::Text, table.text("host"));
        let count = table.whole("count", 1, COUNT_MAX).and_then(|count| u16::try_from(count).ok()).unwrap_or(1);
        let timeout = timeout(table);
        Some(Self { host: host?, count, timeout })
    }

    fn address(&self) -> Result<IpAddr, Error> {
        if self.host == gateway::WORD {
            return Ok(gateway::default_gateway()?.into());
        }
        let address = resolve(&self.host, 0)?.first().map(SocketAddr::ip);
        Ok(address.expect("resolve gives at least one address"))
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
        table.insert("count".into(), i64::from(self.count).into());
        table.insert("timeout".into(), print_duration(self.timeout).into());
    }
    fn quantities(&self) -> Vec<Quantity> {
        let mut quantities = vec![REACHABLE, LATENCY];
        if self.count > 1 {
            quantities.extend([LOSS, JITTER]);
        }
        quantities
    }
    fn patience(&self) -> Duration {
        self.timeout + INTERVAL * u32::from(self.count) + PROBE_MARGIN
    }
    fn start(&self) -> Reader {
        Reader::Alone(Box::new(Icmp::new(self.clone())))
    }
}

/// How many of the pings of one reading had no answer in time.
pub const LOSS: Quantity = Quantity::resting("loss_percent", "%", 0.0, 100.0, 1);
/// Mean difference between the latencies of one answered ping and the next; left out below two.
pub const JITTER: Quantity = Quantity::resting("jitter_ms", "ms", 0.0, 120_000.0, 2);

/// More would fill the ten seconds between two readings.
const COUNT_MAX: i64 = 20;
/// Between two pings; faster is what `ping` lets only root do.
const INTERVAL: Duration = Duration::from_millis(200);
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
    /// Pings as often as it should; must be called outside any tokio runtime.
    fn read(&mut self) -> Result<Vec<Measured>, Error> {
        let Settings { count, timeout, .. } = self.settings;
        let address = self.settings.address()?;
        let failed = |error: std::io::Error| Error::Other { fault: Fault::BadResponse, text: error.to_string() };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let first = self.sequence.wrapping_add(1);
        self.sequence = self.sequence.wrapping_add(count);
        match runtime.block_on(ping(address, first, count, timeout)) {
            Ok(answers) => Ok(judged(&answers)),
            Err(SurgeError::IOError(error)) if error.kind() == ErrorKind::PermissionDenied => {
                Err(Error::Other { fault: Fault::NotPermitted, text: PERMISSION.to_owned() })
            }
            Err(error) => {
                tracing::debug!(%address, %error, "no ping could be sent");
                Ok(judged(&vec![None; usize::from(count)]))
            }
        }
    }
}

/// What a series of pings says. Reachable is who answered one of them.
fn judged(answers: &[Option<Duration>]) -> Vec<Measured> {
    let latencies: Vec<Duration> = answers.iter().flatten().copied().collect();
    let mut measured = outcome(median(&latencies));
    if answers.len() > 1 {
        let lost = answers.len() - latencies.len();
        measured.push(Measured::plain(LOSS.name, lost as f64 * 100.0 / answers.len() as f64));
        measured.extend(jitter(&latencies).map(|jitter| Measured::plain(JITTER.name, milliseconds(jitter))));
    }
    measured
}

/// The middle one; of an even number the later of the two in the middle.
fn median(latencies: &[Duration]) -> Option<Duration> {
    let mut sorted = latencies.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied()
}

fn jitter(latencies: &[Duration]) -> Option<Duration> {
    let steps: Duration = latencies.windows(2).map(|pair| pair[0].abs_diff(pair[1])).sum();
    let count = u32::try_from(latencies.len()).ok()?.checked_sub(1).filter(|count| *count > 0)?;
    Some(steps / count)
}

/// Latencies in the order of sending. None that got lost waits in the way of the next.
async fn ping(address: IpAddr, first: u16, count: u16, timeout: Duration) -> Result<Vec<Option<Duration>>, SurgeError> {
    let kind = if address.is_ipv4() { ICMP::V4 } else { ICMP::V6 };
    let client = Client::new(&Config::builder().kind(kind).build())?;
    let mut pings = JoinSet::new();
    for nth in 0..count {
        // The kernel puts the socket's own number in place of the identifier.
        let mut pinger = client.pinger(address, PingIdentifier(0)).await;
        pinger.timeout(timeout);
        pings.spawn(async move {
            tokio::time::sleep(INTERVAL * u32::from(nth)).await;
            (nth, pinger.ping(PingSequence(first.wrapping_add(nth)), &PAYLOAD).await)
        });
    }
    let mut answers = vec![None; usize::from(count)];
    while let Some(done) = pings.join_next().await {
        match done {
            Ok((nth, Ok((_, latency)))) => answers[usize::from(nth)] = Some(latency),
            Ok((_, Err(SurgeError::IOError(error)))) if error.kind() == ErrorKind::PermissionDenied => {
                return Err(SurgeError::IOError(error));
            }
            Ok((_, Err(error))) => tracing::debug!(%address, %error, "a ping found nobody"),
            Err(error) => tracing::debug!(%address, %error, "a ping was broken off"),
        }
    }
    Ok(answers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(answers: &[Option<u64>], expected: &[(&str, f64)]) {
        let answers: Vec<_> = answers.iter().map(|ms| ms.map(Duration::from_millis)).collect();
        let measured = judged(&answers);
        let found: Vec<_> = measured.iter().map(|m| (m.quantity.as_ref(), m.value.clone().unwrap_or(-1.0))).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn loss_counts_the_unanswered_and_latency_is_the_median_of_the_answered() {
        check(
            &[Some(10), None, Some(30), Some(12), Some(11)],
            // Steps: 20, 18, 1.
            &[("reachable", 1.0), ("latency_ms", 12.0), ("loss_percent", 20.0), ("jitter_ms", 13.0)],
        );
    }

    #[test]
    fn one_answer_has_a_latency_and_no_jitter() {
        check(&[None, Some(7)], &[("reachable", 1.0), ("latency_ms", 7.0), ("loss_percent", 50.0)]);
    }

    #[test]
    fn nobody_has_neither() {
        check(&[None, None], &[("reachable", 0.0), ("loss_percent", 100.0)]);
        check(&[None], &[("reachable", 0.0)]);
    }

    #[test]
    fn a_single_ping_tells_no_loss() {
        check(&[Some(5)], &[("reachable", 1.0), ("latency_ms", 5.0)]);
    }
}
