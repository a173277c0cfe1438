//! The thread of a bus: reads the chips it is asked for, retries once where that helps, and opens the
//! bus anew after it failed.

use std::{
    sync::{Arc, mpsc},
    time::Duration,
};

use super::worker::{Ask, Heard, Shared};
use crate::{
    config::Driver,
    driver::{
        Error, Measured,
        bh1750::Bh1750,
        bus::{self, AnyI2c, WorldDelay},
        scd4x::{self, Scd4x},
        sht4x::Sht4x,
    },
};

/// Between a failed reading and its one retry, so that a disturbance on the wire has passed.
const RETRY_AFTER: Duration = Duration::from_millis(20);

/// Serves the bus with index `bus` until nobody asks any more.
pub(super) fn read_chips(shared: &Shared, bus: usize, stations: &[usize], asked: &mpsc::Receiver<Ask>) {
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
