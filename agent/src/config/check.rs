//! What no single key can tell: names that are used twice, buses that are not there, chips at one
//! address. Needs nothing but the configuration.

use std::collections::BTreeMap;

use wire::Id;

use super::{
    Backend, Bus, Identify, Sensor,
    mistake::{Problem, nearest},
    reader::Notes,
};
use crate::{
    driver::{Mux, Place},
    sampler,
};

/// SDA and SCL of a Raspberry Pi's I2C bus 1, BCM numbers.
const I2C_1_LINES: [u32; 2] = [2, 3];

/// Notes what does not fit together. Each item comes with its place in the file; here no item was
/// left out, so places are indices.
pub(super) fn check(notes: &Notes, buses: &[(usize, Bus)], sensors: &[(usize, Sensor)], identify: Option<&Identify>) {
    let mut taken = Taken { notes, first: BTreeMap::new() };
    for (i, bus) in buses {
        taken.take(format!("bus[{i}].name"), "bus", bus.name.as_str());
    }
    take_wires(&mut taken, buses, sensors);
    let names: Vec<&str> = buses.iter().map(|(_, bus)| bus.name.as_str()).collect();
    let mut count = 0;
    let mut trunk = Trunk::default();
    for (i, sensor) in sensors {
        taken.take(format!("sensor[{i}].name"), "sensor", sensor.name.as_str());
        let place = sensor.driver.place();
        if let Some(bus) = place.bus() {
            check_bus(notes, &names, format!("sensor[{i}].bus"), bus);
        }
        check_seat(&mut taken, &mut trunk, *i, &place);
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
    if let Some(Identify { bus, line, .. }) = identify {
        check_bus(notes, &names, "identify.bus".to_owned(), bus);
        // A line that somebody listens to must never be driven.
        let place = Place::Line { bus: bus.clone(), line: *line };
        taken.take("identify.line".to_owned(), "place", &place.to_string());
    }
    if count > sampler::POINTS_MAX {
        notes.add(None, "sensor", Problem::TooMany { count, limit: sampler::POINTS_MAX });
    }
}

/// The wires of an I2C bus with chips on it: whoever listens to them, or drives them, ends its talk.
fn take_wires(taken: &mut Taken<'_>, buses: &[(usize, Bus)], sensors: &[(usize, Sensor)]) {
    for (i, bus) in buses.iter().filter(|(_, bus)| bus.backend == Backend::Rppal { i2c: 1 }) {
        let sits_there = |sensor: &Sensor| matches!(sensor.driver.place(), Place::Chip(seat) if seat.bus == bus.name);
        if !sensors.iter().any(|(_, sensor)| sits_there(sensor)) {
            continue;
        }
        for line in I2C_1_LINES {
            let place = Place::Line { bus: bus.name.clone(), line };
            taken.take(format!("bus[{i}].i2c"), "place", &place.to_string());
        }
    }
}

fn check_bus(notes: &Notes, names: &[&str], key: String, bus: &Id) {
    if !names.contains(&bus.as_str()) {
        let nearest = nearest(bus.as_str(), names.iter().copied());
        notes.add(None, &key, Problem::NoBus { bus: bus.to_string(), nearest });
    }
}

/// Addresses of each bus that everybody on it sees, and those behind a multiplexer: a chip on the bus
/// itself answers whatever channel is open, so its address must be free behind every channel.
#[derive(Default)]
struct Trunk {
    open: BTreeMap<(String, u8), String>,
    behind: BTreeMap<(String, u8), String>,
    muxes: BTreeMap<(String, u8), String>,
}

fn check_seat(taken: &mut Taken<'_>, trunk: &mut Trunk, i: usize, place: &Place) {
    let key = match place {
        Place::Chip(_) => "address",
        Place::Line { .. } => "line",
        Place::OneWire { .. } => "id",
        Place::Host(_) | Place::Here => return,
    };
    let key = format!("sensor[{i}].{key}");
    taken.take(key.clone(), "place", &place.to_string());
    let Place::Chip(seat) = place else { return };
    let at = |address: u8| (seat.bus.to_string(), address);
    let clash = |address: u8, first: Option<&String>| {
        if let Some(first) = first {
            let value = format!("{} {address:#04x}", seat.bus);
            taken.notes.add(None, &key, Problem::Twice { value, first: first.clone() });
        }
    };
    match seat.mux {
        Some(Mux { address, .. }) => {
            clash(seat.address, trunk.open.get(&at(seat.address)));
            clash(address, trunk.open.get(&at(address)));
            clash(seat.address, trunk.muxes.get(&at(seat.address)));
            trunk.behind.entry(at(seat.address)).or_insert_with(|| key.clone());
            trunk.muxes.entry(at(address)).or_insert_with(|| format!("sensor[{i}].mux"));
        }
        None => {
            clash(seat.address, trunk.behind.get(&at(seat.address)));
            clash(seat.address, trunk.muxes.get(&at(seat.address)));
            trunk.open.entry(at(seat.address)).or_insert_with(|| key.clone());
        }
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
