//! Drivers against a scripted bus: the exact bytes of the data sheets, and every way to fail.
#![allow(clippy::unwrap_used)]

mod support;

use agent::driver::{
    Error, Measured,
    air::scd4x::{self, Scd4x},
    climate::sht4x::{self, Sht4x},
    light::bh1750::{self, Bh1750},
    sensirion::pack,
};
use embedded_hal::i2c::ErrorKind;
use embedded_hal_mock::eh1::{delay::Transaction as Wait, i2c::Transaction as Bus};
use support::{NACK, ReadNow, fault, on, value};
use wire::Fault;

fn words(words: &[u16]) -> Vec<u8> {
    words.iter().flat_map(|word| pack(*word)).collect()
}

// SHT4x

fn sht4x_identified() -> (Vec<Bus>, Vec<Wait>) {
    let bus = vec![Bus::write(0x44, vec![0x89]), Bus::read(0x44, words(&[0x0F4A, 0x11C7]))];
    (bus, vec![Wait::delay_ms(1)])
}

#[test]
fn sht4x_asks_for_its_name_then_measures_with_high_precision() {
    let (mut bus, mut waits) = sht4x_identified();
    // The data sheet's own word: 0xBEEF with checksum 0x92.
    bus.push(Bus::write(0x44, vec![0xFD]));
    bus.push(Bus::read(0x44, vec![0xBE, 0xEF, 0x92, 0x66, 0x66, 0x93]));
    waits.push(Wait::delay_ms(10));
    let mut chip = Sht4x::new(0x44);
    let measured = on(&bus, &waits, |bus, delay| chip.read(bus, delay)).unwrap();
    assert!((value(&measured, "temperature_celsius") - 85.523).abs() < 0.001);
    assert!((value(&measured, "humidity_percent") - 44.0).abs() < 0.01);
    assert_eq!(agent::driver::Chip::identity(&chip).as_deref(), Some("SHT4x 0f4a11c7"));
    assert_eq!(measured[0].raw, Some(0xBEEF));
}

#[test]
fn sht4x_is_asked_for_its_name_once() {
    let (bus, waits) = sht4x_identified();
    let measure = [Bus::write(0x44, vec![0xFD]), Bus::read(0x44, words(&[0x6000, 0x8000]))];
    let bus = [&bus[..], &measure[..], &measure[..]].concat();
    let waits = [&waits[..], &[Wait::delay_ms(10), Wait::delay_ms(10)]].concat();
    let mut chip = Sht4x::new(0x44);
    on(&bus, &waits, |bus, delay| {
        chip.read(bus, delay).unwrap();
        chip.read(bus, delay).unwrap();
    });
}

#[test]
fn sht4x_that_is_absent_is_no_response() {
    let bus = [Bus::write(0x45, vec![0x89]).with_error(NACK)];
    assert_eq!(fault(on(&bus, &[], |bus, delay| Sht4x::new(0x45).read(bus, delay))), Fault::NoResponse);
}

#[test]
fn sht4x_on_a_broken_bus_is_bus_failed() {
    let bus = [Bus::write(0x44, vec![0x89]).with_error(ErrorKind::Bus)];
    assert_eq!(fault(on(&bus, &[], |bus, delay| Sht4x::new(0x44).read(bus, delay))), Fault::BusFailed);
}

#[test]
fn sht4x_with_one_flipped_bit_is_bad_crc() {
    for bit in 0..48 {
        let (mut bus, mut waits) = sht4x_identified();
        let mut bytes = words(&[0xBEEF, 0x6666]);
        bytes[bit / 8] ^= 1 << (bit % 8);
        bus.push(Bus::write(0x44, vec![0xFD]));
        bus.push(Bus::read(0x44, bytes));
        waits.push(Wait::delay_ms(10));
        let result = on(&bus, &waits, |bus, delay| Sht4x::new(0x44).read(bus, delay));
        assert_eq!(fault(result), Fault::BadCrc, "bit {bit}");
    }
}

#[test]
fn another_chip_where_an_sht4x_should_be_is_wrong_device() {
    // A current monitor that shares the address answers with registers, without checksums; a bus
    // that floats answers with ones.
    for answer in [vec![0x39, 0x9F, 0x39, 0x9F, 0x39, 0x9F], vec![0xFF; 6], vec![0x00; 6], words(&[0, 0])] {
        let bus = [Bus::write(0x44, vec![0x89]), Bus::read(0x44, answer.clone())];
        let result = on(&bus, &[Wait::delay_ms(1)], |bus, delay| Sht4x::new(0x44).read(bus, delay));
        assert_eq!(fault(result), Fault::WrongDevice, "{answer:02x?}");
    }
}

