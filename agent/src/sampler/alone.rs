//! The thread of one probe, or of the computer: what needs no bus.

use std::sync::mpsc;

use super::worker::{Ask, Heard, Shared};
use crate::{
    config::{Driver, sensor},
    driver::{
        Error, Measured,
        computer::Computer,
        probe::{http::Http, icmp::Icmp, tcp},
    },
};

/// What needs no bus.
enum Alone {
    Computer(Computer),
    Tcp(sensor::Tcp),
    Http(Http),
    Icmp(Icmp),
}

impl Alone {
    fn new(driver: &Driver) -> Option<Self> {
        match driver {
            Driver::Computer(settings) => Some(Self::Computer(Computer::new(settings.clone()))),
            Driver::Tcp(probe) => Some(Self::Tcp(probe.clone())),
            Driver::Http(probe) => Some(Self::Http(Http::new(probe.clone()))),
            Driver::Icmp(probe) => Some(Self::Icmp(Icmp::new(probe.clone()))),
            _ => None,
        }
    }

    fn read(&mut self) -> Result<Vec<Measured>, Error> {
        match self {
            Self::Computer(computer) => Ok(computer.read()),
            Self::Tcp(probe) => tcp::read(probe),
            Self::Http(probe) => probe.read(),
            Self::Icmp(probe) => probe.read(),
        }
    }
}

/// Serves one station until nobody asks any more.
pub(super) fn read_alone(shared: &Shared, station: usize, asked: &mpsc::Receiver<Ask>) {
    let Some(mut alone) = Alone::new(&shared.plan.stations[station].sensor.driver) else { return };
    while asked.recv().is_ok() {
        let outcome = alone.read();
        let at = shared.clock.boottime();
        if shared.heard.blocking_send(Heard::Answer { station, at, outcome, identity: None, retried: false }).is_err() {
            return;
        }
    }
}
