//! What stands on an extinguisher's tag: turns a [`Record`] into signed CBOR and back. A record
//! says something only once [`Signed::is_genuine`] said yes to it.
//!
//! Version 1, payload of the external NDEF record `<domain>:fx`: a CBOR map (RFC 8949, deterministic as in
//! 4.2.1) with the keys 0 version, 1 serial (text), 2 type code, 3 made, 4 last service, 5 next
//! service due, 6 scrap (whole numbers yyyymm), 7 the first 8 bytes of an HMAC-SHA256 (RFC 2104,
//! FIPS 198-1) with a key of 32 bytes over
//!
//! ```text
//! UID, 7 bytes as the tag gives it  ‖  the same map without key 7: A7 00 01 01 … 06 1A 00 03 …
//! ```
//!
//! So a record copied to another tag is not genuine there. It does not stop a tag that lies about
//! its UID; what the collector knows of the asset stands above the tag. The web address beside it is not signed.

use std::{fmt, str::FromStr};

use hmac::Mac;
use minicbor::{Decoder, Encoder, data::Type};

use super::key::Key;

/// The only version so far.
const VERSION: u8 = 1;
/// Bytes of the signature that are kept: a forger would need 2^63 touches of the reader.
const SIGNATURE_BYTES: usize = 8;
/// The longest serial number that is read.
pub const SERIAL_BYTES_MAX: usize = 32;

/// What an extinguisher is filled with. The numbers stand on tags: add, never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Filling {
    /// Water-based.
    Water = 1,
    /// Dry powder.
    Powder = 2,
    /// Carbon dioxide.
    Co2 = 3,
    /// Clean gas.
    CleanGas = 4,
    /// Foam.
    Foam = 5,
    /// Anything else.
    Other = 9,
}

impl Filling {
    /// Every filling and its word.
    pub const WORDS: [(Self, &str); 6] = [
        (Self::Water, "water"),
        (Self::Powder, "powder"),
        (Self::Co2, "co2"),
        (Self::CleanGas, "clean-gas"),
        (Self::Foam, "foam"),
        (Self::Other, "other"),
    ];

    fn of(code: u8) -> Option<Self> {
        Self::WORDS.into_iter().map(|(filling, _)| filling).find(|filling| *filling as u8 == code)
    }

    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::WORDS.into_iter().find(|(filling, _)| *filling == self).map_or("other", |(_, word)| word)
    }
}

/// A month of the years 2000 to 2099, the number yyyymm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month(u32);

impl Month {
    /// None where there is no such month.
    #[must_use]
    pub fn new(yyyymm: u32) -> Option<Self> {
        let is_month = (2000..=2099).contains(&(yyyymm / 100)) && (1..=12).contains(&(yyyymm % 100));
        is_month.then_some(Self(yyyymm))
    }

    /// yyyymm.
    #[must_use]
    pub fn number(self) -> u32 {
        self.0
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:02}", self.0 / 100, self.0 % 100)
    }
}

impl FromStr for Month {
    type Err = ();

    /// `202301` or `2023-01`.
    fn from_str(text: &str) -> Result<Self, ()> {
        let digits: String = match text.split_once('-') {
            Some((year, month)) if year.len() == 4 && month.len() == 2 => format!("{year}{month}"),
            _ if text.len() == 6 => text.to_owned(),
            _ => return Err(()),
        };
        digits.parse().ok().and_then(Self::new).ok_or(())
    }
}

/// What is written about an extinguisher.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Serial number on its plate, at most [`SERIAL_BYTES_MAX`] bytes.
    pub serial: String,
    /// What it is filled with.
    pub filling: Filling,
    /// When it was made.
    pub made: Month,
    /// When it was last serviced.
    pub serviced: Month,
    /// When it must be serviced next.
    pub due: Month,
    /// When it must be scrapped.
    pub scrap: Month,
}

