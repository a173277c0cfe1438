//! The threads: one for the chips of each bus, one for the contacts of each bus, one for each
//! probe. Each waits to be asked, reads, retries once where that helps, and tells what it heard.

use std::{
    sync::{Arc, mpsc as sync_mpsc},
    time::Duration,
};

use tokio::sync::mpsc;

use super::plan::{Plan, Worker};
use crate::{
    config::{self, Driver, sensor},
    driver::{
        Error, Measured,
        bh1750::Bh1750,
        bus::{self, AnyI2c, BusError, WorldDelay},
        computer::Computer,
        contact::Debouncer,
        probe::{http::Http, icmp::Icmp, tcp},
        scd4x::{self, Scd4x},
        sht4x::Sht4x,
        simulated::Room,
    },
    world::Clock,
};

/// Between a failed reading and its one retry, so that a disturbance on the wire has passed.
const RETRY_AFTER: Duration = Duration::from_millis(20);
/// How long a thread of contacts sleeps at most before it looks whether it is still wanted.
const EDGE_PATIENCE: Duration = Duration::from_millis(250);
/// TLS needs some 100 KiB of stack; the default of 2 MiB is only address space, but counted by some.
const STACK_BYTES: usize = 512 * 1024;

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
    /// Which of the addresses that were asked for acknowledge.
    Scan { bus: usize, addresses: Vec<u8> },
    /// A contact changed, or cannot be read.
    Contact { station: usize, at: Duration, value: Result<f64, BusError> },
}

/// What all threads share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub plan: Arc<Plan>,
    pub buses: Arc<[config::Bus]>,
    pub rooms: Arc<[Arc<Room>]>,
    pub clock: Arc<dyn Clock>,
    pub heard: mpsc::Sender<Heard>,
}

/// What a thread is asked.
enum Ask {
    /// A reading of a station.
    Station(usize),
    /// Whether anybody acknowledges at these addresses.
    Scan(&'static [u8]),
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
    let (asks, asked) = sync_mpsc::sync_channel(stations.len() + 1);
    let kind = shared.plan.workers[worker].clone();
    let name = match &kind {
        Worker::Bus(bus) => shared.buses[*bus].name.to_string(),
        Worker::Lines(bus) => format!("{}-lines", shared.buses[*bus].name),
        Worker::Alone => shared.plan.stations[stations[0]].sensor.name.to_string(),
    };
    let thread = std::thread::Builder::new().name(name).stack_size(STACK_BYTES);
    match kind {
        Worker::Bus(bus) => thread.spawn(move || read_chips(&shared, bus, &stations, &asked))?,
        Worker::Lines(bus) => {
            thread.spawn(move || watch_lines(&shared, bus, &stations))?;
            return Ok(Handle { asks: None });
        }
        Worker::Alone => thread.spawn(move || read_alone(&shared, stations[0], &asked))?,
    };
    Ok(Handle { asks: Some(asks) })
}

/// A chip with what its driver remembers.
enum Chip {
    Sht4x(Sht4x),
    Scd4x(Scd4x),
    Bh1750(Bh1750),
}

impl Chip {
    fn new(driver: &Driver) -> Option<Self> {
        match driver {
            Driver::Sht4x(chip) => Some(Self::Sht4x(Sht4x::new(chip.address))),
            Driver::Scd4x(chip) => Some(Self::Scd4x(Scd4x::new(scd4x::Setup {
                pressure_hpa: chip.pressure_hpa,
                self_calibration: chip.self_calibration,
                climate: chip.climate,
            }))),
            Driver::Bh1750(chip) => Some(Self::Bh1750(Bh1750::new(chip.address, chip.mtreg))),
            _ => None,
        }
    }

    fn read(&mut self, bus: &mut AnyI2c, delay: &mut WorldDelay) -> Result<Vec<Measured>, Error> {
        match self {
            Self::Sht4x(chip) => chip.read(&mut **bus, delay),
            Self::Scd4x(chip) => chip.read(&mut **bus, delay),
            Self::Bh1750(chip) => chip.read(&mut **bus, delay),
        }
    }
}

impl Chip {
    fn identity(&self) -> Option<String> {
        match self {
            Self::Sht4x(chip) => chip.identity(),
            Self::Scd4x(chip) => chip.identity(),
            Self::Bh1750(chip) => chip.identity(),
        }
    }
}

/// What needs no bus.
enum Alone {
    Computer(Computer),
    Tcp(sensor::Tcp),
    Http(Http),
    Icmp(Icmp),
}

impl Alone {
    fn new(driver: &Driver) -> Option<Self> {
        match driver {
            Driver::Computer(settings) => Some(Self::Computer(Computer::new(settings.clone()))),
            Driver::Tcp(probe) => Some(Self::Tcp(probe.clone())),
            Driver::Http(probe) => Some(Self::Http(Http::new(probe.clone()))),
            Driver::Icmp(probe) => Some(Self::Icmp(Icmp::new(probe.clone()))),
            _ => None,
        }
    }

