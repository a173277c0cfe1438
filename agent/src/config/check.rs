//! What no single key can tell: names that are used twice, buses that are not there, chips at one
//! address. Needs nothing but the configuration.

use std::collections::BTreeMap;

use super::{
    Bus, Driver, Sensor,
    mistake::{Problem, nearest},
    reader::Notes,
};
use crate::sampler;

/// Notes what does not fit together. Each item comes with its place in the file; here no item was
/// left out, so places are indices.
pub(super) fn check(notes: &Notes, buses: &[(usize, Bus)], sensors: &[(usize, Sensor)]) {
    let mut taken = Taken { notes, first: BTreeMap::new() };
    for (i, bus) in buses {
        taken.take(format!("bus[{i}].name"), "bus", bus.name.as_str());
    }
    let names: Vec<&str> = buses.iter().map(|(_, bus)| bus.name.as_str()).collect();
    let mut count = 0;
    for (i, sensor) in sensors {
        taken.take(format!("sensor[{i}].name"), "sensor", sensor.name.as_str());
        if let Some(bus) = sensor.driver.bus()
            && !names.contains(&bus.as_str())
        {
            let nearest = nearest(bus.as_str(), names.iter().copied());
            notes.add(None, &format!("sensor[{i}].bus"), Problem::NoBus { bus: bus.to_string(), nearest });
        }
        let key = if matches!(sensor.driver, Driver::Contact(_)) { "line" } else { "address" };
        if sensor.driver.bus().is_some() {
            taken.take(format!("sensor[{i}].{key}"), "place", &sensor.driver.place());
        }
        match sampler::point_names(sensor) {
            Ok(points) => {
                count += points.len();
                for point in points {
                    taken.take(format!("sensor[{i}]"), "point", point.as_str());
                }
            }
            Err(error) => notes.add(
                None,
                &format!("sensor[{i}].asset"),
                Problem::Wrong { expected: super::mistake::Expected::Point, found: error },
            ),
        }
    }
    if count > sampler::POINTS_MAX {
        notes.add(None, "sensor", Problem::TooMany { count, limit: sampler::POINTS_MAX });
    }
}

/// Who has what.
struct Taken<'a> {
    notes: &'a Notes,
    first: BTreeMap<(&'static str, String), String>,
}

impl Taken<'_> {
    fn take(&mut self, key: String, kind: &'static str, value: &str) {
        match self.first.get(&(kind, value.to_owned())) {
            Some(first) => {
                self.notes.add(None, &key, Problem::Twice { value: value.to_owned(), first: first.clone() });
            }
            None => drop(self.first.insert((kind, value.to_owned()), key)),
        }
    }
}
