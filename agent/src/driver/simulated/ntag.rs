//! An NTAG213 as its data sheet describes it, seen over the air; NTAG215 and NTAG216 differ in size.

/// What a tag answers: bytes, its 4-bit acknowledgement, or nothing that counts. One that refuses
/// falls asleep until the field comes anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// These bytes.
    Bytes(Vec<u8>),
    /// ACK.
    Ack,
    /// NAK.
    Nak,
}

/// One tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ntag {
    /// Its name.
    pub uid: [u8; 7],
    /// Its pages, those of its maker too.
    pub pages: Vec<[u8; 4]>,
    /// The storage byte of GET_VERSION; none: a tag that knows no GET_VERSION.
    pub storage: Option<u8>,
    /// Its counter of reads, 24 bits, where it is switched on.
    pub counter: Option<u32>,
    /// Takes no writes.
    pub locked: bool,
    asleep: bool,
    /// Counted already since the field came.
    counted: bool,
}

impl Ntag {
    /// An NTAG213 from its maker.
    #[must_use]
    pub fn ntag213(uid: [u8; 7]) -> Self {
        Self::new(uid, 45, 0x12, 0x0F)
    }

    /// An NTAG215.
    #[must_use]
    pub fn ntag215(uid: [u8; 7]) -> Self {
        Self::new(uid, 135, 0x3E, 0x11)
    }

    /// An NTAG216.
    #[must_use]
    pub fn ntag216(uid: [u8; 7]) -> Self {
        Self::new(uid, 231, 0x6D, 0x13)
    }

    fn new(uid: [u8; 7], count: usize, size: u8, storage: u8) -> Self {
        let mut pages = vec![[0; 4]; count];
        let [a, b, c, d, e, f, g] = uid;
        // 8.5: the name with its two check bytes, one of which begins page 2 beside the locks.
        pages[0] = [a, b, c, 0x88 ^ a ^ b ^ c];
        pages[1] = [d, e, f, g];
        pages[2] = [d ^ e ^ f ^ g, 0x48, 0, 0];
        pages[3] = [0xE1, 0x10, size, 0];
        // Lock control and an empty message, as it is delivered.
        pages[4] = [0x01, 0x03, 0xA0, 0x0C];
        pages[5] = [0x34, 0x03, 0x00, 0xFE];
        Self { uid, pages, storage: Some(storage), counter: None, locked: false, asleep: false, counted: false }
    }

    /// Puts bytes where users have theirs, as if they were written.
    pub fn put_user_bytes(&mut self, bytes: &[u8]) {
        for (page, bytes) in self.pages[4..].iter_mut().zip(bytes.chunks(4)) {
            page[..bytes.len()].copy_from_slice(bytes);
        }
    }

    /// The field came anew.
    pub fn wake(&mut self) {
        (self.asleep, self.counted) = (false, false);
    }

    /// A command over the air.
    pub fn command(&mut self, bytes: &[u8]) -> Answer {
        if self.asleep {
            return Answer::Nak;
        }
        let answer = self.obey(bytes);
        self.asleep = answer == Answer::Nak;
        answer
    }

    fn obey(&mut self, bytes: &[u8]) -> Answer {
        let knows_fast = self.storage.is_some();
        match *bytes {
            [0x60] => match self.storage {
                Some(storage) => Answer::Bytes(vec![0x00, 0x04, 0x04, 0x02, 0x01, 0x00, storage, 0x03]),
                None => Answer::Nak,
            },
            [0x30, page] if usize::from(page) < self.pages.len() => {
                self.count();
                let pages = self.pages.iter().cycle().skip(page.into()).take(4);
                Answer::Bytes(pages.flatten().copied().collect())
            }
            [0x3A, first, last] if knows_fast && first <= last && usize::from(last) < self.pages.len() => {
                self.count();
                Answer::Bytes(self.pages[usize::from(first)..=usize::from(last)].concat())
            }
            [0x39, 0x02] => match self.counter {
                Some(count) => Answer::Bytes(count.to_le_bytes()[..3].to_vec()),
                None => Answer::Nak,
            },
            [0xA2, page, a, b, c, d] if !self.locked && (2..self.pages.len()).contains(&usize::from(page)) => {
                // Bits of the locks and of the capability container only ever come on.
                let fixed = page < 4;
                let page = &mut self.pages[usize::from(page)];
                *page = if fixed { [page[0] | a, page[1] | b, page[2] | c, page[3] | d] } else { [a, b, c, d] };
                Answer::Ack
            }
            _ => Answer::Nak,
        }
    }

    /// The counter counts the first read after the field came, 8.6.
    fn count(&mut self) {
        if let Some(counter) = self.counter.as_mut().filter(|_| !self.counted) {
            *counter = (*counter + 1).min(0xFF_FFFF);
        }
        self.counted = true;
    }
}
