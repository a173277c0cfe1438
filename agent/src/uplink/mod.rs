//! Publishes the spool in order and frees what the collector acknowledged.
//!
//! [`core`] decides what goes out when, [`pump`] runs spool and core on a thread of their own,
//! [`mqtt`] is the one door to MQTT.

pub mod core;
pub mod mqtt;
pub mod pump;
