//! A series of readings in a file, for trying a rule: turns CSV (`time`, then a column for each point) into
//! samples. A mistake names file, line, column and value.

use jiff::tz::TimeZone;
use wire::{Clock, Id, PointName, Sample, UnixMs};

use crate::{config::Language, texts::fill};

/// A mistake of a file: a text of `series`, and what fills it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    key: &'static str,
    blanks: Vec<(&'static str, String)>,
}

impl Mistake {
    /// In words, with a hint.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        let blanks: Vec<(&str, &str)> = self.blanks.iter().map(|(name, value)| (*name, value.as_str())).collect();
        format!("{}\n{}", fill(language, self.key, &blanks), fill(language, "series.hint", &[]))
    }
}

/// Reads an instant as people write it.
pub type Instant<'a> = &'a dyn Fn(&str, &TimeZone) -> Option<UnixMs>;

/// The samples of `text`; `file` is for messages, `instant` reads times in `zone`.
pub fn read(file: &str, text: &str, zone: &TimeZone, instant: Instant<'_>) -> Result<Vec<Sample>, Mistake> {
    let mistake = |key, blanks: &[(&'static str, &str)]| Mistake {
        key,
        blanks: [("file", file)].iter().chain(blanks).map(|(name, value)| (*name, (*value).to_owned())).collect(),
    };
    let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let Some((_, head)) = lines.next() else { return Err(mistake("series.empty", &[])) };
    let mut columns = cells(head.trim_start_matches('\u{feff}'));
    let Some("time") = columns.next() else { return Err(mistake("series.head", &[])) };
    let name = |cell: &str| PointName::parse(cell).map_err(|_| mistake("series.point", &[("value", cell)]));
    let points: Vec<PointName> = columns.map(name).collect::<Result<_, _>>()?;
    if points.is_empty() {
        return Err(mistake("series.head", &[]));
    }
    let (spool, boot) = (fixed("series"), fixed("series"));
    let mut samples: Vec<Sample> = Vec::new();
    for (row, line) in lines {
        let number = (row + 1).to_string();
        let here = ("line", number.as_str());
        let row: Vec<&str> = cells(line).collect();
        if row.len() != points.len() + 1 {
            let (found, wanted) = (row.len().to_string(), (points.len() + 1).to_string());
            return Err(mistake("series.cells", &[here, ("found", &found), ("wanted", &wanted)]));
        }
        let at = instant(row[0], zone).ok_or_else(|| mistake("series.time", &[here, ("value", row[0])]))?;
        if samples.last().is_some_and(|last| last.at > at) {
            return Err(mistake("series.order", &[here]));
        }
        let mut values = Vec::new();
        for (point, cell) in points.iter().zip(&row[1..]).filter(|(_, cell)| !cell.is_empty()) {
            let value = cell.parse::<f64>().ok().filter(|value| value.is_finite());
            let blanks = [here, ("column", point.as_str()), ("value", *cell)];
            values.push((point.clone(), value.ok_or_else(|| mistake("series.number", &blanks))?));
        }
        values.sort_by(|a, b| a.0.cmp(&b.0));
        let (seq, spool, boot) = (samples.len() as u64 + 1, spool.clone(), boot.clone());
        samples.push(Sample { at, seq, spool, boot, clock: Clock::Trusted, points: values, faults: Vec::new() });
    }
    if samples.is_empty() { Err(mistake("series.empty", &[])) } else { Ok(samples) }
}

fn cells(line: &str) -> impl Iterator<Item = &str> {
    line.split(',').map(|cell| cell.trim().trim_matches('"'))
}

fn fixed(name: &str) -> Id {
    Id::parse(name).expect("a fixed name is an identifier")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str, _: &TimeZone) -> Option<UnixMs> {
        text.parse::<i64>().ok().map(|seconds| seconds * 1_000)
    }

    fn reading(text: &str) -> Result<Vec<Sample>, String> {
        read("a.csv", text, &TimeZone::UTC, &seconds).map_err(|e| e.text(Language::En))
    }

    #[test]
    fn a_row_is_a_sample_and_an_empty_cell_no_value() {
        let samples = reading("time,temperature_celsius,co2_ppm\n10,21.5,\n20,,900\n").unwrap();
        let values: Vec<_> = samples.iter().map(|s| (s.at, s.points.len(), s.points[0].1)).collect();
        assert_eq!(values, [(10_000, 1, 21.5), (20_000, 1, 900.0)]);
    }

    #[test]
    fn a_mistake_names_file_line_column_and_value() {
        for (text, said) in [
            ("", "`a.csv` is empty"),
            ("at,co2_ppm\n", "`a.csv`, line 1: the first column must be `time`"),
            ("time,Co2\n", "line 1: `Co2` is no name of a point"),
            ("time,co2_ppm\n10\n", "line 2: 1 cells, 2 are wanted"),
            ("time,co2_ppm\nsoon,1\n", "line 2, column `time`: `soon` is no time"),
            ("time,co2_ppm\n20,1\n10,1\n", "line 3: earlier than the line before"),
            ("time,co2_ppm\n10,much\n", "line 2, column `co2_ppm`: `much` is no number"),
            ("time,co2_ppm\n10,NaN\n", "column `co2_ppm`: `NaN` is no number"),
        ] {
            let error = reading(text).unwrap_err();
            assert!(error.contains(said) && error.contains("hint: "), "{error}");
        }
    }
}
