//! A chip that has nothing to say for itself but where it sits: the settings of every kind without keys
//! of its own, from the four things in which such kinds differ.

use std::sync::Arc;

use super::{AnyChip, Kind, Place, Quantity, Reader, Seat, Settings, Sits, simulated};
use crate::config::Table;

/// What such a kind is made of.
pub struct Make {
    /// The kind.
    pub kind: &'static Kind,
    /// What it gives.
    pub quantities: fn() -> Vec<Quantity>,
    /// Its driver at an address.
    pub start: fn(u8) -> Box<dyn AnyChip>,
    /// Its simulated chip.
    pub twin: fn() -> Box<dyn simulated::Device>,
}

/// What a `[[sensor]]` of such a kind says.
pub struct Plain {
    seat: Seat,
    make: &'static Make,
}

impl Make {
    /// Reads a `[[sensor]]`; none where a mistake was noted.
    #[must_use]
    pub fn read(&'static self, table: &Table<'_>) -> Option<Arc<dyn Settings>> {
        let Sits::I2c(addresses) = self.kind.sits else { return None };
        Some(self.at(Seat::read(table, addresses)?))
    }

    /// One at a seat.
    #[must_use]
    pub fn at(&'static self, seat: Seat) -> Arc<dyn Settings> {
        Arc::new(Plain { seat, make: self })
    }
}

impl std::fmt::Debug for Plain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct(self.make.kind.word).field("seat", &self.seat).finish()
    }
}

impl Settings for Plain {
    fn kind(&self) -> &'static Kind {
        self.make.kind
    }
    fn place(&self) -> Place {
        Place::Chip(self.seat.clone())
    }
    fn print(&self, _table: &mut toml::Table) {}
    fn quantities(&self) -> Vec<Quantity> {
        (self.make.quantities)()
    }
    fn start(&self) -> Reader {
        Reader::Chip((self.make.start)(self.seat.address))
    }
    fn simulate(&self) -> Option<Box<dyn simulated::Device>> {
        Some((self.make.twin)())
    }
}
