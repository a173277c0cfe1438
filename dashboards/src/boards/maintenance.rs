//! How well what breaks is mended: times to acknowledge and to repair, limits kept, what comes back, by team and by
//! kind of asset. For the head of engineering; nothing of one person.

use super::{NOW, data_age, open_tickets, table, tile, trend, venues};
use crate::{
    column::{Column, Meaning, number, words},
    names::{TICKET, TICKET_OPEN, field as f, tag as t},
    panel::{Kind, Panel, panel},
    query::{self, Query, Scope, figure, named, rows},
    sheet::Sheet,
};

/// Hours within which a repair is fine, and from which on it is bad. Seconds.
const REPAIR: Meaning = Meaning::Low(14_400.0, 28_800.0);
/// The same for "I am on it". Seconds.
const ACKNOWLEDGE: Meaning = Meaning::Low(600.0, 1_800.0);
/// Shares of tickets within their limits.
const WITHIN: Meaning = Meaning::High(0.8, 0.95);

pub(super) fn sheet() -> Sheet {
    let scope = Scope::Venue;
    let sum = |field: &str| format!("sum(\"{field}\")");
    let mean = |field: &str| format!("mean(\"{field}\")");
    let p90 = |field: &str| format!("percentile(\"{field}\", 90)");
    let number_of = |what: &str| figure(what, TICKET, scope);
    let day = |name, field| named(name, query::daily(&sum(field), TICKET, scope, &[]));
    Sheet {
        name: "maintenance",
        from: "now-30d",
        scope,
        panels: vec![
            venues("open_now", f::TICKETS_OPEN, Meaning::Low(5.0, 20.0)),
            tile("mtta", "s", ACKNOWLEDGE, number_of(&mean(f::ACKNOWLEDGE_SECONDS))),
            tile("mttr", "s", REPAIR, number_of(&mean(f::REPAIR_SECONDS))),
            tile("mttr_p90", "s", REPAIR, number_of(&p90(f::REPAIR_SECONDS))),
            tile("acknowledge_within", "percentunit", WITHIN, number_of(&mean(f::ACKNOWLEDGE_OK))).decimals(0),
            tile("fix_within", "percentunit", WITHIN, number_of(&mean(f::FIX_OK))).decimals(0),
            tile("reopened", "short", Meaning::Low(1.0, 10.0), number_of(&sum(f::REOPENED))),
            data_age(scope),
            by_severity(scope),
            by_age(scope),
            open_tickets(scope, "").size(24, 9),
            table("by_team", by(t::TEAM, scope))
                .columns(by_columns(words("team").said("team")))
                .sort("opened", true)
                .size(24, 8),
            table("by_kind", by(t::ASSET_KIND, scope))
                .columns(by_columns(words("asset_kind")))
                .sort("opened", true)
                .size(24, 8),
            trend(
                Kind::Bars,
                "opened_and_closed",
                "short",
                Meaning::Plain,
                vec![day("opened", f::OPENED), day("closed", f::CLOSED)],
            ),
            trend(
                Kind::Trend,
                "times_by_day",
                "s",
                Meaning::Plain,
                vec![
                    named("mtta", query::daily(&mean(f::ACKNOWLEDGE_SECONDS), TICKET, scope, &[])),
                    named("mttr", query::daily(&mean(f::REPAIR_SECONDS), TICKET, scope, &[])),
                ],
            ),
        ],
        collapsed: vec![
            (
                "trust",
                vec![
                    tile("false_alarms", "short", Meaning::Plain, number_of(&sum(f::FALSE_ALARM))),
                    tile("refused", "short", Meaning::Plain, number_of(&sum(f::REFUSED))),
                    tile("duplicates", "short", Meaning::Plain, number_of(&sum(f::DUPLICATE))),
                    tile("escalated", "short", Meaning::Plain, number_of(&sum(f::ESCALATED))),
                    tile("limits_missed", "short", Meaning::Plain, number_of(&sum(f::LIMIT_MISSED))),
                    tile("hold_time", "s", Meaning::Plain, number_of(&sum(f::HOLD_SECONDS))),
                    tile("proved_share", "percentunit", WITHIN, number_of(&mean(f::PROVED))).decimals(0),
                    tile("arrive", "s", ACKNOWLEDGE, number_of(&mean(f::ARRIVE_SECONDS))),
                    trend(
                        Kind::Bars,
                        "comes_back",
                        "short",
                        Meaning::Plain,
                        vec![
                            day("reopened", f::REOPENED),
                            day("false_alarm", f::FALSE_ALARM),
                            day("refused", f::REFUSED),
                        ],
                    )
                    .size(24, 8),
                ],
            ),
            (
                "rules",
                vec![
                    table("by_rule", by(t::RULE, scope))
                        .columns(by_columns(words("rule")))
                        .sort("opened", true)
                        .size(24, 10),
                ],
            ),
        ],
    }
}

