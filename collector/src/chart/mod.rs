//! Draws a stretch of a point: the expected band shaded, gaps left open, faults and tickets marked, time
//! in the venue's zone. One drawing, two pens: [`svg`] for pages, [`png`] for mails. Pure.

pub mod glyphs;
pub mod png;
pub mod svg;

use jiff::{Timestamp, tz::TimeZone};
use wire::UnixMs;

use crate::readings::{Mark, Series};

/// How wide a chart is, in its own units.
pub const WIDTH: f64 = 720.0;
/// How high.
pub const HEIGHT: f64 = 190.0;
/// Room for the axis on the left, and for times below.
const LEFT: f64 = 58.0;
const RIGHT: f64 = 10.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 28.0;
/// Lines across a chart, about.
const TICKS: f64 = 4.0;

/// What a chart shows beside the series.
#[derive(Debug, Clone)]
pub struct Frame<'a> {
    /// Where it begins.
    pub from: UnixMs,
    /// Where it ends.
    pub to: UnixMs,
    /// Zone of its times.
    pub zone: &'a TimeZone,
    /// The least that is expected.
    pub low: Option<f64>,
    /// The greatest.
    pub high: Option<f64>,
    /// A 0/1 point: drawn as steps between two lines.
    pub switch: bool,
    /// Words for 0 and 1 of such a point.
    pub switch_words: Option<(String, String)>,
    /// For readers who hear the page.
    pub title: String,
    /// Word for the band.
    pub band_words: String,
    /// Tickets: from, to (none: still open) and words.
    pub tickets: Vec<(UnixMs, Option<UnixMs>, String)>,
    /// Faults in words, one a span of the series.
    pub faults: Vec<String>,
}

/// What a place of a chart means; a pen gives it its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    /// What is expected.
    Band,
    /// A ticket, from its beginning.
    Ticket,
    /// Lines behind everything.
    Grid,
    /// No value, for a reason.
    Fault,
    /// Between the least and the greatest of readings that were put together.
    Area,
    /// The readings.
    Line,
}

/// Which part of words stands at their place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// Their middle.
    Middle,
    /// Their end.
    End,
}

/// What a chart is drawn with: it knows inks and places, and nothing of readings.
pub trait Pen {
    /// A rectangle, with words for those who point at it.
    fn rect(&mut self, ink: Ink, place: (f64, f64), size: (f64, f64), words: &str);
    /// A line from point to point.
    fn path(&mut self, ink: Ink, points: &[(f64, f64)]);
    /// What lies within a line that ends where it began.
    fn within(&mut self, ink: Ink, points: &[(f64, f64)]);
    /// A reading that stands alone.
    fn dot(&mut self, place: (f64, f64));
    /// Words; their foot is at `place`.
    fn words(&mut self, place: (f64, f64), anchor: Anchor, words: &str);
}

/// Draws the chart with `pen`.
pub fn draw(series: &Series, frame: &Frame<'_>, pen: &mut dyn Pen) {
    let scale = Scale::new(series, frame);
    band(pen, frame, &scale);
    tickets(pen, frame, &scale);
    axes(pen, frame, &scale);
    for (span, words) in series.faults.iter().zip(&frame.faults) {
        let (x, width) = scale.stretch(span.from, span.to);
        pen.rect(Ink::Fault, (x, scale.bottom() - 5.0), (width, 5.0), words);
    }
    for run in runs(&series.marks) {
        if series.step_ms > 0 && !frame.switch && run.len() > 1 {
            area(pen, run, &scale);
        }
        line(pen, run, frame, &scale);
    }
}

/// From values and instants to places.
struct Scale {
    from: UnixMs,
    span: f64,
    low: f64,
    high: f64,
    step: f64,
}

