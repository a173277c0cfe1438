//! Questions of SNMP and their answers (RFC 3416): turns names of objects into the bytes of a PDU
//! and its SNMPv2c message, and bytes into values. Sends nothing, keeps nothing.

use super::ber::{Reader, arcs, element, integer, object, signed, tag, unsigned};

/// The name of an object: `1.3.6.1.2.1.1.3.0`.
pub(super) type Name = Vec<u32>;

/// What an object is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// INTEGER, Counter32, Gauge32, Counter64.
    Number(i64),
    /// TimeTicks: hundredths of a second.
    Ticks(u32),
    /// OCTET STRING.
    Octets(Vec<u8>),
    /// There is none: noSuchObject, noSuchInstance.
    Missing,
    /// Nothing comes after it: endOfMibView.
    End,
    /// A type that no object that we ask for has, or one whose contents do not fit it.
    Strange,
}

/// A question.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ask<'a> {
    /// These very objects.
    Get(&'a [Name]),
    /// So many objects after this one.
    Next(&'a [u32], u16),
}

/// SNMPv2c (RFC 3416 §3, RFC 1901).
const VERSION_2C: i32 = 1;

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pdu {
    pub tag: u8,
    pub request: i32,
    /// Not 0 where the whole question failed.
    pub error: i32,
    /// Empty names stand for what could not be read.
    pub values: Vec<(Name, Value)>,
}

/// More values than are ever asked for at once; a datagram could hold thousands.
const VALUES_MAX: usize = 256;

impl Ask<'_> {
    /// The bytes of the PDU.
    pub(super) fn pdu(self, request: i32) -> Vec<u8> {
        let binding = |name: &[u32]| element(tag::SEQUENCE, &[object(name), element(tag::NULL, &[])].concat());
        let (tag, second, third, bindings) = match self {
            Self::Get(names) => (tag::GET, 0, 0, names.iter().flat_map(|name| binding(name)).collect()),
            // No non-repeaters; so many repetitions.
            Self::Next(name, count) => (tag::GET_BULK, 0, i32::from(count), binding(name)),
        };
        let fields = [integer(request), integer(second), integer(third), element(tag::SEQUENCE, &bindings)];
        element(tag, &fields.concat())
    }

    /// The bytes of a whole SNMPv2c message.
    pub(super) fn message(self, community: &[u8], request: i32) -> Vec<u8> {
        let fields = [integer(VERSION_2C), element(tag::OCTET_STRING, community), self.pdu(request)];
        element(tag::SEQUENCE, &fields.concat())
    }
}

/// The PDU of an SNMPv2c message of that community.
pub(super) fn read_message(datagram: &[u8], community: &[u8]) -> Option<Pdu> {
    let mut fields = Reader::new(datagram).within(tag::SEQUENCE)?;
    let right = fields.integer()? == VERSION_2C && fields.expect(tag::OCTET_STRING)? == community;
    right.then(|| Pdu::read(&mut fields)).flatten()
}

impl Pdu {
    /// Reads a response or a report.
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let (tag, contents) = reader.any().filter(|(tag, _)| [tag::RESPONSE, tag::REPORT].contains(tag))?;
        let mut fields = Reader::new(contents);
        let (request, error, _index) = (fields.integer()?, fields.integer()?, fields.integer()?);
        let mut bindings = fields.within(tag::SEQUENCE)?;
        let mut values = Vec::new();
        while !bindings.is_empty() && values.len() < VALUES_MAX {
            let mut binding = bindings.within(tag::SEQUENCE)?;
            let name = binding.expect(tag::OBJECT_IDENTIFIER).and_then(arcs);
            let value = binding.any().map_or(Value::Strange, |(tag, contents)| Value::read(tag, contents));
            values.push((name.unwrap_or_default(), value));
        }
        Some(Self { tag, request, error, values })
    }
}

