//! The simulated room seen from its bus: right bytes, right checksums, right delays, and nothing
//! that a real chip would not do. The clock is the test's.
#![allow(clippy::unwrap_used)]

#[path = "support/held.rs"]
mod held;

use std::{sync::Arc, time::Duration};

use agent::{
    config::{Backend, Bus},
    driver::{
        bus::{AnyI2c, open_i2c},
        sensirion::{pack, unpack},
        simulated::{BH1750, FaultKind, Room, SCD4X, SHT4X, Setting, Target},
    },
};
use embedded_hal::i2c::{Error, ErrorKind};
use held::Held;
use wire::Id;

fn room(seed: u64) -> (Arc<Held>, Arc<Room>, AnyI2c) {
    let clock = Held::at(100);
    let room = Room::new(seed, clock.clone());
    let bus = Bus { name: Id::parse("i2c").unwrap(), backend: Backend::Simulated { seed, fitted: true } };
    let i2c = open_i2c(&bus, &room).unwrap();
    (clock, room, i2c)
}

fn is_nack<T, E: Error>(result: Result<T, E>) -> bool {
    result.is_err_and(|error| matches!(error.kind(), ErrorKind::NoAcknowledge(_)))
}

#[test]
fn an_sht4x_acknowledges_nothing_while_it_measures() {
    let (clock, _room, mut bus) = room(1);
    let mut bytes = [0; 6];
    assert!(is_nack(bus.read(SHT4X, &mut bytes)), "nothing was asked");
    bus.write(SHT4X, &[0xFD]).unwrap();
    clock.pass(Duration::from_millis(5));
    assert!(is_nack(bus.read(SHT4X, &mut bytes)), "5 ms are too few");
    assert!(is_nack(bus.write(SHT4X, &[0x89])), "it is busy");
    clock.pass(Duration::from_millis(3));
    bus.read(SHT4X, &mut bytes).unwrap();
    for word in bytes.chunks(3) {
        unpack(SHT4X, [word[0], word[1], word[2]]).unwrap();
    }
    assert!(is_nack(bus.read(SHT4X, &mut bytes)), "an answer is given once");
    assert!(is_nack(bus.write(SHT4X, &[0x00])), "no such command");
}

#[test]
fn an_scd4x_refuses_what_its_state_does_not_allow() {
    let (clock, _room, mut bus) = room(1);
    let mut bytes = [0; 9];
    bus.write(SCD4X, &[0x21, 0xB1]).unwrap();
    clock.pass(Duration::from_millis(1));
    assert!(is_nack(bus.write(SCD4X, &[0x36, 0x82])), "no serial number while it measures");
    assert!(is_nack(bus.write(SCD4X, &[0xEC, 0x05])), "the buffer is empty");
    clock.pass(Duration::from_millis(5_000));
    bus.write(SCD4X, &[0xE4, 0xB8]).unwrap();
    clock.pass(Duration::from_millis(1));
    let mut ready = [0; 3];
    bus.read(SCD4X, &mut ready).unwrap();
    assert_ne!(unpack(SCD4X, ready).unwrap() & 0x7FF, 0);
    bus.write(SCD4X, &[0xEC, 0x05]).unwrap();
    clock.pass(Duration::from_millis(1));
    bus.read(SCD4X, &mut bytes).unwrap();
    assert!((420..520).contains(&unpack(SCD4X, [bytes[0], bytes[1], bytes[2]]).unwrap()));
    clock.pass(Duration::from_millis(1));
    assert!(is_nack(bus.write(SCD4X, &[0xEC, 0x05])), "it was read already");
    bus.write(SCD4X, &[0x3F, 0x86]).unwrap();
    clock.pass(Duration::from_millis(499));
    assert!(is_nack(bus.write(SCD4X, &[0x36, 0x82])), "stopping takes 500 ms");
    clock.pass(Duration::from_millis(1));
    bus.write(SCD4X, &[0x36, 0x82]).unwrap();
}

