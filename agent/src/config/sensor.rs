//! `[[sensor]]`: chips, contacts, probes and the computer itself.

use std::{path::PathBuf, time::Duration};

use wire::Id;

/// One sensor.
#[derive(Debug, Clone, PartialEq)]
pub struct Sensor {
    /// Its name in tables and logs, unique in the file.
    pub name: Id,
    /// The asset it watches; its points then start with the asset's name.
    pub asset: Option<Id>,
    /// Between two readings; by default `[sampler] period`.
    pub period: Option<Duration>,
    /// What it is.
    pub driver: Driver,
}

/// What a sensor is and where it sits.
#[derive(Debug, Clone, PartialEq)]
pub enum Driver {
    /// Temperature and humidity.
    Sht4x(Sht4x),
    /// Carbon dioxide.
    Scd4x(Scd4x),
    /// Light.
    Bh1750(Bh1750),
    /// A contact or any 0/1 line.
    Contact(Contact),
    /// The computer that the agent runs on.
    Computer(Computer),
    /// Does a TCP port accept?
    Tcp(Tcp),
    /// Does a web server answer as it should?
    Http(Http),
    /// Does a host answer to ping?
    Icmp(Icmp),
}

/// Sensirion SHT40, SHT41 or SHT45.
#[derive(Debug, Clone, PartialEq)]
pub struct Sht4x {
    /// The bus it is wired to.
    pub bus: Id,
    /// 0x44 (A), 0x45 (B) or 0x46 (C), by the letter in the part number.
    pub address: u8,
}

/// Sensirion SCD40, SCD41 or SCD43.
#[derive(Debug, Clone, PartialEq)]
pub struct Scd4x {
    /// The bus it is wired to; its address is always 0x62.
    pub bus: Id,
    /// Air pressure in hPa, 700 to 1200; matters above some 500 m of altitude.
    pub pressure_hpa: Option<u16>,
    /// Automatic self-calibration, which believes that the least CO2 of a week is fresh air.
    pub self_calibration: bool,
    /// Also report the chip's own temperature and humidity, which its heat disturbs.
    pub climate: bool,
}

/// ROHM BH1750.
#[derive(Debug, Clone, PartialEq)]
pub struct Bh1750 {
    /// The bus it is wired to.
    pub bus: Id,
    /// 0x23 (ADDR low) or 0x5c (ADDR high).
    pub address: u8,
    /// Measurement time register, 31 to 254; 69 as made, 254 for dark rooms.
    pub mtreg: u8,
}

/// A contact on a GPIO line.
#[derive(Debug, Clone, PartialEq)]
pub struct Contact {
    /// The bus whose GPIO chip has the line.
    pub bus: Id,
    /// Line offset; on a Raspberry Pi the BCM number.
    pub line: u32,
    /// The point, for example `power_on`; 1 while active.
    pub point: String,
    /// The level at which the point is 1.
    pub active: Level,
    /// The resistor inside the computer.
    pub pull: Pull,
    /// How long a level must hold before it counts.
    pub debounce: Duration,
}

/// A level of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Near 0 V.
    Low,
    /// Near 3.3 V.
    High,
}

/// The resistor that holds an open line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pull {
    /// To 3.3 V.
    Up,
    /// To ground.
    Down,
    /// None: something outside drives the line both ways.
    Off,
}

/// The computer itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Computer {
    /// The file system whose free space is reported.
    pub disk: PathBuf,
    /// Where `/proc` and `/sys` hang; `/` but in tests.
    pub root: PathBuf,
}

/// A TCP probe.
#[derive(Debug, Clone, PartialEq)]
pub struct Tcp {
    /// Name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// How long to wait.
    pub timeout: Duration,
}

/// An HTTP probe.
#[derive(Debug, Clone, PartialEq)]
pub struct Http {
    /// `http://` or `https://`.
    pub url: String,
    /// The status that is right; without it any from 200 to 299.
    pub status: Option<u16>,
    /// A text that the first 64 KiB of the answer must contain.
    pub contains: Option<String>,
    /// How long to wait.
    pub timeout: Duration,
}

impl Http {
    /// The address for people and other computers: without the user and the password in it.
    #[must_use]
    pub fn shown_url(&self) -> String {
        let Some((scheme, rest)) = self.url.split_once("://") else { return self.url.clone() };
        let authority = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        match rest[..authority].rfind('@') {
            Some(at) => format!("{scheme}://********@{}", &rest[at + 1..]),
            None => self.url.clone(),
        }
    }
}

/// A ping probe.
#[derive(Debug, Clone, PartialEq)]
pub struct Icmp {
    /// Name or address.
    pub host: String,
    /// How long to wait.
    pub timeout: Duration,
}

impl Driver {
    /// The bus that it sits on, if it sits on one.
    #[must_use]
    pub fn bus(&self) -> Option<&Id> {
        match self {
            Self::Sht4x(chip) => Some(&chip.bus),
            Self::Scd4x(chip) => Some(&chip.bus),
            Self::Bh1750(chip) => Some(&chip.bus),
            Self::Contact(contact) => Some(&contact.bus),
            Self::Computer(_) | Self::Tcp(_) | Self::Http(_) | Self::Icmp(_) => None,
        }
    }

    /// Its word in the configuration.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Sht4x(_) => "sht4x",
            Self::Scd4x(_) => "scd4x",
            Self::Bh1750(_) => "bh1750",
            Self::Contact(_) => "contact",
            Self::Computer(_) => "computer",
            Self::Tcp(_) => "tcp",
            Self::Http(_) => "http",
            Self::Icmp(_) => "icmp",
        }
    }

    /// Where it sits: bus and address, line, host.
    #[must_use]
    pub fn place(&self) -> String {
        match self {
            Self::Sht4x(chip) => format!("{} {:#04x}", chip.bus, chip.address),
            Self::Scd4x(chip) => format!("{} 0x62", chip.bus),
            Self::Bh1750(chip) => format!("{} {:#04x}", chip.bus, chip.address),
            Self::Contact(contact) => format!("{} line {}", contact.bus, contact.line),
            Self::Computer(_) => String::new(),
            Self::Tcp(probe) => format!("{}:{}", probe.host, probe.port),
            Self::Http(probe) => probe.shown_url(),
            Self::Icmp(probe) => probe.host.clone(),
        }
    }
}
