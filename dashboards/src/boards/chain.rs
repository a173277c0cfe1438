//! Every venue of the chain on one page, for the manager and the screen in the back office. Nothing of one room.

use super::{AGE, NOW, data_age, freshness, open_tickets, table, tile, trend, venues};
use crate::{
    column::{Link, Meaning, number, words},
    names::{ROOM_1H, VENUE, field as f, of_point as p, tag as t},
    panel::Kind,
    query::{self, Scope, both_lasts, named, rest_of_lasts, rows},
    sheet::Sheet,
};

pub(super) fn sheet() -> Sheet {
    let scope = Scope::Venue;
    let last = |field: &str| format!("last(\"{field}\")");
    let (p1, p2, open, overdue) =
        (last(f::TICKETS_P1), last(f::TICKETS_P2), last(f::TICKETS_OPEN), last(f::TICKETS_OVERDUE));
    let (not_ready, unknown) = (last(f::ROOMS_NOT_READY), last(f::ROOMS_UNKNOWN));
    let (agents, online, age) = (last(f::AGENTS), last(f::AGENTS_ONLINE), last(f::DATA_AGE_SECONDS));
    let worst = rows(
        VENUE,
        &[
            (&p1, "p1"),
            (&p2, "p2"),
            (&open, "open"),
            (&overdue, "overdue_count"),
            (&not_ready, "not_ready"),
            (&unknown, "unknown"),
            (&agents, "agents"),
            (&online, "online_count"),
            (&age, "age"),
        ],
        scope,
        &[t::VENUE],
    );
    let count = |name, meaning| number(name, "short", meaning).wide(110);
    let open_by = |severity, field| named(severity, query::sum_over_time(VENUE, field, scope, &[t::VENUE]));
    let comfort = format!("temperature_celsius{}", p::IN_BAND_SHARE);
    Sheet {
        name: "chain",
        from: "now-24h",
        scope,
        panels: vec![
            tile("urgent", "short", Meaning::Bad, both_lasts(VENUE, f::TICKETS_P1, f::TICKETS_P2, scope, &[t::VENUE])),
            venues("unacknowledged", f::TICKETS_UNACKNOWLEDGED, Meaning::Warning),
            venues("overdue", f::TICKETS_OVERDUE, Meaning::Bad),
            venues("rooms_not_ready", f::ROOMS_NOT_READY, Meaning::Warning),
            venues("rooms_unknown", f::ROOMS_UNKNOWN, Meaning::Warning),
            tile(
                "agents_away",
                "short",
                Meaning::Warning,
                rest_of_lasts(VENUE, f::AGENTS, f::AGENTS_ONLINE, scope, &[t::VENUE]),
            ),
            data_age(scope),
            freshness(scope),
            table("venues_worst", worst)
                .columns(vec![
                    words("venue").link(Link::Venue),
                    count("p1", Meaning::Bad),
                    count("p2", Meaning::Warning),
                    count("open", Meaning::Plain),
                    count("overdue_count", Meaning::Bad),
                    count("not_ready", Meaning::Warning),
                    count("unknown", Meaning::Warning),
                    count("agents", Meaning::Plain),
                    count("online_count", Meaning::Plain),
                    number("age", "s", AGE).wide(130),
                ])
                .sort("p1", true)
                .size(24, 8),
            open_tickets(scope, "").size(24, 9),
            trend(
                Kind::Bars,
                "open_by_severity",
                "short",
                Meaning::Plain,
                vec![
                    open_by("p1", f::TICKETS_P1),
                    open_by("p2", f::TICKETS_P2),
                    open_by("p3", f::TICKETS_P3),
                    open_by("p4", f::TICKETS_P4),
                ],
            )
            .every("30m"),
            trend(
                Kind::Trend,
                "comfort_by_venue",
                "percentunit",
                Meaning::High(0.8, 0.95),
                vec![named("$tag_venue", query::trend("mean", ROOM_1H, &comfort, scope, &[t::VENUE]))],
            )
            .every("1h"),
        ],
        collapsed: vec![
            (
                "rooms_and_devices",
                vec![
                    trend(
                        Kind::Bars,
                        "ready_over_time",
                        "short",
                        Meaning::Plain,
                        vec![
                            named("ready", query::sum_over_time(VENUE, f::ROOMS_READY, scope, &[t::VENUE])),
                            named("not_ready", query::sum_over_time(VENUE, f::ROOMS_NOT_READY, scope, &[t::VENUE])),
                            named("unknown", query::sum_over_time(VENUE, f::ROOMS_UNKNOWN, scope, &[t::VENUE])),
                        ],
                    )
                    .every("30m"),
                    trend(
                        Kind::Trend,
                        "online_over_time",
                        "short",
                        Meaning::Plain,
                        vec![named("$tag_venue", query::trend("mean", VENUE, f::AGENTS_ONLINE, scope, &[t::VENUE]))],
                    )
                    .every("5m"),
                ],
            ),
            (
                "fire",
                vec![
                    venues("extinguishers_overdue", f::EXTINGUISHERS_OVERDUE, Meaning::Bad).from(NOW),
                    venues("extinguishers_missing", f::EXTINGUISHERS_MISSING, Meaning::Bad).from(NOW),
                    venues("rounds_missed", f::ROUNDS_MISSED, Meaning::Bad).from(NOW),
                ],
            ),
        ],
    }
}