/// A record with its signature, which nobody has looked at yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// What it says.
    pub record: Record,
    signature: [u8; SIGNATURE_BYTES],
}

/// The bytes are no record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Bad {
    /// Not CBOR, or not a map of these keys.
    #[error("no record: {0}")]
    Shape(String),
    /// A later version.
    #[error("a record of version {0}, this program knows version 1")]
    Version(u64),
    /// A key has a value that cannot be.
    #[error("key {0} has a value that cannot be")]
    Value(u8),
}

impl From<minicbor::decode::Error> for Bad {
    fn from(error: minicbor::decode::Error) -> Self {
        Self::Shape(error.to_string())
    }
}

impl Record {
    /// The CBOR of the record as `key` signs it for the tag `uid`.
    #[must_use]
    pub fn sign(&self, uid: &[u8], key: &Key) -> Vec<u8> {
        let signature = key.mac(&[uid, &self.encode(7)]).finalize().into_bytes();
        let mut bytes = self.encode(8);
        let signed = Encoder::new(&mut bytes).u8(7).and_then(|e| e.bytes(&signature[..SIGNATURE_BYTES])).map(drop);
        signed.expect("a Vec takes everything");
        bytes
    }

    /// A map of so many entries with keys 0 to 6.
    fn encode(&self, entries: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut write = || -> Result<(), minicbor::encode::Error<std::convert::Infallible>> {
            let mut e = Encoder::new(&mut bytes);
            e.map(entries)?.u8(0)?.u8(VERSION)?.u8(1)?.str(&self.serial)?.u8(2)?.u8(self.filling as u8)?;
            for (key, month) in (3..).zip([self.made, self.serviced, self.due, self.scrap]) {
                e.u8(key)?.u32(month.0)?;
            }
            Ok(())
        };
        write().expect("a Vec takes everything");
        bytes
    }
}

impl Signed {
    /// Reads what [`Record::sign`] wrote. Keys that version 1 does not have are refused: nothing
    /// signs them.
    pub fn decode(bytes: &[u8]) -> Result<Self, Bad> {
        let mut d = Decoder::new(bytes);
        let entries = d.map()?;
        if entries != Some(8) {
            return Err(Bad::Shape(format!("a map of {entries:?} entries")));
        }
        let key = |d: &mut Decoder<'_>, key: u8| match d.u8()? {
            found if found == key => Ok(()),
            found => Err(Bad::Shape(format!("key {found} where {key} should be"))),
        };
        key(&mut d, 0)?;
        match d.u64()? {
            1 => {}
            version => return Err(Bad::Version(version)),
        }
        key(&mut d, 1)?;
        let serial = text(&mut d)?;
        key(&mut d, 2)?;
        let filling = Filling::of(d.u8()?).ok_or(Bad::Value(2))?;
        let mut month = |number: u8| {
            key(&mut d, number)?;
            Month::new(d.u32()?).ok_or(Bad::Value(number))
        };
        let (made, serviced, due, scrap) = (month(3)?, month(4)?, month(5)?, month(6)?);
        key(&mut d, 7)?;
        let signature = d.bytes()?.try_into().map_err(|_| Bad::Value(7))?;
        if d.position() != bytes.len() {
            return Err(Bad::Shape("bytes after its end".to_owned()));
        }
        Ok(Self { record: Record { serial, filling, made, serviced, due, scrap }, signature })
    }

    /// Whether `key` signed this record for the tag `uid`; takes as long for a wrong signature as for
    /// a right one.
    #[must_use]
    pub fn is_genuine(&self, uid: &[u8], key: &Key) -> bool {
        key.mac(&[uid, &self.record.encode(7)]).verify_truncated_left(&self.signature).is_ok()
    }
}

fn text(d: &mut Decoder<'_>) -> Result<String, Bad> {
    if d.datatype()? != Type::String {
        return Err(Bad::Value(1));
    }
    let serial = d.str()?;
    if is_serial(serial) { Ok(serial.to_owned()) } else { Err(Bad::Value(1)) }
}

