//! `[[sensor]]` as a file says it: read and printed side by side, a driver at a time.

use std::{path::PathBuf, time::Duration};

use wire::Id;

use super::{
    mistake::Expected,
    quantity,
    reader::Table,
    sampler::PERIOD,
    sensor::{Bh1750, Computer, Contact, Driver, Http, Icmp, Level, Pull, Scd4x, Sensor, Sht4x, Tcp},
};

/// Words for `driver`.
const DRIVERS: &[&str] = &["sht4x", "scd4x", "bh1750", "contact", "computer", "tcp", "http", "icmp"];
const LEVELS: &[&str] = &["low", "high"];
const PULLS: &[&str] = &["up", "down", "off"];

impl Sensor {
    /// None where a mistake was noted.
    pub(super) fn read(table: Table<'_>) -> Option<Self> {
        let name = table.require("name", Expected::Id, table.id("name"));
        let asset = table.id("asset");
        let period = table.duration("period", PERIOD.0, PERIOD.1);
        let word = table.require("driver", Expected::OneOf(DRIVERS), table.word("driver", DRIVERS, DRIVERS));
        let driver = match word {
            Some("sht4x") => read_sht4x(&table).map(Driver::Sht4x),
            Some("scd4x") => read_scd4x(&table).map(Driver::Scd4x),
            Some("bh1750") => read_bh1750(&table).map(Driver::Bh1750),
            Some("contact") => read_contact(&table).map(Driver::Contact),
            Some("computer") => Some(Driver::Computer(read_computer(&table))),
            Some("tcp") => read_tcp(&table).map(Driver::Tcp),
            Some("http") => read_http(&table).map(Driver::Http),
            Some("icmp") => read_icmp(&table).map(Driver::Icmp),
            // Without a driver nobody knows which keys are known.
            _ => return None,
        };
        table.finish();
        Some(Self { name: name?, asset, period, driver: driver? })
    }

    /// As the file would say it.
    pub(super) fn print(&self) -> toml::Table {
        let mut table = toml::Table::new();
        let mut put = |key: &str, value: toml::Value| drop(table.insert(key.into(), value));
        put("name", self.name.as_str().into());
        put("driver", self.driver.word().into());
        if let Some(asset) = &self.asset {
            put("asset", asset.as_str().into());
        }
        if let Some(period) = self.period {
            put("period", quantity::print_duration(period).into());
        }
        if let Some(bus) = self.driver.bus() {
            put("bus", bus.as_str().into());
        }
        match &self.driver {
            Driver::Sht4x(chip) => put("address", i64::from(chip.address).into()),
            Driver::Scd4x(chip) => {
                if let Some(pressure) = chip.pressure_hpa {
                    put("pressure_hpa", i64::from(pressure).into());
                }
                put("self_calibration", chip.self_calibration.into());
                put("climate", chip.climate.into());
            }
            Driver::Bh1750(chip) => {
                put("address", i64::from(chip.address).into());
                put("mtreg", i64::from(chip.mtreg).into());
            }
            Driver::Contact(contact) => {
                put("line", i64::from(contact.line).into());
                put("point", contact.point.as_str().into());
                put("active", LEVELS[contact.active as usize].into());
                put("pull", PULLS[contact.pull as usize].into());
                put("debounce", quantity::print_duration(contact.debounce).into());
            }
            Driver::Computer(computer) => {
                put("disk", computer.disk.display().to_string().into());
                put("root", computer.root.display().to_string().into());
            }
            Driver::Tcp(probe) => {
                put("host", probe.host.as_str().into());
                put("port", i64::from(probe.port).into());
                put("timeout", quantity::print_duration(probe.timeout).into());
            }
            Driver::Http(probe) => {
                put("url", probe.shown_url().into());
                if let Some(status) = probe.status {
                    put("status", i64::from(status).into());
                }
                if let Some(contains) = &probe.contains {
                    put("contains", contains.as_str().into());
                }
                put("timeout", quantity::print_duration(probe.timeout).into());
            }
            Driver::Icmp(probe) => {
                put("host", probe.host.as_str().into());
                put("timeout", quantity::print_duration(probe.timeout).into());
            }
        }
        table
    }
}

fn bus(table: &Table<'_>) -> Option<Id> {
    table.require("bus", Expected::Id, table.id("bus"))
}

fn timeout(table: &Table<'_>) -> Duration {
    table.duration("timeout", "100ms", "1m").unwrap_or(Duration::from_secs(2))
}

fn read_sht4x(table: &Table<'_>) -> Option<Sht4x> {
    let address = table.address("address", &["0x44", "0x45", "0x46"], &[0x44, 0x45, 0x46]).unwrap_or(0x44);
    Some(Sht4x { bus: bus(table)?, address })
}

fn read_scd4x(table: &Table<'_>) -> Option<Scd4x> {
    let bus = bus(table);
    let pressure_hpa = table.whole("pressure_hpa", 700, 1200).and_then(|hpa| u16::try_from(hpa).ok());
    let self_calibration = table.flag("self_calibration").unwrap_or(false);
    let climate = table.flag("climate").unwrap_or(false);
    Some(Scd4x { bus: bus?, pressure_hpa, self_calibration, climate })
}

fn read_bh1750(table: &Table<'_>) -> Option<Bh1750> {
    let bus = bus(table);
    let address = table.address("address", &["0x23", "0x5c"], &[0x23, 0x5C]).unwrap_or(0x23);
    let mtreg = table.whole("mtreg", 31, 254).unwrap_or(69);
    Some(Bh1750 { bus: bus?, address, mtreg: u8::try_from(mtreg).ok()? })
}

fn read_contact(table: &Table<'_>) -> Option<Contact> {
    let bus = bus(table);
    let whole = Expected::Whole { low: 0, high: 1023 };
    let line = table.require("line", whole, table.whole("line", 0, 1023)).and_then(|line| u32::try_from(line).ok());
    let point = table.require("point", Expected::Point, table.point("point"));
    let active = table.word("active", LEVELS, &[Level::Low, Level::High]).unwrap_or(Level::Low);
    let pull = table.word("pull", PULLS, &[Pull::Up, Pull::Down, Pull::Off]).unwrap_or(Pull::Up);
    let debounce = table.duration("debounce", "0ms", "10s").unwrap_or(Duration::from_millis(50));
    Some(Contact { bus: bus?, line: line?, point: point?, active, pull, debounce })
}

fn read_computer(table: &Table<'_>) -> Computer {
    let path = |key: &'static str| table.text(key).map_or("/".into(), PathBuf::from);
    Computer { disk: path("disk"), root: path("root") }
}

fn read_tcp(table: &Table<'_>) -> Option<Tcp> {
    let host = table.require("host", Expected::Text, table.text("host"));
    let port = Expected::Whole { low: 1, high: 65535 };
    let port = table.require("port", port, table.whole("port", 1, 65535)).and_then(|port| u16::try_from(port).ok());
    let timeout = timeout(table);
    Some(Tcp { host: host?, port: port?, timeout })
}

fn read_http(table: &Table<'_>) -> Option<Http> {
    let url = table.require("url", Expected::Url, table.url("url"));
    let status = table.whole("status", 100, 599).and_then(|status| u16::try_from(status).ok());
    let contains = table.text("contains");
    let timeout = timeout(table);
    Some(Http { url: url?, status, contains, timeout })
}

fn read_icmp(table: &Table<'_>) -> Option<Icmp> {
    let host = table.require("host", Expected::Text, table.text("host"));
    let timeout = timeout(table);
    Some(Icmp { host: host?, timeout })
}
