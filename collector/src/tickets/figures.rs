//! Turns the numbers of a ticket into words, by the kind of its rule: for some kinds the number is no
//! reading but a share of time, a speed or a distance. Every number is one that is stored.

use wire::PointName;

use super::Ticket;
use crate::{
    config::Language,
    packs::PackRule,
    rules::Expect,
    texts::{self, fill},
};

/// What is wrong, in one line; `None` where the kind has no words of its own for it.
pub(super) fn line(ticket: &Ticket, rule: &PackRule, point: &str, language: Language) -> Option<String> {
    let value = ticket.worst_value?;
    let number = |n: f64| texts::value(None, n);
    let with_unit = |n: f64| shown(ticket, Some(rule), n);
    let say = |key: &str, values: &[(&str, &str)]| {
        let values: Vec<_> = values.iter().copied().chain([("point", point)]).collect();
        Some(fill(language, &format!("figures.{key}"), &values))
    };
    match &rule.rule.expect {
        Expect::Stuck { after_ms, .. } => {
            say("stuck", &[("value", &with_unit(value)), ("length", &texts::duration(language, *after_ms))])
        }
        Expect::Rate { per_ms, .. } => {
            let key = if value < 0.0 { "falls" } else { "rises" };
            let (value, limit) = (with_unit(value.abs()), with_unit(ticket.limit?.abs()));
            say(key, &[("value", &value), ("limit", &limit), ("length", &texts::duration(language, *per_ms))])
        }
        Expect::Share { low, high, window_ms, .. } => {
            let reading = |n: f64| texts::value(ticket.worst_point.as_ref(), n);
            let (low, high) = (low.map(reading), high.map(reading));
            let (key, low, high) = match (low, high) {
                (None, high) => ("share_above", String::new(), high.unwrap_or_default()),
                (Some(low), None) => ("share_below", low, String::new()),
                (Some(low), Some(high)) => ("share_outside", low, high),
            };
            let (value, limit) = (number(value), number(ticket.limit?));
            let length = texts::duration(language, *window_ms);
            say(key, &[("low", &low), ("high", &high), ("value", &value), ("limit", &limit), ("length", &length)])
        }
        Expect::Due { .. } => {
            #[expect(clippy::cast_possible_truncation, reason = "days to a date are far below 2^63 ms")]
            let length = texts::duration(language, (value.abs() * 86_400_000.0) as i64);
            let key = match value {
                _ if value < 0.0 => "past",
                _ if value < 1.0 => "today",
                _ => "left",
            };
            say(key, &[("length", &length)])
        }
        Expect::Disagree { .. } => {
            say("disagrees", &[("value", &with_unit(value)), ("limit", &with_unit(ticket.limit?))])
        }
        Expect::Band { .. } | Expect::State { .. } | Expect::Silent { .. } => None,
    }
}

/// A number of a ticket with its unit: percent of time for a share, else that of its point.
pub(super) fn shown(ticket: &Ticket, rule: Option<&PackRule>, number: f64) -> String {
    shown_of(ticket, None, rule, number)
}

/// The same, of a point that is perhaps not the worst.
pub(super) fn shown_of(ticket: &Ticket, point: Option<&PointName>, rule: Option<&PackRule>, number: f64) -> String {
    if rule.is_some_and(|rule| matches!(rule.rule.expect, Expect::Share { .. })) {
        return format!("{}%", texts::value(None, number));
    }
    texts::value(point.or(ticket.worst_point.as_ref()).or(ticket.open_points.first()), number)
}
