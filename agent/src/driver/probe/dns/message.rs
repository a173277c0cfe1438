//! Questions to a name server and their answers: turns a name into the bytes of a question, and
//! bytes into addresses or a reason why they are no answer (RFC 1035 §4.1). Sends nothing.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Record {
    /// An IPv4 address (RFC 1035 §3.4.1).
    A,
    /// An IPv6 address (RFC 3596 §2).
    Aaaa,
}

impl Record {
    /// As a file writes them.
    pub(super) const WORDS: &[&str] = &["a", "aaaa"];
    pub(super) const ALL: [Self; 2] = [Self::A, Self::Aaaa];

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::Aaaa => "aaaa",
        }
    }

    fn code(self) -> u16 {
        match self {
            Self::A => 1,
            Self::Aaaa => 28,
        }
    }
}

/// What a datagram turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// Not the answer to this question: somebody else's, a late one, or no DNS at all.
    Stray,
    /// The server says that it has no such name, or that it failed: its RCODE (RFC 1035 §4.1.1).
    Refused(u8),
    /// It answers this question, and cannot be read to its end.
    Broken,
    /// Addresses of the kind that was asked for; maybe none.
    Addresses(Vec<IpAddr>),
}

/// Class IN.
const INTERNET: u16 = 1;
/// "Recursion desired": the server shall find out, and not only tell where to ask.
const RECURSION: u16 = 0x0100;
const HEADER_BYTES: usize = 12;
/// A label and a name, without the dots (RFC 1035 §2.3.4).
const LABEL_BYTES_MAX: usize = 63;
const NAME_BYTES_MAX: usize = 255;
/// Records looked through; a datagram of 64 KiB could claim more.
const RECORDS_MAX: u16 = 256;

/// The question, or none where `name` cannot be one.
#[must_use]
pub fn question(id: u16, name: &str, record: Record) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(HEADER_BYTES + name.len() + 6);
    for word in [id, RECURSION, 1, 0, 0, 0] {
        bytes.extend_from_slice(&word.to_be_bytes());
    }
    for label in name.trim_end_matches('.').split('.') {
        if label.is_empty() || label.len() > LABEL_BYTES_MAX || !label.is_ascii() {
            return None;
        }
        bytes.push(u8::try_from(label.len()).ok()?);
        bytes.extend_from_slice(label.as_bytes());
    }
    bytes.push(0);
    if bytes.len() - HEADER_BYTES > NAME_BYTES_MAX {
        return None;
    }
    bytes.extend_from_slice(&record.code().to_be_bytes());
    bytes.extend_from_slice(&INTERNET.to_be_bytes());
    Some(bytes)
}

/// What `datagram` is to the question that [`question`] made.
#[must_use]
pub fn reply(datagram: &[u8], question: &[u8], record: Record) -> Reply {
    let asked = &question[HEADER_BYTES..];
    let Some((header, body)) = datagram.split_at_checked(HEADER_BYTES) else { return Reply::Stray };
    let word = |index: usize| u16::from_be_bytes([header[index * 2], header[index * 2 + 1]]);
    // QR says answer, the opcode is that of a query, and the question comes back.
    let is_answer = word(1) & 0xf800 == 0x8000;
    let same_id = header[..2] == question[..2];
    let same_question = word(2) == 1 && body.get(..asked.len()).is_some_and(|own| own.eq_ignore_ascii_case(asked));
    if !(is_answer && same_id && same_question) {
        return Reply::Stray;
    }
    match header[3] & 0x0f {
        0 => addresses(&body[asked.len()..], word(3), record).map_or(Reply::Broken, Reply::Addresses),
        code => Reply::Refused(code),
    }
}

/// The addresses among `count` records.
fn addresses(mut bytes: &[u8], count: u16, record: Record) -> Option<Vec<IpAddr>> {
    let mut found = Vec::new();
    for _ in 0..count.min(RECORDS_MAX) {
        bytes = after_name(bytes)?;
        // TYPE, CLASS, TTL, RDLENGTH: 2, 2, 4, 2 bytes.
        let (fixed, rest) = bytes.split_at_checked(10)?;
        let (data, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes([fixed[8], fixed[9]])))?;
        if fixed[..2] == record.code().to_be_bytes() && fixed[2..4] == INTERNET.to_be_bytes() {
            found.push(match record {
                Record::A => Ipv4Addr::from(<[u8; 4]>::try_from(data).ok()?).into(),
                Record::Aaaa => Ipv6Addr::from(<[u8; 16]>::try_from(data).ok()?).into(),
            });
        }
        bytes = rest;
    }
    Some(found)
}

