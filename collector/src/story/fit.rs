//! Makes a text fit a channel that takes little: leaves out the least important lines first, and never cuts
//! inside a letter. Pure.

/// How much a line is needed; the last is left out first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// Without it nobody knows what to do: cut at the very last.
    Fact,
    /// What to do next, and what a person said.
    Step,
    /// How its point went.
    Course,
    /// What else changed.
    Change,
    /// What ended such a thing before.
    Past,
}

/// A line of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// How much it is needed.
    pub need: Need,
    /// Its words.
    pub words: String,
}

impl Line {
    /// A line.
    #[must_use]
    pub fn new(need: Need, words: impl Into<String>) -> Self {
        Self { need, words: words.into() }
    }
}

/// All lines as one text.
#[must_use]
pub fn whole(lines: &[Line]) -> String {
    let words: Vec<&str> = lines.iter().map(|line| line.words.as_str()).collect();
    words.join("\n")
}

/// The lines as they are sent, in at most `bytes_max` bytes. `written` is what a channel makes of a line.
#[must_use]
pub fn fit(lines: &[Line], bytes_max: usize, written: impl Fn(&str) -> String) -> String {
    let mut left: Vec<(Need, String)> = lines.iter().map(|line| (line.need, written(&line.words))).collect();
    let length =
        |left: &[(Need, String)]| left.iter().map(|(_, words)| words.len() + 1).sum::<usize>().saturating_sub(1);
    while length(&left) > bytes_max {
        // Of equals the last.
        let worst = left.iter().enumerate().max_by_key(|(_, (need, _))| *need).map(|(place, (need, _))| (place, *need));
        match worst {
            Some((place, need)) if need > Need::Fact => left.remove(place),
            _ => break,
        };
    }
    let words: Vec<&str> = left.iter().map(|(_, words)| words.as_str()).collect();
    cut(&words.join("\n"), bytes_max)
}

/// `text`, or as much of it as fits `bytes_max` with `…` behind it; never half a letter.
#[must_use]
pub fn cut(text: &str, bytes_max: usize) -> String {
    const MORE: &str = "…";
    if text.len() <= bytes_max {
        return text.to_owned();
    }
    let mut end = bytes_max.saturating_sub(MORE.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{MORE}", &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_important_goes_first_and_the_last_of_it() {
        let line = |need, words: &str| Line::new(need, words);
        let lines = [
            line(Need::Fact, "新工单"),
            line(Need::Course, "走势"),
            line(Need::Past, "以前一"),
            line(Need::Past, "以前二"),
            line(Need::Step, "下一步"),
        ];
        let fitted = |bytes| fit(&lines, bytes, str::to_owned);
        assert_eq!(fitted(1_000), whole(&lines));
        let all = whole(&lines).len();
        assert_eq!(fitted(all - 1), "新工单\n走势\n以前一\n下一步");
        assert_eq!(fitted(30), "新工单\n走势\n下一步");
        assert_eq!(fitted(20), "新工单\n下一步");
        assert_eq!(fitted(9), "新工单");
        for bytes in 0..all {
            assert!(fitted(bytes).len() <= bytes.max("…".len()), "{bytes}");
        }
    }

    #[test]
    fn a_cut_never_splits_a_letter() {
        assert_eq!(cut("室温", 6), "室温");
        for bytes in 0..12 {
            let short = cut("室温过高", bytes);
            assert!(short.len() <= bytes.max("…".len()), "{bytes}: {short}");
        }
        assert_eq!(cut("室温过高", 9), "室温…");
    }
}
