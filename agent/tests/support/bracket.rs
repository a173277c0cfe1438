//! A bracket in a simulated room: a reader, a tag that is as it should be, and the driver between
//! them and the test. Time is the test's own.
#![allow(dead_code, clippy::unwrap_used)]

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use agent::{
    config::{Backend, Bus},
    driver::{
        Air, Chip, Context, Error, Measured, Seat,
        bus::{AnyI2c, open_i2c},
        simulated::{Room, ntag::Ntag, pn532::Pn532},
        tag::{
            extinguisher::{Extinguisher, Settings},
            pn532::ADDRESS,
        },
    },
    world::Clock,
};
use embedded_hal::delay::DelayNs;
use wire::{Fault, Id};

/// Moves only when somebody waits, or by [`Held::pass`].
pub struct Held(Mutex<Duration>);

impl Held {
    pub fn pass(&self, time: Duration) {
        *self.0.lock().unwrap() += time;
    }
}

impl Clock for Held {
    fn boottime(&self) -> Duration {
        *self.0.lock().unwrap()
    }
    fn wall(&self) -> wire::UnixMs {
        0
    }
    fn synchronized(&self) -> bool {
        true
    }
    fn boot(&self) -> Id {
        Id::parse("b").unwrap()
    }
}

/// Waiting is time that passes.
pub struct Passing(pub Arc<Held>);

impl DelayNs for Passing {
    fn delay_ns(&mut self, ns: u32) {
        self.0.pass(Duration::from_nanos(ns.into()));
    }
}

/// A bracket with its reader and a tag that is as it should be.
pub struct Bracket {
    pub clock: Arc<Held>,
    pub room: Arc<Room>,
    pub bus: AnyI2c,
    pub chip: Extinguisher,
    pub settings: Settings,
    pub folder: tempfile::TempDir,
}

pub const UID: [u8; 7] = [0x04, 0xA1, 0xB2, 0xC3, 0xD4, 0xE5, 0xF6];
pub const OTHER: [u8; 7] = [0x04, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06];
const TICK: Duration = Duration::from_secs(10);

impl Bracket {
    pub fn new(change: impl FnOnce(&mut Settings)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let seat = Seat::new(Id::parse("i2c").unwrap(), ADDRESS);
        let mut settings = Settings { seat, tag_key_file: None, uid: Some(UID), read_count: false };
        settings.tag_key_file = Some(key_file(&folder, "a5"));
        change(&mut settings);
        let clock = Arc::new(Held(Mutex::new(Duration::from_secs(100))));
        let room = Room::new(1, clock.clone());
        room.fit_for(&settings);
        let bus = Bus { name: settings.seat.bus.clone(), backend: Backend::Simulated { seed: 1, fitted: true } };
        let bus = open_i2c(&bus, &room).unwrap();
        Self { clock, room, bus, chip: Extinguisher::new(settings.clone()), settings, folder }
    }

    pub fn usual() -> Self {
        Self::new(|_| ())
    }

    pub fn reader<R>(&self, with: impl FnOnce(&mut Pn532) -> R) -> R {
        self.room.device(None, ADDRESS, with).unwrap()
    }

    /// Takes the tag away and puts another there.
    pub fn swap(&self, tag: Ntag) {
        self.reader(|reader| {
            reader.take();
            reader.put(tag);
        });
    }

    /// The next poll.
    pub fn poll(&mut self) -> Result<Vec<Measured>, Error> {
        self.clock.pass(TICK);
        let (air, mut delay) = (Air::default(), Passing(self.clock.clone()));
        let mut context = Context { delay: &mut delay, now: self.clock.boottime(), air: &air };
        Chip::read(&mut self.chip, &mut *self.bus, &mut context)
    }

    /// What the next poll says of a quantity; none where it says nothing.
    pub fn says(&mut self, name: &str) -> Option<Result<f64, Fault>> {
        let measured = self.poll().unwrap();
        measured.into_iter().find(|one| one.quantity == name).map(|one| one.value)
    }
}

/// A file with a key of one byte.
pub fn key_file(folder: &tempfile::TempDir, byte: &str) -> PathBuf {
    let path = folder.path().join(format!("key-{byte}"));
    std::fs::write(&path, format!("{}\n", byte.repeat(32))).unwrap();
    path
}
