//! The PMSA003I against a scripted bus: the exact bytes of its frame, and every way to fail.
#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use agent::driver::{
    self, Air, Context, Error, Measured,
    air::pmsa003i::{Frame, Pmsa003i, check, sum},
};
use embedded_hal_mock::eh1::i2c::Transaction as Bus;
use support::{NACK, fault, on, value};
use wire::Fault;

const AT: u8 = 0x12;

/// 7, 9 and 10 µg/m³ by the factory's particles; 6, 8 and 11 in the air; 1350 particles and fewer.
const FRAME: Frame = [
    0x42, 0x4D, 0x00, 0x1C, 0x00, 0x07, 0x00, 0x09, 0x00, 0x0A, 0x00, 0x06, 0x00, 0x08, 0x00, 0x0B, 0x05, 0x46, 0x01,
    0x7C, 0x00, 0x3A, 0x00, 0x08, 0x00, 0x02, 0x00, 0x01, 0x97, 0x00, 0x02, 0x82,
];

/// The same with something else at a place, and the sum right.
fn with(at: usize, byte: u8) -> Frame {
    let mut frame = FRAME;
    frame[at] = byte;
    let sum = sum(&frame);
    frame[30..].copy_from_slice(&sum.to_be_bytes());
    frame
}

/// Reads each frame, the first at 0 s, at the given seconds.
fn reads(frames: &[(u64, Frame)]) -> (Vec<Result<Vec<Measured>, Error>>, Pmsa003i) {
    let (mut chip, air) = (Pmsa003i::new(), Air::default());
    let bus: Vec<Bus> = frames.iter().map(|(_, frame)| Bus::read(AT, frame.to_vec())).collect();
    let results = on(&bus, &[], |bus, delay| {
        let read = |(second, _): &(u64, Frame)| {
            let now = Duration::from_secs(*second);
            driver::Chip::read(&mut chip, bus, &mut Context { delay, now, air: &air })
        };
        frames.iter().map(read).collect()
    });
    (results, chip)
}

#[test]
fn pmsa003i_gives_the_masses_in_the_air_once_its_fan_ran() {
    assert_eq!(sum(&FRAME), 0x0282);
    let (mut results, chip) = reads(&[(0, FRAME), (29, FRAME), (30, FRAME)]);
    let measured = results.pop().unwrap().unwrap();
    assert!(results.iter().all(|result| matches!(result, Err(Error::WarmingUp))));
    for (name, mass) in [("pm1_ug_m3", 6.0), ("pm2_5_ug_m3", 8.0), ("pm10_ug_m3", 11.0)] {
        assert_eq!(value(&measured, name), mass);
    }
    assert_eq!(driver::Chip::identity(&chip).as_deref(), Some("PMSA003I version 0x97"));
}

#[test]
fn air_without_a_single_particle_is_a_fan_that_starts() {
    let mut empty = with(16, 0);
    empty[17] = 0;
    let sum = sum(&empty);
    empty[30..].copy_from_slice(&sum.to_be_bytes());
    let (results, _) = reads(&[(0, FRAME), (40, FRAME), (50, empty), (60, FRAME), (80, FRAME)]);
    let warm: Vec<bool> = results.iter().map(Result::is_ok).collect();
    assert_eq!(warm, [false, true, false, false, true]);
}

#[test]
fn one_flipped_bit_never_becomes_a_value() {
    for bit in 0..256 {
        let mut frame = FRAME;
        frame[bit / 8] ^= 0x80 >> (bit % 8);
        let expected = if bit < 32 { Fault::WrongDevice } else { Fault::BadCrc };
        assert_eq!(check(&frame).unwrap_err().fault(), expected, "bit {bit}");
    }
    assert!(check(&FRAME).is_ok());
}

#[test]
fn another_chip_or_none_where_a_pmsa003i_should_be_is_named() {
    for byte in [0x00, 0xA5, 0xFF] {
        assert_eq!(fault(reads(&[(0, [byte; 32])]).0.remove(0)), Fault::WrongDevice);
    }
    let air = Air::default();
    let bus = [Bus::read(AT, vec![0; 32]).with_error(NACK)];
    let result = on(&bus, &[], |bus, delay| {
        let mut context = Context { delay, now: Duration::ZERO, air: &air };
        driver::Chip::read(&mut Pmsa003i::new(), bus, &mut context)
    });
    assert_eq!(fault(result), Fault::NoResponse);
}

#[test]
fn a_sensor_that_says_it_is_broken_is_believed() {
    assert_eq!(check(&with(29, 0x04)).unwrap_err().fault(), Fault::BadResponse);
}
