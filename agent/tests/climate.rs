//! SHT3x and BME280 against a scripted bus: the exact bytes of the data sheets, and every way to fail.
#![allow(clippy::unwrap_used)]

mod support;

use agent::driver::{
    climate::{
        bme280::Bme280,
        sht3x::{self, Sht3x},
    },
    sensirion::pack,
};
use embedded_hal_mock::eh1::{delay::Transaction as Wait, i2c::Transaction as Bus};
use support::{NACK, ReadNow, fault, on, value};
use wire::Fault;

// SHT3x

fn sht3x_status(status: u16) -> [Bus; 2] {
    [Bus::write(0x44, vec![0xF3, 0x2D]), Bus::read(0x44, pack(status).to_vec())]
}

fn sht3x_measures(words: [u16; 2]) -> [Bus; 2] {
    [Bus::write(0x44, vec![0x24, 0x00]), Bus::read(0x44, words.iter().flat_map(|word| pack(*word)).collect())]
}

#[test]
fn sht3x_shows_its_status_once_then_measures_without_stretching_the_clock() {
    let bus = [sht3x_status(0x8010), sht3x_measures([0x6666, 0x8000]), sht3x_measures([0x6666, 0x8000])].concat();
    let waits = [1, 16, 16].map(Wait::delay_ms);
    let mut chip = Sht3x::new(0x44);
    on(&bus, &waits, |bus, delay| {
        let measured = chip.read(bus, delay).unwrap();
        // 0x6666 is two fifths: −45 + 0.4 · 175 = 25 °C; 0x8000 is a half and a hair.
        assert!((value(&measured, "temperature_celsius") - 25.0).abs() < 1e-9);
        assert!((value(&measured, "humidity_percent") - 50.000_76).abs() < 1e-4);
        chip.read(bus, delay).unwrap();
    });
    assert_eq!(agent::driver::Chip::identity(&chip).as_deref(), Some("SHT3x"));
}

#[test]
fn sht3x_counts_from_one_end_of_its_scale_to_the_other() {
    assert_eq!((sht3x::temperature_celsius(0), sht3x::temperature_celsius(0xFFFF)), (-45.0, 130.0));
    assert_eq!((sht3x::humidity_percent(0), sht3x::humidity_percent(0xFFFF)), (0.0, 100.0));
}

#[test]
fn each_flipped_bit_of_an_sht3x_is_caught() {
    for bit in 0..48 {
        let mut bytes: Vec<u8> = [0x6666, 0x8000].iter().flat_map(|word| pack(*word)).collect();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let measure = [Bus::write(0x44, vec![0x24, 0x00]), Bus::read(0x44, bytes)];
        let bus = [sht3x_status(0x8010), measure].concat();
        let result = on(&bus, &[1, 16].map(Wait::delay_ms), |bus, delay| Sht3x::new(0x44).read(bus, delay));
        assert_eq!(fault(result), Fault::BadCrc, "bit {bit}");
    }
}

#[test]
fn another_chip_where_an_sht3x_should_be_is_wrong_device() {
    // A port expander takes two bytes and gives the levels of its pins.
    let bus = [Bus::write(0x44, vec![0xF3, 0x2D]), Bus::read(0x44, vec![0xA5; 3])];
    let result = on(&bus, &[Wait::delay_ms(1)], |bus, delay| Sht3x::new(0x44).read(bus, delay));
    assert_eq!(fault(result), Fault::WrongDevice);
    // Right checksum, wrong bits.
    let result = on(&sht3x_status(0x4000), &[Wait::delay_ms(1)], |bus, delay| Sht3x::new(0x44).read(bus, delay));
    assert_eq!(fault(result), Fault::WrongDevice);
    // An SHT4x does not acknowledge the second byte.
    let bus = [Bus::write(0x44, vec![0xF3, 0x2D]).with_error(NACK)];
    assert_eq!(fault(on(&bus, &[], |bus, delay| Sht3x::new(0x44).read(bus, delay))), Fault::NoResponse);
}

#[test]
fn an_sht3x_with_its_heater_on_is_not_believed() {
    let result = on(&sht3x_status(0x2000), &[Wait::delay_ms(1)], |bus, delay| Sht3x::new(0x44).read(bus, delay));
    assert_eq!(fault(result), Fault::OutOfRange);
}

#[test]
fn an_sht3x_that_is_gone_is_proven_anew() {
    let gone = [Bus::write(0x44, vec![0x24, 0x00]).with_error(NACK)];
    let bus = [&sht3x_status(0x8010)[..], &gone, &sht3x_status(0x0000), &sht3x_measures([0x6666, 0x8000])].concat();
    let mut chip = Sht3x::new(0x44);
    on(&bus, &[1, 1, 16].map(Wait::delay_ms), |bus, delay| {
        assert_eq!(fault(chip.read(bus, delay)), Fault::NoResponse);
        assert!(chip.read(bus, delay).is_ok());
    });
}

// BME280

const AT: u8 = 0x76;

