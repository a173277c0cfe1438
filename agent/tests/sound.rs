//! Sound levels: the real `arecord` over real ALSA, whose devices are files of this test; programs that
//! hang, break off and talk nonsense; and a level board at an ADS1115.
#![allow(clippy::unwrap_used)]

mod support;

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use agent::driver::{
    Error, Measured, Probe, Seat,
    power::{
        ads1115::{INPUTS, Input},
        sound::{Settings, Sound},
        sound_adc::{self, Calibrated, SoundAdc},
    },
    simulated::{Room, Setting},
};
use embedded_hal_mock::eh1::{delay::Transaction as Wait, i2c::Transaction as Bus};
use support::{NACK, ReadNow, fault, on, value};
use tempfile::TempDir;
use wire::{Fault, Id};

fn settings(device: &str) -> Settings {
    Settings { device: device.to_owned(), rate: 48_000, offset_db: 120.0 }
}

/// A program of this test in the place of `arecord`.
fn program(folder: &Path, body: &str) -> PathBuf {
    let path = folder.join("arecord");
    fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

/// The real `arecord` with ALSA's `file` plugin: whoever records from `room` hears `samples`.
fn alsa(folder: &Path, samples: &[i16]) -> Sound {
    let (sound, config) = (folder.join("room.raw"), folder.join("asound.conf"));
    fs::write(&sound, samples.iter().flat_map(|sample| sample.to_le_bytes()).collect::<Vec<_>>()).unwrap();
    let text = format!(
        "pcm.quiet {{ type null }}\n\
         pcm.room {{ type file slave.pcm quiet file /dev/null infile \"{}\" format raw }}\n\
         ctl.room {{ type null }}\n",
        sound.display()
    );
    fs::write(&config, text).unwrap();
    let path = program(folder, &format!("ALSA_CONFIG_PATH='{}' exec arecord \"$@\"", config.display()));
    Sound::new(settings("room"), path.display().to_string())
}

/// `seconds` of a wave of `hertz`, so many dB below full scale.
fn wave(hertz: f64, below_db: f64, seconds: u32) -> Vec<i16> {
    let peak = 32_767.0 * 10f64.powf(-below_db / 20.0);
    let at = |n: u32| (std::f64::consts::TAU * hertz * f64::from(n) / 48_000.0).sin();
    (0..48_000 * seconds).map(|n| (peak * at(n)).round() as i16).collect()
}

fn level(sound: &mut Sound) -> f64 {
    value(&sound.read().unwrap(), "sound_db")
}

#[test]
fn a_tone_through_real_alsa_has_the_level_of_the_standard() {
    // 1 kHz at 26 dB below full scale is what a microphone of −26 dBFS gives of 94 dB.
    for (hertz, weight) in [(1000.0, 0.0), (100.0, -19.1), (4000.0, 1.0)] {
        let folder = TempDir::new().unwrap();
        let found = level(&mut alsa(folder.path(), &wave(hertz, 26.0, 4)));
        assert!((found - 94.0 - weight).abs() < 0.4, "{hertz} Hz: {found}");
    }
}

#[test]
fn a_muted_microphone_is_stuck_and_no_silence() {
    let folder = TempDir::new().unwrap();
    assert_eq!(fault(alsa(folder.path(), &[0; 48_000 * 4]).read()), Fault::Stuck);
}

#[test]
fn an_overdriven_microphone_is_out_of_range() {
    let folder = TempDir::new().unwrap();
    let clipped: Vec<i16> = wave(440.0, 0.0, 4).into_iter().map(|sample| sample.saturating_mul(3)).collect();
    assert_eq!(fault(alsa(folder.path(), &clipped).read()), Fault::OutOfRange);
}

#[test]
fn a_device_that_is_not_there_is_no_response_and_says_so() {
    let mut sound = Sound::new(settings("hw:77"), "arecord");
    let error = sound.read().unwrap_err();
    assert_eq!(error.fault(), Fault::NoResponse);
    assert!(error.to_string().contains("hw:77"), "{error}");
}

#[test]
fn no_arecord_is_a_fault_that_says_what_to_install() {
    let error = Sound::new(settings("default"), "/nonexistent/arecord").read().unwrap_err();
    assert!(error.to_string().contains("alsa-utils"), "{error}");
}

#[test]
fn a_program_that_hangs_is_a_fault_and_ends() {
    let folder = TempDir::new().unwrap();
    let pid = folder.path().join("pid");
    let path = program(folder.path(), &format!("echo $$ > '{}'; exec sleep 600", pid.display()));
    let mut sound = Sound::new(settings("default"), path.display().to_string());
    assert_eq!(fault(sound.read()), Fault::NoResponse);
    let pid = fs::read_to_string(pid).unwrap();
    assert!(!Path::new(&format!("/proc/{}", pid.trim())).exists(), "`{}` still runs", pid.trim());
}

#[test]
fn a_program_that_breaks_off_is_a_fault_with_its_own_words_and_started_again() {
    let folder = TempDir::new().unwrap();
    let body = "echo 'read error: Input/output error' >&2; head -c 1001 /dev/urandom";
    let path = program(folder.path(), body);
    let mut sound = Sound::new(settings("default"), path.display().to_string());
    let error = sound.read().unwrap_err();
    assert_eq!(error.fault(), Fault::NoResponse);
    // Back again: a second and a half of noise, then it holds the line.
    program(folder.path(), "head -c 200000 /dev/urandom; exec sleep 600");
    let found = level(&mut sound);
    assert!((105.0..125.0).contains(&found), "{found}");
}

#[test]
fn another_rate_than_asked_for_is_refused() {
    let folder = TempDir::new().unwrap();
    let body = "echo 'Warning: rate is not accurate (requested = 48000Hz, got = 8000Hz)' >&2\n\
                sleep 0.2; head -c 400000 /dev/urandom; exec sleep 600";
    let path = program(folder.path(), body);
    assert_eq!(fault(Sound::new(settings("default"), path.display().to_string()).read()), Fault::BadResponse);
}

#[test]
fn nothing_of_the_sound_is_left_behind() {
    let folder = TempDir::new().unwrap();
    let mut sound = alsa(folder.path(), &wave(1000.0, 26.0, 4));
    let before = fs::read_dir(folder.path()).unwrap().count();
    level(&mut sound);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), before);
}

