//! Light sensors against a scripted bus and in a simulated room: the exact bytes of the data sheets,
//! the examples, dim rooms, strobes, and every way to fail. What a BH1750 does with one measurement a
//! reading is in `chips.rs`.
#![allow(clippy::unwrap_used)]

mod support;

use std::{sync::Arc, time::Duration};

use agent::{
    config::{Backend, Bus as Wired},
    driver::{
        self, Air, AnyChip, Context, Error, Measured,
        bus::{AnyI2c, open_i2c},
        light::{
            bh1750::{self, Bh1750},
            veml7700::{RANGES, Veml7700, better_range, illuminance_lux, linear_lux},
        },
        simulated::{self, Device, FaultKind, Room, Setting, Target},
    },
    world::Clock,
};
use embedded_hal_mock::eh1::{delay::Transaction as Wait, i2c::Transaction as Bus};
use support::{
    NACK, ReadNow, fault,
    held::{Held, Passing},
    on, value,
};
use wire::{Fault, Id};

const VEML: u8 = 0x10;

fn reads(code: u8, word: u16) -> Bus {
    Bus::write_read(VEML, vec![code], word.to_le_bytes().to_vec())
}

/// Gain 1/8, 100 ms: shut down, set, awake.
fn set_up() -> Vec<Bus> {
    let off = Bus::write(VEML, vec![0x00, 0x11, 0x10]);
    vec![reads(0x07, 0xC481), Bus::write(VEML, vec![0x03, 0, 0]), off, Bus::write(VEML, vec![0x00, 0x10, 0x10])]
}

fn veml_reads(bus: &[Bus], ms: &[u32]) -> Result<Vec<Measured>, Error> {
    let waits: Vec<Wait> = ms.iter().map(|ms| Wait::delay_ms(*ms)).collect();
    on(bus, &waits, |bus, delay| ReadNow::read(&mut Veml7700::new(1), bus, delay))
}

#[test]
fn veml7700_is_named_set_and_read_with_a_repeated_start() {
    let bus = [set_up(), vec![reads(0x00, 0x1010), reads(0x04, 1480)]].concat();
    // 1480 counts of 0.5376 lx are 796 lx, and 845 lx with the correction.
    assert!((value(&veml_reads(&bus, &[203]).unwrap(), "illuminance_lux") - 844.9).abs() < 0.5);
}

#[test]
fn veml7700_looks_longer_in_a_dim_room() {
    let set = [Bus::write(VEML, vec![0x00, 0xD1, 0x08]), Bus::write(VEML, vec![0x00, 0xD0, 0x08])];
    let more = [reads(0x00, 0x08D0), reads(0x04, 1190)];
    let bus = [&set_up()[..], &[reads(0x00, 0x1010), reads(0x04, 9)], &set, &more].concat();
    // Gain 2, 800 ms: 0.0042 lx a count, the application note's finest.
    assert!((value(&veml_reads(&bus, &[203, 1603]).unwrap(), "illuminance_lux") - 5.01).abs() < 0.01);
}

#[test]
fn veml7700_in_the_sun_is_out_of_range_and_no_number() {
    let set = [Bus::write(VEML, vec![0x00, 0x11, 0x13]), Bus::write(VEML, vec![0x00, 0x10, 0x13])];
    let end = [reads(0x00, 0x1310), reads(0x04, 0xFFFF)];
    let bus = [&set_up()[..], &[reads(0x00, 0x1010), reads(0x04, 0xFFFF)], &set, &end].concat();
    assert_eq!(fault(veml_reads(&bus, &[203, 53])), Fault::OutOfRange);
}

#[test]
fn veml7700_counts_as_its_application_note_says() {
    let finest: Vec<f64> = RANGES.iter().map(|range| (range.lux_per_count * 1e4).round() / 1e4).collect();
    assert_eq!(finest, [2.1504, 1.0752, 0.5376, 0.2688, 0.0672, 0.0336, 0.0168, 0.0084, 0.0042]);
    assert_eq!(illuminance_lux(0, 0.0042), 0.0);
    // The correction is nothing in the dark, 8 % at 1 klx and a quarter at 5 klx.
    for (linear, lux) in [(10.0, 10.03), (1000.0, 1075.0), (5000.0, 6250.0)] {
        let says = illuminance_lux(1000, linear / 1000.0);
        assert!((says - lux).abs() < 0.005 * lux, "{linear}: {says}");
        assert!((linear_lux(says) - linear).abs() < 1e-6 * linear);
    }
    // No two settings are alike, and none is what a shorted line gives.
    for (i, range) in RANGES.iter().enumerate() {
        assert!(range.bits != 0 && range.bits != 0xFFFF && range.bits & 1 == 0);
        assert!(RANGES[..i].iter().all(|other| other.bits != range.bits));
    }
}

