//! Digits as strokes, for pictures on computers that have no fonts: a server of a venue has none, and a font
//! with Chinese would be larger than the collector. Words stand beside the picture, in the mail. Pure.

/// How high a glyph is, in its own units; its foot is there, its head at 0.
pub const HEIGHT: f64 = 10.0;
/// Between two glyphs.
pub const SPACE: f64 = 2.2;

/// A glyph: how wide it is and its strokes, as `M x y`, `L x y` and `C x y x y x y`; `None` for what has none.
#[must_use]
pub fn glyph(letter: char) -> Option<(f64, &'static str)> {
    Some(match letter {
        '0' => (6.0, "M 3 0 C 5 0 6 2 6 5 C 6 8 5 10 3 10 C 1 10 0 8 0 5 C 0 2 1 0 3 0"),
        '1' => (4.4, "M 1 2 L 3.4 0 L 3.4 10"),
        '2' => (6.0, "M 0.3 2.6 C 0.3 1 1.4 0 3 0 C 4.7 0 5.7 1 5.7 2.6 C 5.7 4 4.9 5 3.4 6.4 L 0.2 10 L 6 10"),
        '3' => (
            6.0,
            "M 0.3 1.8 C 0.7 0.6 1.7 0 3 0 C 4.6 0 5.6 1 5.6 2.4 C 5.6 3.9 4.5 4.7 2.6 4.7 C 4.8 4.7 6 5.7 6 7.3 \
             C 6 9 4.8 10 3 10 C 1.4 10 0.4 9.2 0 7.9",
        ),
        '4' => (6.0, "M 4.4 10 L 4.4 0 L 0 7 L 6 7"),
        '5' => (
            6.0,
            "M 5.4 0 L 1 0 L 0.6 4.6 C 1.2 4 2 3.7 3 3.7 C 4.9 3.7 6 5 6 6.8 C 6 8.7 4.8 10 2.9 10 C 1.5 10 0.5 9.3 0 8.2",
        ),
        '6' => (
            6.0,
            "M 5.4 1.3 C 4.9 0.5 4.1 0 3.2 0 C 1.2 0 0 2 0 5.6 C 0 8.5 1.1 10 3 10 C 4.8 10 6 8.7 6 6.8 \
             C 6 4.9 4.8 3.8 3.1 3.8 C 1.6 3.8 0.4 4.7 0 6.2",
        ),
        '7' => (6.0, "M 0 0 L 6 0 L 2.2 10"),
        '8' => (
            6.0,
            "M 3 4.6 C 1.3 4.6 0.5 3.6 0.5 2.3 C 0.5 0.9 1.5 0 3 0 C 4.5 0 5.5 0.9 5.5 2.3 C 5.5 3.6 4.7 4.6 3 4.6 \
             C 1.1 4.6 0 5.7 0 7.3 C 0 9 1.2 10 3 10 C 4.8 10 6 9 6 7.3 C 6 5.7 4.9 4.6 3 4.6",
        ),
        '9' => (
            6.0,
            "M 0.6 8.7 C 1.1 9.5 1.9 10 2.8 10 C 4.8 10 6 8 6 4.4 C 6 1.5 4.9 0 3 0 C 1.2 0 0 1.3 0 3.2 \
             C 0 5.1 1.2 6.2 2.9 6.2 C 4.4 6.2 5.6 5.3 6 3.8",
        ),
        '-' => (5.0, "M 0.5 5.4 L 4.5 5.4"),
        ':' => (1.6, "M 0.8 3.3 L 0.8 3.6 M 0.8 9 L 0.8 9.3"),
        '.' => (1.6, "M 0.8 9.7 L 0.8 10"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_glyph_is_made_of_strokes_that_stay_in_their_place() {
        for letter in "0123456789-:.".chars() {
            let (width, strokes) = glyph(letter).unwrap();
            let mut words = strokes.split_whitespace();
            while let Some(word) = words.next() {
                let numbers = match word {
                    "M" | "L" => 2,
                    "C" => 6,
                    other => panic!("{letter}: `{other}`"),
                };
                for place in 0..numbers {
                    let number: f64 = words.next().unwrap().parse().unwrap();
                    let most = if place % 2 == 0 { width } else { HEIGHT };
                    assert!((0.0..=most).contains(&number), "{letter}: {number}");
                }
            }
        }
        assert_eq!(glyph('温'), None);
    }
}