/// Whether a text can be a serial number: short, and without control characters that would reach a
/// terminal.
#[must_use]
pub fn is_serial(text: &str) -> bool {
    !text.is_empty() && text.len() <= SERIAL_BYTES_MAX && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const UID: [u8; 7] = [0x04, 0xA1, 0xB2, 0xC3, 0xD4, 0xE5, 0xF6];
    /// Signed by Python's hmac and hashlib, with the key 00 01 … 1f.
    const SIGNED: &str = "a80001016b4d465a382d3030303132330202031a0003163d041a000316a1051a00031769061a00031a2507\
                          4800ccbcb95770eab7";

    fn key() -> Key {
        Key::parse(&hex::encode(Vec::from_iter(0..32))).unwrap()
    }

    fn month(yyyymm: u32) -> Month {
        Month::new(yyyymm).unwrap()
    }

    fn record() -> Record {
        Record {
            serial: "MFZ8-000123".to_owned(),
            filling: Filling::Powder,
            made: month(202_301),
            serviced: month(202_401),
            due: month(202_601),
            scrap: month(203_301),
        }
    }

    #[test]
    fn a_record_is_the_very_bytes_that_another_program_makes() {
        let bytes = record().sign(&UID, &key());
        assert_eq!(hex::encode(&bytes), SIGNED);
        assert_eq!(hex::encode(record().encode(7)), format!("a7{}", &SIGNED[2..SIGNED.len() - 20]));
        let signed = Signed::decode(&bytes).unwrap();
        assert_eq!(signed.record, record());
        assert!(signed.is_genuine(&UID, &key()));
    }

    #[test]
    fn a_record_on_another_tag_or_by_another_key_is_not_genuine() {
        let signed = Signed::decode(&hex::decode(SIGNED).unwrap()).unwrap();
        let mut other = UID;
        other[6] ^= 1;
        assert!(!signed.is_genuine(&other, &key()));
        assert!(!signed.is_genuine(&UID, &Key::parse(&"00".repeat(32)).unwrap()));
    }

    #[test]
    fn every_flipped_bit_of_a_record_is_caught() {
        let bytes = hex::decode(SIGNED).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut bytes = bytes.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let believed = Signed::decode(&bytes).is_ok_and(|signed| signed.is_genuine(&UID, &key()));
            assert!(!believed, "bit {bit}");
        }
    }

    #[test]
    fn what_is_no_record_has_its_name() {
        let check = |hexed: &str| Signed::decode(&hex::decode(hexed).unwrap()).unwrap_err();
        let with = |from: &str, to: &str| check(&SIGNED.replace(from, to));
        assert_eq!(with("a80001", "a80002"), Bad::Version(2));
        assert_eq!(with("0202031a", "0208031a"), Bad::Value(2), "no such filling");
        assert_eq!(with("0003163d", "00031649"), Bad::Value(3), "month 13");
        assert!(matches!(with("a80001", "a70001"), Bad::Shape(_)));
        assert!(matches!(check(&format!("{SIGNED}00")), Bad::Shape(_)), "bytes after its end");
        assert!(matches!(check("bf00010161"), Bad::Shape(_)), "a map of no known length");
        assert_eq!(with("6b4d465a", "6b4d071a"), Bad::Value(1), "a serial that would ring a terminal");
        // A length of 2^64 − 1.
        assert!(matches!(check("a80001017bffffffffffffffff41"), Bad::Shape(_)));
    }

    #[test]
    fn months_are_months() {
        assert_eq!("2023-01".parse(), Ok(month(202_301)));
        assert_eq!("202301".parse(), Ok(month(202_301)));
        for wrong in ["202313", "202300", "199912", "210001", "2023-1", "23-01", "", "２０２３０１"] {
            assert_eq!(wrong.parse::<Month>(), Err(()), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = Signed::decode(&bytes);
        }
    }
}
