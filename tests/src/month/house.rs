//! The lounge as its files and devices describe it.

use std::{fmt::Write, sync::Arc};

use collector::{
    config::Rules,
    packs::Packs,
    venues::{Holidays, Venues},
};
use wire::{About, Id, Source, State, Status, UnixMs, about::PointAbout};

use super::{PERIOD_MS, ROOMS, VENUE, room, room_name};

/// Its file: open from 18:30 to 02:00, an extinguisher a room, one of which is due for service 45 days after
/// the beginning of the month, the others later. Rounds are off: nobody would make them.
pub(super) fn file() -> String {
    let mut text = format!(
        "[venue.{VENUE}]\nname_zh = \"南山店\"\nname_en = \"Nanshan\"\nkind = \"ktv\"\n\
         [[venue.{VENUE}.hours]]\nopen = \"18:30\"\nclose = \"02:00\"\n"
    );
    for round in ["weekly-fire", "half-monthly-fire", "after-close"] {
        write!(text, "[[venue.{VENUE}.round]]\nid = \"{round}\"\non = false\n").expect("text grows");
    }
    for place in 0..ROOMS {
        let (name, number) = (room_name(place), place + 1);
        let due = if place == 7 { "2026-12-08" } else { "2027-06-30" };
        write!(
            text,
            "[venue.{VENUE}.room.{name}]\nname_zh = \"{0}\"\nname_en = \"{0}\"\nkind = \"box\"\nstate_point = \"room_occupied\"\n\
             [venue.{VENUE}.asset.extinguisher-{number}]\nkind = \"extinguisher\"\nroom = \"{name}\"\ntype = \"powder\"\n\
             made = \"2024-03-01\"\ndue = \"{due}\"\n",
            name.to_uppercase()
        )
        .expect("text grows");
    }
    text
}

/// Venues in force.
pub(super) fn venues() -> Arc<Venues> {
    let files = [("nanshan.toml".into(), file())];
    Arc::new(Venues::of(&files, Holidays::default(), "Asia/Shanghai").expect("the file of the lounge is right"))
}

/// Rules in force.
pub(super) fn packs() -> Arc<Packs> {
    let rules = Rules { packs: vec!["ktv".into()], ..Rules::default() };
    Arc::new(Packs::load(&rules).expect("the pack is shipped"))
}

/// The device of a room.
pub(super) fn source(place: usize) -> Source {
    let id = |text: &str| Id::parse(text).expect("a name of ours");
    Source { venue: id(VENUE), room: id(&room_name(place)), agent: id("pi-1") }
}

/// What it says of itself.
pub(super) fn about(place: usize) -> About {
    let point = |(name, unit, asset): (&str, &str, Option<&str>)| {
        let about = PointAbout {
            unit: unit.into(),
            period_seconds: Some((PERIOD_MS / 1_000) as f64),
            asset: asset.map(|asset| room::asset(place, asset)),
            ..PointAbout::default()
        };
        (wire::PointName::parse(name).expect("a name of ours"), about)
    };
    let points = room::POINTS.into_iter().map(point).collect();
    About { model: "Raspberry Pi 4 Model B".into(), version: "0.1.0".into(), sensors: Vec::new(), points }
}

/// How it is.
pub(super) fn status(at: UnixMs) -> Status {
    let id = |text: &str| Id::parse(text).expect("a name of ours");
    Status { state: State::Online, boot: id("boot-1"), spool: id("spool-1"), since: Some(at), version: "0.1.0".into() }
}
