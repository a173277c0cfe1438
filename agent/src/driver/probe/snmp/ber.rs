//! The basic encoding rules as far as SNMP uses them (X.690, RFC 3417 §8): turns bytes into tagged
//! contents and back. What is cut off, too long or of indefinite length is none, never a guess.

/// Universal types, then those of SMIv2 (RFC 2578 §7.1), then PDUs (RFC 3416 §3).
pub(super) mod tag {
    pub const INTEGER: u8 = 0x02;
    pub const OCTET_STRING: u8 = 0x04;
    pub const NULL: u8 = 0x05;
    pub const OBJECT_IDENTIFIER: u8 = 0x06;
    pub const SEQUENCE: u8 = 0x30;
    pub const COUNTER32: u8 = 0x41;
    pub const GAUGE32: u8 = 0x42;
    pub const TIME_TICKS: u8 = 0x43;
    pub const COUNTER64: u8 = 0x46;
    pub const NO_SUCH_OBJECT: u8 = 0x80;
    pub const NO_SUCH_INSTANCE: u8 = 0x81;
    pub const END_OF_MIB_VIEW: u8 = 0x82;
    pub const GET: u8 = 0xa0;
    pub const RESPONSE: u8 = 0xa2;
    pub const GET_BULK: u8 = 0xa5;
    pub const REPORT: u8 = 0xa8;
}

/// Reads one element after the other.
#[derive(Debug, Clone)]
pub(super) struct Reader<'a> {
    left: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { left: bytes }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.left.is_empty()
    }

    /// The next element, whatever it is: its tag and its contents.
    pub(super) fn any(&mut self) -> Option<(u8, &'a [u8])> {
        let (&tag, rest) = self.left.split_first()?;
        // Tags above 30 take further bytes; SNMP has none.
        if tag & 0x1f == 0x1f {
            return None;
        }
        let (length, rest) = length(rest)?;
        let (contents, rest) = rest.split_at_checked(length)?;
        self.left = rest;
        Some((tag, contents))
    }

    /// All that was not read yet.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.left
    }

    /// The contents of the next element, if it has this tag.
    pub(super) fn expect(&mut self, expected: u8) -> Option<&'a [u8]> {
        self.any().filter(|(tag, _)| *tag == expected).map(|(_, contents)| contents)
    }

    /// The elements within the next element, if it has this tag.
    pub(super) fn within(&mut self, expected: u8) -> Option<Reader<'a>> {
        self.expect(expected).map(Reader::new)
    }

    /// An INTEGER that fits 32 bits, as all of SNMP's do.
    pub(super) fn integer(&mut self) -> Option<i32> {
        i32::try_from(signed(self.expect(tag::INTEGER)?)?).ok()
    }
}

/// A length and what follows it. Four bytes of it are more than any datagram has.
fn length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (&first, rest) = bytes.split_first()?;
    match first {
        0..=0x7f => Some((usize::from(first), rest)),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x0f))?;
            let length =
                digits.iter().try_fold(0_usize, |sum, digit| Some(sum.checked_mul(256)? + usize::from(*digit)));
            Some((length?, rest))
        }
        _ => None,
    }
}

/// A signed number of up to eight bytes.
pub(super) fn signed(contents: &[u8]) -> Option<i64> {
    let (&first, _) = contents.split_first().filter(|_| contents.len() <= 8)?;
    let start = if first & 0x80 == 0 { 0 } else { -1 };
    Some(contents.iter().fold(start, |sum, byte| (sum << 8) | i64::from(*byte)))
}

/// An unsigned number of up to `bytes_max` bytes, and one more for the 0 that keeps it positive.
pub(super) fn unsigned(contents: &[u8], bytes_max: usize) -> Option<u64> {
    let digits = match contents {
        [] => return None,
        [0, digits @ ..] => digits,
        digits => digits,
    };
    let sum = || digits.iter().fold(0, |sum: u64, byte| (sum << 8) | u64::from(*byte));
    (digits.len() <= bytes_max.min(8)).then(sum)
}

/// The arcs of an object identifier (X.690 §8.19).
pub(super) fn arcs(contents: &[u8]) -> Option<Vec<u32>> {
    let mut numbers = Vec::with_capacity(contents.len() + 1);
    let mut number: u32 = 0;
    for byte in contents {
        number = number.checked_mul(128)? | u32::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            numbers.push(number);
            number = 0;
        }
    }
    // The last byte of a number has no upper bit.
    if contents.last()? & 0x80 != 0 {
        return None;
    }
    let joined = numbers[0];
    let first = (joined / 40).min(2);
    numbers[0] = joined - first * 40;
    numbers.insert(0, first);
    Some(numbers)
}

/// An element.
pub(super) fn element(tag: u8, contents: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag];
    match contents.len() {
        short @ 0..=0x7f => bytes.push(short as u8),
        long => {
            let digits = long.to_be_bytes();
            let digits = &digits[digits.iter().position(|digit| *digit != 0).unwrap_or(0)..];
            bytes.push(0x80 | digits.len() as u8);
            bytes.extend_from_slice(digits);
        }
    }
    bytes.extend_from_slice(contents);
    bytes
}

