//! The thread of a bus's lines: waits for edges, shows each watcher its line, and tells what it says.

use std::time::Duration;

use super::worker::{Heard, Shared};
use crate::driver::{
    LineRequest, Reader, Watcher,
    bus::{self, BusError},
};

/// How long it sleeps at most before it looks whether it is still wanted, and whether an edge was
/// missed. Each look costs a Pi a wake-up; at four a second they were a third of the agent's work.
const EDGE_PATIENCE: Duration = Duration::from_secs(5);
/// How long until lines that cannot be had are tried again.
const OPEN_AGAIN: Duration = Duration::from_secs(5);

/// Watches the lines of the bus with index `bus` until nobody listens any more.
pub(super) fn watch_lines(shared: &Shared, bus: usize, stations: &[usize]) {
    let start = |station: &usize| match shared.plan.stations[*station].sensor.driver.start() {
        Reader::Line(watcher) => Some(watcher),
        _ => None,
    };
    let mut watchers: Vec<Box<dyn Watcher>> = stations.iter().filter_map(start).collect();
    let requests: Vec<LineRequest> = watchers.iter().map(|watcher| watcher.request()).collect();
    let mut open = None;
    while !shared.heard.is_closed() {
        let lines = match &mut open {
            Some(lines) => lines,
            None => match bus::open_lines(&shared.buses[bus], &requests, &shared.rooms[bus]) {
                Ok(lines) => open.insert(lines),
                Err(error) => {
                    if !lose(shared, stations, &error) {
                        return;
                    }
                    continue;
                }
            },
        };
        for (index, watcher) in watchers.iter_mut().enumerate() {
            let value = match lines.is_high(index) {
                Ok(high) => match watcher.see(high, lines.edges(index), shared.clock.boottime()) {
                    Some(value) => Ok(value),
                    None => continue,
                },
                Err(error) => {
                    watcher.forget();
                    Err(error)
                }
            };
            if !tell_contact(shared, stations[index], value) {
                return;
            }
        }
        let now = shared.clock.boottime();
        let soonest = watchers.iter().filter_map(|watcher| watcher.remaining(now)).min();
        let patience = soonest.map_or(EDGE_PATIENCE, |world| shared.clock.real(world).min(EDGE_PATIENCE));
        if let Err(error) = lines.wait(patience.max(Duration::from_millis(1))) {
            open = None;
            watchers.iter_mut().for_each(|watcher| watcher.forget());
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
