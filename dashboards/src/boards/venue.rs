//! One venue or a few: every room, the worst first, for the venue's manager. Nothing of the chain.

use super::{AIR, COMFORT, data_age, flag, freshness, open_tickets, table, tile, trend, venues};
use crate::{
    column::{Link, Meaning, number, words},
    names::{ROOM, ROOM_1H, VENUE, field as f, of_point as p, tag as t},
    panel::Kind,
    query::{self, Scope, both_lasts, named, rest_of_lasts, rows},
    sheet::Sheet,
};

pub(super) fn sheet() -> Sheet {
    let scope = Scope::Room;
    let venue = Scope::Venue;
    let in_band = format!("temperature_celsius{}", p::IN_BAND);
    let last = |field: &str| format!("last(\"{field}\")");
    let worst = rows(
        ROOM,
        &[
            (&last("temperature_celsius"), "temperature"),
            (&last(&in_band), "in_band"),
            (&last("humidity_percent"), "humidity"),
            (&last("co2_ppm"), "co2"),
            (&last("illuminance_lux"), "light"),
            (&last(f::ROOM_OCCUPIED), "occupied"),
        ],
        scope,
        &[t::VENUE, t::ROOM],
    );
    let of_rooms = |how, field| vec![named("$tag_room", query::trend(how, ROOM, field, scope, &[t::ROOM]))];
    let hours = |field: &str| vec![named("$tag_room", query::trend("mean", ROOM_1H, field, scope, &[t::ROOM]))];
    Sheet {
        name: "venue",
        from: "now-24h",
        scope,
        panels: vec![
            tile("urgent", "short", Meaning::Bad, both_lasts(VENUE, f::TICKETS_P1, f::TICKETS_P2, venue, &[t::VENUE])),
            venues("overdue", f::TICKETS_OVERDUE, Meaning::Bad),
            venues("rooms_not_ready", f::ROOMS_NOT_READY, Meaning::Warning),
            tile(
                "rooms_in_band",
                "percentunit",
                Meaning::High(0.7, 0.9),
                query::over_lasts("mean", ROOM, &in_band, scope, &[t::VENUE, t::ROOM]),
            )
            .decimals(0),
            tile(
                "agents_away",
                "short",
                Meaning::Warning,
                rest_of_lasts(VENUE, f::AGENTS, f::AGENTS_ONLINE, venue, &[t::VENUE]),
            ),
            tile(
                "extinguishers_trouble",
                "short",
                Meaning::Bad,
                both_lasts(VENUE, f::EXTINGUISHERS_OVERDUE, f::EXTINGUISHERS_MISSING, venue, &[t::VENUE]),
            ),
            data_age(venue),
            freshness(venue),
            table("rooms_worst", worst)
                .columns(vec![
                    words("venue").wide(120),
                    words("room").link(Link::Room),
                    flag("in_band", Meaning::High(0.5, 1.0)),
                    number("temperature", "celsius", COMFORT),
                    number("humidity", "percent", Meaning::Between(40.0, 65.0)),
                    number("co2", "ppm", AIR),
                    number("light", "lux", Meaning::Plain),
                    flag("occupied", Meaning::Plain),
                ])
                .sort("in_band", false)
                .size(24, 9),
            open_tickets(scope, "").size(24, 8),
            trend(Kind::Band, "temperature", "celsius", COMFORT, of_rooms("mean", "temperature_celsius")).every("5m"),
            trend(Kind::Trend, "co2", "ppm", AIR, of_rooms("mean", "co2_ppm")).every("5m"),
        ],
        collapsed: vec![
            (
                "air_and_light",
                vec![
                    trend(
                        Kind::Trend,
                        "humidity",
                        "percent",
                        Meaning::Between(40.0, 65.0),
                        of_rooms("mean", "humidity_percent"),
                    )
                    .every("5m"),
                    trend(Kind::Trend, "light", "lux", Meaning::Plain, of_rooms("mean", "illuminance_lux")).every("5m"),
                ],
            ),
            (
                "month",
                vec![
                    trend(
                        Kind::Band,
                        "temperature_month",
                        "celsius",
                        COMFORT,
                        hours(&format!("temperature_celsius{}", p::MEAN)),
                    )
                    .every("1h")
                    .from("30d"),
                    trend(
                        Kind::Trend,
                        "comfort_month",
                        "percentunit",
                        Meaning::High(0.8, 0.95),
                        hours(&format!("temperature_celsius{}", p::IN_BAND_SHARE)),
                    )
                    .every("1h")
                    .from("30d"),
                ],
            ),
        ],
    }
}
