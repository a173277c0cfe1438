//! Turns readings of many sensors into one flat draft a tick, and one at once for each change of a
//! contact or of a set of faults. Never numbers a sample and never asks what the wall clock says.
//!
//! [`plan`] names stations and points, [`worker`] starts the threads that read, [`judge`] rounds
//! and refuses, [`merge`] decides what leaves when and [`pace`] how long it waits.

mod alone;
mod check;
mod chips;
mod command;
mod figures;
mod journal;
mod judge;
mod keep;
mod lines;
mod merge;
#[cfg(test)]
mod merge_test;
mod one_wire;
mod pace;
mod plan;
mod worker;

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
};
use wire::{About, Id, PointAbout, about::SensorAbout};

use crate::{
    config::{Backend, Config, Identify},
    draft::Draft,
    driver::{self, Air, contact::beacon::Beacon, simulated::Room},
    world::World,
};
pub use check::{Finding, Findings, check};
pub use command::Request;
use journal::Journal;
use keep::{Drawer, Keeper};
use merge::{Merger, Todo};
use pace::Pace;
use plan::Plan;
use worker::{Handle, Heard, Shared};

/// Readings that wait for the sampler; when it is full the threads wait, and miss a tick.
const HEARD_MAX: usize = 64;
/// How many threads may hang for ever on one bus before no more are started.
const REPLACED_MAX: u32 = 3;

/// How long the end waits for threads to save what their drivers learned.
const SAVE_MAX: Duration = Duration::from_secs(1);

/// Why sampling cannot start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A sensor sits on a bus that is not there.
    #[error("no `[[bus]]` is named `{bus}`")]
    NoSuchBus {
        /// The name that the sensor gave.
        bus: Id,
    },
    /// A point's name is not well-formed.
    #[error("sensor `{sensor}` gives a point named `{name}`")]
    PointName {
        /// The sensor.
        sensor: Id,
        /// The name.
        name: String,
        /// What is wrong with it.
        source: wire::Error,
    },
    /// The system gave no thread.
    #[error("cannot start a thread")]
    Thread(#[source] std::io::Error),
}

/// Starts to sample into `drafts` and to obey `requests`, until `shutdown` turns true or `drafts`
/// closes.
/// Must be called inside a tokio runtime.
pub fn start(
    config: &Config,
    world: &World,
    drafts: mpsc::Sender<Draft>,
    requests: mpsc::Receiver<Request>,
    shutdown: watch::Receiver<bool>,
) -> Result<JoinHandle<()>, Error> {
    let plan = Arc::new(Plan::new(config)?);
    let (heard, hearing) = mpsc::channel(HEARD_MAX);
    let shared = shared(config, world, &plan, heard);
    let workers = spawn_all(&shared)?;
    let merger = Merger::new(plan, config.sampler.stuck_after, Pace::of(&*world.clock), world.clock.boottime());
    let replaced = vec![0; workers.len()];
    let journal = Journal::new(&shared.plan);
    let drawer = Drawer::new(shared.clock.boottime());
    let identify = config.identify.clone();
    let sampler = Sampler { shared, workers, replaced, merger, journal, drawer, identify, beacon: None, drafts };
    Ok(tokio::spawn(sampler.run(hearing, requests, shutdown)))
}

/// What the threads share.
fn shared(config: &Config, world: &World, plan: &Arc<Plan>, heard: mpsc::Sender<Heard>) -> Shared {
    Shared {
        plan: Arc::clone(plan),
        buses: config.buses.clone().into(),
        rooms: config.buses.iter().map(|bus| room(bus, config, world)).collect(),
        clock: Arc::clone(&world.clock),
        air: Arc::new(Air::default()),
        keeper: Arc::new(Keeper::new(&config.sampler.state_path)),
        heard,
    }
}

fn spawn_all(shared: &Shared) -> Result<Vec<Handle>, Error> {
    let spawn = |worker| worker::spawn(shared, worker);
    (0..shared.plan.workers.len()).map(spawn).collect::<Result<_, _>>().map_err(Error::Thread)
}

