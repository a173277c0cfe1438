//! How much of the past a page shows.

use wire::UnixMs;

const HOUR_MS: i64 = 3_600_000;

/// A stretch that ends now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Range {
    /// The last six hours.
    #[default]
    Hours6,
    /// The last day.
    Hours24,
    /// The last week.
    Days7,
}

impl Range {
    /// All of them, shortest first.
    pub const ALL: [Range; 3] = [Self::Hours6, Self::Hours24, Self::Days7];

    /// As addresses name it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hours6 => "6h",
            Self::Hours24 => "24h",
            Self::Days7 => "7d",
        }
    }

    /// What an address asks for; the shortest where it asks for something else.
    #[must_use]
    pub fn parse(text: Option<&str>) -> Self {
        Self::ALL.into_iter().find(|range| Some(range.as_str()) == text).unwrap_or_default()
    }

    /// Where it begins.
    #[must_use]
    pub fn from(self, now: UnixMs) -> UnixMs {
        now - match self {
            Self::Hours6 => 6 * HOUR_MS,
            Self::Hours24 => 24 * HOUR_MS,
            Self::Days7 => 7 * 24 * HOUR_MS,
        }
    }
}
