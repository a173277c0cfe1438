//! Days left until any other asset is due for maintenance: turns the `due` dates of a venue's file into
//! points of the collector's own source, `amplifier_k01_maintenance_due_days`. Extinguishers have
//! arithmetic of their own, see [`super::dates`]; here only what is written counts.

use std::collections::BTreeMap;

use jiff::civil::Date;
use wire::Id;

use super::{
    book::KIND,
    dates::days_left,
    own::{RoomDays, point},
};
use crate::{episode::VENUE_ROOM, venues::file};

/// End of the names of points that count days to a maintenance.
pub const MAINTENANCE_POINT: &str = "_maintenance_due_days";

/// Adds to `rooms` the days left of every asset of the venue that has a date and is no extinguisher.
pub fn add(rooms: &mut BTreeMap<Id, RoomDays>, venue: &file::Venue, today: Date) {
    for (asset, said) in &venue.asset {
        let extinguisher = said.kind.as_ref().is_some_and(|kind| kind.as_str() == KIND);
        let due = said.due.as_deref().filter(|_| !extinguisher).and_then(|text| text.parse::<Date>().ok());
        let room = said.room.clone().or_else(|| Id::parse(VENUE_ROOM).ok());
        if let (Some(due), Some(room), Some(point)) = (due, room, point(asset, MAINTENANCE_POINT)) {
            let days = rooms.entry(room).or_default();
            days.points.push((point.clone(), f64::from(days_left(today, due))));
            days.assets.push((point, asset.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn every_asset_with_a_date_tells_its_days_and_extinguishers_tell_theirs_elsewhere() {
        let text = "
            [room.k01]
            [asset.amplifier-k01]
            room = 'k01'
            due = '2026-12-01'
            [asset.hood]
            due = '2026-11-20'
            [asset.projector]
            made = '2024-01-01'
            [asset.extinguisher-1]
            kind = 'extinguisher'
            due = '2026-12-01'";
        let venue: file::Venue = toml::from_str(text).unwrap();
        let mut rooms = BTreeMap::new();
        add(&mut rooms, &venue, date(2026, 11, 23));
        let told: Vec<_> = rooms
            .iter()
            .flat_map(|(room, days)| days.points.iter().map(move |(p, left)| (room.as_str(), p.as_str(), *left)))
            .collect();
        let expected =
            [("k01", "amplifier_k01_maintenance_due_days", 8.0), (VENUE_ROOM, "hood_maintenance_due_days", -3.0)];
        assert_eq!(told, expected);
        assert_eq!(rooms.values().map(|days| days.assets.len()).sum::<usize>(), 2);
    }
}
