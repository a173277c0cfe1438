//! A current transformer at an ADS1115: exact bytes on a scripted bus, then a simulated amplifier that
//! idles, plays, is overloaded, and dies.
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;

use agent::driver::{
    Chip, Error, Measured, Seat, Settings as _,
    power::{
        ads1115::Input,
        ct::{Ct, Settings},
        levels::Levels,
    },
    simulated::{
        FaultKind, Room, Setting, Target,
        ads1115::{Ads1115, Wired},
    },
};
use embedded_hal_mock::eh1::{delay::Transaction as Wait, i2c::Transaction as Bus};
use support::{Held, NACK, ReadNow, fault, on, read_in, value};
use wire::{Fault, Id};

const AT: u8 = 0x48;

/// An SCT-013-030, 30 A for 1 V, at the pins 0 and 1 or at one alone.
fn settings(input: &str) -> Settings {
    let inputs = agent::driver::power::ads1115::INPUTS;
    Settings {
        seat: Seat::new(Id::parse("i2c-1").unwrap(), AT),
        input: Input::new(inputs.iter().position(|known| *known == input).unwrap()).unwrap(),
        amperes_per_volt: 30.0,
        bias_volt: 1.65,
        floor_ampere: 0.05,
        levels: Some(Levels { idle_ampere: 0.3, playing_ampere: 1.2 }),
        overload_ampere: Some(5.0),
    }
}

fn reads(register: u8, word: u16) -> Bus {
    Bus::write_read(AT, vec![register], word.to_be_bytes().to_vec())
}

fn configures(word: u16) -> Bus {
    let [high, low] = word.to_be_bytes();
    Bus::write(AT, vec![1, high, low])
}

fn proves() -> [Bus; 2] {
    [reads(2, 0x8000), reads(3, 0x7FFF)]
}

/// A single conversion of pin 1 against ground at ±4.096 V.
fn bias(count: u16) -> [Bus; 4] {
    [configures(0xD3E3), reads(1, 0x53E3), reads(1, 0xD3E3), reads(0, count)]
}

/// A row of pins 0 and 1 at ±2.048 V.
fn row(counts: &[i16]) -> Vec<Bus> {
    let mut script = vec![configures(0x04E3), reads(1, 0x04E3), reads(0, counts[0].cast_unsigned())];
    script.extend(counts[1..].iter().map(|count| Bus::read(AT, count.to_be_bytes().to_vec())));
    script.push(reads(1, 0x04E3));
    script
}

/// 1.2 A of 50 Hz: 40 mV, 640 counts, less what the average over a conversion takes.
fn counts() -> Vec<i16> {
    let count = |n: i32| 640.0 * 2f64.sqrt() * 0.994_45 * (f64::from(n) * std::f64::consts::TAU * 50.0 / 860.0).sin();
    // A count of noise, so that no two neighbours are alike.
    (0..401).map(|n| count(n).round() as i16 / 2 * 2 + (n % 2) as i16).collect()
}

fn waits(readings: usize) -> Vec<Wait> {
    let mut waits = vec![Wait::delay_us(2600), Wait::delay_us(2600)];
    waits.extend((1..readings).map(|_| Wait::delay_us(100)));
    waits
}

fn read(script: &[Bus], waits: &[Wait]) -> Result<Vec<Measured>, Error> {
    on(script, waits, |bus, delay| ReadNow::read(&mut Ct::new(settings("0-1")), bus, delay))
}

#[test]
fn a_pair_is_read_with_these_bytes_and_is_right_within_half_a_percent() {
    let script = [&proves()[..], &bias(13_200), &row(&counts())].concat();
    let measured = read(&script, &waits(401)).unwrap();
    let ampere = value(&measured, "current_ampere");
    assert!((ampere / 1.2 - 1.0).abs() < 0.005, "{ampere}");
    assert_eq!(value(&measured, "playing"), 1.0);
}

#[test]
fn an_input_without_its_bias_is_out_of_range() {
    // 0.57 V, where open inputs drift to; 0 V; the supply.
    for count in [4_560, 0, 26_400] {
        let script = [&proves()[..], &bias(count)].concat();
        assert_eq!(fault(read(&script, &waits(1)[..1])), Fault::OutOfRange, "{count}");
    }
}

#[test]
fn a_pair_that_does_not_rest_at_nothing_is_out_of_range() {
    // 100 mV: the transformer is unplugged and the pin drifts.
    let far: Vec<i16> = (0..401).map(|n| 1600 + n % 3).collect();
    let script = [&proves()[..], &bias(13_200), &row(&far)].concat();
    assert_eq!(fault(read(&script, &waits(401))), Fault::OutOfRange);
}

#[test]
fn a_clipped_wave_is_out_of_range_and_one_value_is_stuck() {
    let mut clipped = counts();
    clipped[17] = i16::MAX;
    let script = [&proves()[..], &bias(13_200), &row(&clipped)].concat();
    assert_eq!(fault(read(&script, &waits(401))), Fault::OutOfRange);
    let script = [&proves()[..], &bias(13_200), &row(&[0; 4500])].concat();
    assert_eq!(fault(read(&script, &waits(4500))), Fault::Stuck);
}

#[test]
fn what_is_no_ads1115_is_wrong_device_before_anything_is_written() {
    // A TMP105, a shorted line, nobody who drives it.
    for (low, high) in [(0x4B00, 0x5000), (0, 0), (0xFFFF, 0xFFFF)] {
        assert_eq!(fault(read(&[reads(2, low), reads(3, high)], &[])), Fault::WrongDevice);
    }
    // An ADS1015 has twelve bits.
    let twelve: Vec<i16> = (0..401).map(|n| (n % 5) * 16).collect();
    let script = [&proves()[..], &bias(13_200), &row(&twelve)].concat();
    assert_eq!(fault(read(&script, &waits(401))), Fault::WrongDevice);
}

