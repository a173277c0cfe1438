//! Receives from the broker and gives back PUBACKs and acks, both only for what is committed.
//! Decodes on its own thread, beside the step; decides nothing.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use super::{decode, returns::give_back};
pub use super::{
    options::{FileError, filters, options},
    returns::Receipt,
};
use rumqttc::{AsyncClient, Event, EventLoop, MqttOptions, NetworkOptions, Packet, QoS, SubscribeReasonCode};
use tokio::{
    sync::{Semaphore, mpsc, watch},
    time::timeout,
};

use crate::{
    Shared,
    health::Part,
    step::{Inbound, Outgoing},
};

/// Messages between the broker and the step, at most.
pub const INBOUND_MAX: usize = 4_096;
/// KiB of bodies between the broker and their commit, at most: 32 MiB, which decoded are about
/// twice as much. A backlog sends bodies of 64 KiB, and memory must not grow with it.
const INBOUND_KIB_MAX: usize = 32 * 1024;
/// Groups of acks on their way back; the committer makes one at a time.
pub const OUTGOING_MAX: usize = 64;
/// When the step takes nothing for this long (its ledger fails), the connection is let go, so that
/// the broker keeps what it has; less than the 1.5 keep-alives after which it would cut us anyway.
const STALL_MAX: Duration = Duration::from_secs(20);
/// Wait before trying the broker again: from the first to the second, doubling.
const RETRY_FIRST: Duration = Duration::from_millis(200);
const RETRY_LAST: Duration = Duration::from_secs(10);
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
    let mut receiver = Receiver {
        shared,
        client,
        inbound,
        connection,
        retry: RETRY_FIRST,
        room: Arc::new(Semaphore::new(INBOUND_KIB_MAX)),
    };
    loop {
        let event = tokio::select! {
            biased;
            _ = stop.wait_for(|s| *s) => break,
            event = events.poll() => event,
        };
        match event {
            Ok(Event::Incoming(packet)) => {
                if !receiver.take(packet).await {
                    receiver.lost(&mut events, "the ledger takes nothing", &mut stop).await;
                }
            }
            Ok(Event::Outgoing(_)) => {}
            Err(e) => receiver.lost(&mut events, &e.to_string(), &mut stop).await,
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
    /// KiB of bodies that may still come in.
    room: Arc<Semaphore>,
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
            Packet::SubAck(ack) => {
                if ack.return_codes.contains(&SubscribeReasonCode::Failure) {
                    let reason = "the broker refuses a subscription: its access list must let the collector read";
                    self.shared.health.report(Part::Broker, self.shared.clock.now(), reason);
                    tracing::error!(reason);
                }
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
        let kib = (publish.payload.len() / 1_024 + 1).min(INBOUND_KIB_MAX) as u32;
        let room = match self.room.clone().try_acquire_many_owned(kib) {
            Ok(room) => room,
            Err(_) => match timeout(STALL_MAX, self.room.clone().acquire_many_owned(kib)).await {
                Ok(Ok(room)) => room,
                _ => return false,
            },
        };
        let message = Inbound { arrived: Instant::now(), body, receipt, room: Some(room) };
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

    async fn lost(&mut self, events: &mut EventLoop, reason: &str, stop: &mut watch::Receiver<bool>) {
        self.connection.fetch_add(1, Ordering::Relaxed);
        self.shared.metrics.broker_connected.set(0);
        self.shared.metrics.broker_losses_total.add(1);
        let now = self.shared.clock.now();
        if self.shared.health.report(Part::Broker, now, format!("the broker is not connected: {reason}")) {
            tracing::warn!(reason, "lost the broker, trying again");
        }
        events.clean();
        let _ = timeout(self.retry, stop.wait_for(|s| *s)).await;
        self.retry = (self.retry * 2).min(RETRY_LAST);
        // No use in hearing more than the step can take.
        let _ = self.inbound.reserve().await;
    }
}