/// What follows a name. A pointer ends it (RFC 1035 §4.1.4) and is not followed: whose address it
/// is does not matter, a chain of CNAMEs ends with those that were asked for.
fn after_name(mut bytes: &[u8]) -> Option<&[u8]> {
    loop {
        let (&length, rest) = bytes.split_first()?;
        match length {
            0 => return Some(rest),
            0xc0.. => return rest.get(1..),
            1..=63 => bytes = rest.get(usize::from(length)..)?,
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ID: u16 = 0xbeef;

    fn asked() -> Vec<u8> {
        question(ID, "song.example", Record::A).unwrap()
    }

    /// An answer with the given flags and records.
    fn answer(flags: u16, count: u16, records: &[u8]) -> Vec<u8> {
        let mut bytes = asked();
        bytes[2..4].copy_from_slice(&flags.to_be_bytes());
        bytes[6..8].copy_from_slice(&count.to_be_bytes());
        bytes.extend_from_slice(records);
        bytes
    }

    const CNAME: &[u8] = b"\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x3c\x00\x04\x01b\xc0\x11";
    const ADDRESS: &[u8] = b"\x01b\xc0\x11\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xc0\xa8\x01\x0a";

    fn check(bytes: &[u8], expected: &Reply) {
        assert_eq!(&reply(bytes, &asked(), Record::A), expected);
    }

    #[test]
    fn a_question_has_the_bytes_of_the_standard() {
        let expected = b"\xbe\xef\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x04song\x07example\x00\x00\x01\x00\x01";
        assert_eq!(asked(), expected);
        assert_eq!(question(ID, "song.example.", Record::A).unwrap(), expected);
        assert_eq!(question(ID, "song.example", Record::Aaaa).unwrap()[26..], [0, 28, 0, 1]);
    }

    #[test]
    fn what_cannot_be_a_name_is_not_asked() {
        for name in ["", ".", "a..b", ".a", "中文.example", &"x".repeat(64), &"x.".repeat(130)] {
            assert_eq!(question(ID, name, Record::A), None, "{name}");
        }
    }

    #[test]
    fn addresses_are_found_behind_an_alias() {
        let address = Reply::Addresses(vec![[192, 168, 1, 10].into()]);
        check(&answer(0x8180, 1, ADDRESS), &address);
        check(&answer(0x8180, 2, &[CNAME, ADDRESS].concat()), &address);
        check(&answer(0x8180, 0, &[]), &Reply::Addresses(vec![]));
        check(&answer(0x8180, 1, CNAME), &Reply::Addresses(vec![]));
    }

    #[test]
    fn the_answer_to_another_question_is_a_stray() {
        let mut other_id = answer(0x8180, 1, ADDRESS);
        other_id[0] ^= 1;
        let mut other_name = answer(0x8180, 1, ADDRESS);
        other_name[13] = b'z';
        for bytes in [other_id, other_name, asked(), answer(0x9180, 1, ADDRESS), b"HTTP/1.1 200".to_vec(), vec![]] {
            check(&bytes, &Reply::Stray);
        }
    }

    #[test]
    fn letters_may_come_back_in_another_case() {
        let mut bytes = answer(0x8180, 1, ADDRESS);
        bytes[12..26].make_ascii_uppercase();
        check(&bytes, &Reply::Addresses(vec![[192, 168, 1, 10].into()]));
    }

    #[test]
    fn a_server_that_failed_or_knows_no_such_name_is_heard() {
        check(&answer(0x8182, 0, &[]), &Reply::Refused(2));
        check(&answer(0x8183, 0, &[]), &Reply::Refused(3));
    }

    #[test]
    fn records_that_end_early_are_broken() {
        let whole = answer(0x8180, 2, &[CNAME, ADDRESS].concat());
        for end in asked().len()..whole.len() {
            check(&whole[..end], &Reply::Broken);
        }
        check(&answer(0x8180, 1, b"\x80x\x00\x00"), &Reply::Broken);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(records in proptest::collection::vec(any::<u8>(), 0..300), count: u16, flags: u16) {
            let _ = reply(&answer(flags, count, &records), &asked(), Record::A);
            let _ = reply(&records, &asked(), Record::Aaaa);
        }
    }
}
