//! Turns the configuration into stations: each sensor with its points, its rhythm and the thread
//! that reads it. Decides names and ranges; reads no sensor.

use std::time::Duration;

use wire::PointName;

use crate::{
    config::{Config, Driver, Sensor},
    driver::{Quantity, bh1750, computer::Computer, probe, scd4x, sht4x},
};

/// How long a chip may take before its silence is a fault: the slowest driver call (an SCD4x that
/// is set up anew) takes 0.6 s, once more for the retry, and others on the bus may be first.
const CHIP_PATIENCE: Duration = Duration::from_secs(3);
/// What a probe may take beyond its own time-out: looking up the name.
const PROBE_MARGIN: Duration = Duration::from_secs(5);

/// A sensor as the sampler sees it.
#[derive(Debug, Clone)]
pub(crate) struct Station {
    pub sensor: Sensor,
    pub period: Duration,
    /// After this time without an answer its points are faults.
    pub patience: Duration,
    pub points: Vec<Point>,
    /// Index into [`Plan::workers`].
    pub worker: usize,
}

/// A point of a station.
#[derive(Debug, Clone)]
pub(crate) struct Point {
    pub name: PointName,
    pub quantity: Quantity,
}

/// A thread, and what it reads.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Worker {
    /// The chips of the bus with this index.
    Bus(usize),
    /// The contacts of the bus with this index.
    Lines(usize),
    /// One probe, or the computer.
    Alone,
}

/// Everything the sampler will do.
#[derive(Debug, Clone, Default)]
pub(crate) struct Plan {
    pub stations: Vec<Station>,
    pub workers: Vec<Worker>,
}

impl Plan {
    pub(crate) fn new(config: &Config) -> Result<Self, super::Error> {
        let mut plan = Self::default();
        for sensor in &config.sensors {
            let worker = plan.worker(config, &sensor.driver)?;
            let points = points(sensor)?;
            let patience = match &sensor.driver {
                Driver::Tcp(probe) => probe.timeout + PROBE_MARGIN,
                Driver::Http(probe) => probe.timeout + PROBE_MARGIN,
                Driver::Icmp(probe) => probe.timeout + PROBE_MARGIN,
                _ => CHIP_PATIENCE,
            };
            let period = sensor.period.unwrap_or(config.sampler.period);
            plan.stations.push(Station { sensor: sensor.clone(), period, patience, points, worker });
        }
        Ok(plan)
    }

    /// The stations that the worker with this index reads.
    pub(crate) fn of_worker(&self, worker: usize) -> impl Iterator<Item = (usize, &Station)> {
        self.stations.iter().enumerate().filter(move |(_, station)| station.worker == worker)
    }

    /// The worker of a driver; those of one bus share it.
    fn worker(&mut self, config: &Config, driver: &Driver) -> Result<usize, super::Error> {
        let worker = match (driver.bus(), driver) {
            (Some(name), _) => {
                let index = config
                    .buses
                    .iter()
                    .position(|bus| bus.name == *name)
                    .ok_or_else(|| super::Error::NoSuchBus { bus: name.clone() })?;
                if matches!(driver, Driver::Contact(_)) { Worker::Lines(index) } else { Worker::Bus(index) }
            }
            (None, _) => Worker::Alone,
        };
        let known = self.workers.iter().position(|w| *w == worker && *w != Worker::Alone);
        Ok(known.unwrap_or_else(|| {
            self.workers.push(worker);
            self.workers.len() - 1
        }))
    }
}

/// Names the points of a sensor: the asset first if there is one.
pub(super) fn points(sensor: &Sensor) -> Result<Vec<Point>, super::Error> {
    let named = |prefix: Option<&str>, quantity: Quantity, name: &str| {
        let text = match prefix {
            Some(prefix) => format!("{}_{name}", prefix.replace('-', "_")),
            None => name.to_owned(),
        };
        PointName::parse(&text).map(|name| Point { name, quantity }).map_err(|source| super::Error::PointName {
            sensor: sensor.name.clone(),
            name: text,
            source,
        })
    };
    let asset = sensor.asset.as_ref().map(wire::Id::as_str);
    // A probe says nothing about the room itself, so its points need a name in front.
    let prefix = match &sensor.driver {
        Driver::Tcp(_) | Driver::Http(_) | Driver::Icmp(_) => asset.or(Some(sensor.name.as_str())),
        _ => asset,
    };
    if let Driver::Contact(contact) = &sensor.driver {
        return Ok(vec![named(prefix, CONTACT, &contact.point)?]);
    }
    quantities(&sensor.driver).into_iter().map(|quantity| named(prefix, quantity, quantity.name)).collect()
}

/// A contact is 0 or 1; its name comes from the configuration.
const CONTACT: Quantity = Quantity { name: "", unit: "/", low: 0.0, high: 1.0, precision: 0, moves: false };

/// What each driver gives.
fn quantities(driver: &Driver) -> Vec<Quantity> {
    match driver {
        Driver::Sht4x(_) => sht4x::QUANTITIES.to_vec(),
        Driver::Scd4x(chip) if chip.climate => vec![scd4x::CO2, scd4x::TEMPERATURE, scd4x::HUMIDITY],
        Driver::Scd4x(_) => vec![scd4x::CO2],
        Driver::Bh1750(_) => vec![bh1750::ILLUMINANCE],
        Driver::Contact(_) => vec![CONTACT],
        Driver::Computer(settings) => Computer::new(settings.clone()).quantities(),
        Driver::Tcp(_) => probe::tcp::QUANTITIES.to_vec(),
        Driver::Http(_) => probe::http::QUANTITIES.to_vec(),
        Driver::Icmp(_) => probe::icmp::QUANTITIES.to_vec(),
    }
}
