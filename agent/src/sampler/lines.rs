//! The thread of a bus's lines: waits for edges, shows each watcher its line, and tells what it says.

use std::time::Duration;

use super::worker::{Heard, Shared};
use crate::driver::{
    Edges, LineRequest, Reader, Watcher,
    bus::{self, BusError},
};

/// How long it sleeps at most before it looks whether it is still wanted, and whether an edge was
/// missed. Each look costs a Pi a wake-up; at four a second they were a third of the agent's work.
const EDGE_PATIENCE: Duration = Duration::from_secs(5);
/// How often a counter tells while it counts, and while it rests: what a sample says of it is no older.
const TELL_EVERY: Duration = Duration::from_secs(1);
const TELL_AT_REST: Duration = Duration::from_secs(4);
/// How long until lines that cannot be had are tried again.
const OPEN_AGAIN: Duration = Duration::from_secs(5);

/// Watches the lines of the bus with index `bus` until nobody listens any more.
pub(super) fn watch_lines(shared: &Shared, bus: usize, stations: &[usize]) {
    let mut watched: Vec<Watched> = stations.iter().filter_map(|station| Watched::start(shared, *station)).collect();
    let requests: Vec<LineRequest> = watched.iter().map(|watched| watched.watcher.request()).collect();
    let mut open = None;
    while !shared.heard.is_closed() {
        let lines = match &mut open {
            Some(lines) => lines,
            None => match bus::open_lines(&shared.buses[bus], &requests, &shared.rooms[bus]) {
                Ok(lines) => open.insert(lines),
                Err(error) => {
                    if !lose(shared, &mut watched, &error) {
                        return;
                    }
                    continue;
                }
            },
        };
        let heard = watched.iter_mut().enumerate().all(|(index, watched)| {
            let edges = lines.edges(index);
            watched.see(shared, lines.is_high(index), &edges)
        });
        if !heard {
            return;
        }
        let now = shared.clock.boottime();
        let soonest = watched.iter().filter_map(|watched| watched.remaining(now)).min();
        let patience = soonest.map_or(EDGE_PATIENCE, |world| shared.clock.real(world).min(EDGE_PATIENCE));
        if let Err(error) = lines.wait(patience.max(Duration::from_millis(1))) {
            open = None;
            if !lose(shared, &mut watched, &error) {
                return;
            }
        }
    }
}

/// A line, and what its watcher has said.
struct Watched {
    station: usize,
    watcher: Box<dyn Watcher>,
    /// When a counter last told.
    told: Option<Duration>,
    /// There were edges since.
    moved: bool,
}

impl Watched {
    fn start(shared: &Shared, station: usize) -> Option<Self> {
        let sensor = &shared.plan.stations[station].sensor;
        let Reader::Line(mut watcher) = sensor.driver.start() else { return None };
        if let Some(kept) = shared.keeper.load(&sensor.name) {
            watcher.restore(&kept);
        }
        Some(Self { station, watcher, told: None, moved: false })
    }

    /// Shows it its line, and tells what it says. False once nobody listens any more.
    fn see(&mut self, shared: &Shared, high: Result<bool, BusError>, edges: &Edges) -> bool {
        let now = shared.clock.boottime();
        let high = match high {
            Ok(high) => high,
            Err(error) => return self.lose(shared, &error),
        };
        self.moved |= edges.count() > 0;
        if let Some(value) = self.watcher.see(high, edges, now)
            && !tell_contact(shared, self.station, Ok(value))
        {
            return false;
        }
        let every = if self.moved { TELL_EVERY } else { TELL_AT_REST };
        if self.told.is_some_and(|told| now < told + every) {
            return true;
        }
        let Some(measured) = self.watcher.measured(now) else { return true };
        (self.told, self.moved) = (Some(now), false);
        let heard = Heard::Counted { station: self.station, at: now, measured, kept: self.watcher.keep() };
        shared.heard.blocking_send(heard).is_ok()
    }

    /// The line cannot be read. False once nobody listens any more.
    fn lose(&mut self, shared: &Shared, error: &BusError) -> bool {
        self.watcher.forget();
        self.told = None;
        tell_contact(shared, self.station, Err(error.clone()))
    }

    /// How long until it must see again although nothing happens.
    fn remaining(&self, now: Duration) -> Option<Duration> {
        let tells = self.told.filter(|_| self.moved).map(|told| (told + TELL_EVERY).saturating_sub(now));
        [self.watcher.remaining(now), tells].into_iter().flatten().min()
    }
}

/// Says that no line can be read, and waits before they are tried again. False once nobody listens any
/// more.
fn lose(shared: &Shared, watched: &mut [Watched], error: &BusError) -> bool {
    let heard = watched.iter_mut().all(|watched| watched.lose(shared, error));
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
