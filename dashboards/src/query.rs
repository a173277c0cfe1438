//! Writes InfluxQL: the same text runs on InfluxDB 1.x, on 2 through its mapped bucket, and on 3. Knows no panel.

use crate::names::tag;

/// A query of a panel.
#[derive(Debug, Clone)]
pub struct Query {
    /// InfluxQL with Grafana's variables; `{lang}` becomes `zh` or `en`.
    pub text: String,
    /// Key in section `series` of the texts; or tags, as in `$tag_room`.
    pub alias: Option<&'static str>,
}

/// The part of a line's measurement that the readers of a board see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Everything.
    All,
    /// Venues of the variable.
    Venue,
    /// Rooms of the variable, in its venues.
    Room,
}

impl Scope {
    /// The condition of a query.
    #[must_use]
    pub fn filter(self) -> String {
        let venue = format!("\"{}\" =~ /^$venue$/", tag::VENUE);
        match self {
            Self::All => "$timeFilter".to_owned(),
            Self::Venue => format!("$timeFilter AND {venue}"),
            Self::Room => format!("$timeFilter AND {venue} AND \"{}\" =~ /^$room$/", tag::ROOM),
        }
    }
}

/// A query without an alias.
#[must_use]
pub fn plain(text: String) -> Query {
    Query { text, alias: None }
}

/// A query whose series is called so.
#[must_use]
pub fn named(alias: &'static str, text: String) -> Query {
    Query { text, alias: Some(alias) }
}

fn groups(tags: &[&str]) -> String {
    tags.iter().map(|tag| format!("\"{tag}\"")).collect::<Vec<_>>().join(", ")
}

/// The last value of an expression's field by tags, put together: `last_of("sum", VENUE, "rooms", …)`.
#[must_use]
pub fn over_lasts(how: &str, measurement: &str, field: &str, scope: Scope, tags: &[&str]) -> String {
    let (filter, groups) = (scope.filter(), groups(tags));
    format!(
        "SELECT {how}(\"v\") FROM (SELECT last(\"{field}\") AS \"v\" FROM \"{measurement}\" WHERE {filter} GROUP BY {groups})"
    )
}

/// What is left when the last of one field is taken from the last of another, summed over tags.
#[must_use]
pub fn rest_of_lasts(measurement: &str, of: &str, less: &str, scope: Scope, tags: &[&str]) -> String {
    let (filter, groups) = (scope.filter(), groups(tags));
    format!(
        "SELECT sum(\"a\") - sum(\"b\") FROM (SELECT last(\"{of}\") AS \"a\", last(\"{less}\") AS \"b\" \
         FROM \"{measurement}\" WHERE {filter} GROUP BY {groups})"
    )
}

/// The sum of the last of two fields.
#[must_use]
pub fn both_lasts(measurement: &str, one: &str, other: &str, scope: Scope, tags: &[&str]) -> String {
    let (filter, groups) = (scope.filter(), groups(tags));
    format!(
        "SELECT sum(\"a\") + sum(\"b\") FROM (SELECT last(\"{one}\") AS \"a\", last(\"{other}\") AS \"b\" \
         FROM \"{measurement}\" WHERE {filter} GROUP BY {groups})"
    )
}

/// A sum of a snapshot's field over venues, as it went.
#[must_use]
pub fn sum_over_time(measurement: &str, field: &str, scope: Scope, tags: &[&str]) -> String {
    let (filter, groups) = (scope.filter(), groups(tags));
    format!(
        "SELECT sum(\"v\") FROM (SELECT last(\"{field}\") AS \"v\" FROM \"{measurement}\" WHERE {filter} \
         GROUP BY time($__interval), {groups} fill(none)) WHERE $timeFilter GROUP BY time($__interval) fill(none)"
    )
}

/// How a field went, a series for each combination of tags.
#[must_use]
pub fn trend(how: &str, measurement: &str, field: &str, scope: Scope, tags: &[&str]) -> String {
    let tags = tags.iter().fold(String::new(), |all, tag| all + &format!(", \"{tag}\""));
    format!(
        "SELECT {how}(\"{field}\") FROM \"{measurement}\" WHERE {} GROUP BY time($__interval){tags} fill(none)",
        scope.filter()
    )
}

/// A figure for each day of the venue's calendar.
#[must_use]
pub fn daily(expression: &str, measurement: &str, scope: Scope, tags: &[&str]) -> String {
    let tags = tags.iter().fold(String::new(), |all, tag| all + &format!(", \"{tag}\""));
    format!(
        "SELECT {expression} FROM \"{measurement}\" WHERE {} GROUP BY time(1d){tags} fill(none) tz('$zone')",
        scope.filter()
    )
}

/// One number of the whole range.
#[must_use]
pub fn figure(expression: &str, measurement: &str, scope: Scope) -> String {
    format!("SELECT {expression} FROM \"{measurement}\" WHERE {}", scope.filter())
}

/// A row for each combination of tags; each column is an expression and its name.
#[must_use]
pub fn rows(measurement: &str, columns: &[(&str, &str)], scope: Scope, tags: &[&str]) -> String {
    let columns: Vec<String> = columns.iter().map(|(what, name)| format!("{what} AS \"{name}\"")).collect();
    format!("SELECT {} FROM \"{measurement}\" WHERE {} GROUP BY {}", columns.join(", "), scope.filter(), groups(tags))
}

/// A row for each line; tags and fields are columns.
#[must_use]
pub fn lines(measurement: &str, columns: &[(&str, &str)], scope: Scope, and: &str) -> String {
    let columns: Vec<String> = columns.iter().map(|(what, name)| format!("\"{what}\" AS \"{name}\"")).collect();
    format!("SELECT {} FROM \"{measurement}\" WHERE {}{and}", columns.join(", "), scope.filter())
}
