//! Days left as points of the collector's own source: turns the register into one sample a room with
//! `…_service_due_days` and `…_scrap_due_days`, which rules of kind `due` judge like any reading. A
//! date changed in the venue's file is a better value in the next sample, and the ticket recovers.

use std::collections::BTreeMap;

use wire::{Id, PointName};

use super::book::Extinguisher;
use crate::episode::VENUE_ROOM;

/// End of the names of points that count days to a service.
pub const SERVICE_POINT: &str = "_service_due_days";
/// End of the names of points that count days to the scrap heap.
pub const SCRAP_POINT: &str = "_scrap_due_days";

/// What is said of one room's extinguishers.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RoomDays {
    /// Days left, by point.
    pub points: Vec<(PointName, f64)>,
    /// Whose they are.
    pub assets: Vec<(PointName, Id)>,
}

/// Days left of every extinguisher whose dates are known, by room.
#[must_use]
pub fn by_room(register: &[Extinguisher]) -> BTreeMap<Id, RoomDays> {
    let mut rooms: BTreeMap<Id, RoomDays> = BTreeMap::new();
    for e in register {
        let Some(room) = e.room.clone().or_else(|| Id::parse(VENUE_ROOM).ok()) else { continue };
        let room = rooms.entry(room).or_default();
        for (days, end) in [(e.service_days(), SERVICE_POINT), (e.scrap_days(), SCRAP_POINT)] {
            if let (Some(days), Some(point)) = (days, point(&e.asset, end)) {
                room.points.push((point.clone(), f64::from(days)));
                room.assets.push((point, e.asset.clone()));
            }
        }
    }
    rooms.retain(|_, room| !room.points.is_empty());
    rooms.values_mut().for_each(|room| {
        room.points.sort_by(|a, b| a.0.cmp(&b.0));
        room.assets.sort();
    });
    rooms
}

/// The point of an asset; `None` where the names together are longer than a point's name may be.
#[must_use]
pub fn point(asset: &Id, end: &str) -> Option<PointName> {
    PointName::parse(&format!("{}{end}", asset.as_str().replace('-', "_"))).ok()
}
