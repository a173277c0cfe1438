//! The expander of contacts against a scripted bus: the exact bytes of its data sheet, and every way
//! to fail.
#![allow(clippy::unwrap_used)]

mod support;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use agent::{
    config::{self, Backend},
    driver::{
        Air, Context, Error, Level, Pull, Seat,
        bus::open_i2c,
        contact::{
            manner::Manner,
            mcp23017::{Input, Mcp23017, Settings},
        },
        simulated::{
            FaultKind, Room, Target,
            mcp23017::{Mcp23017 as Twin, Pin},
        },
    },
    world::Clock,
};
use embedded_hal::delay::DelayNs;
use embedded_hal_mock::eh1::{
    delay::{CheckedDelay, NoopDelay, Transaction as Wait},
    i2c::{Mock, Transaction as Bus},
};
use support::{NACK, ReadNow, fault, on, value};
use wire::{Fault, Id};

/// An expander with a door that opens its loop at A0 and a lid's opto-coupler without pull-up at B6.
fn expander() -> Mcp23017 {
    let door = Input { pin: 0, asset: None, manner: Manner::of("door").unwrap() };
    let lid = Manner { active: Level::High, pull: Pull::Off, debounce: Duration::ZERO, ..Manner::plain("lid") };
    let inputs = vec![door, Input { pin: 14, asset: None, manner: lid }];
    Mcp23017::new(&Settings { seat: Seat::new(Id::parse("i2c-1").unwrap(), 0x20), inputs })
}

/// Proof and set-up: IOCON is read from both its addresses and written; IODIR first of all settings.
/// Pull-ups are 0xff 0xbf: all but B6.
fn set_up(iocon: [u8; 2]) -> Vec<Bus> {
    vec![
        Bus::write_read(0x20, vec![0x0A], vec![iocon[0]]),
        Bus::write_read(0x20, vec![0x0B], vec![iocon[1]]),
        Bus::write(0x20, vec![0x0A, 0x05]),
        Bus::write_read(0x20, vec![0x0A], vec![0x04]),
        Bus::write_read(0x20, vec![0x0B], vec![0x04]),
        Bus::write(0x20, vec![0x00, 0xFF, 0xFF, 0, 0, 0, 0, 0, 0, 0, 0, 0x04, 0x04, 0xFF, 0xBF]),
    ]
}

const SETTINGS: [u8; 14] = [0xFF, 0xFF, 0, 0, 0, 0, 0, 0, 0, 0, 0x04, 0x04, 0xFF, 0xBF];

/// All registers with these levels.
fn all(levels: [u8; 2]) -> Bus {
    let bytes = [&SETTINGS[..], &[0, 0, 0, 0], &levels, &[0, 0]].concat();
    Bus::write_read(0x20, vec![0x00], bytes)
}

/// A look: from IOCON to OLATB, so that the chip's pointer comes round to IODIRA.
fn glance(levels: [u8; 2]) -> Bus {
    Bus::write_read(0x20, vec![0x0A], [&SETTINGS[10..], &[0, 0, 0, 0], &levels, &[0, 0]].concat())
}

fn look(chip: &mut Mcp23017, bus: &mut Mock, at_ms: u64) -> Result<bool, Error> {
    let air = Air::default();
    let mut delay = CheckedDelay::new(&[]);
    let looked = agent::driver::Chip::look(
        chip,
        bus,
        &mut Context { delay: &mut delay, now: Duration::from_millis(at_ms), air: &air },
    );
    delay.done();
    looked
}

#[test]
fn an_expander_is_proven_then_made_to_listen_then_read() {
    let bus = [set_up([0, 0]), vec![all([0b1111_1110, 0x40])]].concat();
    let mut chip = expander();
    let measured = on(&bus, &[Wait::delay_ms(5)], |bus, delay| chip.read(bus, delay)).unwrap();
    // The door's loop is closed, so its line is low and all is well.
    assert_eq!((value(&measured, "door_open"), value(&measured, "lid")), (0.0, 1.0));
    assert_eq!(agent::driver::Chip::identity(&chip).as_deref(), Some("MCP23017"));
}

#[test]
fn a_cut_wire_at_an_expander_reads_as_an_open_door() {
    let bus = [set_up([0, 0]), vec![all([0xFF, 0])]].concat();
    let measured = on(&bus, &[Wait::delay_ms(5)], |bus, delay| expander().read(bus, delay)).unwrap();
    assert_eq!(value(&measured, "door_open"), 1.0);
}

#[test]
fn an_expander_that_was_left_with_the_other_register_map_is_turned_back() {
    // With IOCON.BANK = 1 the registers 0x0a and 0x0b are OLATA and nothing, IOCON is at 0x05 and 0x15.
    let other = vec![
        Bus::write_read(0x20, vec![0x0A], vec![0x55]),
        Bus::write_read(0x20, vec![0x0B], vec![0x00]),
        Bus::write_read(0x20, vec![0x05], vec![0xA0]),
        Bus::write_read(0x20, vec![0x15], vec![0xA0]),
        Bus::write(0x20, vec![0x05, 0x00]),
    ];
    let bus = [other, set_up([0x20, 0x20]), vec![all([0, 0])]].concat();
    on(&bus, &[Wait::delay_ms(5)], |bus, delay| expander().read(bus, delay)).unwrap();
}

