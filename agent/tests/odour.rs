//! SGP40 and SGP41 against a scripted bus and against the simulated chips: the exact bytes of the data
//! sheets, every way to fail, and what is learned over a restart.
#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use agent::driver::{
    self, Air, AnyChip, Context, Error, Measured,
    air::sgp4x::{Model, Sgp4x, humidity_ticks, temperature_ticks},
    sensirion::pack,
    simulated,
};
use embedded_hal_mock::eh1::{delay::Transaction as Wait, i2c::Transaction as Bus};
use support::{NACK, ReadNow, fault, on, value};
use wire::Fault;

const AT: u8 = 0x59;

fn words(words: &[u16]) -> Vec<u8> {
    words.iter().flat_map(|word| pack(*word)).collect()
}

fn asks(command: [u8; 2], answer: &[u16]) -> Vec<Bus> {
    vec![Bus::write(AT, command.to_vec()), Bus::read(AT, words(answer))]
}

fn named(feature_set: u16, self_test: u16) -> Vec<Bus> {
    let name = [asks([0x36, 0x82], &[0x0000, 0x0123, 0xABCD]), asks([0x20, 0x2F], &[feature_set])].concat();
    [name, vec![Bus::write(AT, vec![0x36, 0x15])], asks([0x28, 0x0E], &[self_test])].concat()
}

const NAMED: [u32; 4] = [1, 10, 1, 320];

/// Both data sheets: 50 %RH is 0x8000 with checksum 0xA2, 25 °C is 0x6666 with checksum 0x93.
fn tells(command: [u8; 2]) -> Bus {
    Bus::write(AT, vec![command[0], command[1], 0x80, 0x00, 0xA2, 0x66, 0x66, 0x93])
}

fn waits(ms: &[u32]) -> Vec<Wait> {
    ms.iter().map(|ms| Wait::delay_ms(*ms)).collect()
}

/// Reads at 0 s, then looks at each of the next seconds.
fn looked_at(chip: &mut Sgp4x, bus: &[Bus], ms: &[u32], seconds: u64) -> Vec<Result<bool, Error>> {
    let air = Air::default();
    on(bus, &waits(ms), |bus, delay| {
        assert_eq!(fault(ReadNow::read(chip, bus, delay)), Fault::WarmingUp);
        let look = |second| {
            let mut context = Context { delay, now: Duration::from_secs(second), air: &air };
            driver::Chip::look(chip, bus, &mut context)
        };
        (1..=seconds).map(look).collect()
    })
}

#[test]
fn sgp40_is_named_tested_and_asked_each_second() {
    let mut chip = Sgp4x::new(false);
    let measures = [tells([0x26, 0x0F]), Bus::read(AT, words(&[0x7500]))];
    let bus = [&named(0x3220, 0xD400)[..], &measures, &measures].concat();
    looked_at(&mut chip, &bus, &[&NAMED[..], &[30, 30]].concat(), 2)
        .into_iter()
        .for_each(|look| assert!(!look.unwrap()));
    assert_eq!(driver::Chip::identity(&chip).as_deref(), Some("SGP40 00000123abcd"));
    assert_eq!(driver::Chip::look_every(&chip), Some(Duration::from_secs(1)));
}

#[test]
fn sgp41_is_conditioned_for_ten_seconds_and_no_longer() {
    let mut chip = Sgp4x::new(true);
    let conditions = [tells([0x26, 0x12]), Bus::read(AT, words(&[0x7500]))];
    let measures = [tells([0x26, 0x19]), Bus::read(AT, words(&[0x7500, 0x3E80]))];
    let bus = [named(0x3240, 0xD400), vec![conditions; 9].concat(), vec![measures; 2].concat()].concat();
    looked_at(&mut chip, &bus, &[&NAMED[..], &[50; 11]].concat(), 11)
        .into_iter()
        .for_each(|look| assert!(!look.unwrap()));
    assert_eq!(driver::Chip::identity(&chip).as_deref(), Some("SGP41 00000123abcd"));
}

