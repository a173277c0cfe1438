//! Every word that people read on a dashboard, from `texts.toml`. Knows no panel.

use std::collections::BTreeMap;

/// A language that dashboards come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Chinese of the mainland.
    ZhCn,
    /// English.
    En,
}

impl Language {
    /// Both.
    pub const ALL: [Self; 2] = [Self::ZhCn, Self::En];

    /// The folder of its files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ZhCn => "zh-CN",
            Self::En => "en",
        }
    }

    /// The end of names of fields, and of `uid`s, in this language.
    #[must_use]
    pub fn short(self) -> &'static str {
        match self {
            Self::ZhCn => "zh",
            Self::En => "en",
        }
    }
}

/// Words by section and key.
#[derive(Debug)]
pub struct Texts(BTreeMap<String, BTreeMap<String, Vec<String>>>);

impl Texts {
    /// The words that this program is built with.
    ///
    /// # Panics
    /// Never in a build whose tests passed.
    #[must_use]
    pub fn read() -> Self {
        Self(toml::from_str(include_str!("texts.toml")).expect("`texts.toml` holds lists of words by section and key"))
    }

    /// A short text.
    ///
    /// # Panics
    /// When the key is not there: a test generates everything.
    #[must_use]
    pub fn get(&self, section: &str, key: &str, language: Language) -> &str {
        self.at(section, key, usize::from(language == Language::En))
    }

    /// The description that stands behind the titles of a panel.
    ///
    /// # Panics
    /// As [`Texts::get`].
    #[must_use]
    pub fn about(&self, key: &str, language: Language) -> &str {
        self.at("panel", key, 2 + usize::from(language == Language::En))
    }

    fn at(&self, section: &str, key: &str, i: usize) -> &str {
        let words = self.0.get(section).and_then(|keys| keys.get(key));
        words.and_then(|words| words.get(i)).unwrap_or_else(|| panic!("`texts.toml` lacks `{section}.{key}`, word {i}"))
    }

    /// Sections, keys and their words.
    pub fn all(&self) -> impl Iterator<Item = (&str, &str, &[String])> {
        self.0.iter().flat_map(|(section, keys)| keys.iter().map(|(k, w)| (section.as_str(), k.as_str(), w.as_slice())))
    }
}
