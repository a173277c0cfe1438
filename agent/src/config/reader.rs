//! Reads typed values out of a table and writes down every mistake instead of stopping at the first.
//! A key that nobody asked for is a mistake too, so the code that reads is the list of known keys.

use std::{cell::RefCell, time::Duration};

use config::{Map, Value, ValueKind};
use wire::{Id, PointName};

use super::{
    mistake::{Expected, Mistake, Problem, nearest},
    quantity,
};
use crate::driver::{Kind, table};

/// What the crate `config` calls the origin of values from the environment.
const ENVIRONMENT: &str = "the environment";
/// Overrides are named after their key: `HALLWATCH_AGENT__MQTT__HOST`.
pub(super) const ENV_PREFIX: &str = "HALLWATCH_AGENT";

/// Mistakes of one configuration, and the file they stand in.
pub(super) struct Notes {
    pub file: String,
    pub mistakes: RefCell<Vec<Mistake>>,
}

impl Notes {
    pub(super) fn add(&self, origin: Option<&Value>, key: &str, problem: Problem) {
        let from_environment = origin.is_some_and(|value| value.origin() == Some(ENVIRONMENT));
        let origin = if from_environment {
            format!("{ENV_PREFIX}__{}", key.to_ascii_uppercase().replace('.', "__"))
        } else {
            self.file.clone()
        };
        self.mistakes.borrow_mut().push(Mistake { origin, key: key.to_owned(), problem });
    }
}

/// A table that is being read.
pub struct Table<'a> {
    notes: &'a Notes,
    /// Empty for the root.
    path: String,
    values: Option<&'a Map<String, Value>>,
    asked: RefCell<Vec<&'static str>>,
}

impl<'a> Table<'a> {
    pub(super) fn new(notes: &'a Notes, path: String, values: Option<&'a Map<String, Value>>) -> Self {
        Self { notes, path, values, asked: RefCell::default() }
    }

    /// The whole path of `key`.
    #[must_use]
    pub fn key(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// Whether `key` was written, right or wrong.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.values.is_some_and(|values| values.contains_key(key))
    }

    /// Whether the table was written at all.
    pub(super) fn exists(&self) -> bool {
        self.values.is_some()
    }

    /// Writes down a mistake at `key`.
    pub fn note(&self, key: &str, mut problem: Problem) {
        if let (Problem::Wrong { found, .. }, true) = (&mut problem, is_secret(key)) {
            *found = format!("{:?}", super::Secret::new(""));
        }
        let value = self.values.and_then(|values| values.get(key));
        self.notes.add(value, &self.key(key), problem);
    }

    /// The value of `key`, if it is there and `convert` takes it.
    fn take<T>(&self, key: &'static str, expected: Expected, convert: impl Fn(&Value) -> Option<T>) -> Option<T> {
        self.asked.borrow_mut().push(key);
        let value = self.values?.get(key)?;
        if matches!(value.kind, ValueKind::Nil) {
            return None;
        }
        let converted = convert(value);
        if converted.is_none() {
            self.note(key, Problem::Wrong { expected, found: shown(value) });
        }
        converted
    }

    /// Notes that `key` is missing, unless it is there and wrong, which is noted already.
    pub fn require<T>(&self, key: &'static str, expected: Expected, found: Option<T>) -> Option<T> {
        if found.is_none() && self.values.and_then(|values| values.get(key)).is_none() {
            self.note(key, Problem::Missing { expected });
        }
        found
    }

    /// An identifier.
    pub fn id(&self, key: &'static str) -> Option<Id> {
        self.take(key, Expected::Id, |value| Id::parse(&text(value)?).ok())
    }

    /// The name of a point.
    pub fn point(&self, key: &'static str) -> Option<String> {
        let reserved = |text: &String| wire::point::HEADER_NAMES.contains(&text.as_str());
        if let Some(name) = self.values.and_then(|values| values.get(key)).and_then(text).filter(reserved) {
            self.asked.borrow_mut().push(key);
            self.note(key, Problem::Reserved { name });
            return None;
        }
        self.take(key, Expected::Point, |value| PointName::parse(&text(value)?).ok().map(|name| name.to_string()))
    }

    /// A text that is not empty.
    pub fn text(&self, key: &'static str) -> Option<String> {
        self.take(key, Expected::Text, |value| text(value).filter(|text| !text.trim().is_empty()))
    }

    /// An `http://` or `https://` address.
    pub fn url(&self, key: &'static str) -> Option<String> {
        let is_url = |text: &String| text.starts_with("http://") || text.starts_with("https://");
        self.take(key, Expected::Url, |value| text(value).filter(is_url))
    }

    /// A text that `parse` takes.
    pub fn parsed<T>(&self, key: &'static str, expected: Expected, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        self.take(key, expected, |value| parse(&text(value)?))
    }

    /// `true` or `false`.
    pub fn flag(&self, key: &'static str) -> Option<bool> {
        self.take(key, Expected::Flag, |value| match &value.kind {
            ValueKind::Boolean(flag) => Some(*flag),
            ValueKind::String(text) if value.origin() == Some(ENVIRONMENT) => text.parse().ok(),
            _ => None,
        })
    }

    /// A whole number.
    pub fn whole(&self, key: &'static str, low: i64, high: i64) -> Option<i64> {
        self.take(key, Expected::Whole { low, high }, |value| whole(value).filter(|n| (low..=high).contains(n)))
    }

    /// A number, whole or not.
    pub fn number(&self, key: &'static str, low: f64, high: f64) -> Option<f64> {
        self.take(key, Expected::Number { low, high }, |value| {
            let number = match value.kind {
                ValueKind::Float(number) => Some(number),
                _ => whole(value).map(|number| number as f64),
            };
            number.filter(|number| (low..=high).contains(number))
        })
    }

