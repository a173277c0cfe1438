//! The computer that the agent runs on: turns `/proc` and `/sys` into temperature, load, memory,
//! disk, uptime, clock, Wi-Fi, the wear of its card, and a Raspberry Pi's complaints about its
//! supply. What a computer does not have is no point. Runs no other program.

mod card;
mod root;
mod supply;
mod wireless;

use std::{path::PathBuf, sync::Arc};

use wire::Fault;

use super::{Error, Kind, Measured, Place, Probe, Quantity, Reader, Sits};
use crate::{clock, config::Table};
use root::Root;

/// The computer that the agent runs on.
pub static KIND: Kind = Kind {
    word: "computer",
    parts: ["Raspberry Pi, any Linux computer", "树莓派及任何 Linux 计算机"],
    measures: [
        "temperature, load, memory, disk, card, supply, Wi-Fi, clock",
        "温度、负载、内存、磁盘、存储卡、供电、Wi-Fi、时钟",
    ],
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
const CLOCK: Quantity = Quantity::flag("computer_clock_synchronized");

/// Names of the processor's thermal zone: `cpu-thermal` on every Pi of today, `bcm2835_thermal` on
/// kernels before 4.19, `x86_pkg_temp` on a PC.
const PROCESSOR_ZONES: [&str; 4] = ["cpu", "pkg", "bcm2835", "soc"];

/// Something that this computer has, and what it says now.
type Found = (Quantity, Said);

/// What a file says.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Said {
    Value(f64),
    /// It is there and makes no sense.
    Nonsense,
    /// It has nothing to say now, and that is no fault: a Wi-Fi without its access point.
    Nothing,
}

impl From<Option<f64>> for Said {
    fn from(value: Option<f64>) -> Self {
        value.map_or(Self::Nonsense, Self::Value)
    }
}

/// 0 or 1.
fn flag(yes: bool) -> f64 {
    f64::from(u8::from(yes))
}

/// The computer.
#[derive(Debug, Clone)]
pub struct Computer {
    disk: PathBuf,
    root: Root,
}

impl Computer {
    /// The computer as configured.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { disk: settings.disk, root: Root::new(settings.root) }
    }

    /// What this computer has: not every one has a thermometer, few are a Raspberry Pi.
    #[must_use]
    pub fn quantities(&self) -> Vec<Quantity> {
        self.find().into_iter().map(|(quantity, _)| quantity).collect()
    }

    /// Reads everything that there is; what makes no sense is a fault of its own.
    #[must_use]
    pub fn values(&self) -> Vec<Measured> {
        let measured = |(quantity, said): Found| match said {
            Said::Value(value) => Some(Measured::plain(quantity.name, value)),
            Said::Nonsense => Some(Measured::fault(quantity.name, Fault::BadResponse)),
            Said::Nothing => None,
        };
        self.find().into_iter().filter_map(measured).collect()
    }

    fn find(&self) -> Vec<Found> {
        let text = |path: &str| self.root.text(path);
        let mut found = Vec::new();
        if let Some(zone) = self.thermal_zone() {
            found.push((TEMPERATURE, text(&zone).and_then(|text| celsius(&text)).into()));
        }
        let load = text("proc/loadavg").zip(text("proc/stat")).and_then(|(load, stat)| load_ratio(&load, &stat));
        found.push((LOAD, load.into()));
        found.push((MEMORY, text("proc/meminfo").and_then(|text| memory_used_percent(&text)).into()));
        found.push((DISK, self.disk_used_percent().into()));
        found.push((UPTIME, text("proc/uptime").and_then(|text| text.split_whitespace().next()?.parse().ok()).into()));
        // The kernel's own word, which hangs in no tree of files.
        if self.root.is_this_computer() {
            found.push((CLOCK, Said::Value(flag(clock::is_synchronized()))));
        }
        found.extend(supply::read(&self.root));
        found.extend(card::read(&self.root));
        found.extend(wireless::read(&self.root));
        found
    }

    /// The thermometer of the processor, or the first.
    fn thermal_zone(&self) -> Option<String> {
        let zones = self.root.entries("sys/class/thermal");
        let mut zones = zones.into_iter().filter(|zone| {
            zone.rsplit('/').next().is_some_and(|name| name.starts_with("thermal_zone"))
                && self.root.exists(&format!("{zone}/temp"))
        });
        let of_processor = |zone: &String| {
            let kind = self.root.text(&format!("{zone}/type")).unwrap_or_default();
            PROCESSOR_ZONES.iter().any(|word| kind.contains(word))
        };
        let first = zones.next()?;
        let zone = if of_processor(&first) { first } else { zones.find(of_processor).unwrap_or(first) };
        Some(format!("{zone}/temp"))
    }

    fn disk_used_percent(&self) -> Option<f64> {
        let disk = rustix::fs::statvfs(&self.disk).ok()?;
        // As `df` counts: what is reserved for root is neither used nor free.
        let used = disk.f_blocks.saturating_sub(disk.f_bfree) as f64;
        let total = used + disk.f_bavail as f64;
        (total > 0.0).then(|| 100.0 * used / total)
    }
}

impl Probe for Computer {
    fn read(&mut self) -> Result<Vec<Measured>, Error> {
        Ok(self.values())
    }

    /// What its device tree calls it: `Raspberry Pi 4 Model B Rev 1.4`.
    fn identity(&self) -> Option<String> {
        let model = self.root.text("proc/device-tree/model")?;
        let model = model.trim_matches(['\0', '\n', ' ']);
        (!model.is_empty()).then(|| model.to_owned())
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
