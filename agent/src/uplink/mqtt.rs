//! The one door to MQTT: connects, says who is here, publishes what the pump hands over, and
//! carries acks and commands back. Keeps nothing: what a lost connection swallowed is sent again
//! by the core.

use std::{path::Path, sync::mpsc::SyncSender, time::Duration};

use rumqttc::{
    AsyncClient, Event as Packetlike, EventLoop, LastWill, MqttOptions, NetworkOptions, Packet, PublishOptions, QoS,
    TlsConfiguration, Transport,
};
use tokio::sync::{
    mpsc::{self, error::TrySendError},
    watch,
};
use wire::{About, Channel, Command, Id, Outcome, Source, State, Status, Topic};

use super::{core::Publish, pump::Event};
use crate::{config, world::World};

/// Wait before trying the broker again: from the first to the second, doubling, each between half
/// and the whole of it so that a hundred agents do not come back at once. In the agent's time.
const RETRY_FIRST: Duration = Duration::from_secs(1);
const RETRY_LAST: Duration = Duration::from_secs(30);
/// Requests between this module and the client.
const REQUESTS_MAX: usize = 64;
/// A command is small; an ack is smaller.
const INCOMING_BYTES_MAX: usize = wire::BODY_BYTES_MAX + 1024;
/// Whom the system believes, where the configuration names no authority (Debian and Raspberry Pi OS).
const SYSTEM_AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";
/// Who has no clock of its own asks the collector for the time by its status, again and again until it
/// hears an ack, more and more rarely up to this.
const ASK_TIME_LAST: Duration = Duration::from_secs(300);
/// How long the last words may take.
const GOODBYE_MAX: Duration = Duration::from_secs(2);

/// A file of the configuration that the connection needs.
#[derive(Debug, thiserror::Error)]
#[error("cannot read `{path}` (`{key}`)\nhint: the file must exist and the agent's user must be able to read it")]
pub struct FileError {
    /// The key that names it.
    pub key: &'static str,
    /// The file.
    pub path: std::path::PathBuf,
    /// Why.
    #[source]
    pub source: std::io::Error,
}

/// What the connection says of this agent.
#[derive(Debug, Clone)]
pub struct Introduction {
    /// Who it is on the wire.
    pub source: Source,
    /// What it is and measures.
    pub about: About,
    /// The boot that runs.
    pub boot: Id,
    /// The spool in use.
    pub spool: Id,
}

impl Introduction {
    fn status(&self, state: State, since: Option<wire::UnixMs>) -> String {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        wire::status::print(&Status { state, boot: self.boot.clone(), spool: self.spool.clone(), since, version })
    }

    fn topic(&self, channel: Channel) -> String {
        Topic::new(&self.source, channel).to_string()
    }
}

/// Where commands go, and where what came of them returns.
pub struct Commands {
    /// Commands of the broker.
    pub asked: mpsc::Sender<Command>,
    /// Outcomes to publish.
    pub done: mpsc::Receiver<Outcome>,
}

/// The connection.
pub struct Connection {
    world: World,
    me: Introduction,
    client: AsyncClient,
    events: EventLoop,
    pump: SyncSender<Event>,
    commands: Commands,
    connected: bool,
    /// Answers to subscriptions that are still to come before this agent says who it is.
    subscribing: usize,
    /// When the status was last said, and how long to wait for the first ack of this connection before
    /// it is said again.
    asked_at: Duration,
    ask_time: Duration,
    ask_time_first: Duration,
    /// Whether this connection brought an ack yet.
    acked: bool,
    retry: Duration,
}

impl Connection {
    /// Prepares a connection; nothing is sent yet.
    pub fn new(
        mqtt: &config::Mqtt,
        world: World,
        me: Introduction,
        pump: SyncSender<Event>,
        commands: Commands,
    ) -> Result<Self, FileError> {
        let options = options(mqtt, &me)?;
        let (client, mut events) = AsyncClient::builder(options).capacity(REQUESTS_MAX).build();
        let mut network = NetworkOptions::new();
        network.set_tcp_nodelay(true);
        network.set_connection_timeout(mqtt.connect_timeout.as_secs().max(1));
        events.set_network_options(network);
        let ask_time_first = mqtt.ack_timeout;
        Ok(Self {
            world,
            me,
            client,
            events,
            pump,
            commands,
            connected: false,
            subscribing: 0,
            asked_at: Duration::ZERO,
            ask_time: ask_time_first,
            ask_time_first,
            acked: false,
            retry: RETRY_FIRST,
        })
    }

