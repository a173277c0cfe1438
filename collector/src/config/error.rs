//! What is wrong with a configuration, in words that name the key, the value and the way out.

use std::{ops::RangeInclusive, path::PathBuf};

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read.
    #[error("cannot read `{path}`\nhint: name the file with `--config`, and let the collector's user read it")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file is not TOML, or has a key or a type that the collector does not know.
    #[error("`{path}`: {reason}\nhint: `hallwatch-collector config` prints every key with its default")]
    Toml {
        /// The file.
        path: PathBuf,
        /// What, with line and column.
        reason: String,
    },
    /// An environment variable sets what does not exist or does not fit.
    #[error(
        "environment `{}__…`: {reason}\nhint: two underscores stand between the parts of a key, as in `{}__MQTT__HOST`",
        super::ENVIRONMENT_PREFIX,
        super::ENVIRONMENT_PREFIX
    )]
    Environment {
        /// What.
        reason: String,
    },
    /// A value that does not fit.
    #[error("`{key}`: {value}\nhint: {hint}")]
    Value {
        /// The key, as `table.key`.
        key: String,
        /// What it says and what is wrong with it.
        value: String,
        /// What to do.
        hint: String,
    },
}

/// Shorthand for [`Error::Value`].
pub(super) fn value(key: &str, value: impl std::fmt::Display, hint: &str) -> Error {
    Error::Value { key: key.to_owned(), value: value.to_string(), hint: hint.to_owned() }
}

/// Refuses a number outside `range`.
pub(super) fn in_range(key: &str, number: u64, range: RangeInclusive<u64>) -> Result<(), Error> {
    if range.contains(&number) {
        return Ok(());
    }
    Err(value(key, number, &format!("a number from {} to {}", range.start(), range.end())))
}

/// Refuses a time zone that does not exist.
pub(super) fn zone(key: &str, name: &str) -> Result<(), Error> {
    match jiff::tz::TimeZone::get(name) {
        Ok(_) => Ok(()),
        Err(_) => Err(value(key, name, "an IANA name such as `Asia/Shanghai`")),
    }
}
