//! A scripted bus for tests of drivers: exact bytes and exact waits, in order, all used up.
#![allow(dead_code, clippy::unwrap_used)]

pub mod held;

use std::{sync::Arc, time::Duration};

use agent::{
    config::{self, Backend},
    driver::{Air, Chip, Context, Error, Measured, bus::open_i2c, simulated::Room},
    world::Clock,
};
use embedded_hal::{
    delay::DelayNs,
    i2c::{ErrorKind, I2c, NoAcknowledgeSource},
};
use embedded_hal_mock::eh1::{
    delay::{CheckedDelay, Transaction as Wait},
    i2c::{Mock, Transaction as Bus},
};
pub use held::Held;
use wire::{Fault, Id};

/// What a mock bus answers where nobody acknowledges.
pub const NACK: ErrorKind = ErrorKind::NoAcknowledge(NoAcknowledgeSource::Address);

/// Reads a chip with nothing known of the room, at time 0.
pub trait ReadNow {
    fn read<B: I2c + ?Sized>(&mut self, bus: &mut B, delay: &mut dyn DelayNs) -> Result<Vec<Measured>, Error>;
}

impl<C: Chip> ReadNow for C {
    fn read<B: I2c + ?Sized>(&mut self, bus: &mut B, delay: &mut dyn DelayNs) -> Result<Vec<Measured>, Error> {
        let air = Air::default();
        Chip::read(self, bus, &mut Context { delay, now: Duration::ZERO, air: &air })
    }
}

/// Runs `read` over a script of bytes and waits; fails where either was not used up.
pub fn on<T>(bus: &[Bus], waits: &[Wait], read: impl FnOnce(&mut Mock, &mut CheckedDelay) -> T) -> T {
    let mut mock = Mock::new(bus);
    let mut delay = CheckedDelay::new(waits);
    let result = read(&mut mock, &mut delay);
    mock.done();
    delay.done();
    result
}

/// The value of a quantity, which must be there.
pub fn value(measured: &[Measured], name: &str) -> f64 {
    measured.iter().find(|m| m.quantity == name).unwrap().value.clone().unwrap()
}

/// The fault of a reading that must have failed.
pub fn fault(result: Result<Vec<Measured>, Error>) -> Fault {
    result.unwrap_err().fault()
}

/// Reads a chip of a simulated room, ten seconds later.
pub fn read_in(room: &Arc<Room>, clock: &Held, chip: &mut impl Chip) -> Result<Vec<Measured>, Error> {
    let backend = Backend::Simulated { seed: 1, fitted: true };
    let mut bus = open_i2c(&config::Bus { name: Id::parse("i2c-1").unwrap(), backend }, room).unwrap();
    clock.pass(Duration::from_secs(10));
    let (now, air) = (clock.boottime(), Air::default());
    let mut delay = clock;
    chip.read(&mut *bus, &mut Context { delay: &mut delay, now, air: &air })
}