#[test]
fn what_is_no_expander_is_wrong_device() {
    let read = |register: u8, byte: u8| Bus::write_read(0x20, vec![register], vec![byte]);
    // A PCF8574 gives back what was written to it; a floating bus ones; other chips anything.
    for (a, b) in [(0x0A, 0x0B), (0xFF, 0xFF), (0x01, 0x01), (0x12, 0x34)] {
        let bus = [read(0x0A, a), read(0x0B, b), read(0x05, a), read(0x15, b)];
        let result = on(&bus, &[], |bus, delay| expander().read(bus, delay));
        assert_eq!(fault(result), Fault::WrongDevice, "{a:#04x} {b:#04x}");
    }
    // Both read alike, and the bit that does not exist comes back, or nothing does.
    for answer in [0x05, 0x00, 0xFF] {
        let exam = Bus::write(0x20, vec![0x0A, 0x05]);
        let bus = [read(0x0A, 0), read(0x0B, 0), exam, read(0x0A, answer), read(0x0B, answer)];
        let result = on(&bus, &[], |bus, delay| expander().read(bus, delay));
        assert_eq!(fault(result), Fault::WrongDevice, "{answer:#04x}");
    }
}

#[test]
fn an_expander_that_is_absent_or_falls_silent_has_no_levels() {
    let gone = Bus::write_read(0x20, vec![0x0A], vec![0]).with_error(NACK);
    assert_eq!(fault(on(&[gone], &[], |bus, delay| expander().read(bus, delay))), Fault::NoResponse);
    // Later it is gone, and back: it is proven anew.
    let later = Bus::write_read(0x20, vec![0x00], vec![0; 22]).with_error(NACK);
    let bus = [set_up([0, 0]), vec![all([0, 0]), later], set_up([0, 0]), vec![all([0xFF, 0])]].concat();
    on(&bus, &[Wait::delay_ms(5), Wait::delay_ms(5)], |bus, delay| {
        let mut chip = expander();
        chip.read(bus, delay).unwrap();
        assert_eq!(fault(chip.read(bus, delay)), Fault::NoResponse);
        assert_eq!(agent::driver::Chip::identity(&chip), None);
        assert_eq!(value(&chip.read(bus, delay).unwrap(), "door_open"), 1.0, "no level of before is kept");
    });
}

#[test]
fn an_expander_that_lost_its_supply_is_a_fault_once_and_set_up_again() {
    let mut reset = vec![0; 22];
    reset[..2].fill(0xFF);
    let glance_at_reset = Bus::write_read(0x20, vec![0x0A], vec![0; 12]);
    let read_at_reset = Bus::write_read(0x20, vec![0x00], reset);
    let repaired = vec![glance([0, 0]), all([0, 0])];
    let bus = [set_up([0, 0]), vec![all([0, 0]), glance_at_reset, read_at_reset], set_up([0, 0]), repaired].concat();
    on(&bus, &[Wait::delay_ms(5), Wait::delay_ms(5)], |bus, delay| {
        let mut chip = expander();
        chip.read(bus, delay).unwrap();
        assert!(look(&mut chip, bus, 100).unwrap(), "it must be told");
        assert_eq!(fault(chip.read(bus, delay)), Fault::WarmingUp);
        assert!(look(&mut chip, bus, 200).unwrap(), "it must be told that it is back");
        assert_eq!(value(&chip.read(bus, delay).unwrap(), "door_open"), 0.0);
    });
}

#[test]
fn settings_of_an_expander_that_changed_are_no_levels() {
    for register in 0..14 {
        let mut bytes = [&SETTINGS[..], &[0, 0, 0, 0], &[0, 0], &[0, 0]].concat();
        bytes[register] ^= 0x10;
        let changed = Bus::write_read(0x20, vec![0x00], bytes);
        let bus = [set_up([0, 0]), vec![changed]].concat();
        let result = on(&bus, &[Wait::delay_ms(5)], |bus, delay| expander().read(bus, delay));
        assert_eq!(fault(result), Fault::WrongDevice, "register {register:#04x}");
    }
}

#[test]
fn each_pin_of_an_expander_is_debounced_by_itself() {
    let (shut, open) = ([0b1111_1110, 0], [0xFF, 0]);
    let bus = [
        set_up([0, 0]),
        vec![all(shut), glance(shut), glance(open), glance(shut), glance(open), glance(open), all(open)],
    ];
    on(&bus.concat(), &[Wait::delay_ms(5)], |bus, delay| {
        let mut chip = expander();
        chip.read(bus, delay).unwrap();
        // One look that differs is a disturbance, two are a door.
        let looks = [100, 200, 300, 400, 500].map(|at| look(&mut chip, bus, at).unwrap());
        assert_eq!(looks, [false, false, false, false, true]);
        assert_eq!(value(&chip.read(bus, delay).unwrap(), "door_open"), 1.0);
    });
}

