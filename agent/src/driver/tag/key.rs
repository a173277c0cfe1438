//! The secret that signs tags: turns a file into a key, and bytes into their signature. Never shown.

use std::{fmt, path::Path};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The secret that signs tags, 32 bytes.
pub struct Key([u8; 32]);

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read.
    #[error("cannot read it")]
    Unreadable(#[source] std::io::Error),
    /// Its first line is something else.
    #[error("its first line is not 64 hexadecimal digits")]
    NotAKey,
}

impl Key {
    /// The key in a file whose first line is 64 hexadecimal digits.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        let text = std::fs::read_to_string(path).map_err(KeyError::Unreadable)?;
        Self::parse(text.lines().next().unwrap_or_default().trim()).ok_or(KeyError::NotAKey)
    }

    /// The key that 64 hexadecimal digits say.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        Some(Self(bytes))
    }

    /// The signature of these bytes, one after another.
    pub(super) fn mac(&self, parts: &[&[u8]]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        parts.iter().for_each(|part| mac.update(part));
        mac
    }
}

/// A key is never shown.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_64_digits_and_never_shown() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        std::fs::write(&path, "000102030405060708090A0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n").unwrap();
        let loaded = Key::load(&path).unwrap();
        assert_eq!(loaded.0, std::array::from_fn(|index| u8::try_from(index).unwrap()));
        assert_eq!(format!("{loaded:?}"), "Key(…)");
        for wrong in ["", "00", &"0".repeat(63), &"g".repeat(64), &"00".repeat(33)] {
            std::fs::write(&path, wrong).unwrap();
            assert!(matches!(Key::load(&path), Err(KeyError::NotAKey)), "{wrong}");
        }
        assert!(matches!(Key::load(&folder.path().join("none")), Err(KeyError::Unreadable(_))));
    }
}
