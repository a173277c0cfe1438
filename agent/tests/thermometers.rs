//! TMP105, TMP102 and LM75 against a scripted bus: the exact bytes of the data sheets, and every way
//! to fail.
#![allow(clippy::unwrap_used)]

mod support;

use agent::driver::{
    Error, Measured,
    climate::{
        lm75::{self, Lm75},
        tmp1x2::{self, Tmp1x2},
    },
};
use embedded_hal_mock::eh1::i2c::Transaction as Bus;
use support::{NACK, ReadNow, fault, on, value};
use wire::Fault;

const AT: u8 = 0x48;

fn reads(register: u8, bytes: &[u8]) -> Bus {
    Bus::write_read(AT, vec![register], bytes.to_vec())
}

/// The bytes of a set-up that goes well.
fn tmp105_set_up() -> Vec<Bus> {
    let limits = [reads(2, &[0x4B, 0x00]), reads(3, &[0x50, 0x00])];
    [&limits[..], &[Bus::write(AT, vec![0x01, 0x60]), reads(1, &[0x60])]].concat()
}

fn lm75_set_up() -> Vec<Bus> {
    vec![
        reads(2, &[0x4B, 0x00]),
        reads(3, &[0x50, 0x00]),
        reads(1, &[0x00]),
        Bus::write(AT, vec![0x02, 0x4A, 0x00]),
        reads(2, &[0x4A, 0x00]),
    ]
}

/// Sets a TMP105 up, then reads it over `bus`.
fn tmp105_reads(bus: &[Bus]) -> (Result<Vec<Measured>, Error>, Tmp1x2) {
    let mut chip = Tmp1x2::new(AT);
    let result = on(&[&tmp105_set_up()[..], bus].concat(), &[], |bus, delay| {
        assert_eq!(fault(chip.read(bus, delay)), Fault::WarmingUp);
        chip.read(bus, delay)
    });
    (result, chip)
}

fn lm75_reads(bus: &[Bus]) -> (Result<Vec<Measured>, Error>, Lm75) {
    let mut chip = Lm75::new(AT);
    let result = on(&[&lm75_set_up()[..], bus].concat(), &[], |bus, delay| {
        assert_eq!(fault(chip.read(bus, delay)), Fault::WarmingUp);
        chip.read(bus, delay)
    });
    (result, chip)
}

#[test]
fn tmp105_counts_as_its_data_sheet_says() {
    // TMP105 table 4: 127.9375 °C is beyond the part's range, and still the right arithmetic.
    for (raw, celsius) in [
        (0x7FF0, 127.9375),
        (0x6400, 100.0),
        (0x5000, 80.0),
        (0x4B00, 75.0),
        (0x3200, 50.0),
        (0x1900, 25.0),
        (0x0040, 0.25),
        (0x0000, 0.0),
        (0xFFC0, -0.25),
        (0xE700, -25.0),
        (0xC900, -55.0),
    ] {
        assert!((tmp1x2::temperature_celsius(raw) - celsius).abs() < 1e-9, "{raw:#06x}");
    }
}

#[test]
fn lm75_counts_as_its_data_sheet_says() {
    // LM75B table 9.
    for (raw, celsius) in [
        (0x7F00, 127.0),
        (0x7EE0, 126.875),
        (0x7D00, 125.0),
        (0x1900, 25.0),
        (0x0020, 0.125),
        (0x0000, 0.0),
        (0xFFE0, -0.125),
        (0xE700, -25.0),
        (0xC920, -54.875),
        (0xC900, -55.0),
    ] {
        assert!((lm75::temperature_celsius(raw) - celsius).abs() < 1e-9, "{raw:#06x}");
    }
}

#[test]
fn tmp105_is_proven_configured_and_read_with_its_configuration_first() {
    let (result, chip) = tmp105_reads(&[reads(1, &[0x60]), reads(0, &[0x17, 0x80])]);
    assert!((value(&result.unwrap(), "temperature_celsius") - 23.5).abs() < 1e-9);
    assert_eq!(agent::driver::Chip::identity(&chip).as_deref(), Some("TMP105/TMP102"));
}

