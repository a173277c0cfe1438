//! Asks one agent for something and waits for its outcome, beside a collector that may be running:
//! a connection of its own, which keeps nothing.

use std::time::Duration;

use rumqttc::{AckMode, AsyncClient, Event, EventLoop, MqttOptions, Packet, PublishOptions, QoS};
use wire::{Channel, Command, Outcome, Source, Topic};

/// Requests between this module and the client: a subscription and a message.
const REQUESTS_MAX: usize = 4;

/// Why there is no outcome.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No broker.
    #[error("the broker cannot be reached")]
    Broker(#[source] Box<rumqttc::ConnectionError>),
    /// Nobody said anything in time.
    #[error("no answer within {} s", .0.as_secs())]
    Silence(Duration),
}

/// Sends `command` to the agent at `source` and waits up to `patience` for what came of it.
pub async fn ask(
    mut options: MqttOptions,
    source: &Source,
    command: &Command,
    patience: Duration,
) -> Result<Outcome, Error> {
    // The running collector's name would take its connection away.
    options.set_client_id(format!("hallwatch-ask-{}", command.id));
    options.set_clean_session(true);
    options.set_ack_mode(AckMode::Automatic);
    let (client, mut events) = AsyncClient::builder(options).capacity(REQUESTS_MAX).build();
    let asking = converse(&client, &mut events, source, command);
    tokio::time::timeout(patience, asking).await.unwrap_or(Err(Error::Silence(patience)))
}

async fn converse(
    client: &AsyncClient,
    events: &mut EventLoop,
    source: &Source,
    command: &Command,
) -> Result<Outcome, Error> {
    let topic = |channel| Topic::new(source, channel).to_string();
    loop {
        match events.poll().await.map_err(|error| Error::Broker(Box::new(error)))? {
            // The queue has room for both; what it refuses ends in silence, which is said.
            Event::Incoming(Packet::ConnAck(_)) => {
                let _ = client.try_subscribe(topic(Channel::Result), QoS::AtLeastOnce);
            }
            // Asked earlier, the answer could come before anybody listens.
            Event::Incoming(Packet::SubAck(_)) => {
                let body = wire::command::print(command);
                let _ = client.try_publish(topic(Channel::Command), body, PublishOptions::new(QoS::AtLeastOnce));
            }
            Event::Incoming(Packet::Publish(publish)) => match wire::command::parse_outcome(&publish.payload) {
                Ok(outcome) if outcome.id == command.id => return Ok(outcome),
                _ => {}
            },
            _ => {}
        }
    }
}