#[test]
fn whatever_an_expander_answers_nothing_panics_and_no_reset_is_a_level() {
    let mut seed = 1_u64;
    let mut random = move || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) as u8
    };
    for _ in 0..2000 {
        let mut bytes: Vec<u8> = (0..22).map(|_| random()).collect();
        if random() < 128 {
            bytes[..14].copy_from_slice(&SETTINGS);
        }
        let honest = bytes[..14] == SETTINGS;
        let bus = [set_up([0, 0]), vec![Bus::write_read(0x20, vec![0x00], bytes)]].concat();
        let result = on(&bus, &[Wait::delay_ms(5)], |bus, delay| expander().read(bus, delay));
        assert_eq!(result.is_ok(), honest);
    }
}

/// Stands still until somebody waits or looks again.
struct Held(Mutex<Duration>);

impl Held {
    fn pass(&self, time: Duration) {
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
    fn real(&self, _world: Duration) -> Duration {
        Duration::ZERO
    }
}

struct Passing(Arc<Held>);

impl DelayNs for Passing {
    fn delay_ns(&mut self, ns: u32) {
        self.0.pass(Duration::from_nanos(ns.into()));
    }
}

#[test]
fn no_fault_of_its_bus_makes_an_expander_tell_a_level_that_is_not_there() {
    let clock = Arc::new(Held(Mutex::new(Duration::from_secs(1000))));
    let room = Room::new(1, clock.clone());
    room.fit(None, 0x20, Box::new(Twin::new()));
    let backend = Backend::Simulated { seed: 1, fitted: true };
    let mut bus = open_i2c(&config::Bus { name: Id::parse("i2c-1").unwrap(), backend }, &room).unwrap();
    let (mut chip, air, mut seed) = (expander(), Air::default(), 7_u64);
    let mut draw = |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    let faults = [
        FaultKind::Absent,
        FaultKind::WrongDevice,
        FaultKind::Flat(0x00),
        FaultKind::Flat(0xFF),
        FaultKind::Latched,
        FaultKind::Slow,
    ];
    let (mut values, mut refused) = (0, 0);
    for number in 0..5000 {
        let open = draw(2) == 1;
        room.device(None, 0x20, |twin: &mut Twin| twin.wire(0, if open { Pin::Open } else { Pin::Ground })).unwrap();
        if draw(2) == 1 {
            let kind = faults[usize::try_from(draw(faults.len() as u64)).unwrap()];
            room.fault(Target::Chip(0x20), kind);
            if draw(2) == 1 {
                // It comes back as after power-on.
                room.clear(Target::Chip(0x20));
            }
        }
        // Long enough for the door to count.
        for _ in 0..3 {
            clock.pass(Duration::from_millis(100));
            let mut delay = Passing(clock.clone());
            let mut context = Context { delay: &mut delay, now: clock.boottime(), air: &air };
            let _ = agent::driver::Chip::look(&mut chip, &mut *bus, &mut context);
        }
        let mut delay = Passing(clock.clone());
        let mut context = Context { delay: &mut delay, now: clock.boottime(), air: &air };
        match agent::driver::Chip::read(&mut chip, &mut *bus, &mut context) {
            Ok(measured) => {
                values += 1;
                assert_eq!(value(&measured, "door_open"), f64::from(u8::from(open)), "fault {number}");
            }
            Err(_) => refused += 1,
        }
        room.clear(Target::Chip(0x20));
    }
    assert!(values > 1000 && refused > 1000, "{values} values, {refused} refused: the test proves nothing");
    assert!(!room.device(None, 0x20, |twin: &mut Twin| twin.drove()).unwrap());
}

#[test]
fn whoever_looks_for_another_chip_at_its_address_makes_no_output_of_its_pins() {
    for address in [0x23, 0x24] {
        let clock: Arc<dyn Clock> = Arc::new(Held(Mutex::new(Duration::from_secs(1000))));
        let room = Room::new(1, Arc::clone(&clock));
        room.fit(None, address, Box::new(Twin::new()));
        let backend = Backend::Simulated { seed: 1, fitted: true };
        let bus = config::Bus { name: Id::parse("i2c-1").unwrap(), backend };
        let input = Input { pin: 0, asset: None, manner: Manner::of("door").unwrap() };
        let mut chip = Mcp23017::new(&Settings { seat: Seat::new(bus.name.clone(), address), inputs: vec![input] });
        let mut i2c = open_i2c(&bus, &room).unwrap();
        let (mut delay, air) = (NoopDelay::new(), Air::default());
        let mut context = Context { delay: &mut delay, now: clock.boottime(), air: &air };
        agent::driver::Chip::read(&mut chip, &mut *i2c, &mut context).unwrap();
        agent::driver::Chip::look(&mut chip, &mut *i2c, &mut context).unwrap();
        let scanned = agent::driver::scan::scan(&bus, &room, &clock).unwrap();
        assert!(scanned.chips.iter().any(|found| found.seat.address == address && found.proven.is_none()));
        assert!(!room.device(None, address, |twin: &mut Twin| twin.drove()).unwrap(), "{address:#04x}");
    }
}
