//! Names of points: the quantity first, the unit last, `[a-z][a-z0-9_]{0,63}`.

use std::{fmt, sync::Arc};

use crate::Error;

/// The longest point name, in bytes.
pub const POINT_BYTES_MAX: usize = 64;

/// Field names of a sample that are no points; each has its meaning in [`crate::sample`].
pub const HEADER_NAMES: [&str; 9] = ["at", "seq", "spool", "boot", "clock", "uncertainty_ms", "faults", "upto", "lost"];

/// A validated point name, for example `temperature_celsius`. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PointName(Arc<str>);

impl PointName {
    /// Takes `text` if it is a point name and no header field of a sample.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let reason = if !Self::well_formed(text) {
            format!(
                "point name `{}` is not a-z, then up to {} of a-z, 0-9 and `_`",
                text.chars().take(80).collect::<String>(),
                POINT_BYTES_MAX - 1
            )
        } else if HEADER_NAMES.contains(&text) {
            format!("`{text}` is a header field of a sample and cannot name a point")
        } else {
            return Ok(Self(text.into()));
        };
        Err(Error::BadValue { path: String::new(), reason })
    }

    fn well_formed(text: &str) -> bool {
        text.len() <= POINT_BYTES_MAX
            && text.as_bytes().first().is_some_and(u8::is_ascii_lowercase)
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PointName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for PointName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

impl std::borrow::Borrow<str> for PointName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for PointName {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text)
    }
}

impl serde::Serialize for PointName {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for PointName {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(d)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}