#[test]
fn sht4x_that_was_gone_is_identified_anew() {
    let (named, wait) = sht4x_identified();
    let gone = [Bus::write(0x44, vec![0xFD]).with_error(NACK)];
    let measure = [Bus::write(0x44, vec![0xFD]), Bus::read(0x44, words(&[0x6000, 0x8000]))];
    let bus = [&named[..], &gone[..], &named[..], &measure[..]].concat();
    let waits = [&wait[..], &wait[..], &[Wait::delay_ms(10)]].concat();
    let mut chip = Sht4x::new(0x44);
    on(&bus, &waits, |bus, delay| {
        chip.read(bus, delay).unwrap_err();
        chip.read(bus, delay).unwrap();
    });
}

#[test]
fn sht4x_scales_end_where_the_data_sheet_says() {
    assert_eq!(sht4x::temperature_celsius(0), -45.0);
    assert_eq!(sht4x::temperature_celsius(u16::MAX), 130.0);
    assert_eq!(sht4x::humidity_percent(0), 0.0);
    assert_eq!(sht4x::humidity_percent(u16::MAX), 100.0);
    assert!((sht4x::temperature_celsius(0x6666) - 25.0).abs() < 0.001);
}

// SCD4x

const SETUP: scd4x::Setup = scd4x::Setup { pressure_hpa: Some(810), self_calibration: false, climate: true };

fn scd4x_set_up() -> (Vec<Bus>, Vec<Wait>) {
    let bus = vec![
        Bus::write(0x62, vec![0x3F, 0x86]),
        Bus::write(0x62, vec![0x36, 0x82]),
        Bus::read(0x62, words(&[0xF896, 0x31A1, 0x07B3])),
        Bus::write(0x62, [&[0x24, 0x16][..], &pack(0)].concat()),
        Bus::write(0x62, [&[0xE0, 0x00][..], &pack(810)].concat()),
        Bus::write(0x62, vec![0x21, 0xB1]),
    ];
    (bus, [500, 1, 1, 1, 1].map(Wait::delay_ms).to_vec())
}

fn scd4x_ready(status: u16) -> Vec<Bus> {
    vec![Bus::write(0x62, vec![0xE4, 0xB8]), Bus::read(0x62, words(&[status]))]
}

#[test]
fn scd4x_is_stopped_named_configured_and_started_and_then_warms_up() {
    let (bus, waits) = scd4x_set_up();
    let mut chip = Scd4x::new(SETUP);
    assert_eq!(fault(on(&bus, &waits, |bus, delay| chip.read(bus, delay))), Fault::WarmingUp);
    assert_eq!(agent::driver::Chip::identity(&chip).as_deref(), Some("SCD4x f89631a107b3"));
}

#[test]
fn scd4x_gives_the_data_sheets_example() {
    let (set_up, waits) = scd4x_set_up();
    // Datasheet 3.6.2: 500 ppm, 25 °C, 37 %RH.
    let read = [
        Bus::write(0x62, vec![0xEC, 0x05]),
        Bus::read(0x62, vec![0x01, 0xF4, 0x33, 0x66, 0x67, 0xA2, 0x5E, 0xB9, 0x3C]),
    ];
    let bus = [&set_up[..], &scd4x_ready(0x8006), &read].concat();
    let waits = [&waits[..], &[Wait::delay_ms(1), Wait::delay_ms(1)]].concat();
    let mut chip = Scd4x::new(SETUP);
    let measured = on(&bus, &waits, |bus, delay| {
        chip.read(bus, delay).unwrap_err();
        chip.read(bus, delay).unwrap()
    });
    assert_eq!(value(&measured, "co2_ppm"), 500.0);
    assert!((value(&measured, "co2_sensor_temperature_celsius") - 25.0).abs() < 0.01);
    assert!((value(&measured, "co2_sensor_humidity_percent") - 37.0).abs() < 0.01);
}

#[test]
fn scd4x_that_has_nothing_new_is_never_read() {
    let (set_up, waits) = scd4x_set_up();
    let read = [Bus::write(0x62, vec![0xEC, 0x05]), Bus::read(0x62, words(&[612, 0x6667, 0x5EB9]))];
    let bus = [&set_up[..], &scd4x_ready(0x8000), &scd4x_ready(0x8006), &read, &scd4x_ready(0x8000)].concat();
    let waits = [&waits[..], &[1, 1, 1, 1].map(Wait::delay_ms)].concat();
    let mut chip = Scd4x::new(SETUP);
    on(&bus, &waits, |bus, delay| {
        chip.read(bus, delay).unwrap_err();
        assert!(matches!(chip.read(bus, delay), Err(Error::WarmingUp)));
        assert_eq!(value(&chip.read(bus, delay).unwrap(), "co2_ppm"), 612.0);
        let again = chip.read(bus, delay).unwrap();
        assert_eq!(value(&again, "co2_ppm"), 612.0);
        assert_eq!(again[0].raw, None, "the same measurement is not counted as a new one");
    });
}