fn by(tag: &str, scope: Scope) -> String {
    let sum = |field: &str| format!("sum(\"{field}\")");
    let mean = |field: &str| format!("mean(\"{field}\")");
    rows(
        TICKET,
        &[
            (&sum(f::OPENED), "opened"),
            (&sum(f::CLOSED), "closed"),
            (&mean(f::ACKNOWLEDGE_SECONDS), "mtta"),
            (&mean(f::REPAIR_SECONDS), "mttr"),
            (&format!("percentile(\"{}\", 90)", f::REPAIR_SECONDS), "mttr_p90"),
            (&mean(f::ACKNOWLEDGE_OK), "acknowledge_ok"),
            (&mean(f::FIX_OK), "fix_ok"),
            (&sum(f::REOPENED), "reopened"),
            (&sum(f::FALSE_ALARM), "false_alarm"),
        ],
        scope,
        &[tag],
    )
}

fn by_columns(first: Column) -> Vec<Column> {
    let count = |name| number(name, "short", Meaning::Plain);
    vec![
        first,
        count("opened"),
        count("closed"),
        number("mtta", "s", ACKNOWLEDGE),
        number("mttr", "s", REPAIR),
        number("mttr_p90", "s", REPAIR),
        number("acknowledge_ok", "percentunit", WITHIN),
        number("fix_ok", "percentunit", WITHIN),
        count("reopened"),
        count("false_alarm"),
    ]
}

/// Open tickets of the newest snapshot by severity.
fn by_severity(scope: Scope) -> Panel {
    let query = format!(
        "SELECT count(\"{}\") FROM \"{TICKET_OPEN}\" WHERE {} GROUP BY time(5m), \"{}\" fill(none)",
        f::AGE_SECONDS,
        scope.filter(),
        t::SEVERITY
    );
    panel(Kind::Gauge, "open_severity", "short", Meaning::Plain, vec![named("$tag_severity", query)]).from(NOW)
}

/// Open tickets of the newest snapshot by age.
fn by_age(scope: Scope) -> Panel {
    let between = |alias, low: u32, high: Option<u32>| -> Query {
        let (age, filter) = (f::AGE_SECONDS, scope.filter());
        let high = high.map_or(String::new(), |high| format!(" AND \"{age}\" < {high}"));
        named(
            alias,
            format!(
                "SELECT count(\"{age}\") FROM \"{TICKET_OPEN}\" WHERE {filter} AND \"{age}\" >= {low}{high} GROUP BY time(5m) fill(none)"
            ),
        )
    };
    panel(
        Kind::Gauge,
        "open_age",
        "short",
        Meaning::Plain,
        vec![
            between("under_4_hours", 0, Some(14_400)),
            between("under_a_day", 14_400, Some(86_400)),
            between("under_a_week", 86_400, Some(604_800)),
            between("over_a_week", 604_800, None),
        ],
    )
    .from(NOW)
}
