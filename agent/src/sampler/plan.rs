//! Turns the configuration into stations: each sensor with its points, its rhythm and the thread
//! that reads it. Decides names and ranges; reads no sensor.

use std::time::Duration;

use wire::PointName;

use super::figures;
use crate::{
    config::{Config, Sensor},
    driver::{Place, Quantity, Sits},
};

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
    /// The lines of the bus with this index.
    Lines(usize),
    /// The 1-Wire side of the bus with this index.
    OneWire(usize),
    /// One probe, or the computer.
    Alone,
}

/// Everything the sampler will do.
#[derive(Debug, Clone, Default)]
pub(crate) struct Plan {
    pub stations: Vec<Station>,
    pub workers: Vec<Worker>,
    /// For each bus of the configuration, the point that says whether it works.
    pub working: Vec<PointName>,
}

impl Plan {
    pub(crate) fn new(config: &Config) -> Result<Self, super::Error> {
        let working = config.buses.iter().map(|bus| figures::working(&bus.name)).collect();
        let mut plan = Self { working, ..Self::default() };
        for sensor in &config.sensors {
            let worker = plan.worker(config, &sensor.driver.place())?;
            let points = points(sensor)?;
            let patience = sensor.driver.patience();
            let period = sensor.period.or(sensor.driver.kind().period).unwrap_or(config.sampler.period);
            plan.stations.push(Station { sensor: sensor.clone(), period, patience, points, worker });
        }
        Ok(plan)
    }

    /// The stations that the worker with this index reads.
    pub(crate) fn of_worker(&self, worker: usize) -> impl Iterator<Item = (usize, &Station)> {
        self.stations.iter().enumerate().filter(move |(_, station)| station.worker == worker)
    }

    /// Indices of the buses with a chip on them.
    pub(crate) fn buses(&self) -> impl Iterator<Item = usize> {
        self.workers.iter().filter_map(|worker| match worker {
            Worker::Bus(bus) => Some(*bus),
            _ => None,
        })
    }

    /// The worker of a place; those of one bus share it.
    fn worker(&mut self, config: &Config, place: &Place) -> Result<usize, super::Error> {
        let worker = match place.bus() {
            Some(name) => {
                let index = config.buses.iter().position(|bus| bus.name == *name);
                let index = index.ok_or_else(|| super::Error::NoSuchBus { bus: name.clone() })?;
                match place {
                    Place::Line { .. } => Worker::Lines(index),
                    Place::OneWire { .. } => Worker::OneWire(index),
                    _ => Worker::Bus(index),
                }
            }
            None => Worker::Alone,
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
    let prefix = match sensor.driver.kind().sits {
        Sits::Network => asset.or(Some(sensor.name.as_str())),
        _ => asset,
    };
    sensor
        .driver
        .quantities()
        .into_iter()
        .map(|quantity| {
            let name = quantity.name.clone();
            named(prefix, quantity, &name)
        })
        .collect()
}
