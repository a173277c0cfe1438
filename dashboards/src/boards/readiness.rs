//! Can we open? Room by room, as the reports before the openings said it, for shift leaders and their managers.

use super::{data_age, flag, freshness, table, tile, trend, venues};
use crate::{
    column::{Link, Meaning, number, words},
    names::{READINESS, VENUE, field as f, tag as t},
    panel::Kind,
    query::{self, Scope, figure, named, rows},
    sheet::Sheet,
};

pub(super) fn sheet() -> Sheet {
    let scope = Scope::Room;
    let last = |field: &str| format!("last(\"{field}\")");
    let sum = |field: &str| format!("sum(\"{field}\")");
    let newest = rows(
        READINESS,
        &[
            (&last(f::READY), "ready"),
            (&last(f::NOT_READY), "not_ready_flag"),
            (&last(f::UNKNOWN), "unknown_flag"),
            ("last(\"reason_{lang}\")", "reason"),
            (&last(f::MINUTES_TO_OPENING), "minutes"),
        ],
        scope,
        &[t::VENUE, t::ROOM],
    );
    let often = rows(
        READINESS,
        &[
            (&sum(f::NOT_READY), "not_ready"),
            (&sum(f::UNKNOWN), "unknown"),
            (&format!("mean(\"{}\")", f::READY), "ready_share"),
        ],
        scope,
        &[t::VENUE, t::ROOM],
    );
    let day = |name, field| named(name, query::daily(&sum(field), READINESS, scope, &[]));
    Sheet {
        name: "readiness",
        from: "now-7d",
        scope,
        panels: vec![
            venues("rooms_ready", f::ROOMS_READY, Meaning::Plain),
            venues("rooms_not_ready", f::ROOMS_NOT_READY, Meaning::Bad),
            venues("rooms_unknown", f::ROOMS_UNKNOWN, Meaning::Warning),
            tile(
                "ready_share",
                "percentunit",
                Meaning::High(0.9, 0.98),
                figure(&format!("mean(\"{}\")", f::READY), READINESS, scope),
            )
            .decimals(1),
            tile("not_ready_times", "short", Meaning::Warning, figure(&sum(f::NOT_READY), READINESS, scope)),
            venues("venues_open", f::OPEN, Meaning::Plain),
            data_age(Scope::Venue),
            freshness(Scope::Venue),
            table("rooms_report", newest)
                .columns(vec![
                    words("venue").link(Link::Readiness).wide(130),
                    words("room").link(Link::Room).wide(130),
                    flag("ready", Meaning::High(0.5, 1.0)),
                    flag("not_ready_flag", Meaning::Bad),
                    flag("unknown_flag", Meaning::Warning),
                    words("reason"),
                    number("minutes", "m", Meaning::Plain).wide(130),
                ])
                .sort("ready", false)
                .size(24, 10),
            trend(
                Kind::Bars,
                "readiness_by_day",
                "short",
                Meaning::Plain,
                vec![day("ready", f::READY), day("not_ready", f::NOT_READY), day("unknown", f::UNKNOWN)],
            )
            .from("30d"),
            table("rooms_often", often)
                .columns(vec![
                    words("venue").wide(110),
                    words("room").link(Link::Room),
                    number("not_ready", "short", Meaning::Warning),
                    number("unknown", "short", Meaning::Warning),
                    number("ready_share", "percentunit", Meaning::High(0.9, 0.98)),
                ])
                .sort("not_ready", true)
                .from("30d")
                .size(12, 8),
        ],
        collapsed: vec![(
            "today",
            vec![
                trend(
                    Kind::Bars,
                    "ready_over_time",
                    "short",
                    Meaning::Plain,
                    vec![
                        named("ready", query::sum_over_time(VENUE, f::ROOMS_READY, Scope::Venue, &[t::VENUE])),
                        named("not_ready", query::sum_over_time(VENUE, f::ROOMS_NOT_READY, Scope::Venue, &[t::VENUE])),
                        named("unknown", query::sum_over_time(VENUE, f::ROOMS_UNKNOWN, Scope::Venue, &[t::VENUE])),
                    ],
                )
                .every("30m")
                .size(24, 8),
            ],
        )],
    }
}
