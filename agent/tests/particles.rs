//! Particle sensors against a scripted bus and against the simulated chips: the exact bytes of the
//! data sheets, and every way to fail.
#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use agent::driver::{
    self, Air, Context, Error, Measured,
    air::sps30::{Sps30, complaint, text},
    sensirion::pack,
};
use embedded_hal_mock::eh1::{delay::Transaction as Wait, i2c::Transaction as Bus};
use support::{NACK, ReadNow, fault, on, value};
use wire::Fault;

const AT: u8 = 0x69;
const WEEK: Duration = Duration::from_secs(604_800);

fn words(words: &[u16]) -> Vec<u8> {
    words.iter().flat_map(|word| pack(*word)).collect()
}

/// The words of a text, padded with zeros.
fn spelled(text: &str, len: usize) -> Vec<u16> {
    let mut bytes = text.as_bytes().to_vec();
    bytes.resize(2 * len, 0);
    bytes.chunks(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect()
}

fn asks(command: u16, answer: &[u16]) -> Vec<Bus> {
    vec![Bus::write(AT, command.to_be_bytes().to_vec()), Bus::read(AT, words(answer))]
}

fn woken() -> Vec<Bus> {
    // Asleep, it does not acknowledge the first.
    vec![Bus::write(AT, vec![0x11, 0x03]).with_error(NACK), Bus::write(AT, vec![0x11, 0x03])]
}

fn set_up() -> (Vec<Bus>, Vec<Wait>) {
    let bus = [
        woken(),
        asks(0xD002, &spelled("00080000", 4)),
        asks(0xD033, &spelled("F0A1B2C3D4E5F601", 16)),
        vec![Bus::write(AT, vec![0x01, 0x04])],
        // A week is 0x00093A80 s.
        asks(0x8004, &[0x0009, 0x3A80]),
        // Float format, a dummy byte, and the checksum 0xAC of both.
        vec![Bus::write(AT, vec![0x00, 0x10, 0x03, 0x00, 0xAC])],
    ]
    .concat();
    (bus, [5, 5, 5, 20, 20, 20].map(Wait::delay_ms).to_vec())
}

fn well() -> Vec<Bus> {
    asks(0xD206, &[0, 0])
}

fn ready(flag: u16) -> Vec<Bus> {
    asks(0x0202, &[flag])
}

fn gives(masses: [f32; 4]) -> Vec<Bus> {
    let halves = |mass: f32| [(mass.to_bits() >> 16) as u16, mass.to_bits() as u16];
    asks(0x0300, &masses.into_iter().flat_map(halves).collect::<Vec<u16>>())
}

/// Sets up at 0 s, then reads at 40 s, as often as said.
fn reads(bus: &[Bus], ms: &[u32], times: u32) -> (Vec<Result<Vec<Measured>, Error>>, Sps30) {
    let (begin, mut waits) = set_up();
    waits.extend(ms.iter().map(|ms| Wait::delay_ms(*ms)));
    let mut chip = Sps30::new(WEEK);
    let air = Air::default();
    let results = on(&[&begin[..], bus].concat(), &waits, |bus, delay| {
        assert_eq!(fault(chip.read(bus, delay)), Fault::WarmingUp);
        let read = |_| {
            let now = Duration::from_secs(40);
            driver::Chip::read(&mut chip, bus, &mut Context { delay, now, air: &air })
        };
        (0..times).map(read).collect()
    });
    (results, chip)
}

#[test]
fn sps30_is_woken_named_and_started_and_gives_its_masses() {
    let bus = [well(), ready(1), gives([1.5, 12.25, 20.0, 0.0])].concat();
    let (mut results, chip) = reads(&bus, &[5, 5, 5], 1);
    let measured = results.remove(0).unwrap();
    for (name, mass) in [("pm1_ug_m3", 1.5), ("pm2_5_ug_m3", 12.25), ("pm4_ug_m3", 20.0), ("pm10_ug_m3", 0.0)] {
        assert_eq!(value(&measured, name), mass);
    }
    assert_eq!(driver::Chip::identity(&chip).as_deref(), Some("SPS30 F0A1B2C3D4E5F601"));
}

#[test]
fn sps30_with_nothing_new_is_not_read() {
    let bus = [well(), ready(0), well(), ready(1), gives([1.0, 2.0, 3.0, 4.0]), well(), ready(0)].concat();
    let (results, _) = reads(&bus, &[5; 7], 3);
    assert!(matches!(results[0], Err(Error::WarmingUp)));
    assert_eq!(results[1].as_ref().unwrap(), results[2].as_ref().unwrap());
}

#[test]
fn sps30_says_nothing_while_the_fan_starts() {
    let (begin, mut waits) = set_up();
    waits.extend([5; 3].map(Wait::delay_ms));
    let bus = [begin, well(), ready(1), gives([0.0; 4])].concat();
    let mut chip = Sps30::new(WEEK);
    on(&bus, &waits, |bus, delay| {
        chip.read(bus, delay).unwrap_err();
        assert_eq!(fault(chip.read(bus, delay)), Fault::WarmingUp);
    });
}

#[test]
fn sps30_is_told_another_cleaning_interval_once() {
    let mut bus = set_up().0;
    // A day is 0x00015180 s; it stays in the chip's memory, so it is written only where it differs.
    bus.insert(9, Bus::write(AT, [&[0x80, 0x04][..], &words(&[0x0001, 0x5180])].concat()));
    let waits = [5, 5, 5, 20, 20, 20, 20].map(Wait::delay_ms);
    let mut chip = Sps30::new(Duration::from_secs(86_400));
    assert_eq!(fault(on(&bus, &waits, |bus, delay| chip.read(bus, delay))), Fault::WarmingUp);
}

#[test]
fn a_fan_or_a_laser_that_fails_is_a_fault_and_no_clean_air() {
    for (status, says) in [(1 << 4, "fan does not turn"), (1 << 5, "laser"), (1 << 21, "too slow or too fast")] {
        let error = complaint(status).unwrap_err();
        assert_eq!((error.fault(), error.to_string().contains(says)), (Fault::BadResponse, true), "{status:#x}");
        let (results, _) = reads(&asks(0xD206, &[(status >> 16) as u16, status as u16]), &[5], 1);
        assert_eq!(results[0].as_ref().unwrap_err().fault(), Fault::BadResponse);
    }
    assert!(complaint(0).is_ok());
}

#[test]
fn sps30_that_stopped_measuring_is_set_up_anew() {
    let empty: Vec<Bus> = (0..16).flat_map(|_| [well(), ready(0)].concat()).collect();
    let (results, chip) = reads(&empty, &[5; 32], 16);
    assert_eq!(results[15].as_ref().unwrap_err().fault(), Fault::NoResponse);
    assert_eq!(driver::Chip::identity(&chip), None);
}

#[test]
fn masses_that_are_no_masses_are_bad_response() {
    for mass in [f32::NAN, f32::INFINITY, -1.0] {
        let (results, _) = reads(&[well(), ready(1), gives([1.0, mass, 3.0, 4.0])].concat(), &[5; 3], 1);
        assert_eq!(results[0].as_ref().unwrap_err().fault(), Fault::BadResponse, "{mass}");
    }
}

#[test]
fn sps30_with_one_flipped_bit_is_bad_crc() {
    for bit in 0..96 {
        let mut bus = [well(), ready(1), gives([1.5, 12.25, 20.0, 0.5])].concat();
        let halves = |mass: f32| [(mass.to_bits() >> 16) as u16, mass.to_bits() as u16];
        let mut bytes = words(&[1.5, 12.25, 20.0, 0.5].into_iter().flat_map(halves).collect::<Vec<u16>>());
        bytes[bit / 8] ^= 0x80 >> (bit % 8);
        *bus.last_mut().unwrap() = Bus::read(AT, bytes);
        assert_eq!(reads(&bus, &[5; 3], 1).0[0].as_ref().unwrap_err().fault(), Fault::BadCrc, "bit {bit}");
    }
}

#[test]
fn another_chip_where_an_sps30_should_be_is_wrong_device() {
    let other = spelled("00070000", 4);
    for answer in [vec![0xA5; 12], vec![0xFF; 12], vec![0; 12], words(&[0; 4]), words(&other)] {
        let bus = [woken(), vec![Bus::write(AT, vec![0xD0, 0x02]), Bus::read(AT, answer.clone())]].concat();
        let result = on(&bus, &[5, 5].map(Wait::delay_ms), |bus, delay| Sps30::new(WEEK).read(bus, delay));
        assert_eq!(fault(result), Fault::WrongDevice, "{answer:02x?}");
    }
}

#[test]
fn sps30_that_is_absent_is_no_response() {
    let wake = Bus::write(AT, vec![0x11, 0x03]).with_error(NACK);
    let bus = [wake.clone(), wake, Bus::write(AT, vec![0xD0, 0x02]).with_error(NACK)];
    assert_eq!(fault(on(&bus, &[], |bus, delay| Sps30::new(WEEK).read(bus, delay))), Fault::NoResponse);
}

#[test]
fn texts_end_at_their_zero() {
    assert_eq!(text(&spelled("F0A1", 16)).as_deref(), Some("F0A1"));
    assert_eq!(text(&[0x4100]).as_deref(), Some("A"));
    assert_eq!((text(&[]), text(&[0]), text(&[0x4180])), (None, None, None));
}
