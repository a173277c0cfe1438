//! Turns real programs into a world that a test can start, break and read: brokers, agents,
//! collectors and receivers of alerts as processes and sockets of this machine. Decides nothing
//! about Hallwatch itself; what is right stands in `tests/tests`.
//!
//! A test owns one [`House`]. Whatever it starts is reaped when it goes, and whatever survives the
//! house fails the test. Nothing waits for a fixed time: [`wait::until`] looks until it sees.

pub mod agent;
pub mod audit;
pub mod broker;
pub mod browser;
pub mod card;
pub mod collector;
pub mod fuzz;
pub mod house;
pub mod influxd;
pub mod load;
pub mod mailbox;
pub mod meter;
pub mod month;
pub mod pi;
pub mod port;
pub mod process;
pub mod program;
pub mod receiver;
pub mod rng;
pub mod simulation;
pub mod snmpd;
pub mod tls;
pub mod wait;

pub use agent::Agent;
pub use broker::Broker;
pub use browser::Browser;
pub use collector::Collector;
pub use house::House;
pub use influxd::Influxd;
pub use mailbox::Mailbox;
pub use month::Month;
pub use pi::Pi;
pub use process::Process;
pub use receiver::Receiver;
pub use rng::Rng;
