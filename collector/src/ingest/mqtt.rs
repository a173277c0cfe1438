//! Receives from the broker and gives back PUBACKs and acks, both only for what is committed.
//! Decodes on its own thread, beside the step; decides nothing.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use rumqttc::{
    AckMode, AsyncClient, Event, EventLoop, ManualAck, MqttOptions, NetworkOptions, Packet, PublishOptions, QoS,
    TlsConfiguration, Transport,
};
use tokio::{
    sync::{mpsc, watch},
    time::timeout,
};
use wire::{Channel, Topic};

use super::decode;
use crate::{
    Shared, config,
    health::Part,
    step::{Inbound, Outgoing},
};

/// Messages between the broker and the step. With bodies of the usual 300 B this is about a
/// megabyte; with the largest body 256 MiB, so bodies have a budget of their own.
pub const INBOUND_MAX: usize = 4_096;
/// Groups of acks on their way back; the committer makes one at a time.
pub const OUTGOING_MAX: usize = 64;
/// When the step takes nothing for this long (its ledger fails), the connection is let go, so that
/// the broker keeps what it has; less than the 1.5 keep-alives after which it would cut us anyway.
const STALL_MAX: Duration = Duration::from_secs(20);
/// Wait before trying the broker again: from the first to the second, doubling.
const RETRY_FIRST: Duration = Duration::from_millis(200);
const RETRY_LAST: Duration = Duration::from_secs(10);
/// Packets read or written in one go before the other direction gets its turn.
const BATCH_MAX: usize = 256;

/// What the broker is told once a message is committed; worthless after a reconnection.
#[derive(Debug)]
pub struct Receipt {
    connection: u32,
    ack: ManualAck,
}

/// A file of the configuration that the connection needs.
#[derive(Debug, thiserror::Error)]
#[error("cannot read `{path}` (`{key}`)\nhint: the file must exist and the collector's user must be able to read it")]
pub struct FileError {
    /// The key that names it.
    pub key: &'static str,
    /// The file.
    pub path: std::path::PathBuf,
    /// Why.
    #[source]
    pub source: std::io::Error,
}

/// How to reach the broker: `own` is the collector's own one, where it listens.
pub fn options(
    mqtt: &config::Mqtt,
    own: Option<std::net::SocketAddr>,
    client_id: &str,
) -> Result<MqttOptions, FileError> {
    let (host, port) = match (&mqtt.host, own) {
        (Some(host), _) => (host.clone(), mqtt.port),
        (None, own) => {
            let address = super::broker::reachable(own.unwrap_or(mqtt.listen));
            (address.ip().to_string(), address.port())
        }
    };
    let mut options = MqttOptions::new(mqtt.client_id.as_deref().unwrap_or(client_id), (host, port));
    options.set_keep_alive(mqtt.keep_alive_seconds);
    // What an external broker holds for us while we are away comes when we are back.
    options.set_clean_session(mqtt.host.is_none());
    options.set_ack_mode(AckMode::Manual);
    options.set_max_packet_size(2 * wire::BODY_BYTES_MAX, 2 * wire::BODY_BYTES_MAX);
    options.set_max_request_batch(BATCH_MAX);
    options.set_read_batch_size(BATCH_MAX);
    if let Some(user) = &mqtt.user {
        match &mqtt.password_file {
            Some(path) => {
                let password = read("mqtt.password_file", path)?;
                options.set_credentials(user, password.trim_ascii_end().to_vec());
            }
            None => {
                options.set_username(user);
            }
        }
    }
    if let Some(ca_file) = &mqtt.ca_file {
        let client_auth = match (&mqtt.cert_file, &mqtt.key_file) {
            (Some(cert), Some(key)) => Some((read("mqtt.cert_file", cert)?, read("mqtt.key_file", key)?)),
            _ => None,
        };
        let ca = read("mqtt.ca_file", ca_file)?;
        options.set_transport(Transport::Tls(TlsConfiguration::Simple { ca, alpn: None, client_auth }));
    }
    Ok(options)
}

fn read(key: &'static str, path: &Path) -> Result<Vec<u8>, FileError> {
    std::fs::read(path).map_err(|source| FileError { key, path: path.into(), source })
}

/// Receives until `stop`; then lets the connection go. Runs on the runtime that calls it.
pub async fn run(
    shared: Arc<Shared>,
    options: MqttOptions,
    inbound: mpsc::Sender<Inbound>,
    outgoing: mpsc::Receiver<Outgoing>,
    mut stop: watch::Receiver<bool>,
) {
    // Unbounded in type only: a PUBACK per message in flight, and those are bounded by `inbound`
    // and one group; with a bound here a full step could wait for itself.
    let (client, mut events) = AsyncClient::builder(options).unbounded().build();
    let mut network = NetworkOptions::new();
    network.set_tcp_nodelay(true);
    events.set_network_options(network);
    let connection = Arc::new(AtomicU32::new(0));
    let returns = tokio::spawn(give_back(shared.clone(), client.clone(), outgoing, connection.clone()));
    let mut receiver = Receiver { shared, client, inbound, connection, retry: RETRY_FIRST };
    loop {
        let event = tokio::select! {
            biased;
            _ = stop.wait_for(|s| *s) => break,
            event = events.poll() => event,
        };
        match event {
            Ok(Event::Incoming(packet)) => {
                if !receiver.take(packet).await {
                    receiver.lost(&mut events, "the ledger takes nothing").await;
                }
            }
            Ok(Event::Outgoing(_)) => {}
            Err(e) => receiver.lost(&mut events, &e.to_string()).await,
        }
    }
    // The step still commits what it took: its acks are worth sending before the end.
    drop(receiver.inbound);
    let finish = async {
        let mut returns = returns;
        loop {
            tokio::select! {
                _ = &mut returns => break,
                event = events.poll() => if event.is_err() { break },
            }
        }
        let _ = receiver.client.disconnect().await;
        while events.poll().await.is_ok() {}
    };
    let _ = timeout(STALL_MAX, finish).await;
}

