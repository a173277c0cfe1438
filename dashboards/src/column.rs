//! A column of a table: its unit, what its numbers mean, where it leads, and the words for its values. Knows no query.

use serde_json::{Value, json};

use crate::texts::{Language, Texts};

/// What a number means.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Meaning {
    /// Neither good nor bad.
    Plain,
    /// Good when 0, a warning from 1 on.
    Warning,
    /// Good when 0, bad from 1 on.
    Bad,
    /// Fine up to the first, a warning up to the second, bad above.
    Low(f64, f64),
    /// Bad below the first, a warning below the second, fine above.
    High(f64, f64),
    /// Fine between both.
    Between(f64, f64),
    /// A rank of severity, 1 the worst.
    Severity,
}

const GREEN: &str = "#3a9d5d";
const AMBER: &str = "#e0a100";
const RED: &str = "#d64545";
const BLUE: &str = "#3f7fd6";
const GREY: &str = "#6b7280";

impl Meaning {
    pub(crate) fn steps(self, shaded: bool) -> Value {
        let steps: Vec<(Option<f64>, &str)> = match self {
            Self::Plain => vec![(None, BLUE)],
            Self::Warning => vec![(None, GREEN), (Some(1.0), AMBER)],
            Self::Bad => vec![(None, GREEN), (Some(1.0), RED)],
            Self::Low(warning, bad) => vec![(None, GREEN), (Some(warning), AMBER), (Some(bad), RED)],
            Self::High(bad, warning) => vec![(None, RED), (Some(bad), AMBER), (Some(warning), GREEN)],
            Self::Between(low, high) if shaded => {
                vec![(None, "transparent"), (Some(low), "rgba(58, 157, 93, 0.25)"), (Some(high), "transparent")]
            }
            Self::Between(low, high) => vec![(None, BLUE), (Some(low), GREEN), (Some(high), AMBER)],
            Self::Severity => vec![(None, RED), (Some(2.0), AMBER), (Some(3.0), BLUE), (Some(4.0), GREY)],
        };
        steps.into_iter().map(|(value, color)| json!({"value": value, "color": color})).collect()
    }
}

/// Where a click on a cell leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// To the dashboard of the venue in this row.
    Venue,
    /// To the dashboard of the room in this row.
    Room,
    /// To the ticket in the collector's pages.
    Ticket,
    /// To the venue's readiness in the collector's pages.
    Readiness,
}

impl Link {
    fn json(self, texts: &Texts, language: Language) -> Value {
        let short = language.short();
        let (key, url) = match self {
            Self::Venue => (
                "to_venue",
                format!("/d/hallwatch-venue-{short}?${{__url_time_range}}&var-venue=${{__data.fields.venue}}"),
            ),
            Self::Room => (
                "to_room",
                format!(
                    "/d/hallwatch-room-{short}?${{__url_time_range}}&var-venue=${{__data.fields.venue}}&var-room=${{__data.fields.room}}"
                ),
            ),
            Self::Ticket => ("to_ticket", "${console}/tickets/${__data.fields.number}".to_owned()),
            Self::Readiness => ("to_readiness", "${console}/readiness/${__data.fields.venue}".to_owned()),
        };
        json!({"title": texts.get("word", key, language), "url": url, "targetBlank": matches!(self, Self::Ticket | Self::Readiness)})
    }
}

/// A column of a table.
#[derive(Debug, Clone)]
pub struct Column {
    /// Its name in the answer, and its key in section `column` of the texts.
    pub name: &'static str,
    unit: &'static str,
    meaning: Meaning,
    link: Option<Link>,
    words: &'static str,
    width: u16,
}

/// A column of words.
#[must_use]
pub fn words(name: &'static str) -> Column {
    Column { name, unit: "", meaning: Meaning::Plain, link: None, words: "", width: 0 }
}

/// A column of numbers.
#[must_use]
pub fn number(name: &'static str, unit: &'static str, meaning: Meaning) -> Column {
    Column { name, unit, meaning, link: None, words: "", width: 0 }
}

impl Column {
    /// Leads somewhere.
    #[must_use]
    pub fn link(mut self, link: Link) -> Self {
        self.link = Some(link);
        self
    }

    /// Says a word for each of its values, from this section of the texts.
    #[must_use]
    pub fn said(mut self, section: &'static str) -> Self {
        self.words = section;
        self
    }

    /// Is so wide, in pixels.
    #[must_use]
    pub fn wide(mut self, width: u16) -> Self {
        self.width = width;
        self
    }

    pub(crate) fn json(&self, texts: &Texts, language: Language) -> Value {
        let mut properties = vec![json!({"id": "displayName", "value": texts.get("column", self.name, language)})];
        let mut set = |id: &str, value: Value| properties.push(json!({"id": id, "value": value}));
        if !self.unit.is_empty() {
            set("unit", json!(self.unit));
        }
        if self.meaning != Meaning::Plain {
            set("thresholds", json!({"mode": "absolute", "steps": self.meaning.steps(false)}));
            set("custom.cellOptions", json!({"type": "color-text"}));
        }
        if !self.words.is_empty() {
            set("mappings", mappings(texts, self.words, language));
        }
        if let Some(link) = self.link {
            set("links", json!([link.json(texts, language)]));
        }
        if self.width > 0 {
            set("custom.width", json!(self.width));
        }
        json!({"matcher": {"id": "byName", "options": self.name}, "properties": properties})
    }
}

/// Words for values, from a section of the texts whose keys are the values.
pub(crate) fn mappings(texts: &Texts, section: &str, language: Language) -> Value {
    let of_section = texts.all().filter(|(of, _, _)| *of == section);
    let options: serde_json::Map<String, Value> = of_section
        .enumerate()
        .map(|(i, (_, key, _))| (key.to_owned(), json!({"text": texts.get(section, key, language), "index": i})))
        .collect();
    json!([{"type": "value", "options": options}])
}
