//! `[[bus]]`: what sensors and contacts are wired to.

use std::path::PathBuf;

use wire::Id;

use super::{mistake::Expected, reader::Table};

/// One bus: an I2C bus and the GPIO lines beside it. Each gets a thread of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct Bus {
    /// What sensors call it.
    pub name: Id,
    /// How it is reached.
    pub backend: Backend,
}

/// How a bus is reached.
#[derive(Debug, Clone, PartialEq)]
pub enum Backend {
    /// A Raspberry Pi through the crate `rppal`.
    Rppal {
        /// Number of the I2C bus; 1 on the 40-pin header.
        i2c: u8,
    },
    /// Any Linux computer through its character devices.
    Linux {
        /// The I2C device, for example `/dev/i2c-1`.
        i2c: PathBuf,
        /// The GPIO chip, for example `/dev/gpiochip0`.
        gpio: PathBuf,
    },
    /// A simulated room with chips in it.
    Simulated {
        /// The same seed gives the same room, noise included.
        seed: u64,
        /// Every chip that the configuration names is in the room; else only its own three are.
        fitted: bool,
    },
}

/// Words for `backend`.
const BACKENDS: &[&str] = &["rppal", "linux", "simulated"];

impl Bus {
    /// None where a mistake was noted.
    pub(super) fn read(table: Table<'_>) -> Option<Self> {
        let name = table.require("name", Expected::Id, table.id("name"));
        let backend = table.require("backend", Expected::OneOf(BACKENDS), table.word("backend", BACKENDS, &[0, 1, 2]));
        let path = |key: &'static str, default: &str| table.text(key).map_or(default.into(), PathBuf::from);
        let backend = backend.map(|backend| match backend {
            0 => Backend::Rppal { i2c: table.whole("i2c", 0, 255).and_then(|n| u8::try_from(n).ok()).unwrap_or(1) },
            1 => Backend::Linux { i2c: path("i2c", "/dev/i2c-1"), gpio: path("gpio", "/dev/gpiochip0") },
            _ => Backend::Simulated {
                seed: table.whole("seed", 0, i64::MAX).and_then(|n| u64::try_from(n).ok()).unwrap_or(1),
                fitted: table.flag("fitted").unwrap_or(true),
            },
        });
        let bus = Some(Self { name: name?, backend: backend? });
        table.finish();
        bus
    }

    /// As the file would say it.
    #[must_use]
    pub fn print(&self) -> toml::Table {
        let mut table = toml::Table::from_iter([("name".to_owned(), self.name.as_str().into())]);
        let mut put = |key: &str, value: toml::Value| drop(table.insert(key.into(), value));
        match &self.backend {
            Backend::Rppal { i2c } => {
                put("backend", "rppal".into());
                put("i2c", i64::from(*i2c).into());
            }
            Backend::Linux { i2c, gpio } => {
                put("backend", "linux".into());
                put("i2c", i2c.display().to_string().into());
                put("gpio", gpio.display().to_string().into());
            }
            Backend::Simulated { seed, fitted } => {
                put("backend", "simulated".into());
                put("seed", i64::try_from(*seed).unwrap_or(i64::MAX).into());
                put("fitted", (*fitted).into());
            }
        }
        table
    }
}

impl std::fmt::Display for Backend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Rppal { i2c } => write!(f, "rppal, I2C {i2c}"),
            Self::Linux { i2c, gpio } => write!(f, "{}, {}", i2c.display(), gpio.display()),
            Self::Simulated { seed, .. } => write!(f, "simulated, seed {seed}"),
        }
    }
}
