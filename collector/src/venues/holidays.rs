//! Holiday lists as the public project NateScarlet/holiday-cn writes them, one JSON file a year:
//! `{"year":2026,"days":[{"name":"国庆节","date":"2026-10-01","isOffDay":true}]}`. A list of a year
//! may hold days of December before it. Reads text, never a file or a clock.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::hours::Day;

/// The lists of some years.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Holidays {
    /// What is special, by date.
    pub days: BTreeMap<Date, Day>,
    /// Years whose own list is here.
    pub years: Vec<i16>,
}

#[derive(serde::Deserialize)]
struct File {
    year: i16,
    days: Vec<Line>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    name: String,
    date: String,
    is_off_day: bool,
}

impl Holidays {
    /// Adds the list in `text`; the reason where it is none.
    pub fn add(&mut self, text: &str) -> Result<(), String> {
        let file: File = serde_json::from_str(text).map_err(|e| e.to_string())?;
        let day = |line: Line| {
            let date: Date = line.date.parse().map_err(|_| format!("`{}` is no date", line.date))?;
            Ok((date, Day { name: line.name, is_off: line.is_off_day }))
        };
        let days: Vec<(Date, Day)> = file.days.into_iter().map(day).collect::<Result<_, String>>()?;
        self.years.push(file.year);
        self.days.extend(days);
        Ok(())
    }

    /// The year whose list should be here on `today` and is not: the present one, and in December
    /// the next, which is published in November.
    #[must_use]
    pub fn missing(&self, today: Date) -> Option<i16> {
        let next = (today.month() == 12).then(|| today.year() + 1);
        [Some(today.year()), next].into_iter().flatten().find(|year| !self.years.contains(year))
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_list_is_read_and_a_missing_year_is_seen_in_december() {
        let mut holidays = Holidays::default();
        let list = r#"{"$schema":"x","year":2026,"papers":[],"days":[
            {"name":"元旦","date":"2025-12-31","isOffDay":true},{"name":"国庆节","date":"2026-10-10","isOffDay":false}]}"#;
        holidays.add(list).unwrap();
        assert!(holidays.days[&date(2025, 12, 31)].is_off && !holidays.days[&date(2026, 10, 10)].is_off);
        assert_eq!(holidays.missing(date(2026, 11, 30)), None);
        assert_eq!(holidays.missing(date(2026, 12, 1)), Some(2027));
        assert_eq!(holidays.missing(date(2027, 1, 1)), Some(2027));
        for bad in ["", "[]", r#"{"year":2026}"#, r#"{"year":2026,"days":[{"date":"2026-02-30"}]}"#] {
            assert!(Holidays::default().add(bad).is_err(), "{bad}");
        }
    }
}
