//! Makes traffic: many devices over few connections, fast, in the shapes of the wire. Speaks MQTT by
//! itself, so that what is measured is the broker and the collector and never a client library.

pub mod acks;
pub mod device;
pub mod mqtt;
pub mod publisher;

use std::{io, time::Duration};

pub use acks::Acks;
pub use device::Device;

use publisher::Pace;

/// Waits until the collector behind a broker commits what is published: connected, subscribed, and at work. Sends
/// samples of a venue `probe` for it.
///
/// # Errors
/// When the broker does not take them, or the collector never acknowledges one.
pub fn until_it_listens(port: u16) -> io::Result<()> {
    let acks = Acks::listen(port)?;
    for number in 0..200 {
        let mut probe = [Device::new("probe", number)];
        publisher::publish(port, &mut probe, 1, 1, Pace::FULL, &|_| publisher::now_ms())?;
        if acks.reach(1, Duration::from_millis(200)) {
            return Ok(());
        }
    }
    Err(io::Error::other("the collector never acknowledged a sample"))
}
