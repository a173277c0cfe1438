//! Every text for people, in zh-CN and English, and the choice between the two.

pub mod check;
pub mod drivers;
pub mod help;
mod mistake;
pub mod tag;

pub use mistake::{mistake, syntax, unreadable};

/// A language of the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lang {
    /// English.
    En,
    /// Chinese as written in mainland China.
    ZhCn,
}

impl Lang {
    /// The language that a locale (`zh_CN.UTF-8`) or a tag (`zh-CN`) asks for; English by default.
    #[must_use]
    pub fn of(locale: &str) -> Self {
        if locale.to_ascii_lowercase().starts_with("zh") { Self::ZhCn } else { Self::En }
    }

    /// One of two texts.
    #[must_use]
    pub fn pick<T>(self, en: T, zh: T) -> T {
        match self {
            Self::En => en,
            Self::ZhCn => zh,
        }
    }
}

/// A unit as people write it; on the wire it stands as SenML and UCUM have it.
#[must_use]
pub fn unit(wire: &str) -> &str {
    match wire {
        "Cel" => "°C",
        "ug/m3" => "µg/m³",
        other => other,
    }
}

/// How many columns a text takes in a terminal: Chinese characters and punctuation take two.
#[must_use]
pub fn columns(text: &str) -> usize {
    text.chars().map(|c| if matches!(u32::from(c), 0x2E80..=0xA4CF | 0xAC00..=0xD7A3 | 0xF900..=0xFAFF | 0xFE30..=0xFE6F | 0xFF00..=0xFF60) { 2 } else { 1 }).sum()
}