#[test]
fn tmp102_whose_os_bit_reads_as_one_is_the_same() {
    let (result, _) = tmp105_reads(&[reads(1, &[0xE0]), reads(0, &[0xFF, 0xF0])]);
    assert!((value(&result.unwrap(), "temperature_celsius") + 0.0625).abs() < 1e-9);
}

#[test]
fn tmp105_that_lost_its_supply_is_set_up_anew_and_its_zero_is_not_believed() {
    let (result, _) = tmp105_reads(&[&[reads(1, &[0x00])], &tmp105_set_up()[..]].concat());
    assert_eq!(fault(result), Fault::WarmingUp);
}

#[test]
fn tmp102_in_its_extended_mode_is_refused() {
    let (result, _) = tmp105_reads(&[reads(1, &[0x60]), reads(0, &[0x0B, 0xC1])]);
    assert_eq!(fault(result), Fault::WrongDevice);
}

#[test]
fn lm75_is_proven_marked_and_read_with_its_mark_first() {
    let (result, chip) = lm75_reads(&[reads(2, &[0x4A, 0x00]), reads(0, &[0x14, 0x60])]);
    assert!((value(&result.unwrap(), "temperature_celsius") - 20.375).abs() < 1e-9);
    assert_eq!(agent::driver::Chip::identity(&chip).as_deref(), Some("LM75"));
}

#[test]
fn lm75_whose_mark_is_gone_lost_its_supply() {
    let (result, _) = lm75_reads(&[&[reads(2, &[0x4B, 0x00])], &lm75_set_up()[..]].concat());
    assert_eq!(fault(result), Fault::WarmingUp);
}

#[test]
fn lm75_that_an_agent_marked_before_is_known_again() {
    let mut script = lm75_set_up();
    script[0] = reads(2, &[0x4A, 0x00]);
    let result = on(&script, &[], |bus, delay| Lm75::new(AT).read(bus, delay));
    assert_eq!(fault(result), Fault::WarmingUp);
}

#[test]
fn what_is_no_thermometer_is_wrong_device() {
    // An ADS1115 shares the address; its comparator begins at 0x8000 and 0x7fff.
    let adc = [reads(2, &[0x80, 0x00]), reads(3, &[0x7F, 0xFF])];
    assert_eq!(fault(on(&adc, &[], |bus, delay| Tmp1x2::new(AT).read(bus, delay))), Fault::WrongDevice);
    assert_eq!(fault(on(&adc, &[], |bus, delay| Lm75::new(AT).read(bus, delay))), Fault::WrongDevice);
    // An LM75 where a TMP105 should be keeps its reserved bits at 0, and the other way round.
    let mut script = tmp105_set_up();
    script[3] = reads(1, &[0x00]);
    assert_eq!(fault(on(&script, &[], |bus, delay| Tmp1x2::new(AT).read(bus, delay))), Fault::WrongDevice);
    let tmp102 = [reads(2, &[0x4B, 0x00]), reads(3, &[0x50, 0x00]), reads(1, &[0x60])];
    assert_eq!(fault(on(&tmp102, &[], |bus, delay| Lm75::new(AT).read(bus, delay))), Fault::WrongDevice);
}

#[test]
fn a_dead_output_is_no_temperature() {
    for level in [0x00, 0xFF] {
        let dead = [reads(2, &[level; 2]), reads(3, &[level; 2])];
        assert_eq!(fault(on(&dead, &[], |bus, delay| Tmp1x2::new(AT).read(bus, delay))), Fault::WrongDevice);
        // Later, once it was proven.
        let (result, _) = tmp105_reads(&[&[reads(1, &[level])], &dead[..]].concat());
        assert_eq!(fault(result), Fault::WrongDevice);
        let (result, _) = lm75_reads(&[&[reads(2, &[level; 2])], &dead[..]].concat());
        assert_eq!(fault(result), Fault::WrongDevice);
    }
}

#[test]
fn an_absent_thermometer_is_no_response() {
    let gone = [reads(2, &[0, 0]).with_error(NACK)];
    assert_eq!(fault(on(&gone, &[], |bus, delay| Tmp1x2::new(AT).read(bus, delay))), Fault::NoResponse);
    assert_eq!(fault(on(&gone, &[], |bus, delay| Lm75::new(AT).read(bus, delay))), Fault::NoResponse);
}