    fn read(&mut self) -> Result<Vec<Measured>, Error> {
        match self {
            Self::Computer(computer) => Ok(computer.read()),
            Self::Tcp(probe) => tcp::read(probe),
            Self::Http(probe) => probe.read(),
            Self::Icmp(probe) => probe.read(),
        }
    }
}

fn read_alone(shared: &Shared, station: usize, asked: &sync_mpsc::Receiver<Ask>) {
    let Some(mut alone) = Alone::new(&shared.plan.stations[station].sensor.driver) else { return };
    while asked.recv().is_ok() {
        let outcome = alone.read();
        let at = shared.clock.boottime();
        if shared.heard.blocking_send(Heard::Answer { station, at, outcome, identity: None, retried: false }).is_err() {
            return;
        }
    }
}

fn read_chips(shared: &Shared, bus: usize, stations: &[usize], asked: &sync_mpsc::Receiver<Ask>) {
    let mut delay = WorldDelay(Arc::clone(&shared.clock));
    let mut open: Option<AnyI2c> = None;
    let mut chips: Vec<(usize, Option<Chip>)> =
        stations.iter().map(|&station| (station, Chip::new(&shared.plan.stations[station].sensor.driver))).collect();
    while let Ok(ask) = asked.recv() {
        let station = match ask {
            Ask::Station(station) => station,
            Ask::Scan(addresses) => {
                let addresses = scan(shared, bus, &mut open, addresses);
                if shared.heard.blocking_send(Heard::Scan { bus, addresses }).is_err() {
                    return;
                }
                continue;
            }
        };
        let Some((_, Some(chip))) = chips.iter_mut().find(|(s, _)| *s == station) else { continue };
        let (outcome, retried) = open_and_read(shared, bus, &mut open, chip, &mut delay);
        let at = shared.clock.boottime();
        let identity = chip.identity();
        if shared.heard.blocking_send(Heard::Answer { station, at, outcome, identity, retried }).is_err() {
            return;
        }
    }
}

/// Those of `addresses` at which somebody acknowledges a write of nothing.
fn scan(shared: &Shared, bus: usize, open: &mut Option<AnyI2c>, addresses: &[u8]) -> Vec<u8> {
    let opened = match open {
        Some(i2c) => i2c,
        None => match bus::open_i2c(&shared.buses[bus], &shared.rooms[bus]) {
            Ok(i2c) => open.insert(i2c),
            Err(_) => return Vec::new(),
        },
    };
    addresses.iter().copied().filter(|address| opened.write(*address, &[]).is_ok()).collect()
}

/// A reading, and whether it took a second attempt.
fn open_and_read(
    shared: &Shared,
    bus: usize,
    open: &mut Option<AnyI2c>,
    chip: &mut Chip,
    delay: &mut WorldDelay,
) -> (Result<Vec<Measured>, Error>, bool) {
    let i2c = match open {
        Some(i2c) => i2c,
        None => match bus::open_i2c(&shared.buses[bus], &shared.rooms[bus]) {
            Ok(i2c) => open.insert(i2c),
            Err(error) => return (Err(Error::Other { fault: error.fault, text: error.text }), false),
        },
    };
    let mut outcome = chip.read(i2c, delay);
    let retried = outcome.as_ref().is_err_and(Error::retry_helps);
    if retried {
        std::thread::sleep(shared.clock.real(RETRY_AFTER));
        outcome = chip.read(i2c, delay);
    }
    if matches!(outcome, Err(Error::Bus { .. })) {
        // A new file handle is all that can be done from here.
        *open = None;
    }
    (outcome, retried)
}

fn watch_lines(shared: &Shared, bus: usize, stations: &[usize]) {
    let contacts: Vec<sensor::Contact> = stations
        .iter()
        .filter_map(|&station| match &shared.plan.stations[station].sensor.driver {
            Driver::Contact(contact) => Some(contact.clone()),
            _ => None,
        })
        .collect();
    let mut debouncers: Vec<Debouncer> = contacts.iter().map(|c| Debouncer::new(c.debounce)).collect();
    let mut open = None;
    while !shared.heard.is_closed() {
        let lines = match &mut open {
            Some(lines) => lines,
            None => match bus::open_lines(&shared.buses[bus], &contacts, &shared.rooms[bus]) {
                Ok(lines) => open.insert(lines),
                Err(error) => {
                    for &station in stations {
                        if !tell_contact(shared, station, Err(error.clone())) {
                            return;
                        }
                    }
                    std::thread::sleep(EDGE_PATIENCE * 20);
                    continue;
                }
            },
        };
        for (index, (contact, debouncer)) in contacts.iter().zip(&mut debouncers).enumerate() {
            let value = match lines.is_high(index) {
                Ok(high) => match debouncer.see(high, shared.clock.boottime()) {
                    Some(high) => Ok(f64::from(u8::from(high == (contact.active == sensor::Level::High)))),
                    None => continue,
                },
                Err(error) => {
                    debouncer.forget();
                    Err(error)
                }
            };
            if !tell_contact(shared, stations[index], value) {
                return;
            }
        }
        let now = shared.clock.boottime();
        let soonest = debouncers.iter().filter_map(|d| d.remaining(now)).min();
        let patience = soonest.map_or(EDGE_PATIENCE, |world| shared.clock.real(world).min(EDGE_PATIENCE));
        if lines.wait(patience.max(Duration::from_millis(1))).is_err() {
            open = None;
        }
    }
}

/// False once nobody listens any more.
fn tell_contact(shared: &Shared, station: usize, value: Result<f64, BusError>) -> bool {
    let at = shared.clock.boottime();
    shared.heard.blocking_send(Heard::Contact { station, at, value }).is_ok()
}
