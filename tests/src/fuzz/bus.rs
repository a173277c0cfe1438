//! Replies of a bus that were cut, flipped, doubled or made up, given to the driver of every chip of
//! the table. Seeds are what healthy chips of a simulated room answer. No driver may panic.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use agent::{
    config::{Backend, Bus},
    driver::{
        Air, Context, Kind, Reader, Seat, Sits,
        bus::{AnyI2c, BusError, BusOf, open_i2c},
        simulated::Room,
        table::TABLE,
    },
    world::Clock,
};
use embedded_hal::{
    delay::DelayNs,
    i2c::{ErrorType, I2c, Operation},
};
use wire::Id;

use super::{Target, bytes};

/// Before the bytes of a transaction in a tape: it was acknowledged.
const ACKNOWLEDGED: u8 = 0;
/// Readings of one run.
const READINGS: u32 = 4;
/// Looks between two of them, at most.
const LOOKS_MAX: u32 = 4;

/// The one target.
#[must_use]
pub fn targets() -> Vec<Target> {
    vec![Target { name: "bus_replies", seeds, mutate: bytes::mutate, run: read_chip }]
}

/// A clock that waiting moves, and nothing else.
#[derive(Default)]
struct Waited(AtomicU64);

impl Clock for Waited {
    fn boottime(&self) -> Duration {
        Duration::from_secs(1_000) + Duration::from_nanos(self.0.load(Ordering::Relaxed))
    }
    fn wall(&self) -> wire::UnixMs {
        0
    }
    fn synchronized(&self) -> bool {
        true
    }
    fn boot(&self) -> Id {
        Id::parse("b").expect("a valid identifier")
    }
}

struct Waiting<'a>(&'a Waited);

impl DelayNs for Waiting<'_> {
    fn delay_ns(&mut self, ns: u32) {
        self.0.0.fetch_add(ns.into(), Ordering::Relaxed);
    }
}

/// Kinds of chips that can be found by asking, with their address.
fn kinds() -> Vec<(&'static Kind, u8)> {
    let address = |kind: &&'static Kind| match (kind.sits, kind.at) {
        (Sits::I2c(addresses), Some(_)) => addresses.first().map(|address| (*kind, *address)),
        _ => None,
    };
    TABLE.iter().filter_map(address).collect()
}

/// Answers from a tape.
struct Player<'a> {
    tape: std::slice::Iter<'a, u8>,
}

impl ErrorType for Player<'_> {
    type Error = BusError;
}

impl I2c for Player<'_> {
    fn transaction(&mut self, _address: u8, operations: &mut [Operation<'_>]) -> Result<(), BusError> {
        if self.tape.next().is_some_and(|control| *control != ACKNOWLEDGED) {
            return Err(BusError::nack());
        }
        for operation in operations {
            if let Operation::Read(buffer) = operation {
                buffer.iter_mut().for_each(|byte| *byte = self.tape.next().copied().unwrap_or(0xFF));
            }
        }
        Ok(())
    }
}

/// Passes traffic on and writes the answers down.
struct Recorder {
    bus: AnyI2c,
    tape: Vec<u8>,
}

impl ErrorType for Recorder {
    type Error = BusError;
}

impl I2c for Recorder {
    fn transaction(&mut self, address: u8, operations: &mut [Operation<'_>]) -> Result<(), BusError> {
        let answer = self.bus.transaction(address, operations);
        self.tape.push(u8::from(answer.is_err()));
        if answer.is_ok() {
            for operation in operations {
                if let Operation::Read(buffer) = operation {
                    self.tape.extend_from_slice(buffer);
                }
            }
        }
        answer
    }
}

/// Reads a chip a few times; says whether it ever gave a reading.
fn read_a_few(kind: &Kind, address: u8, bus: &mut BusOf<'_>, clock: &Waited) -> bool {
    let seat = Seat::new(Id::parse("i2c").expect("a valid identifier"), address);
    let settings = (kind.at.expect("only kinds that can be found are asked"))(seat);
    let Reader::Chip(mut chip) = settings.start() else { return false };
    let (air, mut delay, mut any) = (Air::default(), Waiting(clock), false);
    for _ in 0..READINGS {
        let every = chip.look_every();
        for _ in 0..every.map_or(0, |_| LOOKS_MAX) {
            delay.delay_ms(u32::try_from(every.unwrap_or_default().as_millis()).unwrap_or(u32::MAX));
            let mut context = Context { now: clock.boottime(), delay: &mut delay, air: &air };
            let _ = chip.look(bus, &mut context);
        }
        delay.delay_ms(10_000 / READINGS);
        let mut context = Context { now: clock.boottime(), delay: &mut delay, air: &air };
        any |= chip.read(bus, &mut context).is_ok();
    }
    any
}

/// For each kind its place in the table, then what its healthy chip answered.
fn seeds() -> Vec<Vec<u8>> {
    let tape = |(index, (kind, address)): (usize, (&'static Kind, u8))| {
        let clock = Arc::new(Waited::default());
        let room = Room::new(1, clock.clone());
        let name = Id::parse("i2c").expect("a valid identifier");
        let settings = (kind.at.expect("only kinds that can be found are asked"))(Seat::new(name.clone(), address));
        room.fit(None, address, settings.simulate()?);
        let bus = open_i2c(&Bus { name, backend: Backend::Simulated { seed: 1, fitted: true } }, &room).ok()?;
        let mut recorder = Recorder { bus, tape: vec![u8::try_from(index).ok()?] };
        read_a_few(kind, address, &mut recorder, &clock).then_some(recorder.tape)
    };
    kinds().into_iter().enumerate().filter_map(tape).collect()
}

/// Plays a tape to the driver that its first byte names.
#[must_use]
pub fn read_chip(input: &[u8]) -> bool {
    let kinds = kinds();
    let Some((&index, tape)) = input.split_first() else { return false };
    let (kind, address) = kinds[usize::from(index) % kinds.len()];
    read_a_few(kind, address, &mut Player { tape: tape.iter() }, &Waited::default())
}
