//! What extinguishers are filled with, and how long each kind may hang: turns a word or a tag's code
//! into the lengths between services and the age at which it is scrapped. Only numbers, no dates.

use crate::{config::Language, texts::get};

/// What an extinguisher is filled with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Filling {
    /// Water-based.
    Water,
    /// Dry powder.
    Powder,
    /// Carbon dioxide, and other gas in a cylinder.
    Co2,
    /// Clean gas.
    CleanGas,
    /// Foam, which the standards count among the water-based.
    Foam,
}

/// How long a kind may hang, in years.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// From manufacture to the first service.
    pub first_years: i16,
    /// From one service to the next.
    pub then_years: i16,
    /// From manufacture to the scrap heap.
    pub scrap_years: i16,
}

/// Where [`Terms`] for services come from. It is a reference: the clause lost its mandatory force on
/// 2023-03-01 to GB 55036-2022, 10.0.7, which demands service, repair and scrapping without numbers.
pub const SERVICE_SOURCE: &str = "GB 50444-2008 5.3.2 / GB 55036-2022 10.0.7";
/// Where the ages come from: GA 95-2007 7.1, whose 2015 edition is numbered XF 95.
pub const SCRAP_SOURCE: &str = "GA(XF) 95";

impl Filling {
    /// Every kind, in the order of the codes on tags.
    pub const ALL: [Self; 5] = [Self::Water, Self::Powder, Self::Co2, Self::CleanGas, Self::Foam];

    /// The kind named `text`, as files of venues write it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// The kind of a tag's code, 1 to 5; others have none of these.
    #[must_use]
    pub fn of_code(code: f64) -> Option<Self> {
        Self::ALL.into_iter().zip(1_u8..).find(|(_, c)| f64::from(*c) == code).map(|(kind, _)| kind)
    }

    /// Its word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Water => "water",
            Self::Powder => "powder",
            Self::Co2 => "co2",
            Self::CleanGas => "clean-gas",
            Self::Foam => "foam",
        }
    }

    /// As people call it.
    #[must_use]
    pub fn words(self, language: Language) -> &'static str {
        get(language, &format!("register_type.{}", self.as_str()))
    }

    /// How long it may hang: [`SERVICE_SOURCE`] and [`SCRAP_SOURCE`].
    #[must_use]
    pub fn terms(self) -> Terms {
        let (first_years, then_years, scrap_years) = match self {
            Self::Water | Self::Foam => (3, 1, 6),
            Self::Powder | Self::CleanGas => (5, 2, 10),
            Self::Co2 => (5, 2, 12),
        };
        Terms { first_years, then_years, scrap_years }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_codes_name_the_same_kinds() {
        for (n, kind) in Filling::ALL.into_iter().enumerate() {
            assert_eq!(Filling::parse(kind.as_str()), Some(kind));
            assert_eq!(Filling::of_code(n as f64 + 1.0), Some(kind));
            assert_ne!(kind.words(Language::ZhCn), kind.words(Language::En));
            let json = serde_json::to_string(&kind).unwrap();
            assert_eq!(json, format!("\"{}\"", kind.as_str()));
        }
        for other in [0.0, 6.0, 9.0, 1.5, f64::NAN] {
            assert_eq!(Filling::of_code(other), None, "{other}");
        }
        assert_eq!(Filling::parse("Powder"), None);
    }
}
