//! What is wrong with the venues, in words that name the file, the key, the value and the way out;
//! the words are in `texts/venues.toml`, in both languages.

use std::{fmt, path::PathBuf};

use crate::{
    config::Language,
    texts::{fill, get},
};

/// Venues that cannot be used.
#[derive(Debug)]
pub struct Error {
    /// The file or folder.
    pub path: PathBuf,
    /// The key, as `venue.nanshan.hours[1].open`; empty where it is the file itself.
    pub key: String,
    /// What is wrong: the name of a text, which has a hint of the same name.
    pub problem: &'static str,
    /// The value, or the reason.
    pub value: String,
}

impl Error {
    /// What is wrong and what to do, for people.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        let path = self.path.display().to_string();
        let blanks = [("path", path.as_str()), ("key", &self.key), ("value", &self.value)];
        let wrong = fill(language, &format!("venues.{}", self.problem), &blanks);
        let blanks = [("path", path.as_str()), ("key", &self.key), ("wrong", &wrong)];
        let place = if self.key.is_empty() { "venues.in_file" } else { "venues.at_key" };
        let hint = get(language, &format!("venues.{}_hint", self.problem));
        format!("{}\n{}{hint}", fill(language, place, &blanks), get(language, "config.hint"))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(Language::En))
    }
}

impl std::error::Error for Error {}