const AT: u8 = 0x49;

fn board() -> sound_adc::Settings {
    sound_adc::Settings {
        seat: Seat::new(Id::parse("i2c-1").unwrap(), AT),
        input: Input::new(INPUTS.iter().position(|known| *known == "0").unwrap()).unwrap(),
        low: Calibrated { volt: 0.6, db: 30.0 },
        high: Calibrated { volt: 2.6, db: 130.0 },
        amplitude: false,
    }
}

fn reads(register: u8, word: u16) -> Bus {
    Bus::write_read(AT, vec![register], word.to_be_bytes().to_vec())
}

/// Pin 0 at ±4.096 V, 125 µV a count.
fn looks(counts: &[u16]) -> Vec<Bus> {
    let proof = [reads(2, 0x8000), reads(3, 0x7FFF)];
    let look =
        |count: &u16| [Bus::write(AT, vec![1, 0xC3, 0xE3]), reads(1, 0x43E3), reads(1, 0xC3E3), reads(0, *count)];
    proof.into_iter().chain(counts.iter().flat_map(look)).collect()
}

fn adc(script: &[Bus], looks: usize) -> Result<Vec<Measured>, Error> {
    let one = [Wait::delay_ms(12), Wait::delay_us(2600)];
    let waits: Vec<Wait> = (0..looks).flat_map(|_| one.clone()).skip(1).collect();
    on(script, &waits, |bus, delay| ReadNow::read(&mut SoundAdc::new(board()), bus, delay))
}

#[test]
fn a_board_of_50_db_a_volt_is_read_with_these_bytes() {
    // 1.5 V are 75 dB.
    assert!((value(&adc(&looks(&[12_000; 25]), 25).unwrap(), "sound_db") - 75.0).abs() < 1e-6);
    // Half the looks 10 dB louder: the mean of their energy, 7.4 dB more.
    let counts: Vec<u16> = (0..25).map(|n| if n % 2 == 0 { 12_000 } else { 13_600 }).collect();
    let found = value(&adc(&looks(&counts), 25).unwrap(), "sound_db");
    assert!((found - 75.0 - 10.0 * ((13.0f64 + 120.0) / 25.0).log10()).abs() < 1e-6, "{found}");
}

#[test]
fn a_board_that_is_unplugged_is_out_of_range() {
    for count in [0, 4_560, 21_100, 0xFFF0] {
        assert_eq!(fault(adc(&looks(&[count]), 1)), Fault::OutOfRange, "{count}");
    }
}

#[test]
fn another_chip_or_none_at_the_address_is_told() {
    assert_eq!(fault(adc(&[reads(2, 0x4B00), reads(3, 0x5000)], 0)), Fault::WrongDevice);
    assert_eq!(fault(adc(&[reads(2, 0).with_error(NACK)], 0)), Fault::NoResponse);
}

#[test]
fn an_envelope_of_the_amplitude_counts_20_db_for_ten_times_the_voltage() {
    let low = Calibrated { volt: 0.02, db: 60.0 };
    let high = Calibrated { volt: 2.0, db: 100.0 };
    let settings = sound_adc::Settings { low, high, amplitude: true, ..board() };
    for (volt, db) in [(0.02, 60.0), (0.2, 80.0), (2.0, 100.0)] {
        assert!((settings.level_db(volt).unwrap() - db).abs() < 1e-9);
    }
    for volt in [0.0, -1.0, 3.0] {
        assert_eq!(settings.level_db(volt), None, "{volt}");
    }
}

#[test]
fn a_simulated_room_is_as_loud_as_it_is_set() {
    let clock = Arc::new(support::Held::default());
    let room = Room::new(1, clock.clone());
    room.fit_for(&board());
    let mut chip = SoundAdc::new(board());
    for db in [40.0, 75.0, 110.0] {
        room.set(Setting::SoundDb(db));
        let found = value(&support::read_in(&room, &clock, &mut chip).unwrap(), "sound_db");
        assert!((found - db).abs() < 2.0, "{found}, not {db}");
    }
}
