//! A sampler over a simulated room, for the tests that need one: real drivers, real threads, a clock
//! that runs faster than life.
#![allow(dead_code, clippy::unwrap_used)]

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use agent::{
    config::{Backend, Bus, Config, Sensor},
    draft::Draft,
    driver::{
        Seat, Settings, air, climate,
        contact::{self, manner::Manner},
        light,
        simulated::Room,
    },
    sampler,
    world::{Clock, World},
};
use tokio::sync::{mpsc, watch};
use wire::{Fault, Id};

/// A clock that runs `speed` times as fast as life.
pub struct Fast {
    pub start: Instant,
    pub speed: u32,
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

pub fn id(text: &str) -> Id {
    Id::parse(text).unwrap()
}

pub type Driver = Arc<dyn Settings>;

pub struct Harness {
    pub room: Arc<Room>,
    pub drafts: mpsc::Receiver<Draft>,
    pub requests: mpsc::Sender<sampler::Request>,
    pub _stop: watch::Sender<bool>,
}

pub fn start(drivers: Vec<Driver>) -> Harness {
    let clock: Arc<dyn Clock> = Arc::new(Fast { start: Instant::now(), speed: 20 });
    start_in(Room::new(1, Arc::clone(&clock)), clock, drivers)
}

pub fn start_in(room: Arc<Room>, clock: Arc<dyn Clock>, drivers: Vec<Driver>) -> Harness {
    let sensor = |(i, driver)| Sensor { name: id(&format!("s{i}")), asset: None, period: None, driver };
    start_with(room, clock, drivers.into_iter().enumerate().map(sensor).collect())
}

/// Sensors at assets of these names.
pub fn start_named(room: Arc<Room>, clock: Arc<dyn Clock>, drivers: Vec<(&str, Driver)>) -> Harness {
    let sensor = |(name, driver)| Sensor { name: id(name), asset: Some(id(name)), period: None, driver };
    start_with(room, clock, drivers.into_iter().map(sensor).collect())
}

pub fn start_with(room: Arc<Room>, clock: Arc<dyn Clock>, sensors: Vec<Sensor>) -> Harness {
    let world = World { clock, room: Some(Arc::clone(&room)) };
    let mut config = Config::new(id("v"), id("r"), id("a"));
    config.sampler.stuck_after = 5;
    config.buses.push(Bus { name: id("i2c"), backend: Backend::Simulated { seed: 1, fitted: true } });
    config.sensors = sensors;
    start_config(&config, world, room)
}

pub fn start_config(config: &Config, world: World, room: Arc<Room>) -> Harness {
    let (sender, drafts) = mpsc::channel(16);
    let (stop, stopped) = watch::channel(false);
    let (requests, requested) = mpsc::channel(4);
    sampler::start(config, &world, sender, requested, stopped).unwrap();
    Harness { room, drafts, requests, _stop: stop }
}

impl Harness {
    /// The next draft, without what the sampler says about itself; a test that waits in vain fails.
    pub async fn next(&mut self) -> Draft {
        let next = tokio::time::timeout(Duration::from_secs(30), self.drafts.recv());
        let mut draft = next.await.expect("a draft in time").unwrap();
        draft.points.retain(|(name, _)| !name.as_str().starts_with("sampler_"));
        draft
    }

    /// The next draft that is as wanted, within an hour and more of ticks.
    pub async fn until(&mut self, what: impl Fn(&Draft) -> bool) -> Draft {
        for _ in 0..500 {
            let draft = self.next().await;
            if what(&draft) {
                return draft;
            }
        }
        panic!("500 drafts and none as wanted");
    }
}

pub fn sht4x() -> Driver {
    climate::sht4x::MAKE.at(Seat::new(id("i2c"), 0x44))
}

pub fn scd4x() -> Driver {
    Arc::new(air::scd4x::Settings { seat: Seat::new(id("i2c"), 0x62), setup: air::scd4x::Setup::default() })
}

pub fn bh1750() -> Driver {
    Arc::new(light::bh1750::Settings { seat: Seat::new(id("i2c"), 0x23), mtreg: 254, median: 1 })
}

pub fn contact() -> Driver {
    Arc::new(contact::Settings { bus: id("i2c"), line: 17, manner: Manner::plain("power_on") })
}

pub fn value(draft: &Draft, name: &str) -> Option<f64> {
    draft.points.iter().find(|(n, _)| n.as_str() == name).map(|(_, value)| *value)
}

pub fn fault(draft: &Draft, name: &str) -> Option<Fault> {
    draft.faults.iter().find(|(n, _)| n.as_str() == name).map(|(_, fault)| fault.clone())
}