#[test]
fn an_scd4x_takes_no_argument_with_a_bad_checksum() {
    let (_clock, _room, mut bus) = room(1);
    let [high, low, crc] = pack(0);
    assert!(is_nack(bus.write(SCD4X, &[0x24, 0x16, high, low, crc ^ 1])));
    bus.write(SCD4X, &[0x24, 0x16, high, low, crc]).unwrap();
}

#[test]
fn a_bh1750_that_is_read_too_early_gives_what_it_had() {
    let (clock, room, mut bus) = room(1);
    room.set(Setting::LampsLux(100.0));
    let mut bytes = [0; 2];
    let measure = |bus: &mut AnyI2c| [0x01, 0x21].iter().for_each(|command| bus.write(BH1750, &[*command]).unwrap());
    measure(&mut bus);
    clock.pass(Duration::from_millis(100));
    bus.read(BH1750, &mut bytes).unwrap();
    assert_eq!(u16::from_be_bytes(bytes), 0);
    clock.pass(Duration::from_millis(20));
    bus.read(BH1750, &mut bytes).unwrap();
    assert!((230..250).contains(&u16::from_be_bytes(bytes)), "100 lx are 240 counts");
}

#[test]
fn each_fault_is_what_it_says() {
    let (clock, room, mut bus) = room(1);
    let mut bytes = [0; 6];
    let mut measure = |bus: &mut AnyI2c| {
        bus.write(SHT4X, &[0xFD])?;
        clock.pass(Duration::from_millis(10));
        bus.read(SHT4X, &mut bytes).map(|()| bytes)
    };
    let sound = |b: [u8; 6]| unpack(SHT4X, [b[0], b[1], b[2]]).is_ok() && unpack(SHT4X, [b[3], b[4], b[5]]).is_ok();
    let chip = Target::Chip(SHT4X);
    assert!(sound(measure(&mut bus).unwrap()));
    room.fault(chip, FaultKind::Absent);
    assert!(is_nack(measure(&mut bus)));
    room.fault(chip, FaultKind::BadCrc);
    assert!(!sound(measure(&mut bus).unwrap()));
    room.fault(chip, FaultKind::WrongDevice);
    assert!(!sound(measure(&mut bus).unwrap()));
    room.fault(chip, FaultKind::Slow);
    assert!(is_nack(measure(&mut bus)));
    room.clear(chip);
    assert!(sound(measure(&mut bus).unwrap()));
    room.fault(Target::Bus, FaultKind::Absent);
    assert!(measure(&mut bus).is_err_and(|error| error.kind() == ErrorKind::Other));
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    let bytes = |seed: u64| {
        let (clock, _room, mut bus) = room(seed);
        let mut all = Vec::new();
        for _ in 0..20 {
            clock.pass(Duration::from_millis(10_000));
            bus.write(SHT4X, &[0xFD]).unwrap();
            clock.pass(Duration::from_millis(10));
            let mut bytes = [0; 6];
            bus.read(SHT4X, &mut bytes).unwrap();
            all.extend(bytes);
        }
        all
    };
    assert_eq!(bytes(7), bytes(7));
    assert_ne!(bytes(7), bytes(8));
}

#[test]
fn a_room_that_nobody_looked_at_for_days_is_settled_and_plausible() {
    let (clock, room, _bus) = room(1);
    room.set(Setting::People(6));
    clock.pass(Duration::from_millis(5 * 86_400_000));
    let busy = room.truth();
    assert!((19.5..22.0).contains(&busy.temperature_celsius), "{busy:?}");
    assert!((600.0..1200.0).contains(&busy.co2_ppm), "{busy:?}");
    assert!((30.0..75.0).contains(&busy.humidity_percent), "{busy:?}");
    room.set(Setting::AirConditioning(false));
    clock.pass(Duration::from_millis(20 * 60_000));
    let warm = room.truth();
    assert!((1.0..6.0).contains(&(warm.temperature_celsius - busy.temperature_celsius)), "{warm:?}");
    room.set(Setting::People(0));
    room.set(Setting::FreshAir(false));
    clock.pass(Duration::from_millis(86_400_000));
    assert!(room.truth().temperature_celsius < 40.0, "{:?}", room.truth());
}
