//! INA219 and INA226 against a scripted bus: the exact bytes and the worked examples of the data
//! sheets, and every way to fail.
#![allow(clippy::unwrap_used)]

mod support;

use agent::driver::{
    Error, Measured, Seat,
    power::{
        ina219::{self, Ina219},
        ina226::{self, Ina226},
        shunt::{Calibration, Shunt},
    },
};
use embedded_hal_mock::eh1::{delay::Transaction as Wait, i2c::Transaction as Bus};
use support::{NACK, ReadNow, fault, on, value};
use wire::{Fault, Id};

const AT: u8 = 0x40;
/// The circuit of both data sheets: 10 A through 2 mΩ at 11.98 V, 1 mA a count.
const EXAMPLE: Shunt = Shunt { milliohm: 2.0, ampere_max: 32.768 };

fn seat() -> Seat {
    Seat::new(Id::parse("i2c-1").unwrap(), AT)
}

fn reads(register: u8, word: u16) -> Bus {
    Bus::write_read(AT, vec![register], word.to_be_bytes().to_vec())
}

fn writes(register: u8, word: u16) -> Bus {
    let [high, low] = word.to_be_bytes();
    Bus::write(AT, vec![register, high, low])
}

/// 65 mV and less want the gain of 80 mV: 0x2fff.
fn ina219_set_up() -> Vec<Bus> {
    vec![
        reads(0, 0x399F),
        writes(0, 0x8000),
        reads(0, 0x399F),
        reads(5, 0x0000),
        writes(5, 0x5001),
        reads(5, 0x5000),
        writes(0, 0x2FFF),
        reads(0, 0x2FFF),
    ]
}

fn ina226_set_up() -> Vec<Bus> {
    vec![
        reads(0xFE, 0x5449),
        reads(0xFF, 0x2260),
        writes(5, 0x0A00),
        reads(5, 0x0A00),
        writes(0, 0x4727),
        reads(0, 0x4727),
    ]
}

/// Sets a chip up, then reads it over `bus` with `waits`.
fn after<C: ReadNow>(mut chip: C, set_up: Vec<Bus>, bus: &[Bus], waits: &[Wait]) -> Result<Vec<Measured>, Error> {
    on(&[&set_up[..], bus].concat(), waits, |bus, delay| {
        assert_eq!(fault(chip.read(bus, delay)), Fault::WarmingUp);
        chip.read(bus, delay)
    })
}

fn ina219(bus: &[Bus]) -> Result<Vec<Measured>, Error> {
    after(Ina219::new(&seat(), EXAMPLE), ina219_set_up(), bus, &[])
}

fn ina226(bus: &[Bus]) -> Result<Vec<Measured>, Error> {
    after(Ina226::new(&seat(), EXAMPLE), ina226_set_up(), bus, &[])
}

/// What the INA219 of the example answers, with these bits of its bus voltage register.
fn ina219_answers(bits: u16) -> [Bus; 6] {
    let rail = 0x5D98 | bits;
    [reads(0, 0x2FFF), reads(5, 0x5000), reads(2, rail), reads(1, 0x07D0), reads(4, 0x2710), reads(3, 0x1766)]
}

fn ina226_answers(flags: u16) -> [Bus; 7] {
    [
        reads(0, 0x4727),
        reads(5, 0x0A00),
        reads(6, flags),
        reads(2, 0x2570),
        reads(1, 0x1F40),
        reads(4, 0x2710),
        reads(3, 0x12B8),
    ]
}

fn near(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-6, "{found}, not {expected}");
}

fn check(measured: &[Measured], volt: f64, ampere: f64, watt: f64) {
    near(value(measured, "voltage_volt"), volt);
    near(value(measured, "current_ampere"), ampere);
    near(value(measured, "power_watt"), watt);
}

#[test]
fn ina219_reads_the_example_of_its_data_sheet() {
    // SBOS448G table 8: calibration 5000h, 11.98 V, 10 A, 119.82 W by the chip's own count of 20 mW.
    check(&ina219(&ina219_answers(0b010)).unwrap(), 11.98, 10.0, 119.8);
}

#[test]
fn ina226_reads_the_example_of_its_data_sheet() {
    // SBOS547 table 6-1: calibration A00h, 11.98 V, 10 A, 119.8 W.
    check(&ina226(&ina226_answers(0x0008)).unwrap(), 11.98, 10.0, 119.8);
}

#[test]
fn ina219_counts_as_its_data_sheet_says() {
    // Figures 20 to 23: −320 mV with the gain of a reset, −40 mV with the smallest.
    near(ina219::shunt_volt(0x8300), -0.320);
    near(ina219::shunt_volt(0xF060), -0.040);
    near(ina219::shunt_volt(0x7D00), 0.320);
    // 8.6.3.2: 32 V.
    near(ina219::bus_volt(0x1F40 << 3), 32.0);
    near(ina226::bus_volt(0x7FFF), 40.958_75);
    near(ina226::bus_volt(0x7080), 36.0);
}

#[test]
fn a_calibration_that_had_to_be_rounded_costs_no_accuracy() {
    for (milliohm, ampere_max) in [(100.0, 3.2), (10.0, 7.0), (1.5, 50.0), (100.0, 0.05)] {
        let calibration = Calibration::new(Shunt { milliohm, ampere_max }, 0.040_96);
        assert_eq!(calibration.word & 1, 0);
        // What the chip computes of 20 mV: 2000 counts of 10 µV.
        let counts = 2000.0 * f64::from(calibration.word) / 4096.0;
        assert!((counts * calibration.ampere - 20.0 / milliohm).abs() < 1e-9, "{milliohm} {ampere_max}");
    }
}

