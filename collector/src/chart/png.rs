//! A chart as a PNG picture for mails, on a white card, so that it reads alike in a light and a dark mail.
//! Needs no font: figures are strokes of [`super::glyphs`], and words stand beside the picture. Pure.

use tiny_skia::{Color, FillRule, LineCap, LineJoin, Paint, PathBuilder, Pixmap, Rect, Stroke, Transform};

use super::{Anchor, Frame, HEIGHT, Ink, Pen, WIDTH, glyphs};
use crate::readings::Series;

/// Dots for one unit of a chart: sharp on telephones.
const SCALE: f64 = 2.0;
/// How high figures are, in units of a chart.
const FIGURE_HEIGHT: f64 = 11.0;

/// The chart as a PNG file; `None` where there is no memory for it.
#[must_use]
pub fn draw(series: &Series, frame: &Frame<'_>) -> Option<Vec<u8>> {
    let mut picture = Picture { pixels: Pixmap::new((WIDTH * SCALE) as u32, (HEIGHT * SCALE) as u32)? };
    picture.pixels.fill(Color::WHITE);
    super::draw(series, frame, &mut picture);
    picture.pixels.encode_png().ok()
}

struct Picture {
    pixels: Pixmap,
}

fn paint(ink: Ink) -> Paint<'static> {
    let mut paint = Paint { anti_alias: true, ..Paint::default() };
    let (red, green, blue, alpha) = match ink {
        Ink::Band => (46, 160, 67, 42),
        Ink::Ticket => (217, 83, 30, 36),
        Ink::Grid => (0, 0, 0, 28),
        Ink::Fault => (200, 30, 30, 255),
        Ink::Area => (31, 91, 181, 56),
        Ink::Line => (31, 91, 181, 255),
    };
    paint.set_color_rgba8(red, green, blue, alpha);
    paint
}

fn stroke(width: f64) -> Stroke {
    let (line_cap, line_join) = (LineCap::Round, LineJoin::Round);
    Stroke { width: width as f32, line_cap, line_join, ..Stroke::default() }
}

impl Picture {
    fn stroke(&mut self, path: PathBuilder, paint: &Paint<'_>, width: f64) {
        if let Some(path) = path.finish() {
            let scale = Transform::from_scale(SCALE as f32, SCALE as f32);
            self.pixels.stroke_path(&path, paint, &stroke(width), scale, None);
        }
    }

    fn fill(&mut self, path: PathBuilder, paint: &Paint<'_>) {
        if let Some(path) = path.finish() {
            let scale = Transform::from_scale(SCALE as f32, SCALE as f32);
            self.pixels.fill_path(&path, paint, FillRule::Winding, scale, None);
        }
    }
}

fn polyline(points: &[(f64, f64)]) -> PathBuilder {
    let mut path = PathBuilder::new();
    for (index, (x, y)) in points.iter().enumerate() {
        match index {
            0 => path.move_to(*x as f32, *y as f32),
            _ => path.line_to(*x as f32, *y as f32),
        }
    }
    path
}

impl Pen for Picture {
    fn rect(&mut self, ink: Ink, (x, y): (f64, f64), (width, height): (f64, f64), _words: &str) {
        if let Some(rect) = Rect::from_xywh(x as f32, y as f32, width as f32, height as f32) {
            let scale = Transform::from_scale(SCALE as f32, SCALE as f32);
            self.pixels.fill_rect(rect, &paint(ink), scale, None);
        }
        // Where it began is what people look for.
        if ink == Ink::Ticket {
            let mut solid = paint(ink);
            solid.set_color_rgba8(217, 83, 30, 255);
            self.stroke(polyline(&[(x, y), (x, y + height)]), &solid, 1.4);
        }
    }

    fn path(&mut self, ink: Ink, points: &[(f64, f64)]) {
        let width = if ink == Ink::Grid { 0.8 } else { 1.6 };
        self.stroke(polyline(points), &paint(ink), width);
    }

    fn within(&mut self, ink: Ink, points: &[(f64, f64)]) {
        let mut path = polyline(points);
        path.close();
        self.fill(path, &paint(ink));
    }

    fn dot(&mut self, (x, y): (f64, f64)) {
        let mut path = PathBuilder::new();
        path.push_circle(x as f32, y as f32, 2.0);
        self.fill(path, &paint(Ink::Line));
    }

    fn words(&mut self, (x, y): (f64, f64), anchor: Anchor, words: &str) {
        let size = FIGURE_HEIGHT / glyphs::HEIGHT;
        let found: Vec<(f64, &str)> = words.chars().filter_map(glyphs::glyph).collect();
        let width: f64 = found.iter().map(|(width, _)| width + glyphs::SPACE).sum::<f64>() - glyphs::SPACE;
        let mut left = match anchor {
            Anchor::Middle => x - width * size / 2.0,
            Anchor::End => x - width * size,
        };
        let mut ink = paint(Ink::Line);
        ink.set_color_rgba8(85, 85, 85, 255);
        for (width, strokes) in found {
            self.stroke(strokes_at(strokes, (left, y - FIGURE_HEIGHT), size), &ink, 1.3);
            left += (width + glyphs::SPACE) * size;
        }
    }
}

/// The strokes of a glyph with its upper left corner at a place.
fn strokes_at(strokes: &str, (left, top): (f64, f64), size: f64) -> PathBuilder {
    let mut path = PathBuilder::new();
    let mut words = strokes.split_whitespace();
    while let Some(letter) = words.next() {
        let mut point = || {
            let mut number = || words.next().and_then(|word| word.parse::<f64>().ok()).unwrap_or(0.0);
            let (x, y) = (number(), number());
            ((left + x * size) as f32, (top + y * size) as f32)
        };
        match letter {
            "M" => {
                let (x, y) = point();
                path.move_to(x, y);
            }
            "L" => {
                let (x, y) = point();
                path.line_to(x, y);
            }
            _ => {
                let [(x1, y1), (x2, y2), (x, y)] = [point(), point(), point()];
                path.cubic_to(x1, y1, x2, y2, x, y);
            }
        }
    }
    path
}
