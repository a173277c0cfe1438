//! What points there can be: turns `lounge.toml` and `hall.toml`, read by the agent's own configuration,
//! into the names that the agent itself gives them, and adds what the collector says of its own accord.

use std::{collections::BTreeSet, fs, path::Path};

use agent::{config, sampler, uplink::pump};
use collector::register::{maintenance, own};
use wire::Id;

const AGENTS: [(&str, &str); 2] =
    [("lounge.toml", include_str!("lounge.toml")), ("hall.toml", include_str!("hall.toml"))];

/// A Raspberry Pi with an eMMC, an SD card's file system and a Wi-Fi, as its `/proc` and `/sys` show it.
const COMPUTER: &[(&str, &str)] = &[
    ("sys/class/thermal/thermal_zone0/temp", "48312\n"),
    ("sys/class/thermal/thermal_zone0/type", "cpu-thermal\n"),
    ("sys/bus/platform/drivers/raspberrypi-firmware/soc:firmware/get_throttled", "0\n"),
    ("sys/block/mmcblk0/device/life_time", "0x01 0x01\n"),
    ("sys/block/mmcblk0/device/pre_eol_info", "0x01\n"),
    ("sys/fs/ext4/mmcblk0p2/lifetime_write_kbytes", "1234567\n"),
    ("sys/class/net/wlan0/phy80211/name", "phy0\n"),
    ("sys/class/net/wlan0/flags", "0x1003\n"),
    ("proc/net/wireless", " wlan0: 0000   60.  -50.  -256        0      0      0      0      0        0\n"),
];

/// The only point of the computer that no planted tree can show: it is the kernel's own word.
const CLOCK: &str = "computer_clock_synchronized";

fn plant(root: &Path) {
    for (path, text) in COMPUTER {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

/// Names of all points.
pub fn points() -> BTreeSet<String> {
    let root = tempfile::tempdir().unwrap();
    plant(root.path());
    let mut names = BTreeSet::new();
    for (file, text) in AGENTS {
        let text = text.replace("ROOT", root.path().to_str().unwrap());
        let config = config::parse(&text, file, []).unwrap_or_else(|e| panic!("{e}"));
        let about = sampler::about(&config).unwrap();
        names.extend(about.points.keys().map(|name| name.as_str().to_owned()));
    }
    let own_words = [own::SERVICE_POINT, own::SCRAP_POINT, maintenance::MAINTENANCE_POINT];
    let of_the_collector = own_words.map(|end| own::point(&Id::parse("extinguisher-1").unwrap(), end).unwrap());
    names.extend(pump::figures().map(|(name, _)| name.to_owned()));
    names.extend(of_the_collector.map(|name| name.as_str().to_owned()));
    names.extend(collector::own_health::names().into_iter().map(|name| name.as_str().to_owned()));
    names.insert(CLOCK.to_owned());
    names
}
