//! NDEF messages: turns records into the bytes of a message and back. Knows two kinds, web addresses
//! and external types; never follows an address.
//!
//! NFC Forum: NDEF 1.0 (3.2 for the header), URI RTD 1.0 (3.2.2 for the prefixes), T2TOP 1.1
//! (2.3 for the TLV blocks that hold a message).

use std::ops::Range;

/// Well-known type.
const TNF_WELL_KNOWN: u8 = 0x01;
/// External type, `domain:name`.
const TNF_EXTERNAL: u8 = 0x04;
/// First record of a message.
const MB: u8 = 0x80;
/// Last record.
const ME: u8 = 0x40;
/// Part of a record that goes on.
const CF: u8 = 0x20;
/// The payload's length is one byte.
const SR: u8 = 0x10;
/// The record has an identifier.
const IL: u8 = 0x08;

/// Records of one message; ours has two, a stranger's a handful.
const RECORDS_MAX: usize = 16;
/// Prefixes of a web address that take one byte; 0 is none.
const PREFIXES: [&str; 5] = ["", "http://www.", "https://www.", "http://", "https://"];

/// TLV block of nothing.
const TLV_NULL: u8 = 0x00;
/// TLV block with a message.
const TLV_MESSAGE: u8 = 0x03;
/// End of the TLV blocks.
const TLV_END: u8 = 0xFE;
/// The longest message whose block has a length of one byte.
pub const MESSAGE_BYTES_MAX: usize = 0xFE;

/// The bytes are no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Bad {
    /// A length leads beyond the end.
    #[error("a record is longer than its message")]
    Short,
    /// Records in pieces, or more of them than any tag of ours has.
    #[error("records that no tag of ours has")]
    Strange,
}

/// What a message holds, of the kinds that are known here; others are passed over.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Message {
    /// The first web address.
    pub url: Option<String>,
    /// The first external record: its type and payload.
    pub external: Option<(String, Vec<u8>)>,
}

impl Message {
    /// The bytes of a message of one address and one external record, each of less than 256 bytes.
    #[must_use]
    pub fn encode(url: &str, external_type: &str, payload: &[u8]) -> Vec<u8> {
        let fits = |(_, prefix): &(usize, &&str)| url.starts_with(**prefix);
        let longest = PREFIXES.iter().enumerate().filter(fits).max_by_key(|(_, prefix)| prefix.len());
        let (code, prefix) = longest.expect("the empty prefix fits everything");
        let code = u8::try_from(code).expect("a handful of prefixes");
        let mut bytes = Vec::new();
        let address = [&[code], &url.as_bytes()[prefix.len()..]].concat();
        record(&mut bytes, MB | TNF_WELL_KNOWN, b"U", &address);
        record(&mut bytes, ME | TNF_EXTERNAL, external_type.as_bytes(), payload);
        bytes
    }

    /// What is in the bytes of a message.
    pub fn decode(mut bytes: &[u8]) -> Result<Self, Bad> {
        let mut message = Self::default();
        for _ in 0..RECORDS_MAX {
            let [header, type_length, rest @ ..] = bytes else { return Err(Bad::Short) };
            if header & CF != 0 {
                return Err(Bad::Strange);
            }
            let (length, rest) = match rest {
                [length, rest @ ..] if header & SR != 0 => (usize::from(*length), rest),
                [a, b, c, d, rest @ ..] if header & SR == 0 => {
                    let length = u32::from_be_bytes([*a, *b, *c, *d]);
                    (usize::try_from(length).map_err(|_| Bad::Short)?, rest)
                }
                _ => return Err(Bad::Short),
            };
            let (id_length, rest) = match rest {
                [length, rest @ ..] if header & IL != 0 => (usize::from(*length), rest),
                _ if header & IL != 0 => return Err(Bad::Short),
                rest => (0, rest),
            };
            let (kind, rest) = rest.split_at_checked(usize::from(*type_length)).ok_or(Bad::Short)?;
            let (_id, rest) = rest.split_at_checked(id_length).ok_or(Bad::Short)?;
            let (payload, rest) = rest.split_at_checked(length).ok_or(Bad::Short)?;
            message.take(header & 0x07, kind, payload);
            if header & ME != 0 {
                return Ok(message);
            }
            bytes = rest;
        }
        Err(Bad::Strange)
    }

    fn take(&mut self, tnf: u8, kind: &[u8], payload: &[u8]) {
        match (tnf, kind, payload) {
            (TNF_WELL_KNOWN, b"U", [code, rest @ ..]) if self.url.is_none() => {
                let prefix = PREFIXES.get(usize::from(*code));
                let rest = std::str::from_utf8(rest).ok().filter(|rest| !rest.chars().any(char::is_control));
                self.url = prefix.zip(rest).map(|(prefix, rest)| format!("{prefix}{rest}"));
            }
            (TNF_EXTERNAL, kind, payload) if self.external.is_none() => {
                let kind = std::str::from_utf8(kind).ok();
                self.external = kind.map(|kind| (kind.to_owned(), payload.to_vec()));
            }
            _ => {}
        }
    }
}

fn record(bytes: &mut Vec<u8>, header: u8, kind: &[u8], payload: &[u8]) {
    let length = |bytes: &[u8]| u8::try_from(bytes.len()).expect("records of ours are short");
    bytes.extend([header | SR, length(kind), length(payload)]);
    bytes.extend_from_slice(kind);
    bytes.extend_from_slice(payload);
}

