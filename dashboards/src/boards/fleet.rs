//! The devices themselves: who is heard, who has a backlog, whose data is missing. For whoever keeps the Pis running.

use super::{AGE, data_age, flag, freshness, table, tile, trend};
use crate::{
    column::{Link, Meaning, number, words},
    names::{AGENT, SILENCE, field as f, tag as t},
    panel::Kind,
    query::{self, Scope, figure, named, over_lasts, rest_of_lasts, rows},
    sheet::Sheet,
};

pub(super) fn sheet() -> Sheet {
    let scope = Scope::Room;
    let agent = [t::VENUE, t::ROOM, t::AGENT];
    let last = |field: &str| format!("last(\"{field}\")");
    let lasts =
        |key, how, unit, field: &str, meaning| tile(key, unit, meaning, over_lasts(how, AGENT, field, scope, &agent));
    let devices = rows(
        AGENT,
        &[
            (&last(f::ONLINE), "online"),
            (&last(f::AGE_SECONDS), "age"),
            (&last(f::SPOOL_SAMPLES), "spool"),
            (&last(f::LOST_SAMPLES), "lost_samples"),
            (&last(f::CLOCK_TRUSTED), "clock"),
            (&last(f::VERSION), "version"),
        ],
        scope,
        &agent,
    );
    let mean = |field: &str| format!("mean(\"{field}\")");
    let shares =
        [(f::MEASURED, "measured"), (f::BACKFILLED, "backfilled"), (f::LOST, "lost"), (f::PLANNED_OFF, "planned_off")];
    let worst = rows(
        SILENCE,
        &[
            (&mean(f::LOST), "lost"),
            (&mean(f::BACKFILLED), "backfilled"),
            (&mean(f::MEASURED), "measured"),
            (&mean(f::PLANNED_OFF), "planned_off"),
        ],
        scope,
        &agent,
    );
    let share = |name, meaning| number(name, "percentunit", meaning);
    Sheet {
        name: "fleet",
        from: "now-7d",
        scope,
        panels: vec![
            tile(
                "agents_away",
                "short",
                Meaning::Bad,
                rest_of_lasts(crate::names::VENUE, f::AGENTS, f::AGENTS_ONLINE, Scope::Venue, &[t::VENUE]),
            ),
            lasts("agents_online", "sum", "short", f::ONLINE, Meaning::Plain),
            lasts("oldest_agent", "max", "s", f::AGE_SECONDS, AGE),
            lasts("spooled", "sum", "short", f::SPOOL_SAMPLES, Meaning::Low(1_000.0, 10_000.0)),
            lasts("lost_samples", "sum", "short", f::LOST_SAMPLES, Meaning::Warning),
            tile(
                "measured_share",
                "percentunit",
                Meaning::High(0.95, 0.99),
                figure(&format!("mean(\"{}\")", f::MEASURED), SILENCE, scope),
            )
            .decimals(2),
            data_age(Scope::Venue),
            freshness(Scope::Venue),
            table("devices_worst", devices)
                .columns(vec![
                    words("venue").link(Link::Venue),
                    words("room").link(Link::Room),
                    words("agent"),
                    flag("online", Meaning::High(0.5, 1.0)),
                    number("age", "s", AGE),
                    number("spool", "short", Meaning::Low(1_000.0, 10_000.0)),
                    number("lost_samples", "short", Meaning::Warning),
                    flag("clock", Meaning::High(0.5, 1.0)),
                    words("version"),
                ])
                .sort("online", false)
                .size(24, 10),
            trend(
                Kind::Trend,
                "online_over_time",
                "short",
                Meaning::Plain,
                vec![named("online", query::sum_over_time(AGENT, f::ONLINE, scope, &agent))],
            )
            .every("5m"),
            trend(
                Kind::Bars,
                "time_of_points",
                "percentunit",
                Meaning::Plain,
                shares
                    .iter()
                    .map(|(field, name)| named(name, query::trend("mean", SILENCE, field, scope, &[])))
                    .collect(),
            )
            .every("1h"),
            table("silence_worst", worst)
                .columns(vec![
                    words("venue"),
                    words("room").link(Link::Room),
                    words("agent"),
                    share("lost", Meaning::Low(0.001, 0.01)),
                    share("backfilled", Meaning::Plain),
                    share("planned_off", Meaning::Plain),
                    share("measured", Meaning::High(0.95, 0.99)),
                ])
                .sort("lost", true)
                .size(24, 9),
        ],
        collapsed: vec![(
            "backlog",
            vec![
                trend(
                    Kind::Trend,
                    "spool_over_time",
                    "short",
                    Meaning::Plain,
                    vec![named("$tag_agent", query::trend("max", AGENT, f::SPOOL_SAMPLES, scope, &[t::AGENT]))],
                )
                .every("5m"),
                trend(
                    Kind::Trend,
                    "age_over_time",
                    "s",
                    AGE,
                    vec![named("$tag_agent", query::trend("max", AGENT, f::AGE_SECONDS, scope, &[t::AGENT]))],
                )
                .every("5m"),
            ],
        )],
    }
}