    /// A kind of sensor.
    pub(super) fn kind(&self, key: &'static str) -> Option<&'static Kind> {
        let written = self.values.and_then(|values| values.get(key)).and_then(text).unwrap_or_default();
        let nearest = nearest(&written, table::words().iter().copied());
        self.require(key, Expected::Driver { nearest: None }, {
            self.take(key, Expected::Driver { nearest }, |value| table::find(&text(value)?))
        })
    }

    /// The bus that every wired sensor names.
    #[must_use]
    pub fn bus(&self) -> Option<Id> {
        self.require("bus", Expected::Id, self.id("bus"))
    }

    /// One of some I2C addresses; the first where nothing is written.
    pub fn address(&self, key: &'static str, addresses: &'static [u8]) -> Option<u8> {
        self.asked.borrow_mut().push(key);
        let Some(value) = self.values?.get(key) else { return addresses.first().copied() };
        let address = whole(value).and_then(|n| u8::try_from(n).ok()).filter(|n| addresses.contains(n));
        if address.is_none() {
            let found = whole(value).map_or_else(|| shown(value), |n| format!("{n:#04x}"));
            self.note(key, Problem::Wrong { expected: Expected::Address(addresses), found });
        }
        address
    }

    /// A duration such as `10s`, within limits that are durations too.
    pub fn duration(&self, key: &'static str, low: &'static str, high: &'static str) -> Option<Duration> {
        let limit = |text: &str| quantity::parse_duration(text).expect("limits are durations");
        let range = limit(low)..=limit(high);
        self.take(key, Expected::Time { low, high }, |value| {
            quantity::parse_duration(&text(value)?).filter(|duration| range.contains(duration))
        })
    }

    /// A size such as `64MiB`, at least `low`.
    pub fn bytes(&self, key: &'static str, low: &'static str) -> Option<u64> {
        let least = quantity::parse_bytes(low).expect("limits are sizes");
        self.take(key, Expected::Size { low }, |value| {
            quantity::parse_bytes(&text(value)?).filter(|bytes| *bytes >= least)
        })
    }

    /// The meaning of one of `words`.
    pub fn word<T: Copy>(&self, key: &'static str, words: &'static [&'static str], meanings: &[T]) -> Option<T> {
        self.take(key, Expected::OneOf(words), |value| {
            let text = text(value)?;
            words.iter().position(|word| *word == text).map(|index| meanings[index])
        })
    }

    /// A table within; one that is not written is empty.
    pub fn table(&self, key: &'static str) -> Table<'a> {
        self.asked.borrow_mut().push(key);
        let value = self.values.and_then(|values| values.get(key));
        let values = match value.map(|value| &value.kind) {
            Some(ValueKind::Table(values)) => Some(values),
            Some(_) => {
                let found = value.map(shown).unwrap_or_default();
                self.note(key, Problem::Wrong { expected: Expected::Table, found });
                None
            }
            None => None,
        };
        Table::new(self.notes, self.key(key), values)
    }

    /// An array of tables.
    pub fn tables(&self, key: &'static str) -> Vec<Table<'a>> {
        self.asked.borrow_mut().push(key);
        let Some(value) = self.values.and_then(|values| values.get(key)) else { return Vec::new() };
        let wrong = |value: &Value| {
            self.note(key, Problem::Wrong { expected: Expected::Tables, found: shown(value) });
            Vec::new()
        };
        let ValueKind::Array(items) = &value.kind else { return wrong(value) };
        let mut tables = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let ValueKind::Table(values) = &item.kind else { return wrong(item) };
            tables.push(Table::new(self.notes, format!("{}[{index}]", self.key(key)), Some(values)));
        }
        tables
    }

    /// Notes every key that nobody asked for, once everything was read.
    pub(super) fn finish(self) {
        self.unknown();
    }

    /// As [`Table::finish`], for a table that is borrowed.
    pub fn unknown(&self) {
        let asked = self.asked.borrow();
        let mut unknown: Vec<&String> =
            self.values.into_iter().flat_map(Map::keys).filter(|key| !asked.contains(&key.as_str())).collect();
        unknown.sort();
        for key in unknown {
            let known = asked.iter().map(|key| (*key).to_owned()).collect();
            self.note(key, Problem::Unknown { nearest: nearest(key, asked.iter().copied()), known });
        }
    }
}

/// Keys whose values no message may show, however wrong they are.
fn is_secret(key: &str) -> bool {
    key == "password" || key.ends_with("_password") || key == "community"
}

/// A text; from the environment everything is one.
fn text(value: &Value) -> Option<String> {
    match &value.kind {
        ValueKind::String(text) => Some(text.clone()),
        _ => None,
    }
}

fn whole(value: &Value) -> Option<i64> {
    match &value.kind {
        ValueKind::I64(number) => Some(*number),
        ValueKind::U64(number) => i64::try_from(*number).ok(),
        ValueKind::String(text) if value.origin() == Some(ENVIRONMENT) => match text.strip_prefix("0x") {
            Some(hex) => i64::from_str_radix(hex, 16).ok(),
            None => text.parse().ok(),
        },
        _ => None,
    }
}

/// A value as it can be shown in a message: short.
fn shown(value: &Value) -> String {
    let text = match &value.kind {
        ValueKind::Table(_) => "a table".to_owned(),
        ValueKind::Array(_) => "a list".to_owned(),
        // In quotes, so that `"1883"` is seen to be no number.
        ValueKind::String(text) if value.origin() != Some(ENVIRONMENT) => format!("{text:?}"),
        other => other.to_string(),
    };
    text.chars().take(80).collect()
}
