//! `scan`: asks every bus who is there, and the network where that was asked for, and prints a
//! configuration that names them. Writes no file.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use agent::{
    clock::SystemClock,
    config::{Backend, Bus, Config, Sensor},
    driver::{
        probe::pjlink::{self, search::search},
        scan::{Found, Scan, scan as ask_around},
        simulated::Room,
        table,
    },
    texts::{Lang, drivers as text},
    world::Clock,
};
use wire::Id;

use super::{say, tell};

/// How long devices in the network have to answer: the specification lets them take 5 s.
const NETWORK_TIMEOUT: Duration = Duration::from_secs(6);

/// Scans the buses of `config`, or where there is none every I2C bus of this computer; then projectors
/// and displays that answer at `network`.
pub(super) fn scan(config: Option<&Config>, network: Option<IpAddr>, lang: Lang) -> ExitCode {
    let clock: Arc<dyn Clock> = SystemClock::new();
    let buses = config.map_or_else(own_buses, |config| config.buses.clone());
    say(text::suggestion(lang));
    let name = |name: Option<&Id>, otherwise: &str| name.map_or_else(|| otherwise.to_owned(), ToString::to_string);
    for (key, value) in [
        ("venue", name(config.map(|c| &c.venue), "my-venue")),
        ("room", name(config.map(|c| &c.room), "my-room")),
        ("agent", name(config.map(|c| &c.agent), "my-pi")),
    ] {
        say(&format!("{key} = \"{value}\""));
    }
    if buses.is_empty() {
        say(&format!("\n{}", text::no_bus_at_all(lang)));
    }
    let mut failed = buses.is_empty();
    let mut names = Names::default();
    for bus in &buses {
        tell(&text::asking(&format!("`{}` ({})", bus.name, bus.backend), lang));
        say(&format!("\n[[bus]]\n{}", toml(&bus.print())));
        let room = room(bus, config, &clock);
        match ask_around(bus, &room, &clock) {
            Ok(scan) => print_scan(bus, &scan, &mut names, lang),
            Err(error) => {
                failed = true;
                say(&text::no_bus(bus.name.as_str(), &error.to_string(), lang));
            }
        }
    }
    if let Some(network) = network {
        failed |= !scan_network(network, &mut names, lang);
    }
    say("\n[[sensor]]\nname = \"computer\"\ndriver = \"computer\"");
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Looks for PJLink devices; false where the network cannot be asked.
fn scan_network(network: IpAddr, names: &mut Names, lang: Lang) -> bool {
    tell(&text::asking(&network.to_string(), lang));
    match search(SocketAddr::new(network, pjlink::PORT), NETWORK_TIMEOUT) {
        Ok(found) => {
            if found.is_empty() {
                say(&format!("\n{}", text::no_projector(lang)));
            }
            for (address, mac) in found {
                let name = names.next("projector");
                say(&format!(
                    "\n## PJLink, {mac}\n[[sensor]]\nname = \"{name}\"\ndriver = \"pjlink\"\nhost = \"{address}\""
                ));
            }
            true
        }
        Err(error) => {
            say(&format!("\n{}", text::no_network(&network.to_string(), &error.to_string(), lang)));
            false
        }
    }
}

/// The kernel's I2C buses.
fn own_buses() -> Vec<Bus> {
    let entries = std::fs::read_dir("/dev").into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"i2c-")))
        .collect();
    paths.sort();
    let bus = |path: PathBuf| {
        let name = Id::parse(path.file_name()?.to_str()?).ok()?;
        Some(Bus { name, backend: Backend::Linux { i2c: path, gpio: "/dev/gpiochip0".into() } })
    };
    paths.into_iter().filter_map(bus).collect()
}

/// The room behind a simulated bus: with what the configuration names in it.
fn room(bus: &Bus, config: Option<&Config>, clock: &Arc<dyn Clock>) -> Arc<Room> {
    let Backend::Simulated { seed, fitted } = bus.backend else { return Room::new(0, Arc::clone(clock)) };
    let room = Room::new(seed, Arc::clone(clock));
    let sensors = config.map_or(&[][..], |config| &config.sensors).iter();
    sensors.filter(|sensor| fitted && sensor.driver.place().bus() == Some(&bus.name)).for_each(|sensor| {
        room.fit_for(&*sensor.driver);
    });
    room
}

fn print_scan(bus: &Bus, scan: &Scan, names: &mut Names, lang: Lang) {
    for address in &scan.muxes {
        say(&format!("\n{}", text::multiplexer(&format!("{} {address:#04x}", bus.name), lang)));
    }
    for Found { seat, proven } in &scan.chips {
        let place = agent::driver::Place::Chip(seat.clone()).to_string();
        match proven {
            Some((settings, identity)) => {
                let name = names.next(settings.kind().word);
                let sensor = Sensor { name, asset: None, period: None, driver: Arc::clone(settings) };
                say(&format!("\n## {place}: {identity}\n[[sensor]]\n{}", toml(&sensor.print())));
            }
            None => {
                let candidates: Vec<&str> = table::at(seat.address).map(|kind| kind.word).collect();
                say(&format!("\n{}", text::unproven(&place, &candidates.join(", "), lang)));
            }
        }
    }
    for id in scan.one_wire.iter().filter(|id| id.starts_with("28-")) {
        let name = names.next("ds18b20");
        say(&format!("\n[[sensor]]\nname = \"{name}\"\ndriver = \"ds18b20\"\nbus = \"{}\"\nid = \"{id}\"", bus.name));
    }
}

/// A table as a file has it: addresses as data sheets write them.
fn toml(table: &toml::Table) -> String {
    let line = |(key, value): (&String, &toml::Value)| match (key.as_str(), value.as_integer()) {
        ("address" | "mux", Some(number)) => format!("{key} = {number:#04x}"),
        _ => format!("{key} = {value}"),
    };
    // The name first, then what it is.
    let first = ["name", "driver", "backend", "bus"];
    let rank = |key: &str| first.iter().position(|word| *word == key).unwrap_or(first.len());
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| rank(key));
    entries.into_iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Names that were given.
#[derive(Default)]
struct Names(std::collections::BTreeMap<String, u32>);

impl Names {
    /// `sht4x`, then `sht4x-2`.
    fn next(&mut self, word: &str) -> Id {
        let count = self.0.entry(word.to_owned()).or_default();
        *count += 1;
        let name = if *count == 1 { word.to_owned() } else { format!("{word}-{count}") };
        Id::parse(&name).expect("words of drivers are identifiers")
    }
}