struct Receiver {
    shared: Arc<Shared>,
    client: AsyncClient,
    inbound: mpsc::Sender<Inbound>,
    connection: Arc<AtomicU32>,
    retry: Duration,
}

impl Receiver {
    /// Takes a packet; `false` where the step has not taken the message for too long.
    async fn take(&mut self, packet: Packet) -> bool {
        let publish = match packet {
            Packet::Publish(publish) => publish,
            Packet::ConnAck(_) => {
                self.connected();
                return true;
            }
            _ => return true,
        };
        self.shared.metrics.messages_total.add(1);
        let now = self.shared.clock.now();
        let body = match std::str::from_utf8(&publish.topic) {
            Ok(topic) => decode(topic, &publish.payload, publish.retain, now),
            Err(_) => decode("(not UTF-8)", &publish.payload, publish.retain, now),
        };
        let receipt = self
            .client
            .prepare_ack(&publish)
            .map(|ack| Receipt { connection: self.connection.load(Ordering::Relaxed), ack });
        let message = Inbound { arrived: Instant::now(), body, receipt };
        match self.inbound.try_send(message) {
            Ok(()) => true,
            Err(mpsc::error::TrySendError::Full(message)) => {
                matches!(timeout(STALL_MAX, self.inbound.send(message)).await, Ok(Ok(())))
            }
            Err(mpsc::error::TrySendError::Closed(_)) => true,
        }
    }

    /// Every connection asks anew for what it wants to hear: brokers forget, and a retained
    /// status or about of the meantime comes with the subscription.
    fn connected(&mut self) {
        self.retry = RETRY_FIRST;
        self.connection.fetch_add(1, Ordering::Relaxed);
        self.shared.metrics.broker_connects_total.add(1);
        self.shared.metrics.broker_connected.set(1);
        self.shared.health.withdraw(Part::Broker);
        tracing::info!("connected to the broker");
        for filter in filters(&self.shared.config.mqtt) {
            if let Err(e) = self.client.try_subscribe(filter, QoS::AtLeastOnce) {
                tracing::error!(error = %e, "cannot subscribe");
            }
        }
    }

    async fn lost(&mut self, events: &mut EventLoop, reason: &str) {
        self.connection.fetch_add(1, Ordering::Relaxed);
        self.shared.metrics.broker_connected.set(0);
        self.shared.metrics.broker_losses_total.add(1);
        let now = self.shared.clock.now();
        if self.shared.health.report(Part::Broker, now, format!("the broker is not connected: {reason}")) {
            tracing::warn!(reason, "lost the broker, trying again");
        }
        events.clean();
        tokio::time::sleep(self.retry).await;
        self.retry = (self.retry * 2).min(RETRY_LAST);
        // No use in hearing more than the step can take.
        let _ = self.inbound.reserve().await;
    }
}

/// What a collector asks to hear.
#[must_use]
pub fn filters(mqtt: &config::Mqtt) -> Vec<String> {
    let channels = [Channel::Samples, Channel::Status, Channel::About, Channel::Result];
    if mqtt.venues.is_empty() {
        return channels.map(|c| Topic::filter(None, c)).to_vec();
    }
    mqtt.venues.iter().flat_map(|v| channels.map(|c| Topic::filter(Some(v), c))).collect()
}

/// Sends PUBACKs, in the order of arrival as MQTT asks, and acks. Acks go with QoS 0: a lost one
/// costs one repetition by the agent, and none can hold up the others.
async fn give_back(
    shared: Arc<Shared>,
    client: AsyncClient,
    mut outgoing: mpsc::Receiver<Outgoing>,
    connection: Arc<AtomicU32>,
) {
    while let Some(group) = outgoing.recv().await {
        let current = connection.load(Ordering::Relaxed);
        for receipt in group.receipts {
            if receipt.connection == current {
                let _ = client.try_manual_ack(receipt.ack);
            }
        }
        if shared.metrics.broker_connected.get() == 0 {
            continue;
        }
        for (source, ack) in group.acks {
            let topic = Topic::new(&source, Channel::Ack).to_string();
            let body = wire::ack::print(&ack);
            if client.try_publish(topic, body, PublishOptions::new(QoS::AtMostOnce)).is_ok() {
                shared.metrics.acks_total.add(1);
            }
        }
    }
}
