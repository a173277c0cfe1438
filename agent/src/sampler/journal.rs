//! Logs what sensors say when they say something new, and a bus that fails once instead of each
//! sensor on it.

use wire::Fault;

use super::{
    plan::{Plan, Worker},
    worker::Shared,
};
use crate::driver;

/// What was logged last.
pub(super) struct Journal {
    /// Of each station, where it gave no reading.
    stations: Vec<Option<String>>,
    /// Of each worker, whether its bus had failed.
    failed: Vec<bool>,
}

impl Journal {
    pub(super) fn new(plan: &Plan) -> Self {
        Self { stations: vec![None; plan.stations.len()], failed: vec![false; plan.workers.len()] }
    }

    /// A station gave a reading, or has trouble.
    pub(super) fn note(&mut self, shared: &Shared, station: usize, trouble: Option<(Fault, String)>) {
        let worker = shared.plan.stations[station].worker;
        let of_bus = matches!(&trouble, Some((Fault::BusFailed, _)));
        if let (Worker::Bus(bus), true) = (&shared.plan.workers[worker], of_bus) {
            let (_, text) = trouble.unwrap_or((Fault::BusFailed, String::new()));
            if !std::mem::replace(&mut self.failed[worker], true) {
                tracing::warn!(bus = %shared.buses[*bus].name, "the bus failed: {text}");
            }
            return;
        }
        if let (Worker::Bus(bus), true) = (&shared.plan.workers[worker], self.failed[worker]) {
            self.failed[worker] = false;
            tracing::info!(bus = %shared.buses[*bus].name, "the bus works again");
        }
        self.note_station(shared, station, trouble.map(|(_, text)| text));
    }

    fn note_station(&mut self, shared: &Shared, station: usize, trouble: Option<String>) {
        if self.stations[station] == trouble {
            return;
        }
        let sensor = &shared.plan.stations[station].sensor;
        let (name, place) = (&sensor.name, sensor.driver.place());
        match &trouble {
            Some(trouble) if *trouble == driver::Error::WarmingUp.to_string() => {
                tracing::info!(sensor = %name, %place, "warming up");
            }
            Some(trouble) => tracing::warn!(sensor = %name, %place, "no reading: {trouble}"),
            None => tracing::info!(sensor = %name, %place, "reads"),
        }
        self.stations[station] = trouble;
    }
}