#[test]
fn each_light_has_a_range_that_stays() {
    for tenths in 0..1_000_000 {
        let lux = f64::from(tenths) / 10.0;
        if tenths > 5000 && tenths % 997 != 0 {
            continue;
        }
        for range in 0..RANGES.len() {
            if let Some(better) = better_range(range, lux) {
                assert_eq!(better_range(better, lux), None, "{lux} lx from {range} to {better}");
            }
        }
    }
}

#[test]
fn another_chip_where_a_veml7700_should_be_is_wrong_device() {
    for id in [0xA5A5, 0xFFFF, 0x0001] {
        assert_eq!(fault(veml_reads(&[reads(0x07, id)], &[])), Fault::WrongDevice);
    }
    // A shorted line has the id of an old part, and not the settings.
    let mut bus = set_up();
    bus[0] = reads(0x07, 0);
    bus.push(reads(0x00, 0));
    assert_eq!(fault(veml_reads(&bus, &[203])), Fault::WrongDevice);
    let gone = [Bus::write_read(VEML, vec![0x07], vec![0, 0]).with_error(NACK)];
    assert_eq!(fault(veml_reads(&gone, &[])), Fault::NoResponse);
}

#[test]
fn veml7700_that_lost_its_supply_warms_up() {
    let bus = [set_up(), vec![reads(0x00, 0x0001)]].concat();
    assert_eq!(fault(veml_reads(&bus, &[203])), Fault::WarmingUp);
}

#[test]
fn bh1750_over_several_looks_waits_for_none_of_them() {
    let begins = || [0x01, 0x47, 0x7E, 0x21].map(|command| Bus::write(0x23, vec![command])).to_vec();
    let tried = |mtreg: u8, count: [u8; 2]| {
        let time = [0x40 | mtreg >> 5, 0x60 | mtreg & 0x1F];
        let mut bus = [0x01, time[0], time[1], 0x21].map(|command| Bus::write(0x23, vec![command])).to_vec();
        bus.push(Bus::read(0x23, count.to_vec()));
        bus
    };
    let fetches = |count: [u8; 2]| vec![Bus::read(0x23, count.to_vec())];
    let first = [tried(31, [0, 40]), tried(124, [0, 160]), tried(254, [0, 100]), begins()].concat();
    // A flash that is too bright to count, and two looks as before.
    let looks = [[0xFF, 0xFF], [0, 102], [0, 104]].map(|count| [fetches(count), begins()].concat()).concat();
    let bus = [first, looks].concat();
    let mut chip = Bh1750::new(0x23, 254).over(5);
    let air = Air::default();
    on(&bus, &[81, 324, 663].map(Wait::delay_ms), |bus, delay| {
        let lux = value(&ReadNow::read(&mut chip, bus, delay).unwrap(), "illuminance_lux");
        assert!((lux - bh1750::illuminance_lux(100, 254)).abs() < 1e-9);
        for second in 1..=3 {
            let mut context = Context { delay, now: Duration::from_secs(second), air: &air };
            driver::Chip::look(&mut chip, bus, &mut context).unwrap();
        }
        // It measures: nothing to fetch yet.
        let mut context = Context { delay, now: Duration::from_millis(3500), air: &air };
        let lux = value(&driver::Chip::read(&mut chip, bus, &mut context).unwrap(), "illuminance_lux");
        assert!((lux - bh1750::illuminance_lux(102, 254)).abs() < 1e-9, "{lux}");
    });
}

/// A dim room with one light sensor.
struct Bench {
    clock: Arc<Held>,
    room: Arc<Room>,
    bus: AnyI2c,
    chip: Box<dyn AnyChip>,
}

impl Bench {
    fn new(address: u8, twin: Box<dyn Device>, chip: Box<dyn AnyChip>) -> Self {
        let clock = Held::at(100);
        let room = Room::new(1, clock.clone());
        room.fit(None, address, twin);
        let wired = Wired { name: Id::parse("i2c").unwrap(), backend: Backend::Simulated { seed: 1, fitted: true } };
        let bus = open_i2c(&wired, &room).unwrap();
        Self { clock, room, bus, chip }
    }

