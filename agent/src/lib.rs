//! The agent: reads the sensors of one room and publishes what it read, losing nothing.
//!
//! Data flows through the modules in this order:
//! sensor → [`driver`] → [`sampler`] → [`spool`] → [`uplink`] ⇢ MQTT.
//! [`command`] brings what the collector asks for the other way. [`draft`] is what the sampler hands to the spool, [`clock`] tells what time it was,
//! [`world`] is everything that a test or the demo replaces. [`run`] connects them.

pub mod clock;
pub mod command;
pub mod config;
pub mod draft;
pub mod driver;
pub mod run;
pub mod sampler;
pub mod spool;
pub mod texts;
pub mod uplink;
pub mod watchdog;
pub mod world;

pub use config::Config;
pub use run::{Error, run};
pub use world::World;
