//! A simulated room: register-level chips and contacts over a small physics, with faults on
//! request. Turns what a test or the demo sets into bytes on a bus; never into readings, which
//! only the real drivers make.

pub mod ads1115;
pub mod bh1750;
pub mod bme280;
mod device;
mod evening;
mod fault;
pub mod ina;
mod line;
pub mod mcp23017;
pub mod ntag;
mod physics;
pub mod pmsa003i;
pub mod pn532;
pub mod scd4x;
pub mod sgp4x;
pub mod sht3x;
pub mod sht4x;
pub mod sps30;
pub mod thermometer;
pub mod veml7700;
mod wiring;

use std::{
    any::Any,
    collections::BTreeMap,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use embedded_hal::i2c::{ErrorKind, Operation};

use super::{Edges, Mux, Place, Settings};
use crate::{driver::bus::BusError, world::Clock};
pub use device::{Device, Moment, OneWireTwin, SLOW_FACTOR};
pub use fault::{FaultKind, Target};
use line::Line;
use physics::Physics;
pub use physics::{Setting, Truth};
use wiring::Wiring;

/// Where the SHT4x of a room sits.
pub const SHT4X: u8 = 0x44;
/// Where its SCD4x sits.
pub const SCD4X: u8 = 0x62;
/// Where its BH1750 sits.
pub const BH1750: u8 = 0x23;

/// A simulated room. Share it by `Arc`: the agent's buses read it, its owner sets it.
pub struct Room {
    seed: u64,
    clock: Arc<dyn Clock>,
    inside: Mutex<Inside>,
    /// Signalled on each change of a line and of a fault.
    changed: Condvar,
}

struct Inside {
    physics: Physics,
    wiring: Wiring,
    one_wires: BTreeMap<String, OneWireTwin>,
    faults: BTreeMap<Target, FaultKind>,
    /// Lines that were ever set.
    lines: BTreeMap<u32, Line>,
    /// Counts changes of lines and of faults.
    changes: u64,
    /// People, lamps and music follow the hour instead of [`Room::set`].
    by_the_clock: bool,
}

impl Room {
    /// A room with an SHT4x at 0x44, an SCD4x at 0x62 and a BH1750 at 0x23, cool and empty.
    /// The same seed gives the same noise at the same times.
    #[must_use]
    pub fn new(seed: u64, clock: Arc<dyn Clock>) -> Arc<Self> {
        let physics = Physics::new(seed, clock.boottime());
        let inside = Inside {
            physics,
            wiring: Wiring::default(),
            one_wires: BTreeMap::new(),
            faults: BTreeMap::new(),
            lines: BTreeMap::new(),
            changes: 0,
            by_the_clock: false,
        };
        let room = Arc::new(Self { seed, clock, inside: Mutex::new(inside), changed: Condvar::new() });
        room.fit(None, SHT4X, Box::new(sht4x::Sht4x::new()));
        room.fit(None, SCD4X, Box::new(scd4x::Scd4x::settled()));
        room.fit(None, BH1750, Box::new(bh1750::Bh1750::new()));
        room
    }

    /// Wires a chip; where it sits behind a multiplexer, that is wired too. One that already sits
    /// there is taken away.
    pub fn fit(&self, mux: Option<Mux>, address: u8, device: Box<dyn Device>) {
        self.lock().wiring.fit(mux, address, device);
    }

    /// Wires what `settings` describe, unless something sits there already.
    pub fn fit_for(&self, settings: &dyn Settings) {
        let mut inside = self.lock();
        match settings.place() {
            Place::Chip(seat) if !inside.wiring.has(seat.mux, seat.address) => {
                if let Some(device) = settings.simulate() {
                    inside.wiring.fit(seat.mux, seat.address, device);
                }
            }
            Place::OneWire { id, .. } if !inside.one_wires.contains_key(&id) => {
                if let Some(twin) = settings.simulate_one_wire() {
                    inside.one_wires.insert(id, twin);
                }
            }
            Place::Line { line, .. } => {
                if let Some(high) = settings.at_rest() {
                    inside.lines.entry(line).or_insert_with(|| Line::at_rest(high));
                }
            }
            _ => {}
        }
    }

    /// Hangs a thermometer on the 1-Wire bus.
    pub fn fit_one_wire(&self, id: &str, twin: OneWireTwin) {
        self.lock().one_wires.insert(id.to_owned(), twin);
    }

    /// Takes a 1-Wire thermometer away.
    pub fn unfit_one_wire(&self, id: &str) {
        self.lock().one_wires.remove(id);
    }

    /// Lets `with` handle the chip of type `D` that sits there; none where no such chip does.
    pub fn device<D: Device, R>(&self, mux: Option<Mux>, address: u8, with: impl FnOnce(&mut D) -> R) -> Option<R> {
        let mut inside = self.lock();
        let device: &mut dyn Any = inside.wiring.device(mux, address)?;
        device.downcast_mut().map(with)
    }

    /// Changes something in the room.
    pub fn set(&self, setting: Setting) {
        let mut inside = self.lock();
        self.live(&mut inside);
        inside.physics.set(setting);
    }

    /// Lets people come and go, lamps and music change by the hour of the day, or stops that.
    pub fn by_the_clock(&self, yes: bool) {
        self.lock().by_the_clock = yes;
    }

    /// Closes or opens the contact on `line`. A closed contact pulls its line to ground, so the
    /// level is low while it is closed.
    pub fn contact(&self, line: u32, closed: bool) {
        let now = self.clock.boottime();
        let mut inside = self.lock();
        if inside.lines.entry(line).or_default().set(!closed, now) {
            inside.changes += 1;
        }
        self.changed.notify_all();
    }

    /// Sends pulses to a line: each closes the contact and opens it `high` before the next, the first at
    /// `from` by the clock of edges, however fast the caller is.
    pub fn pulses(&self, line: u32, from: Duration, low: Duration, high: Duration, count: u32) {
        let mut inside = self.lock();
        let wires = inside.lines.entry(line).or_default();
        for pulse in 0..count {
            let at = from + (low + high) * pulse;
            wires.set(false, at);
            wires.set(true, at + low);
        }
        inside.changes += 1;
        self.changed.notify_all();
    }

    /// What an output did to a line, the latest last.
    #[must_use]
    pub fn driven(&self, line: u32) -> Vec<bool> {
        self.lock().lines.get(&line).map(Line::driven).unwrap_or_default()
    }

    /// An output sets a line.
    pub(super) fn drive(&self, line: u32, high: bool) {
        self.lock().lines.entry(line).or_default().drive(high);
    }

    /// Breaks something until [`Room::clear`].
    pub fn fault(&self, target: Target, kind: FaultKind) {
        let mut inside = self.lock();
        self.live(&mut inside);
        let truth = inside.physics.truth();
        inside.wiring.freeze(target, (kind == FaultKind::Stuck).then_some(truth));
        inside.faults.insert(target, kind);
        inside.changes += 1;
        self.changed.notify_all();
    }

    /// Mends it: a chip comes back as after power-on.
    pub fn clear(&self, target: Target) {
        let now = self.clock.boottime();
        let mut inside = self.lock();
        if inside.faults.remove(&target).is_some() {
            inside.wiring.power_on(target, now);
        }
        inside.changes += 1;
        self.changed.notify_all();
    }

    /// What a perfect sensor would read now.
    #[must_use]
    pub fn truth(&self) -> Truth {
        let mut inside = self.lock();
        self.live(&mut inside);
        inside.physics.truth()
    }

    /// Lets time pass until now.
    fn live(&self, inside: &mut Inside) {
        inside.physics.advance(self.clock.boottime());
        if inside.by_the_clock {
            evening::at(self.seed, self.clock.wall()).into_iter().for_each(|setting| inside.physics.set(setting));
        }
    }

    /// One I2C transaction, as a bus sees it.
    pub(super) fn transaction(&self, address: u8, operations: &mut [Operation<'_>]) -> Result<(), BusError> {
        let mut inside = self.lock();
        while inside.hangs() {
            inside = self.changed.wait(inside).unwrap_or_else(PoisonError::into_inner);
        }
        if inside.faults.get(&Target::Bus) == Some(&FaultKind::Absent) {
            return Err(BusError::other("No such device or address"));
        }
        if let Some(FaultKind::Flat(level)) = inside.faults.get(&Target::Bus).copied() {
            return wiring::flat(level, operations);
        }
        if inside.faults.values().any(|kind| *kind == FaultKind::Latched) {
            return Err(BusError { kind: ErrorKind::Bus, ..BusError::other("the data line is held low") });
        }
        self.live(&mut inside);
        let (now, truth) = (self.clock.boottime(), inside.physics.truth());
        let Inside { wiring, faults, .. } = &mut *inside;
        wiring.transaction(address, operations, faults, now, &truth)
    }

    /// Nine clocks let a chip that holds the data line low finish its byte; says whether one did.
    pub(super) fn clock_nine(&self) -> bool {
        let mut inside = self.lock();
        let before = inside.faults.len();
        inside.faults.retain(|_, kind| *kind != FaultKind::Latched);
        inside.faults.len() < before
    }

    /// Names of the devices on the 1-Wire bus.
    pub(super) fn one_wire_devices(&self) -> Vec<String> {
        self.lock().one_wires.keys().cloned().collect()
    }

    /// What the kernel would say of a 1-Wire device.
    pub(super) fn one_wire(&self, id: &str) -> Result<String, BusError> {
        let mut inside = self.lock();
        self.live(&mut inside);
        let truth = inside.physics.truth();
        inside.one_wires.get(id).map(|twin| twin(&truth)).ok_or_else(BusError::nack)
    }

    /// The level of a line: true is high.
    pub(super) fn level(&self, line: u32) -> Result<bool, BusError> {
        let inside = self.lock();
        match inside.faults.get(&Target::Line(line)) {
            Some(FaultKind::Absent) => Err(BusError::other("No such device")),
            _ => Ok(inside.lines.get(&line).is_none_or(Line::is_high)),
        }
    }

    /// Edges of a line after the first `seen`, and how many there ever were.
    pub(super) fn edges(&self, line: u32, seen: u64) -> (Edges, u64) {
        self.lock().lines.get(&line).map(|line| line.edges(seen)).unwrap_or_default()
    }

    /// Returns once something changed since `seen`, or after `patience` of real time.
    pub(super) fn wait_for_edge(&self, seen: u64, patience: Duration) -> u64 {
        let inside = self.lock();
        let (inside, _) = self
            .changed
            .wait_timeout_while(inside, patience, |inside| inside.changes == seen)
            .unwrap_or_else(PoisonError::into_inner);
        inside.changes
    }

    /// A panic while the lock was held leaves nothing half-done that matters to a simulation.
    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inside {
    /// A chip that holds the clock line low hangs every transaction on the bus; one behind a
    /// multiplexer only while its channel is open.
    fn hangs(&self) -> bool {
        self.faults.iter().any(|(target, kind)| {
            *kind == FaultKind::Hung
                && match target {
                    Target::Line(_) => false,
                    Target::Bus | Target::Chip(_) => true,
                    Target::Behind(mux, _) => self.wiring.is_open(*mux),
                }
        })
    }
}
