//! The sampler over a simulated room: real drivers, real threads, a clock that runs faster than life.

#![allow(clippy::unwrap_used)]

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use agent::{
    config::{Backend, Bus, Config, Driver, Sensor, sensor},
    draft::Draft,
    driver::simulated::{FaultKind, Room, Target},
    sampler,
    world::{Clock, World},
};
use tokio::sync::{mpsc, watch};
use wire::{Fault, Id};

/// A clock that runs `speed` times as fast as life.
struct Fast {
    start: Instant,
    speed: u32,
}

impl Clock for Fast {
    fn boottime(&self) -> Duration {
        Duration::from_secs(1000) + self.start.elapsed() * self.speed
    }
    fn wall(&self) -> wire::UnixMs {
        0
    }
    fn synchronized(&self) -> bool {
        true
    }
    fn boot(&self) -> Id {
        id("b")
    }
    fn real(&self, world: Duration) -> Duration {
        world / self.speed
    }
}

fn id(text: &str) -> Id {
    Id::parse(text).unwrap()
}

struct Harness {
    room: Arc<Room>,
    drafts: mpsc::Receiver<Draft>,
    _stop: watch::Sender<bool>,
}

fn start(drivers: Vec<Driver>) -> Harness {
    let clock: Arc<dyn Clock> = Arc::new(Fast { start: Instant::now(), speed: 20 });
    let room = Room::new(1, Arc::clone(&clock));
    let world = World { clock, room: Some(Arc::clone(&room)) };
    let mut config = Config::new(id("v"), id("r"), id("a"));
    config.buses.push(Bus { name: id("i2c"), backend: Backend::Simulated { seed: 1 } });
    config.sensors = drivers
        .into_iter()
        .enumerate()
        .map(|(i, driver)| Sensor { name: id(&format!("s{i}")), asset: None, period: None, driver })
        .collect();
    let (sender, drafts) = mpsc::channel(16);
    let (stop, stopped) = watch::channel(false);
    sampler::start(&config, &world, sender, stopped).unwrap();
    Harness { room, drafts, _stop: stop }
}

impl Harness {
    /// The next draft; a test that waits for one in vain fails.
    async fn next(&mut self) -> Draft {
        tokio::time::timeout(Duration::from_secs(30), self.drafts.recv()).await.expect("a draft in time").unwrap()
    }

    async fn until(&mut self, what: impl Fn(&Draft) -> bool) -> Draft {
        loop {
            let draft = self.next().await;
            if what(&draft) {
                return draft;
            }
        }
    }
}

fn sht4x() -> Driver {
    Driver::Sht4x(sensor::Sht4x { bus: id("i2c"), address: 0x44 })
}

fn value(draft: &Draft, name: &str) -> Option<f64> {
    draft.points.iter().find(|(n, _)| n.as_str() == name).map(|(_, value)| *value)
}

fn fault(draft: &Draft, name: &str) -> Option<Fault> {
    draft.faults.iter().find(|(n, _)| n.as_str() == name).map(|(_, fault)| fault.clone())
}

#[tokio::test]
async fn a_cool_room_reads_as_cool() {
    let mut harness = start(vec![sht4x()]);
    let draft = harness.next().await;
    let celsius = value(&draft, "temperature_celsius").unwrap();
    let truth = harness.room.truth().temperature_celsius;
    assert!((celsius - truth).abs() < 0.3, "{celsius} beside {truth}");
    assert!(value(&draft, "humidity_percent").is_some());
    assert!(draft.faults.is_empty());
}

#[tokio::test]
async fn a_sensor_that_is_unplugged_becomes_a_fault_and_comes_back() {
    let mut harness = start(vec![sht4x()]);
    harness.next().await;
    harness.room.fault(Target::Chip(0x44), FaultKind::Absent);
    let draft = harness.until(|draft| !draft.faults.is_empty()).await;
    assert_eq!(fault(&draft, "temperature_celsius"), Some(Fault::NoResponse));
    assert_eq!(fault(&draft, "humidity_percent"), Some(Fault::NoResponse));
    assert!(draft.points.is_empty());
    harness.room.clear(Target::Chip(0x44));
    let draft = harness.until(|draft| draft.faults.is_empty()).await;
    assert!(value(&draft, "temperature_celsius").is_some());
}

#[tokio::test]
async fn a_bus_that_hangs_is_told_and_recovers() {
    let mut harness = start(vec![sht4x()]);
    harness.next().await;
    harness.room.fault(Target::Bus, FaultKind::Hung);
    harness.until(|draft| fault(draft, "temperature_celsius") == Some(Fault::NoResponse)).await;
    harness.until(|draft| fault(draft, "temperature_celsius") == Some(Fault::BusFailed)).await;
    harness.room.clear(Target::Bus);
    harness.until(|draft| value(draft, "temperature_celsius").is_some()).await;
}