#[test]
fn scd4x_that_gives_0_is_warming_up() {
    let (set_up, waits) = scd4x_set_up();
    let read = [Bus::write(0x62, vec![0xEC, 0x05]), Bus::read(0x62, words(&[0, 0x6667, 0x5EB9]))];
    let bus = [&set_up[..], &scd4x_ready(0x8006), &read].concat();
    let waits = [&waits[..], &[1, 1].map(Wait::delay_ms)].concat();
    let mut chip = Scd4x::new(SETUP);
    on(&bus, &waits, |bus, delay| {
        chip.read(bus, delay).unwrap_err();
        assert_eq!(fault(chip.read(bus, delay)), Fault::WarmingUp);
    });
}

#[test]
fn scd4x_that_stopped_measuring_is_a_fault_and_is_set_up_anew() {
    let (set_up, waits) = scd4x_set_up();
    let empty: Vec<Bus> = (0..16).flat_map(|_| scd4x_ready(0x8000)).collect();
    let bus = [&set_up[..], &empty, &set_up].concat();
    let waits = [&waits[..], &[1; 16].map(Wait::delay_ms), &waits].concat();
    let mut chip = Scd4x::new(SETUP);
    on(&bus, &waits, |bus, delay| {
        for _ in 0..16 {
            assert_eq!(fault(chip.read(bus, delay)), Fault::WarmingUp);
        }
        assert_eq!(fault(chip.read(bus, delay)), Fault::NoResponse);
        assert_eq!(fault(chip.read(bus, delay)), Fault::WarmingUp);
    });
}

#[test]
fn another_chip_where_an_scd4x_should_be_is_wrong_device() {
    for answer in [vec![0xA5; 9], vec![0xFF; 9], words(&[0, 0, 0])] {
        let bus =
            [Bus::write(0x62, vec![0x3F, 0x86]), Bus::write(0x62, vec![0x36, 0x82]), Bus::read(0x62, answer.clone())];
        let waits = [Wait::delay_ms(500), Wait::delay_ms(1)];
        let result = on(&bus, &waits, |bus, delay| Scd4x::new(SETUP).read(bus, delay));
        assert_eq!(fault(result), Fault::WrongDevice, "{answer:02x?}");
    }
}

#[test]
fn scd4x_that_vanished_is_set_up_anew_when_it_is_back() {
    let (set_up, waits) = scd4x_set_up();
    let gone = [Bus::write(0x62, vec![0xE4, 0xB8]).with_error(NACK)];
    let bus = [&set_up[..], &gone, &set_up].concat();
    let waits = [&waits[..], &waits].concat();
    let mut chip = Scd4x::new(SETUP);
    on(&bus, &waits, |bus, delay| {
        chip.read(bus, delay).unwrap_err();
        assert_eq!(fault(chip.read(bus, delay)), Fault::NoResponse);
        assert_eq!(fault(chip.read(bus, delay)), Fault::WarmingUp);
    });
}

// BH1750

fn bh1750_measures(mtreg: u8, raw: [u8; 2]) -> Vec<Bus> {
    vec![
        Bus::write(0x23, vec![0x01]),
        Bus::write(0x23, vec![0x40 | mtreg >> 5]),
        Bus::write(0x23, vec![0x60 | mtreg & 0x1F]),
        Bus::write(0x23, vec![0x21]),
        Bus::read(0x23, raw.to_vec()),
    ]
}

/// Two looks, the second four times as long.
fn bh1750_verified() -> (Vec<Bus>, Vec<Wait>) {
    let bus = [bh1750_measures(31, [0, 100]), bh1750_measures(124, [1, 0x90])].concat();
    (bus, vec![Wait::delay_ms(81), Wait::delay_ms(324)])
}

fn bh1750_reads(mtreg: u8, wait_ms: u32, raw: [u8; 2]) -> Result<Vec<Measured>, Error> {
    let (mut bus, mut waits) = bh1750_verified();
    bus.extend(bh1750_measures(mtreg, raw));
    waits.push(Wait::delay_ms(wait_ms));
    on(&bus, &waits, |bus, delay| Bh1750::new(0x23, mtreg).read(bus, delay))
}