#[test]
fn a_chip_that_loses_its_supply_in_a_row_gives_no_current() {
    let mut script = [&proves()[..], &bias(13_200), &row(&counts())].concat();
    *script.last_mut().unwrap() = reads(1, 0x8583);
    assert_eq!(fault(read(&script, &waits(401))), Fault::WrongDevice);
}

#[test]
fn an_absent_chip_is_no_response() {
    assert_eq!(fault(read(&[reads(2, 0).with_error(NACK)], &[])), Fault::NoResponse);
    let mut script = [&proves()[..], &bias(13_200), &row(&counts()[..3])].concat();
    script.pop();
    let last = script.pop().unwrap();
    script.push(last.with_error(NACK));
    assert_eq!(fault(read(&script, &waits(3))), Fault::NoResponse);
}

/// A transformer in a simulated room.
struct Bench {
    clock: Arc<Held>,
    room: Arc<Room>,
    ct: Ct,
}

impl Bench {
    fn new(settings: Settings) -> Self {
        let clock = Arc::new(Held::default());
        let room = Room::new(1, clock.clone());
        room.fit_for(&settings);
        Self { clock, room, ct: Ct::new(settings) }
    }

    fn try_read(&mut self) -> Result<Vec<Measured>, Error> {
        read_in(&self.room, &self.clock, &mut self.ct)
    }

    fn read(&mut self, ampere: f64) -> Vec<Measured> {
        self.room.set(Setting::MainsAmpere(ampere));
        self.try_read().unwrap()
    }

    /// Powered, playing, dead, overloaded.
    fn flags(&mut self, ampere: f64) -> [f64; 4] {
        let measured = self.read(ampere);
        ["powered", "playing", "dead", "overloaded"].map(|name| value(&measured, name))
    }
}

#[test]
fn the_current_of_a_simulated_amplifier_is_right_at_a_pair_and_at_a_pin() {
    for input in ["0-1", "2-3", "0", "2"] {
        let mut bench = Bench::new(settings(input));
        for ampere in [0.1, 0.5, 3.0, 20.0] {
            let found = value(&bench.read(ampere), "current_ampere");
            let truth = bench.room.truth().mains_ampere;
            assert!((found / truth - 1.0).abs() < 0.04, "{input}: {found}, and {truth} in truth");
        }
    }
}

#[test]
fn off_idle_playing_and_overloaded_are_told_apart() {
    let mut bench = Bench::new(settings("0-1"));
    assert_eq!(bench.flags(0.0), [0.0, 0.0, 0.0, 0.0]);
    assert_eq!(bench.flags(0.3), [1.0, 0.0, 0.0, 0.0]);
    assert_eq!(bench.flags(1.5), [1.0, 1.0, 0.0, 0.0]);
    assert_eq!(bench.flags(6.0), [1.0, 1.0, 0.0, 1.0]);
}

#[test]
fn dead_is_who_falls_silent_in_the_middle_of_a_song_and_not_who_is_switched_off() {
    let mut bench = Bench::new(settings("0-1"));
    bench.read(1.5);
    assert_eq!(bench.flags(0.0), [0.0, 0.0, 1.0, 0.0]);
    assert_eq!(bench.flags(0.0), [0.0, 0.0, 1.0, 0.0], "until it draws current again");
    assert_eq!(bench.flags(0.3), [1.0, 0.0, 0.0, 0.0]);
    assert_eq!(bench.flags(0.0), [0.0, 0.0, 0.0, 0.0], "switched off while idle");
}

#[test]
fn levels_are_learned_and_outlive_a_restart() {
    let mut bench = Bench::new(Settings { levels: None, ..settings("0-1") });
    let unknown = bench.read(1.5);
    let playing = unknown.iter().find(|one| one.quantity == "playing").unwrap();
    assert_eq!(playing.value, Err(Fault::WarmingUp));
    for n in 0..140 {
        bench.read(if n % 2 == 0 { 0.3 } else { 1.4 });
    }
    assert_eq!(bench.flags(0.3)[..2], [1.0, 0.0]);
    let kept = Chip::keep(&bench.ct).unwrap();
    let mut again = Bench::new(Settings { levels: None, ..settings("0-1") });
    Chip::restore(&mut again.ct, &kept);
    assert_eq!(again.flags(1.4)[..2], [1.0, 1.0]);
}

#[test]
fn every_way_to_break_it_is_a_fault_and_it_recovers() {
    let mut bench = Bench::new(settings("0-1"));
    let target = Target::Chip(AT);
    for kind in [FaultKind::Absent, FaultKind::WrongDevice, FaultKind::Flat(0), FaultKind::Flat(0xFF)] {
        bench.room.fault(target, kind);
        assert!(bench.try_read().is_err(), "{kind:?}");
        bench.room.clear(target);
        assert_eq!(bench.flags(1.5)[..2], [1.0, 1.0], "after {kind:?}");
    }
    bench.room.device(None, AT, |chip: &mut Ads1115| chip.wire(Wired::Nothing)).unwrap();
    assert_eq!(fault(bench.try_read()), Fault::OutOfRange);
}

#[test]
fn what_a_file_says_reads_back() {
    let mut table = toml::Table::new();
    settings("0-1").print(&mut table);
    let text = table.to_string();
    for line in ["input = \"0-1\"", "amperes_per_volt = 30.0", "idle_ampere = 0.3", "overload_ampere = 5.0"] {
        assert!(text.contains(line), "{text}");
    }
}
