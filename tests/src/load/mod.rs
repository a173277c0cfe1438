//! Makes traffic: many devices over few connections, fast, in the shapes of the wire. Speaks MQTT by
//! itself, so that what is measured is the broker and the collector and never a client library.

pub mod acks;
pub mod device;
pub mod mqtt;
pub mod publisher;

pub use acks::Acks;
pub use device::Device;