#[test]
fn bh1750_sets_its_time_measures_once_and_waits_long_enough() {
    let measured = bh1750_reads(69, 180, [0x83, 0x90]).unwrap();
    // The data sheet's example, 33 680 counts, is 28 067 lx in the coarser mode and half in this one.
    assert!((value(&measured, "illuminance_lux") - 28_066.67 / 2.0).abs() < 0.01);
}

#[test]
fn bh1750_for_dark_rooms_looks_longer() {
    let measured = bh1750_reads(254, 663, [0x00, 0x0A]).unwrap();
    assert!((value(&measured, "illuminance_lux") - 1.132).abs() < 0.001);
    assert_eq!(bh1750::measure_ms(31), 81);
}

#[test]
fn bh1750_at_the_end_of_its_scale_is_out_of_range() {
    assert_eq!(fault(bh1750_reads(69, 180, [0xFF, 0xFF])), Fault::OutOfRange);
}

#[test]
fn bh1750_in_the_dark_is_believed_and_asked_again_next_time() {
    let dark = [bh1750_measures(31, [0, 1]), bh1750_measures(124, [0, 3]), bh1750_measures(69, [0, 2])].concat();
    let waits = [81, 324, 180].map(Wait::delay_ms);
    let mut chip = Bh1750::new(0x23, 69);
    on(&[&dark[..], &dark].concat(), &[waits.clone(), waits].concat(), |bus, delay| {
        assert!(value(&chip.read(bus, delay).unwrap(), "illuminance_lux") < 1.0);
        chip.read(bus, delay).unwrap();
    });
    assert_eq!(agent::driver::Chip::identity(&chip), None);
}

#[test]
fn another_chip_where_a_bh1750_should_be_is_wrong_device() {
    // A port expander that shares the address takes every byte and gives the levels of its pins.
    let once = [bh1750_measures(31, [0xA5, 0xA5]), bh1750_measures(124, [0xA5, 0xA5])].concat();
    let waits = [81, 324, 81, 324, 81, 324].map(Wait::delay_ms);
    let bus = [&once[..], &once, &once].concat();
    let result = on(&bus, &waits, |bus, delay| Bh1750::new(0x23, 69).read(bus, delay));
    assert_eq!(fault(result), Fault::WrongDevice);
}

#[test]
fn bh1750_that_is_absent_is_no_response() {
    let bus = [Bus::write(0x23, vec![0x01]).with_error(NACK)];
    let result = on(&bus, &[], |bus, delay| Bh1750::new(0x23, 69).read(bus, delay));
    assert_eq!(fault(result), Fault::NoResponse);
}

/// A bus that takes everything and answers with whatever was drawn, nacks included.
struct Noise {
    bytes: std::vec::IntoIter<u8>,
    nacks: std::vec::IntoIter<bool>,
}

#[derive(Debug)]
struct Refused;

impl embedded_hal::i2c::Error for Refused {
    fn kind(&self) -> ErrorKind {
        NACK
    }
}

impl embedded_hal::i2c::ErrorType for Noise {
    type Error = Refused;
}

impl embedded_hal::i2c::I2c for Noise {
    fn transaction(&mut self, _: u8, operations: &mut [embedded_hal::i2c::Operation<'_>]) -> Result<(), Refused> {
        if self.nacks.next().unwrap_or(false) {
            return Err(Refused);
        }
        for operation in operations {
            if let embedded_hal::i2c::Operation::Read(buffer) = operation {
                buffer.iter_mut().for_each(|byte| *byte = self.bytes.next().unwrap_or(0xFF));
            }
        }
        Ok(())
    }
}

proptest::proptest! {
    /// Noise almost never has eight right bits of checksum, and never all of a name and a reading.
    #[test]
    fn noise_on_a_bus_never_panics_and_never_becomes_a_value_of_a_chip_with_checksums(
        bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..400),
        nacks in proptest::collection::vec(proptest::bool::weighted(0.1), 0..100),
    ) {
        let mut bus = Noise { bytes: bytes.into_iter(), nacks: nacks.into_iter() };
        let mut delay = embedded_hal_mock::eh1::delay::NoopDelay::new();
        let (mut air, mut co2, mut light) = (Sht4x::new(0x44), Scd4x::new(SETUP), Bh1750::new(0x23, 69));
        for _ in 0..5 {
            proptest::prop_assert!(air.read(&mut bus, &mut delay).is_err());
            proptest::prop_assert!(co2.read(&mut bus, &mut delay).is_err());
            if let Ok(measured) = light.read(&mut bus, &mut delay) {
                let lux = value(&measured, "illuminance_lux");
                proptest::prop_assert!((0.0..=bh1750::ILLUMINANCE.high).contains(&lux));
            }
        }
    }
}