#[test]
fn current_that_flows_backwards_is_negative_and_so_is_its_power() {
    let mut answers = ina219_answers(0b010);
    answers[4] = reads(4, 0xD8F0);
    check(&ina219(&answers).unwrap(), 11.98, -10.0, -119.8);
}

#[test]
fn after_an_overflow_only_the_voltage_is_believed() {
    let mut clipped = ina219_answers(0b010);
    // 80 mV, the end of the gain.
    clipped[3] = reads(1, 0x1F40);
    let mut full = ina226_answers(0x0008);
    full[4] = reads(1, 0x7FFF);
    let beyond = [ina219(&ina219_answers(0b011)), ina219(&clipped), ina226(&ina226_answers(0x000C)), ina226(&full)];
    for measured in beyond.map(Result::unwrap) {
        near(value(&measured, "voltage_volt"), 11.98);
        for name in ["current_ampere", "power_watt"] {
            let found = measured.iter().find(|one| one.quantity == name).unwrap();
            assert_eq!(found.value, Err(Fault::OutOfRange));
        }
    }
}

#[test]
fn a_conversion_that_is_not_ready_is_waited_for_once() {
    let not_yet = |answers: &[Bus], at: usize, register, word| {
        [&answers[..at], &[reads(register, word)], &answers[at..]].concat()
    };
    let script = not_yet(&ina219_answers(0b010), 2, 2, 0x5D98);
    let waits = [Wait::delay_ms(150)];
    check(&after(Ina219::new(&seat(), EXAMPLE), ina219_set_up(), &script, &waits).unwrap(), 11.98, 10.0, 119.8);
    let script = not_yet(&ina226_answers(0x0008), 2, 6, 0x0000);
    let waits = [Wait::delay_ms(155)];
    check(&after(Ina226::new(&seat(), EXAMPLE), ina226_set_up(), &script, &waits).unwrap(), 11.98, 10.0, 119.8);
}

#[test]
fn a_chip_that_converts_no_more_warms_up_and_then_is_stuck() {
    let mut chip = Ina226::new(&seat(), EXAMPLE);
    let missing = [reads(0, 0x4727), reads(5, 0x0A00), reads(6, 0), reads(6, 0)];
    let script = [&ina226_set_up()[..], &missing, &missing, &missing].concat();
    let faults = on(&script, &[(); 3].map(|()| Wait::delay_ms(155)), |bus, delay| {
        [(); 4].map(|()| fault(chip.read(bus, delay)))
    });
    assert_eq!(faults, [Fault::WarmingUp, Fault::WarmingUp, Fault::WarmingUp, Fault::Stuck]);
}

#[test]
fn a_chip_that_lost_its_supply_is_set_up_anew_and_its_zeros_are_not_believed() {
    let reset = [&[reads(0, 0x399F)], &ina219_set_up()[..]].concat();
    assert_eq!(fault(ina219(&reset)), Fault::WarmingUp);
    // Of an INA226 the calibration shows it too.
    let reset = [&[reads(0, 0x4727), reads(5, 0)], &ina226_set_up()[..]].concat();
    assert_eq!(fault(ina226(&reset)), Fault::WarmingUp);
}

#[test]
fn an_agent_that_starts_again_knows_its_chip_again() {
    let mut script = ina219_set_up();
    // With another gain: the file was changed meanwhile.
    script[0] = reads(0, 0x3FFF);
    let result = on(&script, &[], |bus, delay| Ina219::new(&seat(), EXAMPLE).read(bus, delay));
    assert_eq!(fault(result), Fault::WarmingUp);
}

#[test]
fn what_is_no_ina219_is_wrong_device_before_anything_is_written() {
    // An INA226, an ADS1115, nothing but pull-ups, a shorted line.
    for configuration in [0x4127, 0x8583, 0xFFFF, 0x0000, 0xA5A5] {
        let script = [reads(0, configuration)];
        let result = on(&script, &[], |bus, delay| Ina219::new(&seat(), EXAMPLE).read(bus, delay));
        assert_eq!(fault(result), Fault::WrongDevice, "{configuration:#06x}");
    }
}

#[test]
fn a_calibration_whose_lowest_bit_can_be_set_is_no_ina219s() {
    let mut script = ina219_set_up()[..6].to_vec();
    script[5] = reads(5, 0x5001);
    let result = on(&script, &[], |bus, delay| Ina219::new(&seat(), EXAMPLE).read(bus, delay));
    assert_eq!(fault(result), Fault::WrongDevice);
}

#[test]
fn what_has_another_name_is_no_ina226() {
    for names in [&[reads(0xFE, 0xFFFF)][..], &[reads(0xFE, 0)], &[reads(0xFE, 0x5449), reads(0xFF, 0x2270)]] {
        let result = on(names, &[], |bus, delay| Ina226::new(&seat(), EXAMPLE).read(bus, delay));
        assert_eq!(fault(result), Fault::WrongDevice);
    }
}

#[test]
fn bits_that_a_register_does_not_have_give_a_stranger_away() {
    let mut answers = ina219_answers(0b110)[..3].to_vec();
    assert_eq!(fault(ina219(&answers)), Fault::WrongDevice);
    answers = ina226_answers(0x0008).to_vec();
    answers[3] = reads(2, 0xA570);
    assert_eq!(fault(ina226(&answers)), Fault::WrongDevice);
}

#[test]
fn an_absent_chip_is_no_response() {
    let gone = [reads(0, 0).with_error(NACK)];
    assert_eq!(fault(on(&gone, &[], |bus, delay| Ina219::new(&seat(), EXAMPLE).read(bus, delay))), Fault::NoResponse);
    let gone = [reads(0xFE, 0).with_error(NACK)];
    assert_eq!(fault(on(&gone, &[], |bus, delay| Ina226::new(&seat(), EXAMPLE).read(bus, delay))), Fault::NoResponse);
}