/// An INTEGER, as short as it can be.
pub(super) fn integer(number: i32) -> Vec<u8> {
    let bytes = number.to_be_bytes();
    let is_sign = |pair: &[u8]| matches!((pair[0], pair[1] & 0x80), (0, 0) | (0xff, 0x80));
    let spare = bytes.windows(2).take_while(|pair| is_sign(pair)).count();
    element(tag::INTEGER, &bytes[spare..])
}

/// An OBJECT IDENTIFIER of two arcs or more.
pub(super) fn object(arcs: &[u32]) -> Vec<u8> {
    let mut contents = Vec::with_capacity(arcs.len() + 4);
    let head = arcs[0] * 40 + arcs[1];
    for number in std::iter::once(&head).chain(&arcs[2..]) {
        let groups = (32 - number.leading_zeros()).div_ceil(7).max(1);
        for group in (0..groups).rev() {
            let more = if group == 0 { 0 } else { 0x80 };
            contents.push((number >> (group * 7)) as u8 & 0x7f | more);
        }
    }
    element(tag::OBJECT_IDENTIFIER, &contents)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn integers_have_the_bytes_of_the_standard() {
        for (number, bytes) in [
            (0, &[0x02, 1, 0][..]),
            (127, &[0x02, 1, 0x7f]),
            (128, &[0x02, 2, 0, 0x80]),
            (-128, &[0x02, 1, 0x80]),
            (-129, &[0x02, 2, 0xff, 0x7f]),
            (i32::MAX, &[0x02, 4, 0x7f, 0xff, 0xff, 0xff]),
            (i32::MIN, &[0x02, 4, 0x80, 0, 0, 0]),
        ] {
            assert_eq!(integer(number), bytes);
            assert_eq!(Reader::new(bytes).integer(), Some(number));
        }
    }

    #[test]
    fn object_identifiers_have_the_bytes_of_the_standard() {
        // X.690 §8.19.5: {2 999 3}. The other is sysUpTime.0 with a large last arc.
        assert_eq!(object(&[2, 999, 3]), [0x06, 3, 0x88, 0x37, 3]);
        assert_eq!(arcs(&[0x88, 0x37, 3]), Some(vec![2, 999, 3]));
        assert_eq!(object(&[1, 3, 6, 1, u32::MAX]), [0x06, 8, 0x2b, 6, 1, 0x8f, 0xff, 0xff, 0xff, 0x7f]);
        assert_eq!(arcs(&[0x2b, 6, 1, 0x8f, 0xff, 0xff, 0xff, 0x7f]), Some(vec![1, 3, 6, 1, u32::MAX]));
        for broken in [&[][..], &[0x2b, 0x86], &[0x2b, 0x9f, 0xff, 0xff, 0xff, 0x7f]] {
            assert_eq!(arcs(broken), None, "{broken:?}");
        }
    }

    #[test]
    fn unsigned_numbers_may_have_a_leading_zero_and_no_more() {
        assert_eq!(unsigned(&[0, 0xff, 0xff, 0xff, 0xff], 4), Some(u32::MAX.into()));
        assert_eq!(unsigned(&[0xff, 0xff, 0xff, 0xff], 4), Some(u32::MAX.into()));
        assert_eq!(unsigned(&[0], 4), Some(0));
        assert_eq!(unsigned(&[0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 8), Some(u64::MAX));
        for broken in [&[][..], &[1, 0, 0, 0, 0], &[0, 1, 0, 0, 0, 0]] {
            assert_eq!(unsigned(broken, 4), None, "{broken:?}");
        }
    }

    #[test]
    fn long_contents_have_a_long_length() {
        for length in [0, 127, 128, 255, 256, 65_535] {
            let bytes = element(tag::OCTET_STRING, &vec![7; length]);
            assert_eq!(Reader::new(&bytes).expect(tag::OCTET_STRING).map(<[u8]>::len), Some(length));
            let cut = &bytes[..bytes.len() - 1];
            assert_eq!(Reader::new(cut).any(), None, "{length} bytes, one of them missing");
        }
    }

    #[test]
    fn lengths_that_lie_are_nothing() {
        for broken in
            [&[0x30][..], &[0x30, 0x80], &[0x30, 0x85, 0, 0, 0, 0, 1, 7], &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]]
        {
            assert_eq!(Reader::new(broken).any(), None, "{broken:02x?}");
        }
        assert_eq!(Reader::new(&[0x3f, 1, 0]).any(), None, "a tag of several bytes");
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let mut reader = Reader::new(&bytes);
            while let Some((_, contents)) = reader.any() {
                let _ = (signed(contents), unsigned(contents, 8), arcs(contents));
                let _ = Reader::new(contents).integer();
            }
        }

        #[test]
        fn numbers_and_names_come_back(number: i32, tail in proptest::collection::vec(any::<u32>(), 0..20)) {
            prop_assert_eq!(Reader::new(&integer(number)).integer(), Some(number));
            let name = [&[1, 3][..], &tail].concat();
            let bytes = object(&name);
            prop_assert_eq!(Reader::new(&bytes).expect(tag::OBJECT_IDENTIFIER).and_then(arcs), Some(name));
        }
    }
}