    /// Runs until `stop` turns true; then says goodbye.
    pub async fn run(mut self, mut publishes: mpsc::Receiver<Publish>, mut stop: watch::Receiver<bool>) {
        let mut stopped = stop.clone();
        loop {
            let asks = self.connected && !self.acked && !self.world.clock.synchronized();
            let pause = (self.asked_at + self.ask_time).saturating_sub(self.world.clock.boottime());
            tokio::select! {
                () = turned(&mut stop) => break,
                Some(publish) = publishes.recv() => self.publish(&publish),
                Some(outcome) = self.commands.done.recv() => self.answer(outcome),
                () = tokio::time::sleep(self.world.clock.real(pause)), if asks => {
                    self.say_online();
                    self.ask_time = (self.ask_time * 2).min(ASK_TIME_LAST);
                }
                event = self.events.poll() => match event {
                    Ok(Packetlike::Incoming(packet)) => self.take(packet),
                    Ok(Packetlike::Outgoing(_)) => {}
                    Err(error) => self.lost(&error.to_string(), &mut stopped).await,
                },
            }
        }
        // Where nothing moves any more the broker's last will speaks for us.
        let _ = tokio::time::timeout(GOODBYE_MAX, self.say_goodbye()).await;
    }

    fn publish(&mut self, publish: &Publish) {
        if self.connected {
            self.put(Channel::Samples, publish.body.clone());
        }
    }

    /// Hands a message to the client. A full client loses it: samples are sent again, and status
    /// and about with the next connection.
    fn put(&mut self, channel: Channel, body: String) {
        let mut options = PublishOptions::new(QoS::AtLeastOnce);
        if channel.retained() {
            options = options.retain(true);
        }
        if let Err(error) = self.client.try_publish(self.me.topic(channel), body, options) {
            tracing::debug!(%error, channel = channel.as_str(), "the client takes no message now");
        }
    }

    fn take(&mut self, packet: Packet) {
        match packet {
            Packet::ConnAck(_) => self.subscribe(),
            Packet::SubAck(_) if self.subscribing > 0 => {
                self.subscribing -= 1;
                if self.subscribing == 0 {
                    self.introduce();
                }
            }
            Packet::Publish(publish) => match std::str::from_utf8(&publish.topic).map(Topic::parse) {
                Ok(Ok(Topic { channel: Channel::Ack, .. })) => match wire::ack::parse(&publish.payload) {
                    Ok(ack) => {
                        self.acked = true;
                        self.tell(Event::Ack(ack));
                    }
                    Err(error) => tracing::warn!(%error, "an ack that cannot be read"),
                },
                Ok(Ok(Topic { channel: Channel::Command, .. })) => self.command(&publish.payload),
                _ => {}
            },
            _ => {}
        }
    }

    /// Every connection begins anew: brokers forget. The collector answers a status at once with the time;
    /// said before the subscription holds, it would be answered to nobody, and an agent without a clock
    /// would wait for ever. The client sends subscriptions after what it publishes, so it is waited for.
    fn subscribe(&mut self) {
        tracing::info!("connected to the broker");
        self.retry = RETRY_FIRST;
        self.subscribing = 0;
        for channel in [Channel::Ack, Channel::Command] {
            match self.client.try_subscribe(self.me.topic(channel), QoS::AtLeastOnce) {
                Ok(_) => self.subscribing += 1,
                Err(error) => tracing::error!(%error, "cannot subscribe"),
            }
        }
    }

    /// Retained words may be of a dead boot, so they are said with each connection.
    fn introduce(&mut self) {
        self.connected = true;
        self.acked = false;
        self.ask_time = self.ask_time_first;
        self.put(Channel::About, wire::about::print(&self.me.about));
        self.say_online();
        self.tell(Event::Connected);
    }

    fn say_online(&mut self) {
        let since = self.world.clock.synchronized().then(|| self.world.clock.wall());
        self.put(Channel::Status, self.me.status(State::Online, since));
        self.asked_at = self.world.clock.boottime();
    }

