//! The SCD4x's air pressure and its recalibration, against a scripted bus and the simulated chip.
#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use agent::driver::{
    self, Air, Context,
    air::scd4x::{self, Scd4x, correction_ppm, pressure_to_tell},
    sensirion::pack,
};
use embedded_hal_mock::eh1::{delay::Transaction as Wait, i2c::Transaction as Bus};
use serde_json::{Map, Value, json};
use support::{ReadNow, on, value};

const AT: u8 = 0x62;
const SETUP: scd4x::Setup = scd4x::Setup { pressure_hpa: None, self_calibration: false, climate: false };

fn words(words: &[u16]) -> Vec<u8> {
    words.iter().flat_map(|word| pack(*word)).collect()
}

fn set_up() -> Vec<Bus> {
    vec![
        Bus::write(AT, vec![0x3F, 0x86]),
        Bus::write(AT, vec![0x36, 0x82]),
        Bus::read(AT, words(&[0xF896, 0x31A1, 0x07B3])),
        Bus::write(AT, [&[0x24, 0x16][..], &pack(0)].concat()),
        Bus::write(AT, vec![0x21, 0xB1]),
    ]
}

fn measures(ppm: u16) -> Vec<Bus> {
    vec![
        Bus::write(AT, vec![0xE4, 0xB8]),
        Bus::read(AT, words(&[0x8006])),
        Bus::write(AT, vec![0xEC, 0x05]),
        Bus::read(AT, words(&[ppm, 0x6667, 0x5EB9])),
    ]
}

fn args(args: Value) -> Map<String, Value> {
    let Value::Object(args) = args else { panic!("arguments are an object") };
    args
}

/// Sets up and measures once at time 0, then commands at `now`.
fn commanded(bus: &[Bus], waits: &[u32], asked: Value, now: Duration) -> (Result<Map<String, Value>, String>, Scd4x) {
    let mut chip = Scd4x::new(SETUP);
    let bus = [&set_up()[..], &measures(612), bus].concat();
    let waits: Vec<Wait> = [500, 1, 1, 1, 1, 1].iter().chain(waits).map(|ms| Wait::delay_ms(*ms)).collect();
    let outcome = on(&bus, &waits, |bus, delay| {
        chip.read(bus, delay).unwrap_err();
        chip.read(bus, delay).unwrap();
        let air = Air::default();
        let mut context = Context { delay, now, air: &air };
        driver::Chip::command(&mut chip, bus, &mut context, "recalibrate", &args(asked)).unwrap()
    });
    (outcome, chip)
}

#[test]
fn the_pressure_is_the_configured_one_or_else_the_barometers_and_told_when_it_moves() {
    let check = |configured, air, told, tell| assert_eq!(pressure_to_tell(configured, air, told), tell);
    check(None, Some(987.0), None, Some(987));
    check(None, Some(988.4), Some(987), None);
    check(None, Some(988.6), Some(987), Some(989));
    check(None, None, None, None);
    check(Some(810), Some(1013.0), Some(810), None);
    // Lhasa, and nonsense: the chip knows no such pressure.
    check(None, Some(650.0), None, None);
    check(None, Some(f64::NAN), None, None);
}

#[test]
fn scd4x_is_told_the_barometers_pressure_while_it_measures() {
    // Datasheet 3.6.5: 98 700 Pa.
    let told = [Bus::write(AT, vec![0xE0, 0x00, 0x03, 0xDB, 0x42])];
    let bus = [&set_up()[..], &told, &measures(612), &measures(613)].concat();
    let mut chip = Scd4x::new(SETUP);
    let air = Air::default();
    air.note("air_pressure_hpa", 987.2, Duration::ZERO);
    on(&bus, &[500, 1, 1, 1, 1, 1, 1, 1, 1].map(Wait::delay_ms), |bus, delay| {
        chip.read(bus, delay).unwrap_err();
        for ppm in [612.0, 613.0] {
            let mut context = Context { delay, now: Duration::from_secs(10), air: &air };
            assert_eq!(value(&driver::Chip::read(&mut chip, bus, &mut context).unwrap(), "co2_ppm"), ppm);
        }
    });
}

