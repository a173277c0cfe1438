//! Draws a comparison: for each rule, two lines over time with a bar where a ticket was open, above under the
//! rules in force, below under the changed ones. An SVG file of its own, with its colours. Pure.

use std::fmt::Write as _;

use jiff::{Timestamp, tz::TimeZone};
use wire::{Id, UnixMs};

use super::{Comparison, Outcome, compare::tickets_in};

/// Width of the whole.
const WIDTH: f64 = 960.0;
/// Where bars begin: names of rules stand before.
const LEFT: f64 = 250.0;
const RIGHT: f64 = 20.0;
/// Where the first rule begins: title and legend stand above.
const TOP: f64 = 64.0;
/// Height of a rule.
const ROW: f64 = 34.0;
/// Height of a bar.
const BAR: f64 = 11.0;
/// Below the last rule: times.
const BOTTOM: f64 = 34.0;
/// Rules that are drawn, at most; the table has all.
pub const RULES_MAX: usize = 24;
/// A bar is at least so wide, or a short ticket would not be seen.
const BAR_MIN: f64 = 2.0;
/// Times below, about.
const TIMES: i64 = 7;

const BEFORE: &str = "#5b7083";
const AFTER: &str = "#d9730d";

/// Words of a picture, in the reader's language.
pub struct Words<'a> {
    /// Its title.
    pub title: String,
    /// What the upper bars are.
    pub before: String,
    /// What the lower bars are.
    pub after: String,
    /// The name of a rule.
    pub rule: &'a dyn Fn(&Id) -> String,
}

/// The picture.
#[must_use]
pub fn draw(comparison: &Comparison, outcomes: [&Outcome; 2], zone: &TimeZone, words: &Words<'_>) -> String {
    let rules: Vec<&Id> = comparison.rules.iter().take(RULES_MAX).map(|row| &row.rule).collect();
    #[expect(clippy::cast_precision_loss, reason = "a few rules")]
    let height = TOP + ROW * rules.len().max(1) as f64 + BOTTOM;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
         font-family=\"system-ui, 'Noto Sans CJK SC', sans-serif\" font-size=\"13\">\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#fff\"/>\
         <text x=\"20\" y=\"26\" font-size=\"16\" font-weight=\"600\" fill=\"#1c2733\">{}</text>",
        escaped(&words.title)
    );
    legend(&mut svg, words);
    times(&mut svg, comparison, height, zone);
    for (row, rule) in rules.iter().enumerate() {
        #[expect(clippy::cast_precision_loss, reason = "a few rules")]
        let top = TOP + ROW * row as f64;
        let _ = write!(
            svg,
            "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"#1c2733\">{}</text>",
            LEFT - 12.0,
            top + ROW / 2.0 + 4.0,
            escaped(&(words.rule)(rule))
        );
        for (place, (outcome, colour)) in outcomes.iter().zip([BEFORE, AFTER]).enumerate() {
            #[expect(clippy::cast_precision_loss, reason = "0 or 1")]
            let y = top + 5.0 + place as f64 * (BAR + 2.0);
            bars(&mut svg, outcome, rule, comparison, (y, colour));
        }
    }
    svg + "</svg>\n"
}

fn bars(svg: &mut String, outcome: &Outcome, rule: &Id, comparison: &Comparison, (y, colour): (f64, &str)) {
    let range = (comparison.from, comparison.to);
    for (_, ticket) in tickets_in(outcome, range).filter(|(id, _)| *id == rule) {
        let begin = x(comparison, ticket.opened_at);
        let end = x(comparison, ticket.closed_at.unwrap_or(comparison.to).min(comparison.to));
        let _ = write!(
            svg,
            "<rect x=\"{begin:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{BAR}\" rx=\"1.5\" fill=\"{colour}\" \
             fill-opacity=\"0.75\"><title>{} {}</title></rect>",
            (end - begin).max(BAR_MIN),
            escaped(&ticket.number),
            escaped(ticket.room.as_str())
        );
    }
}

fn legend(svg: &mut String, words: &Words<'_>) {
    let mut left = LEFT;
    for (name, colour) in [(&words.before, BEFORE), (&words.after, AFTER)] {
        let _ = write!(
            svg,
            "<rect x=\"{left}\" y=\"38\" width=\"14\" height=\"{BAR}\" rx=\"1.5\" fill=\"{colour}\" fill-opacity=\"0.75\"/>\
             <text x=\"{}\" y=\"48\" fill=\"#44525f\">{}</text>",
            left + 20.0,
            escaped(name)
        );
        left += 240.0;
    }
}

fn times(svg: &mut String, comparison: &Comparison, height: f64, zone: &TimeZone) {
    let span = (comparison.to - comparison.from).max(1);
    for step in 0..=TIMES {
        let at = comparison.from + span / TIMES * step;
        let Ok(instant) = Timestamp::from_millisecond(at) else { continue };
        let (place, bottom) = (x(comparison, at), height - BOTTOM);
        let text = instant.to_zoned(zone.clone()).strftime("%m-%d %H:%M").to_string();
        let _ = write!(
            svg,
            "<path d=\"M{place:.1} {TOP}V{bottom:.1}\" stroke=\"#e3e8ed\"/>\
             <text x=\"{place:.1}\" y=\"{:.1}\" text-anchor=\"middle\" font-size=\"11\" fill=\"#66727e\">{text}</text>",
            height - BOTTOM / 2.0 + 4.0
        );
    }
}

fn x(comparison: &Comparison, at: UnixMs) -> f64 {
    let span = (comparison.to - comparison.from).max(1) as f64;
    LEFT + (WIDTH - LEFT - RIGHT - 30.0) * ((at - comparison.from) as f64 / span).clamp(0.0, 1.0)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