    /// The connection's own command is to say again who this is; others go to whoever obeys them.
    fn command(&mut self, body: &[u8]) {
        let command = match wire::command::parse(body) {
            Err(error) => return tracing::warn!(%error, "a command that cannot be read"),
            Ok(command) => command,
        };
        tracing::info!(command = %command.name, id = %command.id, "a command");
        if command.name.as_str() == "about" {
            self.put(Channel::About, wire::about::print(&self.me.about));
            self.answer(Outcome { id: command.id, ok: true, error: None, data: serde_json::Map::new() });
        } else if let Err(error) = self.commands.asked.try_send(command) {
            let (text, command) = match error {
                TrySendError::Full(command) => ("too many commands wait already", command),
                TrySendError::Closed(command) => ("the agent is ending", command),
            };
            let error = Some(text.to_owned());
            self.answer(Outcome { id: command.id, ok: false, error, data: serde_json::Map::new() });
        }
    }

    fn answer(&mut self, outcome: Outcome) {
        self.put(Channel::Result, wire::command::print_outcome(&outcome));
    }

    async fn lost(&mut self, reason: &str, stop: &mut watch::Receiver<bool>) {
        if self.connected {
            tracing::warn!(reason, "lost the broker, trying again");
        } else {
            tracing::debug!(reason, "no broker yet");
        }
        self.connected = false;
        self.subscribing = 0;
        self.tell(Event::Disconnected);
        // What waited in the client is sent again by the core; doubles would only cost.
        self.events.clean();
        let half = self.retry / 2;
        let jitter = half.mul_f64(f64::from(getrandom::u32().unwrap_or(u32::MAX)) / f64::from(u32::MAX));
        self.retry = (self.retry * 2).min(RETRY_LAST);
        tokio::select! {
            () = tokio::time::sleep(self.world.clock.real(half + jitter)) => {}
            () = turned(stop) => {}
        }
    }

    fn tell(&self, event: Event) {
        // The pump is only ever busy for the length of a sync; a word that it misses comes again.
        if self.pump.try_send(event).is_err() {
            tracing::warn!("the spool is busy and misses a word of the broker");
        }
    }

    async fn say_goodbye(&mut self) {
        if !self.connected {
            return;
        }
        let since = self.world.clock.synchronized().then(|| self.world.clock.wall());
        self.put(Channel::Status, self.me.status(State::Stopped, since));
        loop {
            match self.events.poll().await {
                Ok(Packetlike::Incoming(Packet::PubAck(_))) if self.events.state.inflight() == 0 => break,
                Ok(_) => {}
                Err(_) => return,
            }
        }
        if self.client.disconnect().await.is_ok() {
            while self.events.poll().await.is_ok() {}
        }
    }
}

/// Completes once `stop` is true, or nobody can turn it any more.
async fn turned(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

fn options(mqtt: &config::Mqtt, me: &Introduction) -> Result<MqttOptions, FileError> {
    let client_id = mqtt.client_id.clone().unwrap_or_else(|| me.source.agent.to_string());
    let mut options = MqttOptions::new(client_id, (mqtt.host.clone(), mqtt.port));
    options.set_keep_alive(u16::try_from(mqtt.keep_alive.as_secs()).unwrap_or(u16::MAX));
    // The broker need not keep a session: acks that were missed are said again, and a command to
    // an agent that is away has lost its sense.
    options.set_clean_session(true);
    options.set_max_packet_size(INCOMING_BYTES_MAX, 2 * wire::BODY_BYTES_MAX);
    let will = me.status(State::Lost, None);
    options.set_last_will(LastWill::new(me.topic(Channel::Status), will, QoS::AtLeastOnce, true));
    if let Some(user) = &mqtt.username {
        let path = mqtt.password_file.clone().unwrap_or_default();
        let password = mqtt.password().map_err(|source| FileError { key: "mqtt.password_file", path, source })?;
        match password {
            Some(password) => options.set_credentials(user, password.expose().to_owned()),
            None => options.set_username(user),
        };
    }
    if let Some(tls) = &mqtt.tls {
        // A second installation finds the first, which is the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let ca = read("mqtt.tls.ca", tls.ca.as_deref().unwrap_or(Path::new(SYSTEM_AUTHORITIES)))?;
        let client_auth = match (&tls.cert, &tls.key) {
            (Some(cert), Some(key)) => Some((read("mqtt.tls.cert", cert)?, read("mqtt.tls.key", key)?)),
            _ => None,
        };
        options.set_transport(Transport::Tls(TlsConfiguration::Simple { ca, alpn: None, client_auth }));
    }
    Ok(options)
}

fn read(key: &'static str, path: &Path) -> Result<Vec<u8>, FileError> {
    std::fs::read(path).map_err(|source| FileError { key, path: path.into(), source })
}