#[test]
fn scd4x_is_recalibrated_as_the_data_sheets_example() {
    // Datasheet 3.7.1: 480 ppm gives 0x7fce, −50 ppm.
    let bus = [
        Bus::write(AT, vec![0x3F, 0x86]),
        Bus::write(AT, vec![0x36, 0x2F, 0x01, 0xE0, 0xB4]),
        Bus::read(AT, vec![0x7F, 0xCE, 0x7B]),
        Bus::write(AT, vec![0x21, 0xB1]),
    ];
    let (outcome, _) = commanded(&bus, &[500, 400, 1], json!({"co2_ppm": 480}), Duration::from_secs(180));
    assert_eq!(outcome.unwrap()["correction_ppm"], -50);
    assert_eq!(correction_ppm(0x8032).unwrap(), 50);
}

#[test]
fn a_failed_recalibration_says_so_and_the_chip_measures_on() {
    let bus = [
        Bus::write(AT, vec![0x3F, 0x86]),
        Bus::write(AT, [&[0x36, 0x2F][..], &pack(420)].concat()),
        Bus::read(AT, words(&[0xFFFF])),
        Bus::write(AT, vec![0x21, 0xB1]),
    ];
    let (outcome, chip) = commanded(&bus, &[500, 400, 1], json!({"co2_ppm": 420}), Duration::from_secs(600));
    assert_eq!(outcome.unwrap_err(), "the chip says that the recalibration failed; it keeps the old one");
    assert_eq!(driver::Chip::identity(&chip).as_deref(), Some("SCD4x f89631a107b3"));
}

#[test]
fn a_chip_that_breaks_off_a_recalibration_is_set_up_anew() {
    let bus = [
        Bus::write(AT, vec![0x3F, 0x86]),
        Bus::write(AT, [&[0x36, 0x2F][..], &pack(420)].concat()),
        Bus::read(AT, vec![0x80, 0x05, 0x00]),
        Bus::write(AT, vec![0x21, 0xB1]),
    ];
    let (outcome, chip) = commanded(&bus, &[500, 400, 1], json!({"co2_ppm": 420}), Duration::from_secs(600));
    assert!(outcome.unwrap_err().starts_with("checksum of 0x62"));
    assert_eq!(driver::Chip::identity(&chip), None);
}

#[test]
fn a_recalibration_that_would_spoil_the_chip_is_refused() {
    let refused = |asked, secs| commanded(&[], &[], asked, Duration::from_secs(secs)).0.unwrap_err();
    assert_eq!(refused(json!({"co2_ppm": 420}), 100), "the chip must measure for 3 minutes before; ask again in 81 s");
    assert_eq!(refused(json!({"co2_ppm": 0}), 600), "`co2_ppm`: found `0`; write a whole number from 400 to 2000");
    assert_eq!(
        refused(json!({"co2_ppm": "fresh"}), 600),
        "`co2_ppm`: found `\"fresh\"`; write a whole number from 400 to 2000"
    );
    assert_eq!(refused(json!({}), 600), "`co2_ppm` is missing; write what the air has now, 420 outdoors");
}

#[test]
fn a_chip_that_does_not_measure_yet_is_not_recalibrated() {
    let mut chip = Scd4x::new(SETUP);
    let outcome = on(&[], &[], |bus, delay| {
        let air = Air::default();
        let mut context = Context { delay, now: Duration::from_secs(600), air: &air };
        assert!(driver::Chip::command(&mut chip, bus, &mut context, "dance", &Map::new()).is_none());
        driver::Chip::command(&mut chip, bus, &mut context, "recalibrate", &args(json!({"co2_ppm": 420}))).unwrap()
    });
    assert_eq!(outcome.unwrap_err(), "the chip does not measure yet; ask again in some minutes");
}
