//! The memory of an NTAG213, NTAG215 or NTAG216: turns reads and writes of a message into commands
//! over the air. Never writes to pages that cannot be taken back but the capability container of a
//! tag that has none.
//!
//! NXP NTAG213/215/216, rev. 3.2: 8.5 for the memory, 10 for commands; NFC Forum T2TOP 1.1, 6.4.3
//! for the order of a write: length 0 first, the length last. A tag that is pulled away in between is
//! left blank, not half true.

use embedded_hal::i2c::I2c;

use super::{
    ndef::{self, Block},
    pn532::{Pn532, RadioError},
};
use crate::driver::Error;

/// READ takes 4 pages, 10.2; FAST_READ any number, 10.3; WRITE one, 10.4.
const FAST_READ: u8 = 0x3A;
const WRITE: u8 = 0xA2;
/// GET_VERSION, 10.1.
const GET_VERSION: u8 = 0x60;
/// READ_CNT of the only counter, 10.6.
const READ_CNT: [u8; 2] = [0x39, 0x02];

/// Bytes of a page.
const PAGE: usize = 4;
/// The capability container.
const CC_PAGE: u8 = 3;
/// The first page for users.
const USER_PAGE: u8 = 4;
/// One FAST_READ takes at most so many pages: what goes over the air at once must fit the PN532's
/// radio buffer of 64 bytes, checksum included.
const PAGES_MAX: usize = 15;

/// Which NTAG.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Model {
    /// 144 bytes for users.
    Ntag213,
    /// 504 bytes.
    Ntag215,
    /// 888 bytes.
    Ntag216,
}

impl Model {
    /// The one that answers GET_VERSION like this: NXP, NTAG, and a storage size (10.1).
    #[must_use]
    pub fn of(version: &[u8]) -> Option<Self> {
        match version {
            [_, 0x04, 0x04, _, _, _, 0x0F, _] => Some(Self::Ntag213),
            [_, 0x04, 0x04, _, _, _, 0x11, _] => Some(Self::Ntag215),
            // The sheet of the NTAG216F prints 0x12, its own rule for the byte gives 0x13.
            [_, 0x04, 0x04, _, _, _, 0x12 | 0x13, _] => Some(Self::Ntag216),
            _ => None,
        }
    }

    /// Bytes for users.
    #[must_use]
    pub fn user_bytes(self) -> usize {
        match self {
            Self::Ntag213 => 144,
            Self::Ntag215 => 504,
            Self::Ntag216 => 888,
        }
    }

    /// The capability container: NDEF, version 1.0, an eighth of the size, free to read and write.
    /// The size is what each comes with from its maker (8.5); that of the 215 is less than it has.
    #[must_use]
    pub fn container(self) -> [u8; 4] {
        let size = match self {
            Self::Ntag213 => 0x12,
            Self::Ntag215 => 0x3E,
            Self::Ntag216 => 0x6D,
        };
        [0xE1, 0x10, size, 0x00]
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ntag213 => "NTAG213",
            Self::Ntag215 => "NTAG215",
            Self::Ntag216 => "NTAG216",
        }
    }
}

/// Why a tag gave no message, or took none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// It was pulled away, or is at the edge of the field, or refuses.
    #[error(transparent)]
    Radio(#[from] RadioError),
    /// It gave fewer bytes than were asked for.
    #[error("the tag gives fewer bytes than were asked for")]
    Short,
    /// Its capability container is not one of NDEF.
    #[error("its capability container is {0:02x?}")]
    Container([u8; 4]),
    /// Its memory holds a block that is longer than it.
    #[error("a block is longer than the memory")]
    Broken,
    /// The message does not fit.
    #[error("the message takes {need} bytes, the tag has {room}")]
    TooLong {
        /// Bytes of the message with what is around it.
        need: usize,
        /// Bytes of the tag.
        room: usize,
    },
    /// It does not take what is written.
    #[error("page {page} is not taken: {cause}")]
    Refused {
        /// The page.
        page: u8,
        /// What came instead.
        cause: RadioError,
    },
}

/// What came over the bus, apart from what the tag did.
pub type Outcome<T> = Result<Result<T, Trouble>, Error>;

/// Leaves with a trouble, as `?` does with an error.
macro_rules! heard {
    ($outcome:expr) => {
        match $outcome? {
            Ok(value) => value,
            Err(trouble) => return Ok(Err(trouble.into())),
        }
    };
}

/// What it is; none where it is no NTAG of this family. A tag that refuses falls asleep.
pub fn model<B: I2c + ?Sized>(reader: &mut Pn532<'_, B>) -> Outcome<Option<Model>> {
    let version = heard!(reader.through(&[GET_VERSION], 8));
    Ok(Ok(Model::of(&version)))
}