/// The room behind a simulated bus: the world's behind the first, since a chip that holds one bus
/// must not hold another. One of the agent's own has everything in it that is configured.
fn room(bus: &crate::config::Bus, config: &Config, world: &World) -> Arc<Room> {
    let first = config.buses.iter().find(|bus| matches!(bus.backend, Backend::Simulated { .. }));
    let worlds = world.room.as_ref().filter(|_| first.is_some_and(|first| first.name == bus.name));
    match (worlds, &bus.backend) {
        (Some(room), _) => Arc::clone(room),
        (None, Backend::Simulated { seed, fitted }) => {
            let room = Room::new(*seed, Arc::clone(&world.clock));
            room.by_the_clock(true);
            let here = config.sensors.iter().filter(|sensor| *fitted && sensor.driver.place().bus() == Some(&bus.name));
            here.for_each(|sensor| room.fit_for(&*sensor.driver));
            room
        }
        // Never looked at.
        (None, _) => Room::new(0, Arc::clone(&world.clock)),
    }
}

struct Sampler {
    shared: Shared,
    workers: Vec<Handle>,
    /// How often each worker's thread was replaced.
    replaced: Vec<u32>,
    merger: Merger,
    journal: Journal,
    drawer: Drawer,
    identify: Option<Identify>,
    /// The lamp, while it shines.
    beacon: Option<Beacon>,
    drafts: mpsc::Sender<Draft>,
}

impl Sampler {
    async fn run(
        mut self,
        mut hearing: mpsc::Receiver<Heard>,
        mut requests: mpsc::Receiver<Request>,
        mut shutdown: watch::Receiver<bool>,
    ) {
        loop {
            let todo = self.merger.advance(self.shared.clock.boottime());
            if self.act(todo).await.is_err() {
                return;
            }
            let wake = self.merger.next_wake();
            let patience = wake.map_or(Duration::from_secs(1), |wake| {
                self.shared.clock.real(wake.saturating_sub(self.shared.clock.boottime()))
            });
            let todo = tokio::select! {
                () = tokio::time::sleep(patience) => Todo::default(),
                heard = hearing.recv() => match heard {
                    Some(Heard::Answer { station, at, outcome, retried, .. }) => {
                        self.merger.figures.retries += u64::from(retried);
                        self.journal.note(&self.shared, station, outcome.as_ref().err().map(|e| (e.fault(), e.to_string())));
                        self.remember(station, at, &outcome);
                        self.merger.answered(station, at, &outcome)
                    }
                    Some(Heard::Change { station, at, outcome }) => {
                        self.journal.note(&self.shared, station, outcome.as_ref().err().map(|e| (e.fault(), e.to_string())));
                        self.merger.changed(station, at, &outcome)
                    }
                    Some(Heard::Contact { station, at, value }) => {
                        self.journal.note(&self.shared, station, value.as_ref().err().map(|e| (e.fault.clone(), e.to_string())));
                        self.merger.switched(station, at, value.map_err(|error| error.fault))
                    }
                    Some(Heard::Counted { station, at, measured, kept }) => {
                        self.journal.note(&self.shared, station, None);
                        self.drawer.put(&self.shared, station, at, kept);
                        self.merger.counted(station, at, measured)
                    }
                    Some(Heard::Scan { .. }) => Todo::default(),
                    None => return,
                },
                Some(request) = requests.recv() => {
                    self.obey(request);
                    Todo::default()
                }
                () = turned(&mut shutdown) => return self.save().await,
            };
            if self.act(todo).await.is_err() {
                return;
            }
        }
    }

    /// Lets chips that must know the room's air know it.
    fn remember(&self, station: usize, at: Duration, outcome: &Result<Vec<driver::Measured>, driver::Error>) {
        let station = &self.shared.plan.stations[station];
        let Ok(measured) = outcome else { return };
        // What belongs to an asset, a fridge say, is not the room's air.
        for one in measured.iter().filter(|_| station.sensor.asset.is_none()) {
            if let Ok(value) = one.value {
                self.shared.air.note(&one.quantity, value, at);
            }
        }
    }

