//! The thread of a 1-Wire bus: reads the devices it is asked for, one after the other, as the bus
//! itself has it.

use std::sync::mpsc;

use super::worker::{Ask, Heard, Shared};
use crate::driver::{Error, OneWireDevice, Reader, bus};

/// Serves the 1-Wire side of the bus with index `bus` until nobody asks any more.
pub(super) fn read_devices(shared: &Shared, bus: usize, stations: &[usize], asked: &mpsc::Receiver<Ask>) {
    let mut wire = bus::open_one_wire(&shared.buses[bus], &shared.rooms[bus]);
    let start = |station: usize| match shared.plan.stations[station].sensor.driver.start() {
        Reader::OneWire(device) => Some((station, device)),
        _ => None,
    };
    let mut devices: Vec<(usize, Box<dyn OneWireDevice>)> = stations.iter().copied().filter_map(start).collect();
    while let Ok(ask) = asked.recv() {
        match ask {
            Ask::Station(station) => {
                let Some((_, device)) = devices.iter_mut().find(|(known, _)| *known == station) else { continue };
                let mut outcome = device.read(&mut *wire);
                let retried = outcome.as_ref().is_err_and(Error::retry_helps);
                if retried {
                    outcome = device.read(&mut *wire);
                }
                let at = shared.clock.boottime();
                if shared.heard.blocking_send(Heard::Answer { station, at, outcome, identity: None, retried }).is_err()
                {
                    return;
                }
            }
            Ask::Save(done) => drop(done.send(())),
            Ask::Scan(_) => {}
            Ask::Command(command) => command.refuse(),
        }
    }
}
