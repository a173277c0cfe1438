//! Is the collector itself well: broker, commits, messages to people, the way into this database. For whoever
//! operates it; says nothing of venues.

use super::{AGE, data_age, freshness, tile, trend};
use crate::{
    column::Meaning,
    names::{COLLECTOR, field as f},
    panel::{Kind, Panel},
    query::{Scope, figure, named},
    sheet::Sheet,
};

fn now(key: &'static str, unit: &'static str, field: &str, meaning: Meaning) -> Panel {
    tile(key, unit, meaning, figure(&format!("last(\"{field}\")"), COLLECTOR, Scope::All))
}

/// How a field went; of a count since start, what came in a second.
fn over_time(kind: Kind, key: &'static str, unit: &'static str, how: &str, series: &[(&'static str, &str)]) -> Panel {
    let query = |field: &str| {
        let what = match how {
            "rate" => format!("non_negative_derivative(max(\"{field}\"), 1s)"),
            how => format!("{how}(\"{field}\")"),
        };
        format!("SELECT {what} FROM \"{COLLECTOR}\" WHERE $timeFilter GROUP BY time($__interval) fill(none)")
    };
    let queries = series.iter().map(|(name, field)| named(name, query(field))).collect();
    trend(kind, key, unit, Meaning::Plain, queries).every("1m")
}

pub(super) fn sheet() -> Sheet {
    Sheet {
        name: "pipeline",
        from: "now-24h",
        scope: Scope::All,
        panels: vec![
            now("troubles", "short", f::TROUBLES, Meaning::Bad),
            now("broker", "none", f::BROKER_CONNECTED, Meaning::High(0.5, 1.0)).said("yes_no"),
            now("writer_lag", "s", f::WRITER_LAG_SECONDS, AGE),
            now("commit_age", "ms", f::COMMIT_AGE_MS, Meaning::Low(1_000.0, 5_000.0)),
            now("outbox", "short", f::OUTBOX_WAITING, Meaning::Low(20.0, 100.0)),
            now("refused_lines", "short", f::WRITER_QUARANTINED, Meaning::Warning),
            data_age(Scope::All),
            freshness(Scope::All),
            over_time(Kind::Trend, "flow", "cps", "rate", &[("samples", f::SAMPLES), ("readings", f::READINGS)]),
            over_time(Kind::Trend, "lag", "s", "max", &[("writer_lag", f::WRITER_LAG_SECONDS)]),
            over_time(Kind::Trend, "commits", "ms", "max", &[("commit_age", f::COMMIT_AGE_MS)]),
            over_time(
                Kind::Trend,
                "waiting",
                "short",
                "max",
                &[("messages", f::WAITING_MESSAGES), ("outbox", f::OUTBOX_WAITING), ("blobs", f::BLOBS_WAITING)],
            ),
        ],
        collapsed: vec![
            (
                "refusals",
                vec![
                    over_time(
                        Kind::Bars,
                        "refusals",
                        "cps",
                        "rate",
                        &[
                            ("duplicates", f::DUPLICATES),
                            ("quarantined", f::QUARANTINED),
                            ("commit_failures", f::COMMIT_FAILURES),
                            ("notify_failures", f::NOTIFY_FAILURES),
                        ],
                    ),
                    over_time(Kind::Trend, "connected", "percentunit", "min", &[("broker", f::BROKER_CONNECTED)]),
                ],
            ),
            (
                "storage",
                vec![over_time(Kind::Trend, "ledger", "bytes", "max", &[("ledger", f::LEDGER_BYTES)]).size(24, 8)],
            ),
        ],
    }
}