    fn veml7700(median: u8) -> Self {
        Self::new(VEML, Box::new(simulated::veml7700::Veml7700::new()), Box::new(Veml7700::new(median)))
    }

    fn bh1750(median: u8) -> Self {
        let chip = Bh1750::new(0x23, 254).over(median);
        Self::new(0x23, Box::new(simulated::bh1750::Bh1750::new()), Box::new(chip))
    }

    /// Ten looks, one a second, with a strobe in every third; then a reading.
    fn period(&mut self, lux: f64, strobe: f64) -> Result<f64, Error> {
        let air = Air::default();
        let start = self.clock.boottime();
        for second in 1..=10 {
            let mut now = self.clock.0.lock().unwrap();
            *now = (*now).max(start + Duration::from_secs(second));
            drop(now);
            self.room.set(Setting::LampsLux(if second % 3 == 0 { strobe } else { lux }));
            if self.chip.look_every().is_some() {
                let (now, mut delay) = (self.clock.boottime(), Passing(self.clock.clone()));
                let _ = self.chip.look(&mut *self.bus, &mut Context { delay: &mut delay, now, air: &air });
            }
        }
        let (now, mut delay) = (self.clock.boottime(), Passing(self.clock.clone()));
        let measured = self.chip.read(&mut *self.bus, &mut Context { delay: &mut delay, now, air: &air })?;
        Ok(value(&measured, "illuminance_lux"))
    }
}

#[test]
fn dim_rooms_are_read_to_a_tenth_of_a_lux() {
    for mut bench in [Bench::bh1750(1), Bench::veml7700(1)] {
        for lux in [3.0, 5.0, 10.0, 20.0, 3.0] {
            let read = bench.period(lux, lux).unwrap();
            // 4 % noise at most of the room, and half a count.
            assert!((read - lux).abs() < 0.06 + 0.04 * lux, "{lux}: {read}");
        }
    }
}

#[test]
fn a_strobe_does_not_move_the_median() {
    for mut bench in [Bench::bh1750(9), Bench::veml7700(9)] {
        bench.period(8.0, 8.0).unwrap();
        for _ in 0..20 {
            let lux = bench.period(8.0, 3000.0).unwrap();
            assert!((lux - 8.0).abs() < 0.6, "{lux}");
        }
        // The lamps are brighter for good: that is believed within two periods.
        bench.period(120.0, 120.0).unwrap();
        assert!((bench.period(120.0, 120.0).unwrap() - 120.0).abs() < 6.0);
    }
}

#[test]
fn without_a_median_a_strobe_would_move_it() {
    let mut bench = Bench::bh1750(1);
    bench.period(8.0, 8.0).unwrap();
    bench.room.set(Setting::LampsLux(3000.0));
    let jumped = (0..9).any(|_| {
        *bench.clock.0.lock().unwrap() += Duration::from_secs(1);
        let (now, mut delay) = (bench.clock.boottime(), Passing(bench.clock.clone()));
        let air = Air::default();
        let read = bench.chip.read(&mut *bench.bus, &mut Context { delay: &mut delay, now, air: &air });
        read.is_ok_and(|measured| value(&measured, "illuminance_lux") > 1000.0)
    });
    assert!(jumped, "the test of the median proves nothing");
}

#[test]
fn a_sensor_that_was_away_has_no_memory_of_the_light_before() {
    for (address, mut bench) in [(0x23, Bench::bh1750(9)), (VEML, Bench::veml7700(9))] {
        bench.period(200.0, 200.0).unwrap();
        bench.room.fault(Target::Chip(address), FaultKind::Absent);
        assert_eq!(bench.period(5.0, 5.0).unwrap_err().fault(), Fault::NoResponse);
        bench.room.clear(Target::Chip(address));
        let lux = (0..3).find_map(|_| bench.period(5.0, 5.0).ok()).unwrap();
        assert!((lux - 5.0).abs() < 0.5, "{lux}");
    }
}

#[test]
fn an_old_veml7700_without_an_id_is_read_too() {
    let twin = Box::new(simulated::veml7700::Veml7700::old());
    let mut bench = Bench::new(VEML, twin, Box::new(Veml7700::new(1)));
    assert!((bench.period(60.0, 60.0).unwrap() - 60.0).abs() < 4.0);
    assert_eq!(bench.chip.identity().as_deref(), Some("VEML7700"));
}
