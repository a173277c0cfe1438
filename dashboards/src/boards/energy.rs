//! Light, heat and power where nobody needs them: rooms that are lit or cooled while empty or closed. For whoever
//! pays the bill. Power is shown where a device measures it.

use super::{COMFORT, data_age, freshness, table, tile, trend};
use crate::{
    column::{Link, Meaning, number, words},
    names::{ROOM, ROOM_1H, field as f, of_point as p, tag as t},
    panel::Kind,
    query::{self, Scope, figure, named, rows},
    sheet::Sheet,
};

/// Every point that measures electric power.
const POWER: &str = "/power_watt$/";
/// Light that nobody needs: a lamp that is on gives more than this, an emergency light less. Lux.
const LAMP_LUX: &str = "20";

pub(super) fn sheet() -> Sheet {
    let scope = Scope::Room;
    let closed = format!(" AND \"{}\" = 0", f::VENUE_OPEN);
    let empty = format!(" AND \"{}\" = 1 AND \"{}\" = 0", f::VENUE_OPEN, f::ROOM_OCCUPIED);
    let occupied = format!(" AND \"{}\" = 1", f::ROOM_OCCUPIED);
    let mean = |point: &str| format!("mean(\"{point}\")");
    let group = format!(" GROUP BY \"{}\", \"{}\"", t::VENUE, t::ROOM);
    let waste = |and: &str| {
        format!(
            "SELECT mean(\"illuminance_lux\") AS \"light\", mean(\"temperature_celsius\") AS \"temperature\" FROM \"{ROOM}\" WHERE {}{and}{group}",
            scope.filter()
        )
    };
    let lit = |and: &str| {
        // Samples with the lamp on, as a share of all samples of that time.
        format!(
            "SELECT sum(\"lit\") / sum(\"all\") FROM (SELECT count(\"illuminance_lux\") AS \"lit\" FROM \"{ROOM}\" WHERE {0}{and} AND \
             \"illuminance_lux\" > {LAMP_LUX}), (SELECT count(\"illuminance_lux\") AS \"all\" FROM \"{ROOM}\" WHERE {0}{and})",
            scope.filter()
        )
    };
    let columns = || {
        vec![
            words("venue").wide(120),
            words("room").link(Link::Room),
            number("light", "lux", Meaning::Low(20.0, 80.0)),
            number("temperature", "celsius", Meaning::Plain),
        ]
    };
    Sheet {
        name: "energy",
        from: "now-7d",
        scope,
        panels: vec![
            tile("lit_closed", "percentunit", Meaning::Low(0.1, 0.3), lit(&closed)).decimals(0),
            tile("lit_empty", "percentunit", Meaning::Low(0.3, 0.6), lit(&empty)).decimals(0),
            tile("light_occupied", "lux", Meaning::Plain, figure(&mean("illuminance_lux"), ROOM, scope) + &occupied).decimals(0),
            tile("temperature_closed", "celsius", Meaning::Plain, figure(&mean("temperature_celsius"), ROOM, scope) + &closed).decimals(1),
            tile("temperature_empty", "celsius", COMFORT, figure(&mean("temperature_celsius"), ROOM, scope) + &empty).decimals(1),
            tile("too_cold", "percentunit", Meaning::Low(0.05, 0.2), colder(scope)).decimals(0),
            data_age(Scope::Venue),
            freshness(Scope::Venue),
            table("waste_closed", waste(&closed)).columns(columns()).sort("light", true).size(12, 9),
            table("waste_empty", waste(&empty)).columns(columns()).sort("light", true).size(12, 9),
            trend(Kind::Trend, "light_by_hour", "lux", Meaning::Plain, vec![
                named("$tag_room", query::trend("mean", ROOM_1H, &format!("illuminance_lux{}", p::MEAN), scope, &[t::ROOM])),
            ]).every("1h"),
            trend(Kind::Band, "temperature", "celsius", COMFORT, vec![
                named("$tag_room", query::trend("mean", ROOM_1H, &format!("temperature_celsius{}", p::MEAN), scope, &[t::ROOM])),
            ]).every("1h"),
        ],
        collapsed: vec![("power", vec![
            trend(Kind::Trend, "power", "watt", Meaning::Plain, vec![named("$tag_room $col", format!(
                "SELECT mean({POWER}) FROM \"{ROOM}\" WHERE {} GROUP BY time($__interval), \"{}\" fill(none)", scope.filter(), t::ROOM
            ))]).every("5m").size(12, 9),
            table("power_by_room", rows(ROOM, &[
                ("mean(\"amplifier_power_watt\")", "power"), ("max(\"amplifier_power_watt\")", "power_max"),
            ], scope, &[t::VENUE, t::ROOM]))
                .columns(vec![
                    words("venue"), words("room").link(Link::Room), number("power", "watt", Meaning::Plain),
                    number("power_max", "watt", Meaning::Plain),
                ])
                .sort("power", true)
                .size(12, 9),
        ])],
    }
}

/// Share of the time of opening in which a room was below 18 °C: cooled more than the house asks for.
fn colder(scope: Scope) -> String {
    let (filter, open) = (scope.filter(), f::VENUE_OPEN);
    format!(
        "SELECT sum(\"cold\") / sum(\"all\") FROM (SELECT count(\"temperature_celsius\") AS \"cold\" FROM \"{ROOM}\" WHERE {filter} \
         AND \"{open}\" = 1 AND \"temperature_celsius\" < 18), (SELECT count(\"temperature_celsius\") AS \"all\" FROM \"{ROOM}\" \
         WHERE {filter} AND \"{open}\" = 1)"
    )
}