#[test]
fn what_the_room_knows_is_told_as_the_data_sheet_counts() {
    assert_eq!((humidity_ticks(50.0), temperature_ticks(25.0)), (0x8000, 0x6666));
    assert_eq!((humidity_ticks(0.0), humidity_ticks(100.0)), (0, 0xFFFF));
    assert_eq!((temperature_ticks(-45.0), temperature_ticks(130.0)), (0, 0xFFFF));
    assert_eq!((humidity_ticks(250.0), temperature_ticks(f64::NAN)), (0xFFFF, 0));
    let (air, mut chip) = (Air::default(), Sgp4x::new(false));
    air.note("humidity_percent", 100.0, Duration::ZERO);
    air.note("temperature_celsius", 130.0, Duration::ZERO);
    let told = Bus::write(AT, [&[0x26, 0x0F][..], &words(&[0xFFFF, 0xFFFF])].concat());
    let bus = [named(0x3220, 0xD400), vec![told, Bus::read(AT, words(&[0x7500]))]].concat();
    on(&bus, &waits(&[&NAMED[..], &[30]].concat()), |bus, delay| {
        ReadNow::read(&mut chip, bus, delay).unwrap_err();
        let mut context = Context { delay, now: Duration::from_secs(1), air: &air };
        driver::Chip::look(&mut chip, bus, &mut context).unwrap();
    });
}

fn refused(wants_nox: bool, bus: &[Bus], ms: &[u32]) -> Error {
    on(bus, &waits(ms), |bus, delay| ReadNow::read(&mut Sgp4x::new(wants_nox), bus, delay)).unwrap_err()
}

#[test]
fn a_failed_self_test_and_the_wrong_model_are_faults() {
    let broken = refused(false, &named(0x3220, 0x4B00), &NAMED);
    assert_eq!((broken.fault(), broken.to_string().contains("SGP40 failed")), (Fault::BadResponse, true));
    assert_eq!(refused(true, &named(0x3240, 0xD402), &NAMED).fault(), Fault::BadResponse);
    let name = named(0x3220, 0xD400);
    assert_eq!(refused(true, &name[..4], &NAMED[..2]).fault(), Fault::WrongDevice);
    // An SGP30 of the same maker.
    assert_eq!(
        refused(false, &[&name[..2], &asks([0x20, 0x2F], &[0x0022])].concat(), &NAMED[..2]).fault(),
        Fault::WrongDevice
    );
    assert!(!Model::Sgp40.passed(0x00D4) && Model::Sgp41.passed(0x0000) && Model::of(0xFFFF).is_none());
}

#[test]
fn another_chip_where_an_sgp4x_should_be_is_wrong_device() {
    for answer in [vec![0xA5; 9], vec![0xFF; 9], vec![0x00; 9], words(&[0, 0, 0])] {
        let bus = [Bus::write(AT, vec![0x36, 0x82]), Bus::read(AT, answer)];
        assert_eq!(refused(false, &bus, &[1]).fault(), Fault::WrongDevice);
    }
}

#[test]
fn sgp4x_that_is_absent_is_no_response() {
    let bus = [Bus::write(AT, vec![0x36, 0x82]).with_error(NACK)];
    assert_eq!(refused(false, &bus, &[]).fault(), Fault::NoResponse);
}

#[test]
fn one_flipped_bit_is_bad_crc_and_three_silent_looks_are_another_chip() {
    let mut chip = Sgp4x::new(false);
    let flipped = [tells([0x26, 0x0F]), Bus::read(AT, vec![0x75, 0x00, pack(0x7500)[2] ^ 0x10])];
    let silent = tells([0x26, 0x0F]).with_error(NACK);
    let bus = [&named(0x3220, 0xD400)[..], &flipped, &[silent.clone(), silent.clone(), silent]].concat();
    let looks = looked_at(&mut chip, &bus, &[&NAMED[..], &[30]].concat(), 6);
    let faults: Vec<Option<Fault>> = looks.iter().map(|look| look.as_ref().err().map(Error::fault)).collect();
    let gone = Some(Fault::NoResponse);
    // The last two ask nothing: whoever is there must say who it is first.
    assert_eq!(faults, [Some(Fault::BadCrc), gone.clone(), gone.clone(), gone, None, None]);
    assert_eq!(driver::Chip::identity(&chip), None);
}

mod room {
    //! Hours with a simulated chip, at a second each.

    use std::sync::Arc;

    use agent::{
        config::{Backend, Bus},
        driver::{
            bus::{AnyI2c, open_i2c},
            simulated::{FaultKind, Room, Setting, Target},
        },
        world::Clock,
    };

    use wire::Id;

    use super::*;
    use crate::support::held::{Held, Passing};

    pub struct Bench {
        clock: Arc<Held>,
        pub room: Arc<Room>,
        bus: AnyI2c,
        pub chip: Sgp4x,
        pub air: Air,
    }

    impl Bench {
        pub fn new(model: Model) -> Self {
            let clock = Held::at(100);
            let room = Room::new(1, clock.clone());
            room.fit(None, AT, Box::new(simulated::sgp4x::Sgp4x::new(model)));
            let bus = Bus { name: Id::parse("i2c").unwrap(), backend: Backend::Simulated { seed: 1, fitted: true } };
            let bus = open_i2c(&bus, &room).unwrap();
            Self { clock, room, bus, chip: Sgp4x::new(model == Model::Sgp41), air: Air::default() }
        }

