//! A chart as SVG for pages: inks are classes of the page's style. Pure.

use std::fmt::Write as _;

use super::{Anchor, Frame, HEIGHT, Ink, Pen, WIDTH};
use crate::readings::Series;

/// The chart as an `svg` element.
#[must_use]
pub fn draw(series: &Series, frame: &Frame<'_>) -> String {
    let mut svg = Svg(String::with_capacity(4_096 + 16 * series.marks.len()));
    let _ = write!(
        svg.0,
        "<svg class=\"chart\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\">",
        escaped(&frame.title)
    );
    super::draw(series, frame, &mut svg);
    svg.0 + "</svg>"
}

struct Svg(String);

fn class(ink: Ink) -> &'static str {
    match ink {
        Ink::Band => "band",
        Ink::Ticket => "ticket",
        Ink::Grid => "grid",
        Ink::Fault => "fault",
        Ink::Area => "area",
        Ink::Line => "line",
    }
}

impl Svg {
    fn points(&mut self, ink: Ink, points: &[(f64, f64)], end: &str) {
        let _ = write!(self.0, "<path class=\"{}\" d=\"", class(ink));
        for (index, (x, y)) in points.iter().enumerate() {
            let letter = if index == 0 { 'M' } else { 'L' };
            let _ = write!(self.0, "{letter}{x:.1} {y:.1}");
        }
        self.0.push_str(end);
    }
}

impl Pen for Svg {
    fn rect(&mut self, ink: Ink, (x, y): (f64, f64), (width, height): (f64, f64), words: &str) {
        let _ = write!(
            self.0,
            "<rect class=\"{}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"><title>{}</title></rect>",
            class(ink),
            escaped(words)
        );
    }

    fn path(&mut self, ink: Ink, points: &[(f64, f64)]) {
        self.points(ink, points, "\"/>");
    }

    fn within(&mut self, ink: Ink, points: &[(f64, f64)]) {
        self.points(ink, points, "Z\"/>");
    }

    fn dot(&mut self, (x, y): (f64, f64)) {
        let _ = write!(self.0, "<circle class=\"dot\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2\"/>");
    }

    fn words(&mut self, (x, y): (f64, f64), anchor: Anchor, words: &str) {
        let anchor = match anchor {
            Anchor::Middle => "mid",
            Anchor::End => "end",
        };
        let _ = write!(self.0, "<text x=\"{x:.1}\" y=\"{y:.1}\" class=\"tick {anchor}\">{}</text>", escaped(words));
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