impl Scale {
    fn new(series: &Series, frame: &Frame<'_>) -> Self {
        let span = (frame.to - frame.from).max(1) as f64;
        if frame.switch {
            return Self { from: frame.from, span, low: -0.15, high: 1.15, step: 1.0 };
        }
        let limits = [frame.low, frame.high].into_iter().flatten();
        let values = series.marks.iter().flat_map(|mark| [mark.min, mark.max]);
        let (mut low, mut high) =
            values.chain(limits).fold((f64::MAX, f64::MIN), |(low, high), v| (low.min(v), high.max(v)));
        if low > high {
            (low, high) = (0.0, 1.0);
        }
        // A flat line stands in the middle, nothing touches the frame, and what lies beyond a limit has
        // room to be seen there.
        let margin = ((high - low) * 0.2).max(high.abs().max(1.0) * 0.01);
        (low, high) = (low - margin, high + margin);
        let raw = (high - low) / TICKS;
        let power = 10f64.powf(raw.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|s| s * power).find(|s| *s >= raw).unwrap_or(10.0 * power);
        Self { from: frame.from, span, low, high, step }
    }

    fn x(&self, at: UnixMs) -> f64 {
        LEFT + ((at - self.from) as f64 / self.span).clamp(0.0, 1.0) * (WIDTH - LEFT - RIGHT)
    }

    fn y(&self, value: f64) -> f64 {
        let part = ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
        HEIGHT - BOTTOM - part * (HEIGHT - TOP - BOTTOM)
    }

    fn bottom(&self) -> f64 {
        HEIGHT - BOTTOM
    }

    /// Left edge and width of a stretch of time, wide enough to be seen.
    fn stretch(&self, from: UnixMs, to: UnixMs) -> (f64, f64) {
        let x = self.x(from);
        (x, (self.x(to) - x).max(2.0))
    }
}

fn band(pen: &mut dyn Pen, frame: &Frame<'_>, scale: &Scale) {
    if frame.low.is_none() && frame.high.is_none() {
        return;
    }
    let top = frame.high.map_or(TOP, |high| scale.y(high));
    let bottom = frame.low.map_or(scale.bottom(), |low| scale.y(low));
    pen.rect(Ink::Band, (LEFT, top), (WIDTH - LEFT - RIGHT, (bottom - top).max(0.0)), &frame.band_words);
}

fn tickets(pen: &mut dyn Pen, frame: &Frame<'_>, scale: &Scale) {
    for (from, to, words) in &frame.tickets {
        let (x, width) = scale.stretch(*from, to.unwrap_or(frame.to));
        pen.rect(Ink::Ticket, (x, TOP), (width, scale.bottom() - TOP), words);
    }
}

fn axes(pen: &mut dyn Pen, frame: &Frame<'_>, scale: &Scale) {
    let decimals = if scale.step >= 1.0 { 0 } else { (-scale.step.log10()).ceil() as usize };
    let mut value = (scale.low / scale.step).ceil() * scale.step;
    while value <= scale.high {
        let y = scale.y(value);
        let words = match &frame.switch_words {
            Some((off, on)) if frame.switch => (if value < 0.5 { off } else { on }).clone(),
            // Adding 0 turns −0 into 0.
            _ => format!("{:.decimals$}", value + 0.0),
        };
        pen.path(Ink::Grid, &[(LEFT, y), (WIDTH - RIGHT, y)]);
        pen.words((LEFT - 6.0, y + 4.0), Anchor::End, &words);
        value += scale.step;
    }
    for (at, words) in times(frame) {
        let x = scale.x(at);
        pen.path(Ink::Grid, &[(x, TOP), (x, scale.bottom())]);
        pen.words((x, HEIGHT - 8.0), Anchor::Middle, &words);
    }
}

/// Instants worth a line: full hours, or days, of the venue's zone.
fn times(frame: &Frame<'_>) -> Vec<(UnixMs, String)> {
    const HOUR_MS: i64 = 3_600_000;
    let hours = (frame.to - frame.from) / HOUR_MS;
    let (step_hours, form) = match hours {
        0..=3 => (1, "%H:%M"),
        4..=8 => (2, "%H:%M"),
        9..=30 => (6, "%H:%M"),
        _ => (24, "%m-%d"),
    };
    let Ok(first) = Timestamp::from_millisecond(frame.from) else { return Vec::new() };
    let offset_ms = i64::from(frame.zone.to_offset(first).seconds()) * 1_000;
    let step_ms = step_hours * HOUR_MS;
    let mut at = (frame.from + offset_ms).div_euclid(step_ms) * step_ms - offset_ms + step_ms;
    let mut times = Vec::new();
    while at < frame.to {
        if let Ok(instant) = Timestamp::from_millisecond(at) {
            times.push((at, instant.to_zoned(frame.zone.clone()).strftime(form).to_string()));
        }
        at += step_ms;
    }
    times
}

