//! The computer that the agent runs on: turns `/proc` and `/sys` into temperature, load, memory,
//! disk, uptime and a Raspberry Pi's complaints about its supply. Runs no other program.

use std::{fs, path::PathBuf, sync::Arc};

use wire::Fault;

use super::{Error, Kind, Measured, Place, Probe, Quantity, Reader, Sits};
use crate::config::Table;

/// The computer that the agent runs on.
pub static KIND: Kind = Kind {
    word: "computer",
    chips: "Raspberry Pi, any Linux computer",
    measures: ["temperature, load, memory, disk, supply", "温度、负载、内存、磁盘、供电"],
    sits: Sits::Computer,
    period: None,
    period_min: None,
    read: |table| Some(Arc::new(Settings::read(table))),
    at: None,
};

/// What a `[[sensor]]` of this kind says.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The file system whose free space is reported.
    pub disk: PathBuf,
    /// Where `/proc` and `/sys` hang; `/` but in tests.
    pub root: PathBuf,
}

impl Settings {
    fn read(table: &Table<'_>) -> Self {
        let path = |key: &'static str| table.text(key).map_or("/".into(), PathBuf::from);
        Self { disk: path("disk"), root: path("root") }
    }
}

impl super::Settings for Settings {
    fn kind(&self) -> &'static Kind {
        &KIND
    }
    fn place(&self) -> Place {
        Place::Here
    }
    fn print(&self, table: &mut toml::Table) {
        table.insert("disk".into(), self.disk.display().to_string().into());
        table.insert("root".into(), self.root.display().to_string().into());
    }
    fn quantities(&self) -> Vec<Quantity> {
        Computer::new(self.clone()).quantities()
    }
    fn start(&self) -> Reader {
        Reader::Alone(Box::new(Computer::new(self.clone())))
    }
}

const TEMPERATURE: Quantity = Quantity::resting("computer_temperature_celsius", "Cel", -40.0, 150.0, 1);
const LOAD: Quantity = Quantity::resting("computer_load_ratio", "1", 0.0, 10_000.0, 2);
const MEMORY: Quantity = Quantity::resting("computer_memory_used_percent", "%", 0.0, 100.0, 1);
const DISK: Quantity = Quantity::resting("computer_disk_used_percent", "%", 0.0, 100.0, 1);
const UPTIME: Quantity = Quantity::resting("computer_uptime_seconds", "s", 0.0, 1e10, 0);
const UNDERVOLTAGE: Quantity = Quantity::resting("computer_undervoltage", "/", 0.0, 1.0, 0);
const THROTTLED: Quantity = Quantity::resting("computer_throttled", "/", 0.0, 1.0, 0);

/// Firmware of a Raspberry Pi: bits of what it does to survive, in hexadecimal.
const THROTTLED_FILE: &str = "sys/devices/platform/soc/soc:firmware/get_throttled";
/// Bit 0: the supply is under 4.63 V now.
const UNDERVOLTAGE_BIT: u32 = 1;
/// Bits 1 to 3: frequency capped, throttled, soft temperature limit, each now.
const THROTTLED_BITS: u32 = 0b1110;

/// The computer.
#[derive(Debug, Clone)]
pub struct Computer {
    settings: Settings,
}

impl Computer {
    /// The computer as configured.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings }
    }

    /// What this computer has: not every one has a thermometer, few are a Raspberry Pi.
    #[must_use]
    pub fn quantities(&self) -> Vec<Quantity> {
        let all = [TEMPERATURE, LOAD, MEMORY, DISK, UPTIME, UNDERVOLTAGE, THROTTLED];
        let firmware = self.path(THROTTLED_FILE).exists();
        let has = |quantity: &Quantity| match &*quantity.name {
            name if name == TEMPERATURE.name => self.thermal_zone().is_some(),
            name if name == UNDERVOLTAGE.name || name == THROTTLED.name => firmware,
            _ => true,
        };
        all.into_iter().filter(has).collect()
    }

    /// Reads everything that there is; what fails is a fault of its own.
    #[must_use]
    pub fn values(&self) -> Vec<Measured> {
        let one = |quantity: Quantity| {
            let value = self.value(&quantity).ok_or(Fault::BadResponse);
            Measured { quantity: quantity.name, value, raw: None }
        };
        self.quantities().into_iter().map(one).collect()
    }

    fn value(&self, quantity: &Quantity) -> Option<f64> {
        match &*quantity.name {
            name if name == TEMPERATURE.name => celsius(&fs::read_to_string(self.thermal_zone()?).ok()?),
            name if name == LOAD.name => load_ratio(&self.text("proc/loadavg")?, &self.text("proc/stat")?),
            name if name == MEMORY.name => memory_used_percent(&self.text("proc/meminfo")?),
            name if name == DISK.name => self.disk_used_percent(),
            name if name == UPTIME.name => self.text("proc/uptime")?.split_whitespace().next()?.parse().ok(),
            name if name == UNDERVOLTAGE.name => self.firmware_bits(UNDERVOLTAGE_BIT),
            _ => self.firmware_bits(THROTTLED_BITS),
        }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.settings.root.join(path)
    }

    fn text(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.path(path)).ok()
    }

    /// The zone of the processor, or the first.
    fn thermal_zone(&self) -> Option<PathBuf> {
        let zones = fs::read_dir(self.path("sys/class/thermal")).ok()?;
        let mut zones: Vec<PathBuf> = zones
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"thermal_zone")))
            .collect();
        zones.sort();
        let of_processor = |zone: &&PathBuf| {
            fs::read_to_string(zone.join("type")).is_ok_and(|kind| kind.contains("cpu") || kind.contains("pkg"))
        };
        zones.iter().find(of_processor).or(zones.first()).map(|zone| zone.join("temp"))
    }

    fn disk_used_percent(&self) -> Option<f64> {
        let disk = rustix::fs::statvfs(&self.settings.disk).ok()?;
        // As `df` counts: what is reserved for root is neither used nor free.
        let used = disk.f_blocks.saturating_sub(disk.f_bfree) as f64;
        let total = used + disk.f_bavail as f64;
        (total > 0.0).then(|| 100.0 * used / total)
    }

    fn firmware_bits(&self, mask: u32) -> Option<f64> {
        let text = self.text(THROTTLED_FILE)?;
        let bits = u32::from_str_radix(text.trim().trim_start_matches("0x"), 16).ok()?;
        Some(f64::from(u8::from(bits & mask != 0)))
    }
}

