//! The agent's configuration: turns a TOML file and environment overrides into [`Config`], or into
//! a list of mistakes that each name file, key, value and a way out. Never touches the network.

pub mod bus;
pub mod sensor;

use std::{path::PathBuf, time::Duration};

use wire::{Id, Source};

pub use bus::{Backend, Bus};
pub use sensor::{Driver, Sensor};

/// Everything the agent is told.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// The venue that the room belongs to.
    pub venue: Id,
    /// The room that this agent serves.
    pub room: Id,
    /// The agent's own name, unique in the venue.
    pub agent: Id,
    /// The broker.
    pub mqtt: Mqtt,
    /// Where samples wait for the collector.
    pub spool: Spool,
    /// How often, and how patiently, sensors are read.
    pub sampler: Sampler,
    /// Buses that sensors sit on.
    pub buses: Vec<Bus>,
    /// Sensors, contacts, probes and the computer itself.
    pub sensors: Vec<Sensor>,
}

impl Config {
    /// The defaults, for the given names: no bus and no sensor.
    #[must_use]
    pub fn new(venue: Id, room: Id, agent: Id) -> Self {
        Self {
            venue,
            room,
            agent,
            mqtt: Mqtt::default(),
            spool: Spool::default(),
            sampler: Sampler::default(),
            buses: Vec::new(),
            sensors: Vec::new(),
        }
    }

    /// Who this agent is on the wire.
    #[must_use]
    pub fn source(&self) -> Source {
        Source { venue: self.venue.clone(), room: self.room.clone(), agent: self.agent.clone() }
    }
}

/// `[mqtt]`: the broker between agent and collector.
#[derive(Debug, Clone, PartialEq)]
pub struct Mqtt {
    /// Name or address.
    pub host: String,
    /// TCP port; by default 1883, or 8883 with `[mqtt.tls]`.
    pub port: u16,
    /// The MQTT client id; by default the agent's name.
    pub client_id: Option<String>,
    /// User name, where the broker asks for one.
    pub username: Option<String>,
    /// Its password. Better in `password_file`, which other users cannot read.
    pub password: Option<Secret>,
    /// A file whose first line is the password.
    pub password_file: Option<PathBuf>,
    /// Encrypt and check the broker's certificate.
    pub tls: Option<Tls>,
    /// How long the line may be silent before the client asks whether the broker is there.
    pub keep_alive: Duration,
    /// How long to wait for the broker to accept a connection.
    pub connect_timeout: Duration,
    /// How long to wait for the collector's `ack` before sending again.
    pub ack_timeout: Duration,
}

impl Default for Mqtt {
    fn default() -> Self {
        Self {
            host: "127.0.0.1".into(),
            port: 1883,
            client_id: None,
            username: None,
            password: None,
            password_file: None,
            tls: None,
            keep_alive: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(10),
            ack_timeout: Duration::from_secs(10),
        }
    }
}

/// `[mqtt.tls]`: files in PEM.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tls {
    /// The authority that signed the broker's certificate.
    pub ca: PathBuf,
    /// The agent's own certificate, where the broker asks for one.
    pub cert: Option<PathBuf>,
    /// The key of that certificate.
    pub key: Option<PathBuf>,
}

/// `[spool]`: samples that the collector has not committed yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Spool {
    /// A folder of its own on the card.
    pub path: PathBuf,
    /// The most bytes it takes; past that the oldest samples go, and are counted.
    pub bytes_max: u64,
    /// How long a sample may wait in memory for the collector before it is synced to the card.
    pub sync_after: Duration,
}

impl Default for Spool {
    fn default() -> Self {
        Self { path: "/var/lib/hallwatch-agent/spool".into(), bytes_max: 64 << 20, sync_after: Duration::from_secs(1) }
    }
}

/// `[sampler]`: the rhythm.
#[derive(Debug, Clone, PartialEq)]
pub struct Sampler {
    /// Between two samples, for every sensor without a `period` of its own.
    pub period: Duration,
    /// How many bit-identical readings in a row make a quantity that always moves `stuck`.
    pub stuck_after: u32,
}

impl Default for Sampler {
    fn default() -> Self {
        Self { period: Duration::from_secs(10), stuck_after: 60 }
    }
}

/// A text that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Hides `text`.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one place that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("********")
    }
}