/// The message of a tag; empty where it is blank. Reads no more pages than it takes to know.
pub fn read<B: I2c + ?Sized>(reader: &mut Pn532<'_, B>, model: Model) -> Outcome<Vec<u8>> {
    let mut bytes = heard!(fast_read(reader, CC_PAGE, PAGES_MAX));
    let user = bytes.split_off(PAGE);
    let container: [u8; 4] = bytes.try_into().expect("a page was split off");
    let mut user = user;
    // Its first byte says NDEF, the upper half of its second the major version.
    match container {
        [0xE1, version, ..] if version >> 4 == 1 => {}
        // Neither formatted nor written.
        [0, 0, 0, 0] => return Ok(Ok(Vec::new())),
        other => return Ok(Err(Trouble::Container(other))),
    }
    loop {
        match ndef::find(&user, model.user_bytes()) {
            Block::Message(range) => return Ok(Ok(user[range].to_vec())),
            Block::Nothing => return Ok(Ok(Vec::new())),
            Block::Broken => return Ok(Err(Trouble::Broken)),
            Block::Need(count) => {
                let page = usize::from(USER_PAGE) + user.len() / PAGE;
                let pages = (count - user.len()).div_ceil(PAGE).min(PAGES_MAX);
                let page = u8::try_from(page).expect("an NTAG has less than 256 pages");
                user.extend(heard!(fast_read(reader, page, pages)));
            }
        }
    }
}

/// How often it was read since it was made, where the counter is on; asked last, since a tag that
/// refuses falls asleep.
pub fn read_count<B: I2c + ?Sized>(reader: &mut Pn532<'_, B>) -> Outcome<u32> {
    match heard!(reader.through(&READ_CNT, 3))[..] {
        [low, middle, high] => Ok(Ok(u32::from_le_bytes([low, middle, high, 0]))),
        _ => Ok(Err(Trouble::Short)),
    }
}

/// Writes `message` to the tag `target`, and reads it back. Cut short, it leaves a blank tag.
pub fn write<B: I2c + ?Sized>(reader: &mut Pn532<'_, B>, target: u8, model: Model, message: &[u8]) -> Outcome<()> {
    let room = model.user_bytes();
    let need = message.len() + 3;
    let Some(mut block) = ndef::block(message).filter(|block| block.len() <= room) else {
        return Ok(Err(Trouble::TooLong { need, room }));
    };
    let container = heard!(fast_read(reader, CC_PAGE, 1));
    if container == [0; PAGE] {
        heard!(write_page(reader, target, CC_PAGE, &model.container()));
    }
    block.resize(block.len().next_multiple_of(PAGE), 0);
    heard!(write_page(reader, target, USER_PAGE, &ndef::EMPTY));
    let (first, rest) = block.split_at(PAGE);
    for (page, bytes) in (USER_PAGE + 1..).zip(rest.chunks(PAGE)) {
        heard!(write_page(reader, target, page, bytes));
    }
    heard!(write_page(reader, target, USER_PAGE, first));
    let back = heard!(read(reader, model));
    Ok(if back == message { Ok(()) } else { Err(Trouble::Short) })
}

fn write_page<B: I2c + ?Sized>(reader: &mut Pn532<'_, B>, target: u8, page: u8, bytes: &[u8]) -> Outcome<()> {
    let heard = reader.exchange(target, &[&[WRITE, page], bytes].concat(), 0)?;
    Ok(heard.map(drop).map_err(|cause| Trouble::Refused { page, cause }))
}

fn fast_read<B: I2c + ?Sized>(reader: &mut Pn532<'_, B>, page: u8, pages: usize) -> Outcome<Vec<u8>> {
    let last = u8::try_from(usize::from(page) + pages - 1).expect("an NTAG has less than 256 pages");
    let bytes = heard!(reader.through(&[FAST_READ, page, last], pages * PAGE));
    Ok(if bytes.len() == pages * PAGE { Ok(bytes) } else { Err(Trouble::Short) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_the_data_sheets() {
        let version = |size| [0x00, 0x04, 0x04, 0x02, 0x01, 0x00, size, 0x03];
        assert_eq!(Model::of(&version(0x0F)), Some(Model::Ntag213));
        assert_eq!(Model::of(&version(0x11)), Some(Model::Ntag215));
        assert_eq!(Model::of(&version(0x13)), Some(Model::Ntag216));
        // An Ultralight EV1 of the same maker, half an answer, none.
        assert_eq!(Model::of(&[0x00, 0x04, 0x03, 0x01, 0x01, 0x00, 0x0B, 0x03]), None);
        assert_eq!(Model::of(&version(0x0F)[..7]), None);
        assert_eq!(Model::of(&[]), None);
    }
}