impl Value {
    fn read(tag: u8, contents: &[u8]) -> Self {
        let number = |number: Option<u64>| number.and_then(|number| i64::try_from(number).ok()).map(Self::Number);
        let value = match tag {
            tag::INTEGER => {
                signed(contents).and_then(|number| i32::try_from(number).ok()).map(|number| Self::Number(number.into()))
            }
            tag::COUNTER32 | tag::GAUGE32 => number(unsigned(contents, 4)),
            tag::COUNTER64 => number(unsigned(contents, 8)),
            tag::TIME_TICKS => unsigned(contents, 4).and_then(|ticks| u32::try_from(ticks).ok()).map(Self::Ticks),
            tag::OCTET_STRING => Some(Self::Octets(contents.to_vec())),
            tag::NO_SUCH_OBJECT | tag::NO_SUCH_INSTANCE if contents.is_empty() => Some(Self::Missing),
            tag::END_OF_MIB_VIEW if contents.is_empty() => Some(Self::End),
            _ => None,
        };
        value.unwrap_or(Self::Strange)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const UPTIME: &[u32] = &[1, 3, 6, 1, 2, 1, 1, 3, 0];

    /// The answer of a host that is up for 1:23 min.
    const ANSWER: &[u8] = b"\x30\x29\x02\x01\x01\x04\x06public\xa2\x1c\x02\x04\x12\x34\x56\x78\x02\x01\x00\x02\x01\x00\
        \x30\x0e\x30\x0c\x06\x08\x2b\x06\x01\x02\x01\x01\x03\x00\x43\x00";

    fn answer(value: &[u8]) -> Vec<u8> {
        let bindings = element(tag::SEQUENCE, &[object(UPTIME), value.to_vec()].concat());
        let fields = [integer(7), integer(0), integer(0), element(tag::SEQUENCE, &bindings)].concat();
        let fields = [integer(1), element(tag::OCTET_STRING, b"public"), element(tag::RESPONSE, &fields)].concat();
        element(tag::SEQUENCE, &fields)
    }

    fn check(value: &[u8], expected: Value) {
        let pdu = read_message(&answer(value), b"public").unwrap();
        assert_eq!((pdu.request, pdu.error), (7, 0));
        assert_eq!(pdu.values, [(UPTIME.to_vec(), expected)]);
    }

    #[test]
    fn a_question_has_the_bytes_of_the_standard() {
        let expected = b"\x30\x29\x02\x01\x01\x04\x06public\xa0\x1c\x02\x04\x12\x34\x56\x78\x02\x01\x00\x02\x01\x00\
            \x30\x0e\x30\x0c\x06\x08\x2b\x06\x01\x02\x01\x01\x03\x00\x05\x00";
        assert_eq!(Ask::Get(&[UPTIME.to_vec()]).message(b"public", 0x1234_5678), expected);
        let next = Ask::Next(&[1, 3, 6], 25).pdu(1);
        assert_eq!(next, b"\xa5\x13\x02\x01\x01\x02\x01\x00\x02\x01\x19\x30\x08\x30\x06\x06\x02\x2b\x06\x05\x00"[..]);
    }

    #[test]
    fn each_type_is_its_value() {
        check(&integer(-3), Value::Number(-3));
        check(&element(tag::GAUGE32, &[0, 0xff, 0xff, 0xff, 0xff]), Value::Number(0xffff_ffff));
        check(&element(tag::COUNTER64, &[1, 0, 0, 0, 0]), Value::Number(1 << 32));
        check(&element(tag::TIME_TICKS, &[0x20, 0x6c]), Value::Ticks(8300));
        check(&element(tag::OCTET_STRING, &[0x80, 0]), Value::Octets(vec![0x80, 0]));
        check(&[tag::NO_SUCH_OBJECT, 0], Value::Missing);
        check(&[tag::NO_SUCH_INSTANCE, 0], Value::Missing);
        check(&[tag::END_OF_MIB_VIEW, 0], Value::End);
    }

    #[test]
    fn what_does_not_fit_its_type_is_strange_and_no_number() {
        for value in
            [&[0x02, 0][..], &[0x02, 5, 1, 0, 0, 0, 0], &[0x42, 5, 1, 0, 0, 0, 0], &[0x80, 1, 0], &[0x05, 0], &[]]
        {
            check(value, Value::Strange);
        }
        // A Counter64 above what our numbers hold.
        check(&element(tag::COUNTER64, &[0xff; 8]), Value::Strange);
        assert_eq!(read_message(ANSWER, b"public").map(|pdu| pdu.values[0].1.clone()), Some(Value::Strange));
    }

    #[test]
    fn another_community_or_version_is_not_for_us() {
        let bytes = answer(&integer(1));
        assert_eq!(read_message(&bytes, b"private"), None);
        let mut version = bytes.clone();
        version[4] = 0;
        assert_eq!(read_message(&version, b"public"), None);
        let mut question = bytes;
        let at = question.iter().position(|byte| *byte == tag::RESPONSE).unwrap();
        question[at] = tag::GET;
        assert_eq!(read_message(&question, b"public"), None);
    }

    #[test]
    fn an_answer_that_is_cut_anywhere_is_none() {
        let bytes = answer(&integer(1));
        for end in 0..bytes.len() {
            assert_eq!(read_message(&bytes[..end], b"public"), None, "cut at {end}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read_message(&bytes, b"public");
        }

        #[test]
        fn no_changed_byte_makes_it_panic(at in 0..43_usize, byte: u8) {
            let mut bytes = ANSWER.to_vec();
            bytes[at] = byte;
            let _ = read_message(&bytes, b"public");
        }
    }
}