/// Calibration of the BMP280 data sheet's example.
const FIRST: [u8; 26] = [
    0x70, 0x6B, 0x43, 0x67, 0x18, 0xFC, 0x7D, 0x8E, 0x43, 0xD6, 0xD0, 0x0B, 0x27, 0x0B, 0x8C, 0x00, 0xF9, 0xFF, 0x8C,
    0x3C, 0xF8, 0xC6, 0x70, 0x17, 0x00, 0x4B,
];
const SECOND: [u8; 7] = [0x6D, 0x01, 0x00, 0x13, 0x29, 0x03, 0x1E];
/// Its counts: 100653.27 Pa at 25.08 °C; humidity a middling 30000.
const DATA: [u8; 8] = [0x65, 0x5A, 0xC0, 0x7E, 0xED, 0x00, 0x75, 0x30];

fn gets(register: u8, bytes: &[u8]) -> Bus {
    Bus::write_read(AT, vec![register], bytes.to_vec())
}

fn bme280_proven() -> Vec<Bus> {
    vec![gets(0xD0, &[0x60]), gets(0x88, &FIRST), gets(0xE1, &SECOND)]
}

fn bme280_measures(data: &[u8]) -> Vec<Bus> {
    vec![Bus::write(AT, vec![0xF2, 0x01]), Bus::write(AT, vec![0xF4, 0x2D]), gets(0xF3, &[0x00]), gets(0xF7, data)]
}

fn bme280_fails(bus: &[Bus], waits: &[Wait]) -> Fault {
    fault(on(bus, waits, |bus, delay| Bme280::new(AT, true).read(bus, delay)))
}

#[test]
fn bme280_is_proven_and_gives_the_data_sheets_example() {
    let bus = [bme280_proven(), bme280_measures(&DATA), vec![gets(0xD0, &[0x60])], bme280_measures(&DATA)].concat();
    let mut chip = Bme280::new(AT, true);
    on(&bus, &[Wait::delay_ms(17), Wait::delay_ms(17)], |bus, delay| {
        let measured = chip.read(bus, delay).unwrap();
        assert!((value(&measured, "air_pressure_hpa") - 1006.5327).abs() < 0.001);
        assert!((value(&measured, "temperature_celsius") - 25.08).abs() < 0.005);
        assert!((10.0..90.0).contains(&value(&measured, "humidity_percent")));
        assert_eq!(measured[0].raw, Some(415_148));
        // The second time its identity is enough.
        chip.read(bus, delay).unwrap();
    });
    assert_eq!(agent::driver::Chip::identity(&chip).as_deref(), Some("BME280"));
}

#[test]
fn a_bmp280_gives_its_pressure_and_is_refused_for_humidity() {
    let bus = [
        gets(0xD0, &[0x58]),
        gets(0x88, &FIRST),
        Bus::write(AT, vec![0xF4, 0x2D]),
        gets(0xF3, &[0x00]),
        gets(0xF7, &DATA[..6]),
    ];
    let mut chip = Bme280::new(AT, false);
    let measured = on(&bus, &[Wait::delay_ms(17)], |bus, delay| chip.read(bus, delay)).unwrap();
    assert_eq!(measured.len(), 1);
    assert_eq!(agent::driver::Chip::identity(&chip).as_deref(), Some("BMP280"));
    assert_eq!(bme280_fails(&[gets(0xD0, &[0x58])], &[]), Fault::WrongDevice);
}

#[test]
fn what_registers_hold_after_power_on_is_no_measurement() {
    let fresh = [0x80, 0, 0, 0x80, 0, 0, 0x80, 0];
    let bus = [bme280_proven(), bme280_measures(&fresh)].concat();
    assert_eq!(bme280_fails(&bus, &[Wait::delay_ms(17)]), Fault::WarmingUp);
}

#[test]
fn a_humidity_that_was_not_measured_is_a_fault_of_its_own() {
    let mut data = DATA;
    data[6..].copy_from_slice(&[0x80, 0x00]);
    let bus = [bme280_proven(), bme280_measures(&data)].concat();
    let mut chip = Bme280::new(AT, true);
    let measured = on(&bus, &[Wait::delay_ms(17)], |bus, delay| chip.read(bus, delay)).unwrap();
    assert!(value(&measured, "air_pressure_hpa") > 1000.0);
    assert_eq!(measured[2].value, Err(Fault::WarmingUp));
}

#[test]
fn what_is_no_bme280_is_wrong_device() {
    for id in [0x00, 0xFF, 0x61, 0xA5] {
        assert_eq!(bme280_fails(&[gets(0xD0, &[id])], &[]), Fault::WrongDevice, "{id:#04x}");
    }
    let blank = [gets(0xD0, &[0x60]), gets(0x88, &[0; 26]), gets(0xE1, &[0; 7])];
    assert_eq!(bme280_fails(&blank, &[]), Fault::WrongDevice);
}

#[test]
fn a_slow_and_an_absent_bme280_are_no_response() {
    let mut slow = [bme280_proven(), bme280_measures(&DATA)].concat();
    slow.truncate(5);
    slow.push(gets(0xF3, &[0x08]));
    assert_eq!(bme280_fails(&slow, &[Wait::delay_ms(17)]), Fault::NoResponse);
    assert_eq!(bme280_fails(&[gets(0xD0, &[0]).with_error(NACK)], &[]), Fault::NoResponse);
}
