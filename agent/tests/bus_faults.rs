//! Every chip of the table under tens of thousands of scripted faults of its bus: what comes out is
//! near the truth of the simulated room, or it is a fault. Time is the test's own, so nothing waits.
//!
//! `HALLWATCH_SEED` repeats a run; `HALLWATCH_BUS_FAULTS` sets how many faults there are.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use agent::{
    config::{Backend, Bus},
    driver::{
        Air, AnyChip, Context, Error, Kind, Measured, Reader, Seat, Settings, Sits,
        bus::{AnyI2c, BusOf, is_shorted, open_i2c},
        simulated::{Device, FaultKind, Room, Target, Truth},
        table::TABLE,
    },
    world::Clock,
};
use held::{Held, Passing};
use wire::Id;

#[path = "support/held.rs"]
mod held;
mod truths;

/// Kinds whose chip has neither a checksum nor a register that can be read back.
const MUTE: [&str; 1] = ["bh1750"];

/// What a person must say of kinds that cannot be found by asking.
const WRITTEN: [(&str, &str); 3] = [
    ("ct", "amperes_per_volt = 30\nidle_ampere = 0.25\nplaying_ampere = 1.6\noverload_ampere = 8"),
    ("sound-adc", ""),
    ("mcp23017", r#"inputs = [{ pin = "a0", kind = "door" }, { pin = "b0", kind = "reed" }]"#),
];

/// A sensor of such a kind.
fn written(word: &str) -> Arc<dyn Settings> {
    let (_, keys) = WRITTEN.iter().find(|(known, _)| *known == word).unwrap_or_else(|| panic!("write down `{word}`"));
    let text = format!(
        "venue = \"v\"\nroom = \"r\"\nagent = \"a\"\n[[bus]]\nname = \"i2c\"\nbackend = \"simulated\"\n\
         [[sensor]]\nname = \"it\"\ndriver = \"{word}\"\nbus = \"i2c\"\n{keys}\n"
    );
    let config = agent::config::parse(&text, "written", []).unwrap_or_else(|error| panic!("{error}"));
    Arc::clone(&config.sensors[0].driver)
}

/// SplitMix64.
struct Draw(u64);

impl Draw {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % limit
    }
}

/// One chip alone in a room, with its driver.
struct Bench {
    kind: &'static Kind,
    settings: Arc<dyn Settings>,
    address: u8,
    clock: Arc<Held>,
    room: Arc<Room>,
    bus: AnyI2c,
    chip: Box<dyn AnyChip>,
    air: Air,
    has_checksum: bool,
    /// What was seen of it: values and faults.
    seen: BTreeMap<String, u32>,
}

impl Bench {
    /// None for kinds that sit on no I2C bus.
    fn new(kind: &'static Kind, seed: u64) -> Option<Self> {
        let Sits::I2c(addresses) = kind.sits else { return None };
        let address = addresses[0];
        let clock = Held::at(10_000);
        let room = Room::new(seed, clock.clone());
        let name = Id::parse("i2c").unwrap();
        let settings = kind.at.map_or_else(|| written(kind.word), |at| at(Seat::new(name.clone(), address)));
        let twin = settings.simulate().unwrap_or_else(|| panic!("`{}` has no simulated chip", kind.word));
        let has_checksum = has_checksum(&*twin);
        room.fit(None, address, twin);
        let bus = open_i2c(&Bus { name, backend: Backend::Simulated { seed, fitted: true } }, &room).unwrap();
        let Reader::Chip(chip) = settings.start() else { panic!("`{}` sits on I2C and is no chip", kind.word) };
        let seen = BTreeMap::new();
        Some(Self { kind, settings, address, clock, room, bus, chip, air: Air::default(), has_checksum, seen })
    }

    /// As the sampler's thread does: a line that is held low is no reading.
    fn sound<T>(&mut self, outcome: Result<T, Error>) -> Result<T, Error> {
        match outcome {
            Ok(_) if is_shorted(&mut *self.bus) => {
                Err(Error::Bus { address: self.address, text: "shorted".to_owned() })
            }
            other => other,
        }
    }

    fn with<T>(&mut self, act: impl FnOnce(&mut dyn AnyChip, &mut BusOf<'_>, &mut Context<'_>) -> T) -> T {
        let mut delay = Passing(self.clock.clone());
        let now = self.clock.boottime();
        let mut context = Context { delay: &mut delay, now, air: &self.air };
        act(&mut *self.chip, &mut *self.bus, &mut context)
    }

    /// Lets a period pass with the looks that the chip asks for, then reads it once.
    fn read(&mut self) -> Result<Vec<Measured>, Error> {
        let period = Duration::from_secs(10);
        match self.chip.look_every() {
            // More than a few looks a period would only make the test longer.
            Some(every) => {
                for _ in 0..(period.as_millis() / every.as_millis()).min(10) {
                    self.clock.pass(every);
                    let _ = self.with(|chip, bus, context| chip.look(bus, context));
                }
            }
            None => self.clock.pass(period),
        }
        let outcome = self.with(|chip, bus, context| chip.read(bus, context));
        self.sound(outcome)
    }

    /// Reads, and holds every value against the truth.
    fn check(&mut self, fault: &str, number: u64) {
        let before = self.room.truth();
        let outcome = self.read();
        let after = self.room.truth();
        let faults = |error: &Error| error.fault().as_str().to_owned();
        match outcome {
            Err(error) => *self.seen.entry(faults(&error)).or_default() += 1,
            Ok(measured) => {
                for one in measured {
                    self.judge(&one, fault, number, (&before, &after));
                }
            }
        }
    }

