//! The thread of a bus's contacts: waits for edges, waits until a level is steady, and tells it.

use std::time::Duration;

use super::worker::{Heard, Shared};
use crate::{
    config::{Driver, sensor},
    driver::{
        bus::{self, BusError},
        contact::Debouncer,
    },
};

/// How long it sleeps at most before it looks whether it is still wanted, and whether an edge was
/// missed. Each look costs a Pi a wake-up; at four a second they were a third of the agent's work.
const EDGE_PATIENCE: Duration = Duration::from_secs(5);
/// How long until lines that cannot be had are tried again.
const OPEN_AGAIN: Duration = Duration::from_secs(5);

/// Watches the contacts of the bus with index `bus` until nobody listens any more.
pub(super) fn watch_lines(shared: &Shared, bus: usize, stations: &[usize]) {
    let contacts: Vec<sensor::Contact> = stations
        .iter()
        .filter_map(|&station| match &shared.plan.stations[station].sensor.driver {
            Driver::Contact(contact) => Some(contact.clone()),
            _ => None,
        })
        .collect();
    let mut debouncers: Vec<Debouncer> = contacts.iter().map(|c| Debouncer::new(c.debounce)).collect();
    let mut open = None;
    while !shared.heard.is_closed() {
        let lines = match &mut open {
            Some(lines) => lines,
            None => match bus::open_lines(&shared.buses[bus], &contacts, &shared.rooms[bus]) {
                Ok(lines) => open.insert(lines),
                Err(error) => {
                    if !lose(shared, stations, &error) {
                        return;
                    }
                    continue;
                }
            },
        };
        for (index, (contact, debouncer)) in contacts.iter().zip(&mut debouncers).enumerate() {
            let value = match lines.is_high(index) {
                Ok(high) => match debouncer.see(high, shared.clock.boottime()) {
                    Some(high) => Ok(f64::from(u8::from(high == (contact.active == sensor::Level::High)))),
                    None => continue,
                },
                Err(error) => {
                    debouncer.forget();
                    Err(error)
                }
            };
            if !tell_contact(shared, stations[index], value) {
                return;
            }
        }
        let now = shared.clock.boottime();
        let soonest = debouncers.iter().filter_map(|d| d.remaining(now)).min();
        let patience = soonest.map_or(EDGE_PATIENCE, |world| shared.clock.real(world).min(EDGE_PATIENCE));
        if let Err(error) = lines.wait(patience.max(Duration::from_millis(1))) {
            open = None;
            debouncers.iter_mut().for_each(Debouncer::forget);
            if !lose(shared, stations, &error) {
                return;
            }
        }
    }
}

/// Says that no contact can be read, and waits before the lines are tried again. False once nobody
/// listens any more.
fn lose(shared: &Shared, stations: &[usize], error: &BusError) -> bool {
    let heard = stations.iter().all(|&station| tell_contact(shared, station, Err(error.clone())));
    if heard {
        std::thread::sleep(OPEN_AGAIN);
    }
    heard
}

/// False once nobody listens any more.
fn tell_contact(shared: &Shared, station: usize, value: Result<f64, BusError>) -> bool {
    let at = shared.clock.boottime();
    shared.heard.blocking_send(Heard::Contact { station, at, value }).is_ok()
}
