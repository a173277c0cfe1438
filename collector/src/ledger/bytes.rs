//! Varints, texts and numbers as the ledger's blobs and chunks write them; reading never panics
//! and never trusts a length.

use wire::{Id, PointName};

use super::Error;

/// Appends an unsigned LEB128 varint.
pub(crate) fn put_varint(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

/// Appends a signed number, zigzag.
pub(crate) fn put_signed(out: &mut Vec<u8>, n: i64) {
    put_varint(out, ((n << 1) ^ (n >> 63)) as u64);
}

/// Appends a text, its length first.
pub(crate) fn put_text(out: &mut Vec<u8>, text: &str) {
    put_bytes(out, text.as_bytes());
}

/// Appends bytes, their length first.
pub(crate) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Appends the eight bytes of a number.
pub(crate) fn put_f64(out: &mut Vec<u8>, value: f64) {
    out.extend_from_slice(&value.to_le_bytes());
}

/// Reads what the functions above wrote.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    what: &'static str,
}

impl<'a> Reader<'a> {
    /// Checks the first bytes and the CRC-32 at the end of `body`; `what` is for messages.
    pub(crate) fn checked(body: &'a [u8], magic: &[u8], what: &'static str) -> Result<Self, Error> {
        let mut r = Self { rest: body, what };
        let Some((inner, crc)) = body.split_last_chunk::<4>() else { return Err(r.damaged("too short")) };
        if crc32fast::hash(inner) != u32::from_le_bytes(*crc) {
            return Err(r.damaged("the checksum does not fit"));
        }
        r.rest = inner.strip_prefix(magic).ok_or_else(|| r.damaged("unknown version"))?;
        Ok(r)
    }

    /// Reads `bytes` without a checksum, as a part of what is being read.
    pub(crate) fn inner(&self, bytes: &'a [u8]) -> Self {
        Self { rest: bytes, what: self.what }
    }

    /// Reads `bytes`, which have no checksum of their own.
    #[cfg(test)]
    pub(crate) fn over(bytes: &'a [u8], what: &'static str) -> Self {
        Self { rest: bytes, what }
    }

    /// What is not read yet.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// An error that names what is being read.
    pub(crate) fn damaged(&self, reason: &str) -> Error {
        Error::Damaged { what: self.what.to_owned(), reason: reason.to_owned() }
    }

    /// Whether all is read.
    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next byte.
    pub(crate) fn byte(&mut self) -> Result<u8, Error> {
        let (&first, rest) = self.rest.split_first().ok_or_else(|| self.damaged("it ends too soon"))?;
        self.rest = rest;
        Ok(first)
    }

    /// An unsigned varint.
    pub(crate) fn varint(&mut self) -> Result<u64, Error> {
        let mut n = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            n |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(n);
            }
        }
        Err(self.damaged("a number without end"))
    }

    /// A signed varint.
    pub(crate) fn signed(&mut self) -> Result<i64, Error> {
        let z = self.varint()?;
        Ok((z >> 1) as i64 ^ -((z & 1) as i64))
    }

    /// A count of things that each take at least one byte, so never more than what is left.
    pub(crate) fn count(&mut self) -> Result<usize, Error> {
        let n = self.varint()?;
        if n > self.rest.len() as u64 {
            return Err(self.damaged("a count larger than what follows"));
        }
        Ok(n as usize)
    }

    /// The next `n` bytes as a reader of their own.
    pub(crate) fn take(&mut self, n: usize) -> Result<Reader<'a>, Error> {
        let (head, rest) = self.rest.split_at_checked(n).ok_or_else(|| self.damaged("it ends too soon"))?;
        self.rest = rest;
        Ok(Reader { rest: head, what: self.what })
    }

    /// Bytes with their length first.
    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], Error> {
        let n = self.count()?;
        Ok(self.take(n)?.rest)
    }

    /// A text with its length first.
    pub(crate) fn text(&mut self) -> Result<&'a str, Error> {
        let bytes = self.bytes()?;
        std::str::from_utf8(bytes).map_err(|_| self.damaged("a text that is not UTF-8"))
    }

    /// Eight bytes of a number.
    pub(crate) fn f64(&mut self) -> Result<f64, Error> {
        let eight = self.take(8)?.rest;
        Ok(f64::from_le_bytes(eight.try_into().expect("`take` gave eight bytes")))
    }

    /// `text` as an identifier.
    pub(crate) fn id(&self, text: &str) -> Result<Id, Error> {
        Id::parse(text).map_err(|e| self.damaged(&e.to_string()))
    }

    /// A text as a point's name.
    pub(crate) fn point(&mut self) -> Result<PointName, Error> {
        let text = self.text()?;
        PointName::parse(text).map_err(|e| self.damaged(&e.to_string()))
    }
}
