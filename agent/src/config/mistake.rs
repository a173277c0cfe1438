//! A mistake in a configuration: where it stands, what is wrong, and what would be right. Its texts
//! are in [`crate::texts`].

use crate::texts::{self, Lang};

/// One mistake.
#[derive(Debug, Clone, PartialEq)]
pub struct Mistake {
    /// The file, or the environment variable.
    pub origin: String,
    /// The key as a reader would find it: `sensor[2].address`.
    pub key: String,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong with a key.
#[derive(Debug, Clone, PartialEq)]
pub enum Problem {
    /// Nobody reads it.
    Unknown {
        /// A known key that looks like it.
        nearest: Option<String>,
        /// All keys that are read there.
        known: Vec<String>,
    },
    /// It must be there and is not.
    Missing {
        /// What it should be.
        expected: Expected,
    },
    /// Its value is not what it should be.
    Wrong {
        /// What it should be.
        expected: Expected,
        /// What it is.
        found: String,
    },
    /// A sensor names a bus that is not there.
    NoBus {
        /// The name.
        bus: String,
        /// A bus that is there and has a name like it.
        nearest: Option<String>,
    },
    /// A name, an address, a line or a point is used twice.
    Twice {
        /// What.
        value: String,
        /// Who had it first.
        first: String,
    },
    /// It makes sense only beside another key.
    Together {
        /// That key.
        with: String,
    },
    /// It excludes another key that is there too.
    Either {
        /// That key.
        or: String,
    },
    /// A point with the name of something else in a sample.
    Reserved {
        /// The name.
        name: String,
    },
    /// Asked more often than the sensor bears.
    TooFast {
        /// The period.
        found: String,
        /// The shortest that will do.
        least: String,
    },
    /// More points than a sample carries.
    TooMany {
        /// How many there are.
        count: usize,
        /// How many there may be.
        limit: usize,
    },
}

/// What a value should be.
#[derive(Debug, Clone, PartialEq)]
pub enum Expected {
    /// An identifier.
    Id,
    /// The name of a point.
    Point,
    /// Any text but the empty one.
    Text,
    /// A flag.
    Flag,
    /// A whole number.
    Whole {
        /// The least.
        low: i64,
        /// The greatest.
        high: i64,
    },
    /// A number.
    Number {
        /// The least.
        low: f64,
        /// The greatest.
        high: f64,
    },
    /// An I2C address that a chip can have.
    Address(&'static [u8]),
    /// A duration.
    Time {
        /// The shortest.
        low: &'static str,
        /// The longest.
        high: &'static str,
    },
    /// A size.
    Size {
        /// The least.
        low: &'static str,
    },
    /// The word of a driver.
    Driver {
        /// One that looks like what was written.
        nearest: Option<String>,
    },
    /// One of some words.
    OneOf(&'static [&'static str]),
    /// The kernel's name of a 1-Wire device.
    OneWireId,
    /// A web address.
    Url,
    /// A name that can be looked up.
    HostName,
    /// An address of a computer.
    IpAddress,
    /// A password.
    Password {
        /// The least number of bytes.
        low: usize,
    },
    /// The name of an NFC tag.
    TagUid,
    /// A table.
    Table,
    /// An array of tables.
    Tables,
}

impl std::fmt::Display for Mistake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&texts::mistake(self, Lang::En))
    }
}

/// The one of `known` that `word` was most likely meant to be: at most a third of its letters differ.
pub(super) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let limit = (word.chars().count() / 3).max(1);
    let with_distance = known.into_iter().map(|candidate| (distance(word, candidate), candidate));
    with_distance.filter(|(d, _)| *d <= limit).min().map(|(_, candidate)| candidate.to_owned())
}

/// How many letters must change, come or go (Levenshtein), where two neighbours that changed places
/// count once, being the commonest slip.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let changed = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = changed.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_key_is_the_one_that_was_meant() {
        let known = ["host", "port", "username", "password_file"];
        assert_eq!(nearest("hots", known), Some("host".into()));
        assert_eq!(nearest("user_name", known), Some("username".into()));
        assert_eq!(nearest("pasword_file", known), Some("password_file".into()));
        assert_eq!(nearest("colour", known), None);
    }
}
