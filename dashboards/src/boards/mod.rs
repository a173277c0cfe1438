//! The nine boards, each in its file, and the panels that several of them share.

mod chain;
mod energy;
mod fire;
mod fleet;
mod maintenance;
mod pipeline;
mod readiness;
mod room;
mod venue;

use crate::{
    column::{Link, Meaning, number, words},
    names::{TICKET_OPEN, VENUE, field as f, tag as t},
    panel::{Kind, Panel, panel},
    query::{Query, Scope, lines, over_lasts, plain},
    sheet::Sheet,
};

/// The house's band of room temperature, °C: the rule `air-temperature` of the pack `ktv`.
const COMFORT: Meaning = Meaning::Between(18.0, 22.0);
/// CO2 in ppm: 1,500 is the limit of GB 37488-2019 for public places other than for sleep; 1,000 warns.
const AIR: Meaning = Meaning::Low(1_000.0, 1_500.0);
/// A device that is silent for three minutes is away; after ten somebody must look. Seconds.
const AGE: Meaning = Meaning::Low(180.0, 600.0);
/// Snapshots come each five minutes: ten hold the newest one always.
const NOW: &str = "10m";

/// All of them, in the order of their links.
#[must_use]
pub fn all() -> Vec<Sheet> {
    vec![
        chain::sheet(),
        venue::sheet(),
        room::sheet(),
        readiness::sheet(),
        maintenance::sheet(),
        fire::sheet(),
        energy::sheet(),
        fleet::sheet(),
        pipeline::sheet(),
    ]
}

fn tile(key: &'static str, unit: &'static str, meaning: Meaning, query: String) -> Panel {
    panel(Kind::Tile, key, unit, meaning, vec![plain(query)])
}

/// A number of the newest snapshot of venues, added up.
fn venues(key: &'static str, field: &str, meaning: Meaning) -> Panel {
    tile(key, "short", meaning, over_lasts("sum", VENUE, field, Scope::Venue, &[t::VENUE]))
}

/// How old the oldest venue's newest reading is.
fn data_age(scope: Scope) -> Panel {
    tile("data_age", "s", AGE, over_lasts("max", VENUE, f::DATA_AGE_SECONDS, scope, &[t::VENUE]))
}

/// How long ago the newest snapshot was written.
fn freshness(scope: Scope) -> Panel {
    let query = format!("SELECT last(\"{}\") AS \"v\" FROM \"{VENUE}\" WHERE {}", f::ROOMS, scope.filter());
    panel(Kind::Freshness, "freshness", "dateTimeFromNow", Meaning::Plain, vec![plain(query)])
}

fn flag(name: &'static str, meaning: Meaning) -> crate::column::Column {
    number(name, "none", meaning).said("yes_no").wide(90)
}

/// What is open now, the worst first.
fn open_tickets(scope: Scope, and: &str) -> Panel {
    let columns = [
        (t::SEVERITY, "severity"),
        (f::NUMBER, "number"),
        (t::VENUE, "venue"),
        (t::ROOM, "room"),
        ("text_{lang}", "text"),
        (t::TEAM, "team"),
        (f::STATE, "state"),
        (f::AGE_SECONDS, "age"),
        (f::OVERDUE, "overdue"),
    ];
    panel(Kind::Tickets, "open_tickets", "short", Meaning::Plain, vec![plain(lines(TICKET_OPEN, &columns, scope, and))])
        .columns(vec![
            words("severity").wide(70),
            words("number").link(Link::Ticket).wide(180),
            words("venue").link(Link::Venue).wide(110),
            words("room").link(Link::Room).wide(110),
            words("text"),
            words("team").said("team").wide(100),
            words("state").said("state").wide(100),
            number("age", "s", Meaning::Low(14_400.0, 86_400.0)).wide(110),
            flag("overdue", Meaning::Bad),
        ])
        .sort("severity", false)
        .from(NOW)
}

/// A row for each combination of tags.
fn table(key: &'static str, query: String) -> Panel {
    panel(Kind::Table, key, "short", Meaning::Plain, vec![plain(query)])
}

fn trend(kind: Kind, key: &'static str, unit: &'static str, meaning: Meaning, queries: Vec<Query>) -> Panel {
    panel(kind, key, unit, meaning, queries)
}
