//! Extinguishers and rounds, for whoever answers for fire safety. An overview: the register of the collector is the
//! record.

use super::{NOW, data_age, flag, freshness, open_tickets, table, tile, trend, venues};
use crate::{
    column::{Link, Meaning, number, words},
    names::{EXTINGUISHER, TICKET, VENUE, field as f, tag as t},
    panel::Kind,
    query::{self, Scope, figure, named, rows},
    sheet::Sheet,
};

pub(super) fn sheet() -> Sheet {
    let scope = Scope::Venue;
    let last = |field: &str| format!("last(\"{field}\")");
    let register = rows(
        EXTINGUISHER,
        &[
            (&last(f::STANDING), "standing"),
            (&last(f::SERVICE_DUE_DAYS), "service_days"),
            (&last(f::SCRAP_DUE_DAYS), "scrap_days"),
            (&last(f::PRESENT), "present"),
            (&last(f::KIND), "filling"),
            (&last(f::OVERDUE), "overdue"),
        ],
        scope,
        &[t::VENUE, t::ROOM, t::ASSET],
    );
    let team = format!(" AND \"{}\" = 'fire'", t::TEAM);
    let by_venue = rows(
        VENUE,
        &[
            (&last(f::EXTINGUISHERS), "extinguishers"),
            (&last(f::EXTINGUISHERS_MISSING), "missing"),
            (&last(f::EXTINGUISHERS_OVERDUE), "overdue_count"),
            (&last(f::EXTINGUISHERS_DUE_30D), "due_soon"),
            (&last(f::ROUNDS_DUE), "rounds_due"),
            (&last(f::ROUNDS_MISSED), "rounds_missed"),
        ],
        scope,
        &[t::VENUE],
    );
    let count = |name, meaning| number(name, "short", meaning);
    let fire = |what: &str| figure(what, TICKET, scope) + &team;
    Sheet {
        name: "fire",
        from: "now-7d",
        scope,
        panels: vec![
            venues("extinguishers", f::EXTINGUISHERS, Meaning::Plain),
            venues("extinguishers_missing", f::EXTINGUISHERS_MISSING, Meaning::Bad),
            venues("extinguishers_overdue", f::EXTINGUISHERS_OVERDUE, Meaning::Bad),
            venues("extinguishers_soon", f::EXTINGUISHERS_DUE_30D, Meaning::Warning),
            venues("rounds_due", f::ROUNDS_DUE, Meaning::Warning),
            venues("rounds_missed", f::ROUNDS_MISSED, Meaning::Bad),
            data_age(scope),
            freshness(scope),
            table("register", register)
                .columns(vec![
                    words("venue").link(Link::Venue),
                    words("room").link(Link::Room),
                    words("asset"),
                    words("standing").said("standing"),
                    number("service_days", "d", Meaning::High(0.0, 30.0)),
                    number("scrap_days", "d", Meaning::High(0.0, 30.0)),
                    flag("present", Meaning::High(0.5, 1.0)),
                    words("filling").said("filling"),
                    flag("overdue", Meaning::Bad),
                ])
                .sort("service_days", false)
                .size(24, 11),
            table("fire_by_venue", by_venue)
                .columns(vec![
                    words("venue").link(Link::Venue),
                    count("extinguishers", Meaning::Plain),
                    count("missing", Meaning::Bad),
                    count("overdue_count", Meaning::Bad),
                    count("due_soon", Meaning::Warning),
                    count("rounds_due", Meaning::Warning),
                    count("rounds_missed", Meaning::Bad),
                ])
                .sort("missing", true)
                .size(24, 6),
            open_tickets(scope, &team).size(24, 7),
            trend(
                Kind::Bars,
                "rounds_by_day",
                "short",
                Meaning::Plain,
                vec![named(
                    "$tag_venue",
                    query::daily(&format!("max(\"{}\")", f::ROUNDS_MISSED), VENUE, scope, &[t::VENUE]),
                )],
            )
            .from("30d"),
            trend(
                Kind::Trend,
                "missing_over_time",
                "short",
                Meaning::Plain,
                vec![
                    named("missing", query::sum_over_time(VENUE, f::EXTINGUISHERS_MISSING, scope, &[t::VENUE])),
                    named("overdue", query::sum_over_time(VENUE, f::EXTINGUISHERS_OVERDUE, scope, &[t::VENUE])),
                ],
            )
            .every("5m"),
        ],
        collapsed: vec![(
            "fire_tickets",
            vec![
                tile("opened", "short", Meaning::Plain, fire(&format!("sum(\"{}\")", f::OPENED))).from("30d"),
                tile("mttr", "s", Meaning::Low(14_400.0, 28_800.0), fire(&format!("mean(\"{}\")", f::REPAIR_SECONDS)))
                    .from("30d"),
                venues("open_now", f::TICKETS_OPEN, Meaning::Plain).from(NOW),
            ],
        )],
    }
}
