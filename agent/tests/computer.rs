//! The computer over planted trees of `/proc` and `/sys`: what each Raspberry Pi shows, and what is
//! no point because it is not there.
#![allow(clippy::unwrap_used)]

use std::{fs, path::Path};

use agent::driver::{
    Probe,
    computer::{Computer, Settings},
};
use tempfile::TempDir;
use wire::Fault;

/// What every Linux has.
const COMMON: &[(&str, &str)] = &[
    ("proc/loadavg", "0.52 0.58 0.59 1/123 4567\n"),
    ("proc/stat", "cpu  1 2 3\ncpu0 1 2\ncpu1 1 2\ncpu2 1 2\ncpu3 1 2\nintr 5\n"),
    ("proc/meminfo", "MemTotal:        1000 kB\nMemFree: 100 kB\nMemAvailable:    250 kB\n"),
    ("proc/uptime", "3605.25 14000.00\n"),
    ("sys/class/thermal/thermal_zone0/temp", "48312\n"),
];

/// Where the firmware's driver shows its device: the same folder on every model.
const FIRMWARE: &str = "sys/bus/platform/drivers/raspberrypi-firmware";

fn plant(root: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

fn computer(files: &[(&str, &str)]) -> (TempDir, Computer) {
    let root = tempfile::tempdir().unwrap();
    plant(root.path(), files);
    let settings = Settings { disk: root.path().to_owned(), root: root.path().to_owned() };
    (root, Computer::new(settings))
}

/// A Pi: its model, the name of its thermal zone, the device of its firmware.
fn pi(model: &str, zone: &str, firmware: &str, throttled: &str) -> (TempDir, Computer) {
    let (root, pi) = computer(COMMON);
    plant(
        root.path(),
        &[
            ("proc/device-tree/model", &format!("{model}\0")),
            ("sys/class/thermal/thermal_zone0/type", zone),
            (&format!("{FIRMWARE}/{firmware}/get_throttled"), throttled),
        ],
    );
    (root, pi)
}

fn value(computer: &Computer, name: &str) -> Option<Result<f64, Fault>> {
    computer.values().into_iter().find(|m| m.quantity == name).map(|m| m.value)
}

#[test]
fn every_raspberry_pi_tells_its_model_temperature_load_memory_and_supply() {
    for (model, zone, firmware) in [
        ("Raspberry Pi 3 Model B Plus Rev 1.3", "cpu-thermal\n", "soc:firmware"),
        ("Raspberry Pi 4 Model B Rev 1.4", "cpu-thermal\n", "soc:firmware"),
        ("Raspberry Pi 5 Model B Rev 1.0", "cpu-thermal\n", "soc@107c000000:firmware"),
        ("Raspberry Pi Zero 2 W Rev 1.0", "cpu-thermal\n", "soc:firmware"),
        ("Raspberry Pi 3 Model B Rev 1.2", "bcm2835_thermal\n", "soc:firmware"),
    ] {
        let (_root, mut pi) = pi(model, zone, firmware, "50005\n");
        assert_eq!(Probe::identity(&pi).as_deref(), Some(model));
        assert_eq!(value(&pi, "computer_temperature_celsius"), Some(Ok(48.312)), "{model}");
        assert_eq!(value(&pi, "computer_load_ratio"), Some(Ok(0.13)));
        assert_eq!(value(&pi, "computer_memory_used_percent"), Some(Ok(75.0)));
        assert_eq!(value(&pi, "computer_uptime_seconds"), Some(Ok(3605.25)));
        assert_eq!(value(&pi, "computer_undervoltage"), Some(Ok(1.0)), "{model}");
        assert_eq!(value(&pi, "computer_throttled"), Some(Ok(1.0)), "{model}");
        let disk = value(&pi, "computer_disk_used_percent");
        assert!(matches!(disk, Some(Ok(percent)) if (0.0..=100.0).contains(&percent)), "{disk:?}");
        assert_eq!(pi.read().unwrap().len(), pi.quantities().len());
    }
}

#[test]
fn the_thermometer_of_the_processor_is_the_one_that_counts() {
    let (root, pi) = computer(COMMON);
    plant(
        root.path(),
        &[
            ("sys/class/thermal/thermal_zone0/type", "gpu\n"),
            ("sys/class/thermal/thermal_zone1/type", "cpu-thermal\n"),
            ("sys/class/thermal/thermal_zone1/temp", "51000\n"),
            ("sys/class/thermal/cooling_device0/type", "cpufreq\n"),
        ],
    );
    assert_eq!(value(&pi, "computer_temperature_celsius"), Some(Ok(51.0)));
}

/// Now: under-voltage, throttled; since boot: under-voltage, throttled.
fn supply(computer: &Computer) -> [Option<Result<f64, Fault>>; 4] {
    ["undervoltage", "throttled", "undervoltage_since_boot", "throttled_since_boot"]
        .map(|name| value(computer, &format!("computer_{name}")))
}

#[test]
fn each_bit_of_the_firmware_is_told_by_the_point_it_belongs_to() {
    let yes_no = |bits: [u8; 4]| bits.map(|bit| Some(Ok(f64::from(bit))));
    for (bits, expected) in [
        ("0", [0, 0, 0, 0]),
        ("1", [1, 0, 0, 0]),
        ("2", [0, 1, 0, 0]),
        ("4", [0, 1, 0, 0]),
        ("8", [0, 1, 0, 0]),
        ("10000", [0, 0, 1, 0]),
        ("20000", [0, 0, 0, 1]),
        ("40000", [0, 0, 0, 1]),
        ("80000", [0, 0, 0, 1]),
        ("0x50005", [1, 1, 1, 1]),
        ("e0000", [0, 0, 0, 1]),
    ] {
        let (_root, pi) = pi("Raspberry Pi 4", "cpu-thermal", "soc:firmware", &format!("{bits}\n"));
        assert_eq!(supply(&pi), yes_no(expected), "{bits}");
    }
}

#[test]
fn a_pi_whose_kernel_hides_the_bits_tells_its_supply_by_the_kernels_alarm() {
    for (alarm, expected) in [("0\n", Ok(0.0)), ("1\n", Ok(1.0)), ("", Err(Fault::BadResponse))] {
        let (root, pi) = computer(COMMON);
        plant(
            root.path(),
            &[
                ("sys/class/hwmon/hwmon0/name", "cpu_thermal\n"),
                ("sys/class/hwmon/hwmon1/name", "rpi_volt\n"),
                ("sys/class/hwmon/hwmon1/in0_lcrit_alarm", alarm),
            ],
        );
        assert_eq!(supply(&pi), [Some(expected), None, None, None]);
    }
}

#[test]
fn a_card_tells_what_was_written_and_an_emmc_how_worn_it_is() {
    let (root, pi) = computer(COMMON);
    let card = |name: &str| value(&pi, &format!("computer_{name}"));
    assert_eq!(card("sd_written_bytes"), None);
    plant(
        root.path(),
        &[
            ("sys/block/mmcblk0/device/type", "SD\n"),
            ("sys/fs/ext4/mmcblk0p2/lifetime_write_kbytes", "123456789\n"),
            ("sys/fs/ext4/mmcblk0p3/lifetime_write_kbytes", "11\n"),
            ("sys/fs/ext4/sda1/lifetime_write_kbytes", "999999999\n"),
        ],
    );
    assert_eq!(card("sd_written_bytes"), Some(Ok(123_456_800.0 * 1024.0)));
    assert_eq!((card("card_wear_percent"), card("card_spare_state")), (None, None), "an SD card does not say");
    plant(
        root.path(),
        &[("sys/block/mmcblk0/device/life_time", "0x02 0x04\n"), ("sys/block/mmcblk0/device/pre_eol_info", "0x02\n")],
    );
    assert_eq!((card("card_wear_percent"), card("card_spare_state")), (Some(Ok(40.0)), Some(Ok(2.0))));
}

const WIRELESS: &str = "\
Inter-| sta-|   Quality        |   Discarded packets               | Missed | WE
 face | tus | link level noise |  nwid  crypt   frag  retry   misc | beacon | 22
";

#[test]
fn a_wifi_in_use_tells_its_signal_and_one_that_is_down_is_no_point() {
    let (root, pi) = computer(COMMON);
    let wifi = |name: &str| value(&pi, &format!("computer_wifi_{name}"));
    let up = |flags: &str, table: &str| {
        let table = format!("{WIRELESS}{table}");
        plant(
            root.path(),
            &[
                ("sys/class/net/eth0/flags", "0x1003\n"),
                ("sys/class/net/wlan0/flags", flags),
                ("sys/class/net/wlan0/phy80211/index", "0\n"),
                ("proc/net/wireless", &table),
            ],
        );
    };
    up("0x1002\n", "");
    assert_eq!((wifi("signal_dbm"), wifi("link_percent")), (None, None));
    up("0x1003\n", " wlan0: 0000   56.  -54.  -256        0      0      0      0     12        0\n");
    assert_eq!((wifi("signal_dbm"), wifi("link_percent")), (Some(Ok(-54.0)), Some(Ok(80.0))));
    up("0x1003\n", "");
    assert_eq!((wifi("signal_dbm"), wifi("link_percent")), (None, Some(Ok(0.0))), "the access point is gone");
    let promised: Vec<String> = pi.quantities().into_iter().map(|q| q.name.into_owned()).collect();
    assert!(promised.contains(&"computer_wifi_signal_dbm".to_owned()), "it comes back without a restart");
}

#[test]
fn what_a_computer_does_not_have_is_no_point() {
    let (_root, laptop) = computer(&[("proc/loadavg", "1 1 1")]);
    let names: Vec<String> = laptop.quantities().into_iter().map(|q| q.name.into_owned()).collect();
    let all = ["load_ratio", "memory_used_percent", "disk_used_percent", "uptime_seconds"];
    assert_eq!(names, all.map(|name| format!("computer_{name}")));
    assert_eq!(Probe::identity(&laptop), None);
}

#[test]
fn what_makes_no_sense_is_a_fault() {
    let (root, broken) = computer(&[("proc/loadavg", "what?"), ("proc/stat", "")]);
    plant(
        root.path(),
        &[
            (&format!("{FIRMWARE}/soc:firmware/get_throttled"), "what?"),
            ("sys/class/thermal/thermal_zone0/temp", ""),
            ("sys/block/mmcblk0/device/life_time", "worn"),
            ("sys/fs/ext4/mmcblk0p2/lifetime_write_kbytes", "-1"),
        ],
    );
    for name in [
        "load_ratio",
        "memory_used_percent",
        "undervoltage",
        "temperature_celsius",
        "card_wear_percent",
        "sd_written_bytes",
    ] {
        assert_eq!(value(&broken, &format!("computer_{name}")), Some(Err(Fault::BadResponse)), "{name}");
    }
}

#[test]
fn this_very_computer_answers_and_knows_whether_its_clock_is_right() {
    let here = Computer::new(Settings { disk: "/".into(), root: "/".into() });
    for measured in here.values() {
        let quantity = here.quantities().into_iter().find(|q| q.name == measured.quantity).unwrap();
        let value = measured.value.unwrap();
        assert!((quantity.low..=quantity.high).contains(&value), "{} = {value}", quantity.name);
    }
    let synchronized = f64::from(u8::from(agent::clock::is_synchronized()));
    assert_eq!(value(&here, "computer_clock_synchronized"), Some(Ok(synchronized)));
}
