//! What goes back: PUBACKs to the broker and acks to agents, both only for what is committed. Also
//! notices that nothing comes although something should.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use rumqttc::{AsyncClient, ManualAck, PublishOptions, QoS};
use tokio::{sync::mpsc, time::timeout};
use wire::{Ack, Channel, Source, Topic};

use super::acks::Acks;
use crate::{Shared, health::Part, step::Outgoing};

/// A collector that knows agents and hears none of them for this long says so: a broker can be
/// connected and let nothing through, for its access list denies in silence.
const SILENCE_MAX: Duration = Duration::from_secs(120);
/// How often it looks.
const SILENCE_EVERY: Duration = Duration::from_secs(5);
/// What the broker is told once a message is committed; worthless after a reconnection.
#[derive(Debug)]
pub struct Receipt {
    pub(super) connection: u32,
    pub(super) ack: ManualAck,
}

/// World time between two acks of a spool, at least; far less than the second after which an agent
/// begins to write to its card.
const ACK_EVERY: Duration = Duration::from_millis(200);

/// Sends PUBACKs, in the order of arrival as MQTT asks, and acks. Acks go with QoS 0: a lost one
/// costs one repetition by the agent, and none can hold up the others.
pub(super) async fn give_back(
    shared: Arc<Shared>,
    client: AsyncClient,
    mut outgoing: mpsc::Receiver<Outgoing>,
    connection: Arc<AtomicU32>,
) {
    let pause = shared.clock.real(ACK_EVERY);
    let sender = Sender { shared: &shared, client: &client };
    let mut acks = Acks::default();
    let mut silence = Silence { messages: 0, since: Instant::now() };
    let mut looked = Instant::now();
    loop {
        let wait = if acks.is_empty() { SILENCE_EVERY } else { pause / 4 };
        let group = timeout(wait, outgoing.recv()).await;
        let now = Instant::now();
        match group {
            Ok(Some(group)) => {
                let current = connection.load(Ordering::Relaxed);
                for receipt in group.receipts {
                    if receipt.connection == current {
                        let _ = client.try_manual_ack(receipt.ack);
                    }
                }
                for (source, ack) in group.acks {
                    sender.send(acks.offer(source, ack, now, now + pause));
                }
            }
            Ok(None) => break,
            Err(_) => silence.look(&shared),
        }
        if now.duration_since(looked) >= pause / 4 {
            looked = now;
            sender.send(acks.due(now, now + pause));
        }
    }
    sender.send(acks.finish());
}

struct Sender<'a> {
    shared: &'a Shared,
    client: &'a AsyncClient,
}

impl Sender<'_> {
    /// Sends acks; without a broker they are dropped, and the agents ask again.
    fn send(&self, acks: impl IntoIterator<Item = (Source, Ack)>) {
        for (source, ack) in acks {
            if self.shared.metrics.broker_connected.get() == 0 {
                continue;
            }
            let topic = Topic::new(&source, Channel::Ack).to_string();
            let body = wire::ack::print(&ack);
            if self.client.try_publish(topic, body, PublishOptions::new(QoS::AtMostOnce)).is_ok() {
                self.shared.metrics.acks_total.add(1);
            }
        }
    }
}

/// Notices that nothing comes although something should. It looks only when there is nothing to
/// give back, and so never while messages flow.
struct Silence {
    messages: u64,
    since: Instant,
}

impl Silence {
    fn look(&mut self, shared: &Shared) {
        let messages = shared.metrics.messages_total.get();
        let known = !shared.live.read().expect("no holder of this lock can panic").agents.is_empty();
        if messages != self.messages || !known || shared.metrics.broker_connected.get() == 0 {
            (self.messages, self.since) = (messages, Instant::now());
            shared.health.withdraw(Part::Loopback);
        } else if self.since.elapsed() >= SILENCE_MAX {
            let reason = "the broker is connected and no agent is heard: look at its access list and at the agents";
            if shared.health.report(Part::Loopback, shared.clock.now(), reason) {
                tracing::warn!(reason);
            }
        }
    }
}
