//! What is wrong with a configuration, in words that name the key, the value and the way out. The
//! words are in `texts/config.toml`, in both languages.

use std::{fmt, ops::RangeInclusive, path::PathBuf};

use super::{ENVIRONMENT_PREFIX, Language};
use crate::texts::{fill, get};

/// A configuration that cannot be used.
#[derive(Debug)]
pub enum Error {
    /// The file cannot be read.
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not TOML, or has a key or a type that the collector does not know.
    Toml {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What.
        reason: String,
    },
    /// An environment variable sets what does not exist or does not fit.
    Environment {
        /// What.
        reason: String,
    },
    /// A value that does not fit.
    Value {
        /// The key, as `table.key`.
        key: String,
        /// What is wrong: the name of a text, which has a hint of the same name, and its blanks.
        problem: &'static str,
        /// Values for the blanks.
        blanks: Vec<(&'static str, String)>,
    },
}

impl Error {
    /// What is wrong and what to do, for people.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        let (what, hint) = match self {
            Self::Read { path, .. } => {
                let path = path.display().to_string();
                (fill(language, "config.read", &[("path", &path)]), get(language, "config.read_hint").to_owned())
            }
            Self::Toml { path, line, reason } => {
                let (path, line) = (path.display().to_string(), line.to_string());
                let blanks = [("path", &*path), ("line", &line), ("reason", reason)];
                (fill(language, "config.toml", &blanks), get(language, "config.toml_hint").to_owned())
            }
            Self::Environment { reason } => {
                let blanks = [("prefix", ENVIRONMENT_PREFIX), ("reason", reason.as_str())];
                (fill(language, "config.environment", &blanks), fill(language, "config.environment_hint", &blanks))
            }
            Self::Value { key, problem, blanks } => {
                let blanks: Vec<(&str, &str)> = blanks.iter().map(|(n, v)| (*n, v.as_str())).collect();
                let value = match *problem {
                    // The value itself says it.
                    "range" | "zone" => blanks.first().map_or("", |(_, v)| v).to_owned(),
                    problem => fill(language, &format!("config.{problem}"), &blanks),
                };
                let found = fill(language, "config.found", &[("key", key), ("value", &value)]);
                (found, fill(language, &format!("config.{problem}_hint"), &blanks))
            }
        };
        format!("{what}\n{}{hint}", get(language, "config.hint"))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(Language::En))
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Read { source, .. } => Some(source),
            _ => None,
        }
    }
}

/// A value that does not fit, with values for the blanks of its text.
pub(super) fn value(key: &str, problem: &'static str, blanks: &[(&'static str, &str)]) -> Error {
    let blanks = blanks.iter().map(|(n, v)| (*n, (*v).to_owned())).collect();
    Error::Value { key: key.to_owned(), problem, blanks }
}

/// Refuses a number outside `range`.
pub(super) fn in_range(key: &str, number: u64, range: RangeInclusive<u64>) -> Result<(), Error> {
    if range.contains(&number) {
        return Ok(());
    }
    let (low, high) = (range.start().to_string(), range.end().to_string());
    Err(value(key, "range", &[("value", &number.to_string()), ("low", &low), ("high", &high)]))
}

/// Refuses a time zone that does not exist.
pub(super) fn zone(key: &str, name: &str) -> Result<(), Error> {
    match jiff::tz::TimeZone::get(name) {
        Ok(_) => Ok(()),
        Err(_) => Err(value(key, "zone", &[("value", &format!("`{name}`"))])),
    }
}
