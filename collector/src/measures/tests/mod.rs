//! What lines promise: they read back as what was given, say nothing twice, and hold what [`super::table`] says.

use std::sync::Arc;

use wire::{Clock, Fault, Id, PointName, Sample, Source, UnixMs};

use super::{
    read::{Parsed, parse},
    *,
};
use crate::{
    config::Rules,
    packs::Packs,
    venues::{Holidays, Venues},
};

mod document;
mod encoder;
mod rooms;
mod tickets;

const VENUES: &str = "[venue.nanshan]\nkind = \"ktv\"\n[[venue.nanshan.hours]]\nopen = \"18:30\"\nclose = \"02:00\"\n\
    [venue.nanshan.room.k01]\nname_zh = \"K01 包厢\"\nstate_point = \"room_occupied\"\n\
    [venue.always]\nkind = \"shop\"\n";

fn id(text: &str) -> Id {
    Id::parse(text).unwrap()
}

fn point(text: &str) -> PointName {
    PointName::parse(text).unwrap()
}

fn ms(text: &str) -> UnixMs {
    text.parse::<jiff::Timestamp>().unwrap().as_millisecond()
}

fn facts() -> Facts {
    let packs = Packs::load(&Rules { packs: vec!["ktv".into()], ..Rules::default() }).unwrap();
    let venues = Venues::of(&[("v.toml".into(), VENUES.into())], Holidays::default(), "Asia/Shanghai").unwrap();
    Facts::new(Arc::new(packs), Arc::new(venues))
}

fn source(venue: &str) -> Source {
    Source { venue: id(venue), room: id("k01"), agent: id("pi-1") }
}

fn sample(at: UnixMs, points: &[(&str, f64)]) -> Sample {
    let points = points.iter().map(|(name, value)| (point(name), *value)).collect();
    Sample { at, seq: 7, spool: id("k3f9"), boot: id("7c1e"), clock: Clock::Trusted, points, faults: Vec::new() }
}

/// Lines of a text, each read back.
#[track_caller]
fn lines(text: &str) -> Vec<Parsed> {
    text.lines().map(|line| parse(line).unwrap_or_else(|| panic!("`{line}` does not read back"))).collect()
}

/// What a line holds and the table does not know.
pub fn strangers(line: &Parsed) -> Vec<String> {
    let Some(known) = table::ALL.iter().find(|m| m.name == line.measurement) else {
        return vec![format!("measurement `{}`", line.measurement)];
    };
    let mut all: Vec<String> =
        line.tags.keys().filter(|tag| !known.tags.contains(&tag.as_str())).map(|tag| format!("tag `{tag}`")).collect();
    all.extend(known.tags.iter().filter(|tag| !line.tags.contains_key(**tag)).map(|tag| format!("no tag `{tag}`")));
    for (name, value) in &line.fields {
        let fits = |f: &table::Field| if f.each_point { name.ends_with(f.name) } else { name == f.name };
        // A fixed name wins over one of a point.
        let mut fitting: Vec<_> = known.fields.iter().filter(|f| fits(f)).collect();
        fitting.sort_by_key(|f| (f.each_point, std::cmp::Reverse(f.name.len())));
        let right = |f: &&table::Field| match (f.kind, value) {
            (table::Kind::Text, read::Value::Text(_)) => true,
            (table::Kind::Flag, read::Value::Number(n)) => *n == 0.0 || *n == 1.0,
            (table::Kind::Count, read::Value::Number(n)) => n.fract() == 0.0,
            (table::Kind::Number, read::Value::Number(_)) => true,
            _ => false,
        };
        if !fitting.first().is_some_and(right) {
            all.push(format!("field `{name}` = {value:?} of `{}`", line.measurement));
        }
    }
    all
}
