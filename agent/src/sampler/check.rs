//! Asks every sensor once, for `hallwatch-agent check`: the very threads and drivers that sample.

use std::{collections::BTreeMap, time::Duration};

use tokio::sync::mpsc;
use wire::{Fault, PointName};

use super::{
    Error, HEARD_MAX,
    judge::Judge,
    plan::{Plan, Worker},
    worker::Heard,
};
use crate::{
    config::{Config, Sensor},
    driver::{self, Place, Sits, table},
    world::World,
};

/// How long a chip may take until it has its first measurement: an SCD4x takes 5 s and a set-up.
const WARM_UP_MAX: Duration = Duration::from_secs(8);
/// Between two questions to a chip that warms up.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// What came of asking everything.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    /// Each sensor, in the order of the configuration.
    pub sensors: Vec<Finding>,
    /// Buses by their place in the configuration, with addresses of known chips at which somebody
    /// answers whom the configuration does not name.
    pub strangers: BTreeMap<usize, Vec<u8>>,
}

/// What came of asking one sensor.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The sensor.
    pub sensor: Sensor,
    /// What the chip says that it is, where it says something.
    pub identity: Option<String>,
    /// Its points: a value with its unit, or a fault.
    pub points: Vec<(PointName, &'static str, Result<f64, Fault>)>,
    /// What went wrong, for people.
    pub trouble: Option<String>,
}

impl Finding {
    /// Whether there is a value or soon will be, and for a probe whether its host answers as it should.
    #[must_use]
    pub fn answered(&self) -> bool {
        let is_probe = self.sensor.driver.kind().sits == Sits::Network;
        match self.points.first() {
            Some((_, _, Ok(reachable))) if is_probe => *reachable > 0.0,
            _ => self.warms_up() || self.points.iter().any(|(_, _, value)| value.is_ok()),
        }
    }

    /// Whether it said what it is and has nothing to say yet: a gas sensor takes minutes.
    #[must_use]
    pub fn warms_up(&self) -> bool {
        self.identity.is_some() && self.points.iter().all(|(_, _, value)| *value == Err(Fault::WarmingUp))
    }

    /// The first fault.
    #[must_use]
    pub fn fault(&self) -> Option<&Fault> {
        self.points.iter().find_map(|(_, _, value)| value.as_ref().err())
    }
}

/// Asks every sensor of `config`, and every bus with a chip who else is there.
pub async fn check(config: &Config, world: &World) -> Result<Findings, Error> {
    let plan = std::sync::Arc::new(Plan::new(config)?);
    let (heard, mut hearing) = mpsc::channel(HEARD_MAX);
    let shared = super::shared(config, world, &plan, heard);
    let workers = super::spawn_all(&shared)?;
    let mut found: BTreeMap<usize, Finding> = BTreeMap::new();
    let ask = |station: usize| workers[plan.stations[station].worker].ask(station);
    (0..plan.stations.len()).for_each(ask);
    let mut scans = 0;
    for (worker, _) in plan.workers.iter().enumerate().filter(|(_, kind)| matches!(kind, Worker::Bus(_))) {
        workers[worker].scan(table::addresses());
        scans += 1;
    }
    let mut strangers = BTreeMap::new();
    let began = world.clock.boottime();
    let patience = plan.stations.iter().map(|station| station.patience).max().unwrap_or_default();
    let mut again: Vec<usize> = Vec::new();
    while found.len() < plan.stations.len() || strangers.len() < scans {
        let spent = world.clock.boottime().saturating_sub(began);
        if spent > patience + WARM_UP_MAX {
            break;
        }
        let heard = tokio::time::timeout(world.clock.real(ASK_AGAIN), hearing.recv()).await;
        match heard {
            Ok(Some(Heard::Answer { outcome: Err(driver::Error::WarmingUp), station, .. })) if spent < WARM_UP_MAX => {
                again.push(station);
            }
            Ok(Some(Heard::Answer { station, outcome, identity, .. })) => {
                let finding = weigh(&plan, station, outcome, identity, config.sampler.stuck_after);
                found.insert(station, finding);
            }
            Ok(Some(Heard::Contact { station, value, .. })) => {
                let quantity = &plan.stations[station].points[0].quantity.name;
                let outcome = match value {
                    Ok(value) => Ok(vec![driver::Measured::plain(quantity.clone(), value)]),
                    Err(error) => Err(driver::Error::Other { fault: error.fault, text: error.text }),
                };
                found.insert(station, weigh(&plan, station, outcome, None, config.sampler.stuck_after));
            }
            Ok(Some(Heard::Counted { station, measured, .. })) => {
                found.insert(station, weigh(&plan, station, Ok(measured), None, config.sampler.stuck_after));
            }
            Ok(Some(Heard::Change { .. })) => {}
            Ok(Some(Heard::Scan { bus, addresses })) => {
                let named: Vec<u8> = config.sensors.iter().filter_map(|s| address(config, bus, s)).collect();
                strangers.insert(bus, addresses.into_iter().filter(|address| !named.contains(address)).collect());
            }
            Ok(None) => break,
            Err(_) => again.drain(..).for_each(ask),
        }
    }
    let sensors = (0..plan.stations.len())
        .map(|station| found.remove(&station).unwrap_or_else(|| silent(&plan, station)))
        .collect();
    Ok(Findings { sensors, strangers })
}

/// The addresses that a sensor explains on the bus with this index: its own, or its multiplexer's.
fn address(config: &Config, bus: usize, sensor: &Sensor) -> Option<u8> {
    match sensor.driver.place() {
        Place::Chip(seat) if seat.bus == config.buses[bus].name => {
            Some(seat.mux.map_or(seat.address, |mux| mux.address))
        }
        _ => None,
    }
}

fn weigh(
    plan: &Plan,
    station: usize,
    outcome: Result<Vec<driver::Measured>, driver::Error>,
    identity: Option<String>,
    stuck_after: u32,
) -> Finding {
    let station = &plan.stations[station];
    let named = |value: &dyn Fn(&super::plan::Point) -> Option<Result<f64, Fault>>| {
        let points = station.points.iter();
        points.filter_map(|point| Some((point.name.clone(), point.quantity.unit, value(point)?))).collect()
    };
    let (points, trouble) = match outcome {
        Ok(measured) => {
            let judged = named(&|point| {
                let one = measured.iter().find(|m| m.quantity == point.quantity.name)?;
                Some(Judge::default().judge(&point.quantity, one, stuck_after))
            });
            (judged, None)
        }
        Err(error) => (named(&|_| Some(Err(error.fault()))), Some(error.to_string())),
    };
    Finding { sensor: station.sensor.clone(), identity, points, trouble }
}

fn silent(plan: &Plan, station: usize) -> Finding {
    let station = &plan.stations[station];
    let is_chip = matches!(station.sensor.driver.place(), Place::Chip(_));
    let fault = if is_chip { Fault::BusFailed } else { Fault::NoResponse };
    let points = station.points.iter().map(|point| (point.name.clone(), point.quantity.unit, Err(fault.clone())));
    Finding { sensor: station.sensor.clone(), identity: None, points: points.collect(), trouble: None }
}