/// Marks without a gap between them.
fn runs(marks: &[Mark]) -> impl Iterator<Item = &[Mark]> {
    marks.chunk_by(|_, next| !next.after_gap)
}

/// Between the least and the greatest, where one mark stands for many readings.
fn area(pen: &mut dyn Pen, run: &[Mark], scale: &Scale) {
    let above = run.iter().map(|mark| (scale.x(mark.at), scale.y(mark.max)));
    let below = run.iter().rev().map(|mark| (scale.x(mark.at), scale.y(mark.min)));
    pen.within(Ink::Area, &above.chain(below).collect::<Vec<_>>());
}

fn line(pen: &mut dyn Pen, run: &[Mark], frame: &Frame<'_>, scale: &Scale) {
    let place = |mark: &Mark| (scale.x(mark.at), scale.y(mark.mean));
    if let [alone] = run {
        pen.dot(place(alone));
        return;
    }
    let mut points: Vec<(f64, f64)> = Vec::with_capacity(2 * run.len());
    for (x, y) in run.iter().map(place) {
        // A contact stays what it was until it is read anew.
        if let Some((_, before)) = points.last().copied().filter(|_| frame.switch) {
            points.push((x, before));
        }
        points.push((x, y));
    }
    pen.path(Ink::Line, &points);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(minute: i64, mean: f64, after_gap: bool) -> Mark {
        Mark { at: minute * 60_000, mean, min: mean, max: mean, count: 1, after_gap, uncertain: false }
    }

    fn frame(zone: &TimeZone) -> Frame<'_> {
        Frame {
            from: 0,
            to: 6 * 3_600_000,
            zone,
            low: Some(18.0),
            high: Some(22.0),
            switch: false,
            switch_words: None,
            title: "K01 <temperature>".into(),
            band_words: "18 – 22 °C".into(),
            tickets: vec![(3_600_000, None, "ticket & co".into())],
            faults: Vec::new(),
        }
    }

    #[test]
    fn a_line_is_never_drawn_across_a_gap() {
        let zone = TimeZone::UTC;
        let marks = vec![mark(1, 20.0, false), mark(2, 20.5, false), mark(60, 21.0, true), mark(61, 21.5, false)];
        let svg = svg::draw(&Series { marks, ..Series::default() }, &frame(&zone));
        assert_eq!(svg.matches("class=\"line\"").count(), 2);
        assert_eq!(svg.matches("class=\"band\"").count(), 1);
    }

    #[test]
    fn words_from_outside_cannot_leave_their_place() {
        let svg = svg::draw(&Series::default(), &frame(&TimeZone::UTC));
        assert!(svg.contains("K01 &lt;temperature&gt;") && svg.contains("ticket &amp; co"));
    }

    #[test]
    fn times_stand_at_full_hours_of_the_venue() {
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        let words: Vec<String> = times(&frame(&zone)).into_iter().map(|(_, words)| words).collect();
        assert_eq!(words, ["10:00", "12:00"]);
    }

    #[test]
    fn values_at_both_limits_lie_inside_the_frame() {
        let zone = TimeZone::UTC;
        let series = Series { marks: vec![mark(0, -40.0, false), mark(300, 125.0, false)], ..Series::default() };
        let frame = frame(&zone);
        let scale = Scale::new(&series, &frame);
        assert!(scale.y(-40.0) < scale.bottom() && scale.y(125.0) > TOP);
        assert!(scale.y(125.0) < scale.y(-40.0));
    }
}