    /// Lets every thread save what its drivers learned, and waits a moment for it.
    async fn save(&mut self) {
        self.drawer.save(&self.shared);
        let saving: Vec<_> = self.workers.iter().map(Handle::save).collect();
        let all = async {
            for saved in saving {
                let _ = saved.await;
            }
        };
        let _ = tokio::time::timeout(SAVE_MAX, all).await;
    }

    /// Fails once nobody takes drafts any more.
    async fn act(&mut self, todo: Todo) -> Result<(), ()> {
        for worker in todo.hung {
            self.replace(worker);
        }
        for station in todo.ask {
            self.workers[self.shared.plan.stations[station].worker].ask(station);
        }
        for draft in todo.drafts {
            self.drafts.send(draft).await.map_err(drop)?;
        }
        Ok(())
    }

    /// Leaves a thread that hangs to itself and starts another.
    fn replace(&mut self, worker: usize) {
        if self.replaced[worker] >= REPLACED_MAX {
            return;
        }
        self.replaced[worker] += 1;
        self.merger.figures.hung += 1;
        let sensors: Vec<_> =
            self.shared.plan.of_worker(worker).map(|(_, station)| station.sensor.name.as_str()).collect();
        tracing::warn!(?sensors, "a bus hangs; its thread is replaced");
        match worker::spawn(&self.shared, worker) {
            Ok(handle) => self.workers[worker] = handle,
            Err(error) => tracing::error!(%error, "a bus hangs and no new thread can be started"),
        }
        for (station, _) in self.shared.plan.of_worker(worker) {
            self.workers[worker].ask(station);
        }
    }
}

/// Completes once `stop` is true, or nobody can turn it any more.
async fn turned(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

/// What this agent is and measures, for the `about` channel.
pub fn about(config: &Config) -> Result<About, Error> {
    let plan = Plan::new(config)?;
    let sensors = config.sensors.iter().map(|sensor| SensorAbout {
        name: sensor.name.to_string(),
        driver: sensor.driver.kind().word.to_owned(),
        place: sensor.driver.place().to_string(),
    });
    let points = plan.stations.iter().flat_map(|station| {
        station.points.iter().map(|point| {
            let about = PointAbout {
                unit: point.quantity.unit.to_owned(),
                low: Some(point.quantity.low).filter(|low| low.is_finite()),
                high: Some(point.quantity.high).filter(|high| high.is_finite()),
                period_seconds: Some(station.period.as_secs_f64()),
                asset: station.sensor.driver.asset_of(&point.quantity.name).or_else(|| station.sensor.asset.clone()),
                precision: Some(point.quantity.precision),
                sensor: Some(station.sensor.name.to_string()),
            };
            (point.name.clone(), about)
        })
    });
    Ok(About {
        model: model(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        sensors: sensors.collect(),
        points: points.chain(figures::about(&plan, &config.buses)).collect(),
    })
}

/// The most points of one agent; the rest of a sample is for what the agent says about itself.
pub const POINTS_MAX: usize = wire::sample::SAMPLE_POINTS_MAX - 32;

/// The points that a sensor will give, or the name that is no point name.
pub fn point_names(sensor: &crate::config::Sensor) -> Result<Vec<wire::PointName>, String> {
    match plan::points(sensor) {
        Ok(points) => Ok(points.into_iter().map(|point| point.name).collect()),
        Err(Error::PointName { name, .. }) => Err(name),
        Err(other) => Err(other.to_string()),
    }
}

/// The computer: what its device tree or its firmware calls it.
fn model() -> String {
    ["/proc/device-tree/model", "/sys/class/dmi/id/product_name"]
        .iter()
        .filter_map(|path| std::fs::read_to_string(path).ok())
        .map(|text| text.trim_matches(['\0', '\n', ' ']).to_owned())
        .find(|text| !text.is_empty())
        .unwrap_or_else(|| std::env::consts::ARCH.to_owned())
}