/// What the user memory of a tag says about its message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// So many bytes must be known to tell.
    Need(usize),
    /// The message is here; empty on a blank tag, and while a tag is being written.
    Message(Range<usize>),
    /// There is no message.
    Nothing,
    /// A length leads beyond the memory.
    Broken,
}

/// Looks for the message in the first `bytes` of a user memory of `size` bytes.
#[must_use]
pub fn find(bytes: &[u8], size: usize) -> Block {
    let mut at = 0;
    while at < size {
        let Some(&kind) = bytes.get(at) else { return Block::Need(at + 1) };
        match kind {
            TLV_NULL => {
                at += 1;
                continue;
            }
            TLV_END => return Block::Nothing,
            _ => {}
        }
        let Some(&short) = bytes.get(at + 1) else { return need(at + 2, size) };
        let (length, start) = if short == 0xFF {
            let Some(&[high, low]) = bytes.get(at + 2..at + 4) else { return need(at + 4, size) };
            (usize::from(u16::from_be_bytes([high, low])), at + 4)
        } else {
            (usize::from(short), at + 2)
        };
        let end = start + length;
        if end > size {
            return Block::Broken;
        }
        if kind == TLV_MESSAGE {
            return if bytes.len() < end { Block::Need(end) } else { Block::Message(start..end) };
        }
        at = end;
    }
    Block::Nothing
}

fn need(count: usize, size: usize) -> Block {
    if count > size { Block::Broken } else { Block::Need(count) }
}

/// A user memory that holds `message`; none where it is longer than [`MESSAGE_BYTES_MAX`].
#[must_use]
pub fn block(message: &[u8]) -> Option<Vec<u8>> {
    let length = u8::try_from(message.len()).ok().filter(|length| usize::from(*length) <= MESSAGE_BYTES_MAX)?;
    Some([&[TLV_MESSAGE, length], message, &[TLV_END]].concat())
}

/// A user memory without a message, its first page.
pub const EMPTY: [u8; 4] = [TLV_MESSAGE, 0, TLV_END, 0];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_message_is_the_specifications_bytes() {
        let bytes = Message::encode("https://hw.example/x/1", "hw.example:fx", &[0xA0]);
        let expected = [
            // First record, short, well-known: type of 1 byte, payload of 15.
            &[0x91, 0x01, 0x0F, b'U', 0x04][..],
            b"hw.example/x/1",
            // Last record, short, external: type of 13 bytes, payload of 1.
            &[0x54, 0x0D, 0x01],
            b"hw.example:fx",
            &[0xA0],
        ];
        assert_eq!(bytes, expected.concat());
        let url = Some("https://hw.example/x/1".to_owned());
        let external = Some(("hw.example:fx".to_owned(), vec![0xA0]));
        assert_eq!(Message::decode(&bytes), Ok(Message { url, external }));
    }

    #[test]
    fn records_of_strangers_are_passed_over() {
        // A text record with an identifier, then a long web address.
        let bytes = [&[0x99, 1, 3, 1][..], b"Tx", b"\x02en", &[0x41, 1, 0, 0, 0, 4], b"U\x03a.b"].concat();
        assert_eq!(Message::decode(&bytes).unwrap().url.as_deref(), Some("http://a.b"));
    }

    #[test]
    fn lengths_that_lie_are_refused() {
        assert_eq!(Message::decode(&[]), Err(Bad::Short));
        assert_eq!(Message::decode(&[0xD1, 0x01, 0xFF, b'U', 4]), Err(Bad::Short));
        assert_eq!(Message::decode(&[0xC1, 1, 0xFF, 0xFF, 0xFF, 0xFF, b'U']), Err(Bad::Short));
        assert_eq!(Message::decode(&[0xB1, 1, 1, b'U', 4]), Err(Bad::Strange), "a piece of a record");
        assert_eq!(Message::decode(&[0x10, 0, 0].repeat(100)), Err(Bad::Strange), "no last record");
    }

    #[test]
    fn blocks_before_the_message_are_passed_over() {
        // As an NTAG213 comes from its maker: lock control, then an empty message.
        let factory = [0x01, 0x03, 0xA0, 0x0C, 0x34, 0x03, 0x00, 0xFE];
        assert_eq!(find(&factory, 144), Block::Message(7..7));
        assert_eq!(find(&factory[..3], 144), Block::Need(6));
        assert_eq!(find(&[0, 0, 0xFE], 144), Block::Nothing);
        assert_eq!(find(&[0; 144], 144), Block::Nothing);
        assert_eq!(find(&[0x03, 0x90], 144), Block::Broken);
        assert_eq!(find(&[0x03, 0xFF, 0x01, 0x00], 504), Block::Need(260));
        assert_eq!(find(&[0x03, 0xFF, 0xFF, 0xFF], 504), Block::Broken);
        assert_eq!(find(&EMPTY, 144), Block::Message(2..2));
    }

    #[test]
    fn a_message_of_255_bytes_is_too_long_for_a_block() {
        assert_eq!(block(&[0; 254]).unwrap().len(), 257);
        assert_eq!(block(&[0; 255]), None);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), size in 0usize..1000) {
            let _ = Message::decode(&bytes);
            match find(&bytes, size) {
                Block::Message(range) => prop_assert!(bytes.get(range).is_some()),
                Block::Need(count) => prop_assert!(count > bytes.len() && count <= size),
                Block::Nothing | Block::Broken => {}
            }
        }
    }
}
