//! `[[sensor]]`: what every sensor says of itself. What only some say, their drivers read
//! ([`crate::driver::table`]).

use std::{sync::Arc, time::Duration};

use wire::Id;

use super::{
    mistake::{Expected, Problem},
    quantity,
    reader::Table,
    sampler::PERIOD,
};
use crate::driver::{Place, Settings};

/// One sensor.
#[derive(Debug, Clone)]
pub struct Sensor {
    /// Its name in tables and logs, unique in the file.
    pub name: Id,
    /// The asset it watches; its points then start with the asset's name.
    pub asset: Option<Id>,
    /// Between two readings; by default that of its kind, else `[sampler] period`.
    pub period: Option<Duration>,
    /// What it is and where it sits.
    pub driver: Arc<dyn Settings>,
}

/// Two sensors are the same if a file would say them alike.
impl PartialEq for Sensor {
    fn eq(&self, other: &Self) -> bool {
        self.print() == other.print()
    }
}

impl Sensor {
    /// None where a mistake was noted.
    pub(super) fn read(table: Table<'_>) -> Option<Self> {
        let name = table.require("name", Expected::Id, table.id("name"));
        let asset = table.id("asset");
        let period = table.duration("period", PERIOD.0, PERIOD.1);
        // Without a driver nobody knows which keys are known.
        let kind = table.kind("driver")?;
        let driver = (kind.read)(&table);
        if let (Some(period), Some(least)) = (period, kind.period_min)
            && period < least
        {
            let found = quantity::print_duration(period);
            table.note("period", Problem::TooFast { found, least: quantity::print_duration(least) });
        }
        table.finish();
        Some(Self { name: name?, asset, period, driver: driver? })
    }

    /// As the file would say it.
    #[must_use]
    pub fn print(&self) -> toml::Table {
        let mut table = toml::Table::new();
        let mut put = |key: &str, value: toml::Value| drop(table.insert(key.into(), value));
        put("name", self.name.as_str().into());
        put("driver", self.driver.kind().word.into());
        if let Some(asset) = &self.asset {
            put("asset", asset.as_str().into());
        }
        if let Some(period) = self.period {
            put("period", quantity::print_duration(period).into());
        }
        let place = self.driver.place();
        if let Some(bus) = place.bus() {
            put("bus", bus.as_str().into());
        }
        if let Place::Chip(seat) = &place {
            seat.print(&mut table);
        }
        self.driver.print(&mut table);
        table
    }
}