        pub fn now(&self) -> Duration {
            self.clock.boottime()
        }

        /// A look each second, then a reading.
        pub fn after(&mut self, seconds: u64) -> Result<Vec<Measured>, Error> {
            let mut delay = Passing(self.clock.clone());
            let start = self.clock.boottime();
            for second in 1..=seconds {
                *self.clock.0.lock().unwrap() = start + Duration::from_secs(second);
                let now = self.clock.boottime();
                let mut context = Context { delay: &mut delay, now, air: &self.air };
                let _ = AnyChip::look(&mut self.chip, &mut *self.bus, &mut context);
            }
            let now = self.clock.boottime();
            AnyChip::read(&mut self.chip, &mut *self.bus, &mut Context { delay: &mut delay, now, air: &self.air })
        }
    }

    #[test]
    fn a_spray_is_smelled_and_nothing_is_said_before_the_pixel_is_warm() {
        let mut bench = Bench::new(Model::Sgp41);
        assert_eq!(fault(bench.after(0)), Fault::WarmingUp);
        assert_eq!(fault(bench.after(160)), Fault::WarmingUp);
        let measured = bench.after(6000).unwrap();
        assert!((50.0..150.0).contains(&value(&measured, "voc_index")), "{measured:?}");
        assert_eq!(value(&measured, "nox_index"), 1.0);
        bench.room.set(Setting::VocPpb(2000.0));
        assert!(value(&bench.after(120).unwrap(), "voc_index") > 300.0);
        let longest = bench.room.device(None, AT, |chip: &mut simulated::sgp4x::Sgp4x| chip.conditioned());
        assert!(longest.unwrap() <= Duration::from_secs(10), "{longest:?}");
    }

    #[test]
    fn a_hotplate_that_breaks_is_found_at_the_next_start() {
        let mut bench = Bench::new(Model::Sgp40);
        bench.room.device(None, AT, simulated::sgp4x::Sgp4x::break_hotplate).unwrap();
        assert_eq!(fault(bench.after(0)), Fault::BadResponse);
    }

    #[test]
    fn what_was_learned_survives_a_short_restart_and_no_long_one() {
        let mut bench = Bench::new(Model::Sgp40);
        assert_eq!(fault(bench.after(0)), Fault::WarmingUp);
        bench.after(9000).unwrap();
        assert_eq!(AnyChip::keep(&bench.chip), None, "two and a half hours are not worth keeping");
        bench.after(2000).unwrap();
        let kept = AnyChip::keep(&bench.chip).unwrap();
        let at = bench.now();
        for (pause, known) in [(300, true), (700, false)] {
            *bench.clock.0.lock().unwrap() = at + Duration::from_secs(pause);
            bench.chip = Sgp4x::new(false);
            AnyChip::restore(&mut bench.chip, &kept);
            assert_eq!(fault(bench.after(0)), Fault::WarmingUp);
            assert_eq!(bench.after(60).is_ok(), known, "after {pause} s");
            assert_eq!(AnyChip::keep(&bench.chip).is_some(), known, "after {pause} s");
        }
    }

    #[test]
    fn what_was_kept_and_is_nonsense_is_not_used() {
        for kept in ["", "soup", "1 2", "1 2 3 4", "-1 5 5", "NaN NaN NaN", "99999999999999 1 1", "1e300 1e300 1e300"] {
            let mut bench = Bench::new(Model::Sgp40);
            AnyChip::restore(&mut bench.chip, kept);
            assert_eq!(fault(bench.after(0)), Fault::WarmingUp);
            assert_eq!(fault(bench.after(60)), Fault::WarmingUp, "{kept}");
            assert_eq!(AnyChip::keep(&bench.chip), None, "{kept}");
        }
    }

    #[test]
    fn a_chip_that_was_unplugged_warms_up_again_and_remembers() {
        let mut bench = Bench::new(Model::Sgp41);
        bench.after(0).unwrap_err();
        bench.after(11_000).unwrap();
        bench.room.fault(Target::Chip(AT), FaultKind::Absent);
        assert_eq!(fault(bench.after(10)), Fault::NoResponse);
        assert!(AnyChip::keep(&bench.chip).is_some(), "it remembers while the chip is away");
        bench.room.clear(Target::Chip(AT));
        assert_eq!(fault(bench.after(0)), Fault::WarmingUp);
        assert_eq!(fault(bench.after(40)), Fault::WarmingUp);
        bench.after(10).unwrap();
        assert!(AnyChip::keep(&bench.chip).is_some());
    }
}
