//! One room or a few: its air, light and devices, and what happened to its tickets. Nothing of other rooms.

use super::{AGE, AIR, COMFORT, freshness, open_tickets, table, tile, trend};
use crate::{
    column::{Link, Meaning, words},
    names::{AGENT, ROOM, ROOM_1H, TICKET, field as f, of_point as p, tag as t},
    panel::Kind,
    query::{self, Scope, figure, lines, named, over_lasts},
    sheet::Sheet,
};

pub(super) fn sheet() -> Sheet {
    let scope = Scope::Room;
    let room = [t::VENUE, t::ROOM];
    let now = |how, field: &str| over_lasts(how, ROOM, field, scope, &room);
    let in_band = format!("temperature_celsius{}", p::IN_BAND);
    let of_room = |field| vec![named("$tag_room", query::trend("mean", ROOM, field, scope, &[t::ROOM]))];
    let hour =
        |name, how, of: &str| named(name, query::trend(how, ROOM_1H, &format!("temperature_celsius{of}"), scope, &[]));
    let history = lines(
        TICKET,
        &[
            (f::NUMBER, "number"),
            ("text_{lang}", "text"),
            (t::EVENT, "event"),
            (t::SEVERITY, "severity"),
            (t::TEAM, "team"),
            (t::ROOM, "room"),
        ],
        scope,
        "",
    );
    Sheet {
        name: "room",
        from: "now-24h",
        scope,
        panels: vec![
            tile("temperature_now", "celsius", COMFORT, now("mean", "temperature_celsius")).decimals(1),
            tile("humidity_now", "percent", Meaning::Between(40.0, 65.0), now("mean", "humidity_percent")).decimals(0),
            tile("co2_now", "ppm", AIR, now("max", "co2_ppm")).decimals(0),
            tile("light_now", "lux", Meaning::Plain, now("mean", "illuminance_lux")).decimals(0),
            tile(
                "comfort_share",
                "percentunit",
                Meaning::High(0.7, 0.9),
                figure(&format!("mean(\"{in_band}\")"), ROOM, scope),
            )
            .decimals(0),
            tile(
                "online_now",
                "percentunit",
                Meaning::High(0.5, 1.0),
                over_lasts("mean", AGENT, f::ONLINE, scope, &[t::VENUE, t::ROOM, t::AGENT]),
            )
            .decimals(0),
            tile(
                "device_age",
                "s",
                AGE,
                over_lasts("max", AGENT, f::AGE_SECONDS, scope, &[t::VENUE, t::ROOM, t::AGENT]),
            ),
            freshness(Scope::Venue),
            trend(Kind::Band, "temperature", "celsius", COMFORT, of_room("temperature_celsius"))
                .every("1m")
                .size(24, 9),
            trend(Kind::Trend, "co2", "ppm", AIR, of_room("co2_ppm")).every("1m").size(8, 8),
            trend(Kind::Trend, "humidity", "percent", Meaning::Between(40.0, 65.0), of_room("humidity_percent"))
                .every("1m")
                .size(8, 8),
            trend(Kind::Trend, "light", "lux", Meaning::Plain, of_room("illuminance_lux")).every("1m").size(8, 8),
            open_tickets(scope, "").size(24, 6),
            table("ticket_history", history)
                .columns(vec![
                    words("Time").wide(180),
                    words("number").link(Link::Ticket).wide(190),
                    words("room").wide(110),
                    words("severity").wide(90),
                    words("event").said("event").wide(130),
                    words("team").said("team").wide(110),
                    words("text"),
                ])
                .sort("Time", true)
                .from("30d")
                .size(24, 8),
        ],
        collapsed: vec![
            (
                "use",
                vec![
                    trend(Kind::Trend, "occupied", "percentunit", Meaning::Plain, of_room(f::ROOM_OCCUPIED))
                        .every("15m"),
                    trend(Kind::Trend, "open_hours", "percentunit", Meaning::Plain, of_room(f::VENUE_OPEN))
                        .every("15m"),
                ],
            ),
            (
                "month",
                vec![
                    trend(
                        Kind::Band,
                        "temperature_range_month",
                        "celsius",
                        COMFORT,
                        vec![
                            hour("highest", "max", p::MAX),
                            hour("average", "mean", p::MEAN),
                            hour("lowest", "min", p::MIN),
                        ],
                    )
                    .every("1h")
                    .from("30d")
                    .size(24, 9),
                ],
            ),
        ],
    }
}
