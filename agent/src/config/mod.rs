//! The agent's configuration: turns a TOML file and environment overrides into [`Config`], or into
//! a list of mistakes that each name file, key, value and a way out. Never touches the network.

pub mod bus;
mod check;
pub mod identify;
mod load;
pub mod mistake;
pub mod mqtt;
pub mod quantity;
mod reader;
pub mod sampler;
pub mod sensor;
pub mod spool;

use wire::{Id, Source};

pub use bus::{Backend, Bus};
pub use identify::Identify;
pub use load::{DEFAULT_PATH, Error, load, parse};
pub use mistake::{Expected, Problem};
pub use mqtt::{Mqtt, Secret, Tls};
pub use reader::Table;
pub use sampler::Sampler;
pub use sensor::Sensor;
pub use spool::Spool;

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
    /// The lamp or buzzer that shows which box this is.
    pub identify: Option<Identify>,
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
            identify: None,
        }
    }

    /// Who this agent is on the wire.
    #[must_use]
    pub fn source(&self) -> Source {
        Source { venue: self.venue.clone(), room: self.room.clone(), agent: self.agent.clone() }
    }

    /// The whole configuration as a file would say it, defaults included and secrets masked.
    #[must_use]
    pub fn print(&self) -> String {
        let mut table = toml::Table::new();
        for (key, id) in [("venue", &self.venue), ("room", &self.room), ("agent", &self.agent)] {
            table.insert(key.into(), id.as_str().into());
        }
        table.insert("mqtt".into(), self.mqtt.print().into());
        table.insert("spool".into(), self.spool.print().into());
        table.insert("sampler".into(), self.sampler.print().into());
        table.insert("bus".into(), self.buses.iter().map(Bus::print).collect::<Vec<_>>().into());
        table.insert("sensor".into(), self.sensors.iter().map(Sensor::print).collect::<Vec<_>>().into());
        if let Some(identify) = &self.identify {
            table.insert("identify".into(), identify.print().into());
        }
        toml::to_string(&table).expect("every table here has text for keys and plain values")
    }
}