impl Probe for Computer {
    fn read(&mut self) -> Result<Vec<Measured>, Error> {
        Ok(self.values())
    }
}

/// The kernel writes thousandths of a degree.
fn celsius(text: &str) -> Option<f64> {
    Some(text.trim().parse::<f64>().ok()? / 1000.0)
}

/// Load of the last minute for each processor: 1 is fully busy.
fn load_ratio(loadavg: &str, stat: &str) -> Option<f64> {
    let load: f64 = loadavg.split_whitespace().next()?.parse().ok()?;
    let is_processor =
        |line: &&str| line.strip_prefix("cpu").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    let processors = stat.lines().filter(is_processor).count().max(1);
    Some(load / processors as f64)
}

/// What programs could not get without swapping.
fn memory_used_percent(meminfo: &str) -> Option<f64> {
    let kib = |name: &str| -> Option<f64> {
        let line = meminfo.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        line.split_whitespace().next()?.parse().ok()
    };
    let (total, available) = (kib("MemTotal")?, kib("MemAvailable")?);
    (total > 0.0).then(|| 100.0 * (total - available) / total)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn computer(files: &[(&str, &str)]) -> (tempfile::TempDir, Computer) {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let settings = Settings { disk: root.path().to_owned(), root: root.path().to_owned() };
        (root, Computer::new(settings))
    }

    fn value(computer: &Computer, name: &str) -> Option<Result<f64, Fault>> {
        computer.values().into_iter().find(|m| m.quantity == name).map(|m| m.value)
    }

    #[test]
    fn a_raspberry_pi_tells_its_temperature_load_memory_and_supply() {
        let (_root, pi) = computer(&[
            ("sys/class/thermal/thermal_zone0/temp", "48312\n"),
            ("sys/class/thermal/thermal_zone0/type", "cpu-thermal\n"),
            ("proc/loadavg", "0.52 0.58 0.59 1/123 4567\n"),
            ("proc/stat", "cpu  1 2 3\ncpu0 1 2\ncpu1 1 2\ncpu2 1 2\ncpu3 1 2\nintr 5\n"),
            ("proc/meminfo", "MemTotal:        1000 kB\nMemFree: 100 kB\nMemAvailable:    250 kB\n"),
            ("proc/uptime", "3605.25 14000.00\n"),
            (THROTTLED_FILE, "50005\n"),
        ]);
        assert_eq!(value(&pi, "computer_temperature_celsius"), Some(Ok(48.312)));
        assert_eq!(value(&pi, "computer_load_ratio"), Some(Ok(0.13)));
        assert_eq!(value(&pi, "computer_memory_used_percent"), Some(Ok(75.0)));
        assert_eq!(value(&pi, "computer_uptime_seconds"), Some(Ok(3605.25)));
        assert_eq!(value(&pi, "computer_undervoltage"), Some(Ok(1.0)));
        assert_eq!(value(&pi, "computer_throttled"), Some(Ok(1.0)));
        assert!(
            matches!(value(&pi, "computer_disk_used_percent"), Some(Ok(percent)) if (0.0..=100.0).contains(&percent))
        );
    }

    #[test]
    fn past_trouble_of_the_supply_is_no_present_one() {
        let (_root, pi) = computer(&[(THROTTLED_FILE, "50000\n")]);
        assert_eq!(value(&pi, "computer_undervoltage"), Some(Ok(0.0)));
        assert_eq!(value(&pi, "computer_throttled"), Some(Ok(0.0)));
    }

    #[test]
    fn what_a_computer_does_not_have_is_no_point() {
        let (_root, laptop) = computer(&[("proc/loadavg", "1 1 1")]);
        assert_eq!(value(&laptop, "computer_temperature_celsius"), None);
        assert_eq!(value(&laptop, "computer_undervoltage"), None);
    }

    #[test]
    fn what_cannot_be_read_is_a_fault() {
        let (_root, broken) = computer(&[("proc/loadavg", "what?"), ("proc/stat", "")]);
        assert_eq!(value(&broken, "computer_load_ratio"), Some(Err(Fault::BadResponse)));
        assert_eq!(value(&broken, "computer_memory_used_percent"), Some(Err(Fault::BadResponse)));
    }

    #[test]
    fn this_very_computer_answers() {
        let here = Computer::new(Settings { disk: "/".into(), root: "/".into() });
        for measured in here.values() {
            let quantity = here.quantities().into_iter().find(|q| q.name == measured.quantity).unwrap();
            let value = measured.value.unwrap();
            assert!((quantity.low..=quantity.high).contains(&value), "{} = {value}", quantity.name);
        }
    }
}
