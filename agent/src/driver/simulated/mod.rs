//! A simulated room: register-level chips and contacts over a small physics, with faults on
//! request. Turns what a test or the demo sets into bytes on a bus; never into readings, which
//! only the real drivers make.

mod bh1750;
mod chip;
mod evening;
mod fault;
mod physics;
mod scd4x;
mod sht4x;

use std::{
    collections::BTreeMap,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use embedded_hal::i2c::Operation;

use crate::{driver::bus::BusError, world::Clock};
use chip::Chip;
pub use fault::{FaultKind, Target};
use physics::Physics;
pub use physics::{Setting, Truth};

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
    chips: BTreeMap<u8, Chip>,
    faults: BTreeMap<Target, FaultKind>,
    /// Levels of lines that were ever set; the others are pulled up.
    high: BTreeMap<u32, bool>,
    /// Counts changes of lines.
    edges: u64,
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
            chips: chip::soldered(),
            faults: BTreeMap::new(),
            high: BTreeMap::new(),
            edges: 0,
            by_the_clock: false,
        };
        Arc::new(Self { seed, clock, inside: Mutex::new(inside), changed: Condvar::new() })
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
        let mut inside = self.lock();
        if inside.high.insert(line, !closed) != Some(!closed) {
            inside.edges += 1;
        }
        self.changed.notify_all();
    }

    /// Breaks something until [`Room::clear`].
    pub fn fault(&self, target: Target, kind: FaultKind) {
        let mut inside = self.lock();
        self.live(&mut inside);
        let truth = inside.physics.truth();
        if let Target::Chip(address) = target
            && let Some(chip) = inside.chips.get_mut(&address)
        {
            chip.freeze(kind == FaultKind::Stuck, &truth);
        }
        inside.faults.insert(target, kind);
        inside.edges += 1;
        self.changed.notify_all();
    }

    /// Mends it: a chip comes back as after power-on.
    pub fn clear(&self, target: Target) {
        let now = self.clock.boottime();
        let mut inside = self.lock();
        if inside.faults.remove(&target).is_some()
            && let Target::Chip(address) = target
            && let Some(chip) = inside.chips.get_mut(&address)
        {
            chip.power_on(now);
        }
        inside.edges += 1;
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
        while inside.hangs(address) {
            inside = self.changed.wait(inside).unwrap_or_else(PoisonError::into_inner);
        }
        if inside.faults.get(&Target::Bus) == Some(&FaultKind::Absent) {
            return Err(BusError::other("No such device or address"));
        }
        let fault = inside.faults.get(&Target::Chip(address)).copied();
        if fault == Some(FaultKind::Absent) {
            return Err(BusError::nack());
        }
        self.live(&mut inside);
        let (now, truth) = (self.clock.boottime(), inside.physics.truth());
        let chip = inside.chips.get_mut(&address).ok_or_else(BusError::nack)?;
        for operation in operations {
            match operation {
                Operation::Write(bytes) if fault == Some(FaultKind::WrongDevice) => fault::foreign_write(bytes),
                Operation::Read(bytes) if fault == Some(FaultKind::WrongDevice) => fault::foreign_read(bytes),
                Operation::Write(bytes) => chip.write(bytes, now, &truth)?,
                Operation::Read(bytes) => {
                    chip.read(bytes, now, fault == Some(FaultKind::Slow))?;
                    // A BH1750 has no checksums that could be bad.
                    if fault == Some(FaultKind::BadCrc) && address != BH1750 {
                        fault::flip_bits(bytes);
                    }
                }
            }
        }
        Ok(())
    }

    /// The level of a line: true is high.
    pub(super) fn level(&self, line: u32) -> Result<bool, BusError> {
        let inside = self.lock();
        match inside.faults.get(&Target::Line(line)) {
            Some(FaultKind::Absent) => Err(BusError::other("No such device")),
            _ => Ok(inside.high.get(&line).copied().unwrap_or(true)),
        }
    }

    /// Returns once something changed since `seen`, or after `patience` of real time.
    pub(super) fn wait_for_edge(&self, seen: u64, patience: Duration) -> u64 {
        let inside = self.lock();
        let (inside, _) = self
            .changed
            .wait_timeout_while(inside, patience, |inside| inside.edges == seen)
            .unwrap_or_else(PoisonError::into_inner);
        inside.edges
    }

    /// A panic while the lock was held leaves nothing half-done that matters to a simulation.
    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inside {
    /// A chip that holds the clock line low hangs every transaction on the bus.
    fn hangs(&self, _address: u8) -> bool {
        self.faults.iter().any(|(target, kind)| *kind == FaultKind::Hung && !matches!(target, Target::Line(_)))
    }
}