    fn judge(&mut self, one: &Measured, fault: &str, number: u64, truths: (&Truth, &Truth)) {
        let value = match &one.value {
            Ok(value) => *value,
            Err(fault) => return *self.seen.entry(fault.as_str().to_owned()).or_default() += 1,
        };
        *self.seen.entry("value".to_owned()).or_default() += 1;
        let quantity = self.settings.quantities().into_iter().find(|quantity| quantity.name == one.quantity);
        let quantity = quantity.unwrap_or_else(|| panic!("`{}` gives an unknown `{}`", self.kind.word, one.quantity));
        // The sampler refuses these by itself.
        if !value.is_finite() || value < quantity.low || value > quantity.high {
            return;
        }
        let near = |truth: &Truth| truths::near(self.kind.word, &one.quantity, value, truth);
        assert!(
            near(truths.0) || near(truths.1),
            "fault {number} ({fault}): `{}` gives {} = {value}, and the truth is {:?}",
            self.kind.word,
            one.quantity,
            truths.1
        );
    }

    /// A fault that this chip can be expected to show.
    fn draw(&self, draw: &mut Draw) -> FaultKind {
        loop {
            let kind = match draw.below(8) {
                0 => FaultKind::Absent,
                1 => FaultKind::BadCrc,
                2 => FaultKind::WrongDevice,
                3 => FaultKind::Slow,
                4 => FaultKind::FlipBit(u16::try_from(draw.below(72)).unwrap()),
                5 => FaultKind::Flat(if draw.below(2) == 0 { 0x00 } else { 0xFF }),
                6 => FaultKind::Stuck,
                _ => FaultKind::Latched,
            };
            // A flipped bit shows only in what has a checksum.
            let needs_checksum = matches!(kind, FaultKind::BadCrc | FaultKind::FlipBit(_));
            if self.has_checksum || !needs_checksum {
                return kind;
            }
        }
    }

    /// Breaks something, reads a few times, mends it.
    fn suffer(&mut self, number: u64, draw: &mut Draw) {
        let fault = self.draw(draw);
        let target = match fault {
            // A chip that has no register to read back cannot show that its output is dead; a line
            // that is dead can be seen all the same.
            FaultKind::Flat(_) if MUTE.contains(&self.kind.word) => Target::Bus,
            _ => Target::Chip(self.address),
        };
        if fault == FaultKind::WrongDevice {
            // Nobody swaps a chip without taking the old one out first.
            self.room.fault(target, FaultKind::Absent);
            self.check("Absent", number);
        }
        self.room.fault(target, fault);
        for _ in 0..=draw.below(3) {
            self.check(&format!("{fault:?}"), number);
        }
        // Mended, it comes back with its power-on values.
        self.room.clear(target);
        for _ in 0..=draw.below(2) {
            self.check(&format!("after {fault:?}"), number);
        }
    }

    /// Whether it reads again, once everything is mended.
    fn recovers(&mut self) -> bool {
        (0..60).any(|_| self.read().is_ok_and(|measured| measured.iter().any(|one| one.value.is_ok())))
    }
}

/// Whether a chip's answers carry checksums.
fn has_checksum(twin: &dyn Device) -> bool {
    let mut bytes = [0; 64];
    twin.spoil(&mut bytes);
    bytes != [0; 64]
}

fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

#[test]
fn no_fault_of_a_bus_ever_becomes_a_plausible_value() {
    let random = u64::from(std::process::id()) ^ 0x5EED_0000;
    let seed = setting("HALLWATCH_SEED", random);
    println!("HALLWATCH_SEED={seed}");
    let faults = setting("HALLWATCH_BUS_FAULTS", 50_000);
    let mut draw = Draw(seed);
    let mut benches: Vec<Bench> = TABLE.iter().filter_map(|kind| Bench::new(kind, seed)).collect();
    for bench in &mut benches {
        assert!(bench.recovers(), "`{}` gives no value in a healthy room", bench.kind.word);
    }
    let count = benches.len() as u64;
    for number in 0..faults {
        let bench = &mut benches[usize::try_from(number % count).unwrap()];
        bench.suffer(number, &mut draw);
        if draw.below(20) == 0 {
            assert!(bench.recovers(), "`{}` does not recover after fault {number}", bench.kind.word);
        }
    }
    for bench in &mut benches {
        println!("{:12} {:?}", bench.kind.word, bench.seen);
        let word = bench.kind.word;
        assert!(bench.seen.contains_key("value"), "`{word}` never gave a value: the test proves nothing");
        assert!(bench.seen.contains_key("no_response"), "`{word}` never was absent: the test proves nothing");
    }
    println!("{faults} faults on {count} chips");
}

#[test]
fn a_driver_that_believes_everything_is_caught() {
    let truth = Room::new(1, Held::at(100)).truth();
    // What an SHT4x without checksums would make of a flat line, and of one flipped high bit.
    assert!(!truths::near("sht4x", "temperature_celsius", -45.0, &truth));
    assert!(!truths::near("sht4x", "temperature_celsius", truth.temperature_celsius + 5.5, &truth));
    assert!(truths::near("sht4x", "temperature_celsius", truth.temperature_celsius + 0.1, &truth));
}
