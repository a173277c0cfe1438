//! Starts the threads and says how one talks with them: [`chips`] serves a bus, [`lines`] its GPIO
//! lines, [`one_wire`] its 1-Wire side, [`alone`] a probe or the computer. Each waits to be asked,
//! reads, and tells.

use std::{
    sync::{Arc, mpsc as sync_mpsc},
    time::Duration,
};

use serde_json::{Map, Value};
use tokio::sync::{mpsc, oneshot};

use super::{
    alone, chips,
    keep::Keeper,
    lines, one_wire,
    plan::{Plan, Worker},
};
use crate::{
    config,
    driver::{Air, Error, Measured, bus::BusError, simulated::Room},
    world::Clock,
};

/// TLS needs some 100 KiB of stack; the default of 2 MiB is only address space, but counted by some.
const STACK_BYTES: usize = 512 * 1024;

/// Asks beside one for each station: a scan, a save, a few commands.
const SPARE_ASKS: usize = 4;

/// What a thread tells.
#[derive(Debug)]
pub(crate) enum Heard {
    /// A station answered.
    Answer {
        station: usize,
        at: Duration,
        outcome: Result<Vec<Measured>, Error>,
        /// What the chip says that it is.
        identity: Option<String>,
        /// Whether it took a second attempt.
        retried: bool,
    },
    /// A station changed between two readings, and was read at once.
    Change { station: usize, at: Duration, outcome: Result<Vec<Measured>, Error> },
    /// Which of the addresses that were asked for acknowledge.
    Scan { bus: usize, addresses: Vec<u8> },
    /// A contact changed, or cannot be read.
    Contact { station: usize, at: Duration, value: Result<f64, BusError> },
    /// What a counter says, which is no news, and what of it must outlive a restart.
    Counted { station: usize, at: Duration, measured: Vec<Measured>, kept: Option<String> },
}

/// What all threads share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub plan: Arc<Plan>,
    pub buses: Arc<[config::Bus]>,
    pub rooms: Arc<[Arc<Room>]>,
    pub clock: Arc<dyn Clock>,
    pub air: Arc<Air>,
    pub keeper: Arc<Keeper>,
    pub heard: mpsc::Sender<Heard>,
}

/// What a thread is asked.
pub(super) enum Ask {
    /// A reading of a station.
    Station(usize),
    /// Whether anybody acknowledges at these addresses.
    Scan(&'static [u8]),
    /// A command to a station.
    Command(Command),
    /// To save what drivers must not forget.
    Save(oneshot::Sender<()>),
}

/// What came of a command.
pub(crate) type Obeyed = Result<Map<String, Value>, String>;

/// A command to one station.
pub(crate) struct Command {
    pub station: usize,
    pub name: String,
    pub args: Map<String, Value>,
    pub reply: oneshot::Sender<Obeyed>,
}

impl Command {
    /// Says that the station knows no such command.
    pub(super) fn refuse(self) {
        let text = format!("this sensor knows no command `{}`", self.name);
        // Whoever asked may be gone.
        let _ = self.reply.send(Err(text));
    }
}

/// The way to ask a thread. Dropping it ends the thread when it comes back from what it does.
pub(crate) struct Handle {
    asks: Option<sync_mpsc::SyncSender<Ask>>,
}

impl Handle {
    /// Asks for a reading of a station. A thread that hangs is not waited for.
    pub(crate) fn ask(&self, station: usize) {
        self.put(Ask::Station(station));
    }

    /// Asks the thread of a bus which of `addresses` acknowledge.
    pub(crate) fn scan(&self, addresses: &'static [u8]) {
        self.put(Ask::Scan(addresses));
    }

    /// Hands a command to the thread; one that hangs refuses at once.
    pub(crate) fn command(&self, command: Command) {
        match &self.asks {
            None => command.refuse(),
            Some(asks) => {
                if let Err(sync_mpsc::TrySendError::Full(Ask::Command(command))) = asks.try_send(Ask::Command(command))
                {
                    let _ = command.reply.send(Err("the sensor's bus is busy or hangs".to_owned()));
                }
            }
        }
    }

    /// Asks for a save; the receiver is told when it is done, or fails at once.
    pub(crate) fn save(&self) -> oneshot::Receiver<()> {
        let (done, saved) = oneshot::channel();
        self.put(Ask::Save(done));
        saved
    }

    fn put(&self, ask: Ask) {
        if let Some(asks) = &self.asks {
            // Full or closed means that the thread hangs; its silence becomes a fault by itself.
            let _ = asks.try_send(ask);
        }
    }
}

/// Starts the thread of a worker.
pub(crate) fn spawn(shared: &Shared, worker: usize) -> std::io::Result<Handle> {
    let shared = shared.clone();
    let stations: Vec<usize> = shared.plan.of_worker(worker).map(|(station, _)| station).collect();
    let (asks, asked) = sync_mpsc::sync_channel(stations.len() + SPARE_ASKS);
    let kind = shared.plan.workers[worker].clone();
    let name = match &kind {
        Worker::Bus(bus) => shared.buses[*bus].name.to_string(),
        Worker::Lines(bus) => format!("{}-lines", shared.buses[*bus].name),
        Worker::OneWire(bus) => format!("{}-1-wire", shared.buses[*bus].name),
        Worker::Alone => shared.plan.stations[stations[0]].sensor.name.to_string(),
    };
    let thread = std::thread::Builder::new().name(name).stack_size(STACK_BYTES);
    match kind {
        Worker::Bus(bus) => thread.spawn(move || chips::read_chips(&shared, bus, &stations, &asked))?,
        Worker::Lines(bus) => {
            thread.spawn(move || lines::watch_lines(&shared, bus, &stations))?;
            return Ok(Handle { asks: None });
        }
        Worker::OneWire(bus) => thread.spawn(move || one_wire::read_devices(&shared, bus, &stations, &asked))?,
        Worker::Alone => thread.spawn(move || alone::read_alone(&shared, stations[0], &asked))?,
    };
    Ok(Handle { asks: Some(asks) })
}
