//! An extinguisher that carries a tag before a PN532: turns polls into `present` and what the tag
//! says of it. Knows the tag, never the cylinder or its pressure; gives no date of a tag that is not
//! genuine, and takes a dead reader for a fault, not for a theft.

use std::{path::PathBuf, sync::Arc, time::Duration};

use embedded_hal::i2c::I2c;
use wire::Fault;

use super::{
    content::{self, Content},
    desk,
    key::Key,
    ntag,
    pn532::{ADDRESS, Firmware, Pn532, Target},
    record::Record,
};
use crate::{
    config::{Expected, Problem, Table},
    driver::{Chip, Context, Error, Kind, Measured, Place, Quantity, Reader, Seat, Sits, simulated},
};

/// A PN532 with its antenna behind the bracket.
pub static KIND: Kind = Kind {
    word: "pn532",
    parts: ["NXP PN532 with NTAG213, NTAG215, NTAG216"; 2],
    measures: ["extinguisher tag: present, genuine, dates", "灭火器标签：在位、真伪、日期"],
    sits: Sits::I2c(&[ADDRESS]),
    period: Some(Duration::from_secs(10)),
    period_min: Some(Duration::from_secs(1)),
    read: |table| Some(Arc::new(Settings::read(table)?)),
    at: Some(|seat| Arc::new(Settings { seat, tag_key_file: None, uid: None, read_count: false })),
};

/// Polls without the tag until it is removed.
const MISSES_MAX: u32 = 3;
/// Between polls at the start, when nothing is known yet.
const FIRST_POLLS_MS: u32 = 100;
/// A tag that was found genuine is only called by its name until then: each reading of its memory
/// counts in its counter, which ends at 16,777,215 and would be there after five years of polls.
const READ_AGAIN: Duration = Duration::from_secs(3600);
/// Three polls at the start, each of a dozen commands at worst.
const PATIENCE: Duration = Duration::from_secs(8);

/// What a `[[sensor]]` of this kind says.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Where it sits.
    pub seat: Seat,
    /// The file with the key that signs tags.
    pub tag_key_file: Option<PathBuf>,
    /// The only tag that belongs here.
    pub uid: Option<[u8; 7]>,
    /// Ask the tag how often it was read.
    pub read_count: bool,
}

impl Settings {
    fn read(table: &Table<'_>) -> Option<Self> {
        let seat = Seat::read(table, &[ADDRESS]);
        let tag_key_file = table.text("tag_key_file").map(PathBuf::from);
        let written = table.text("uid");
        let uid = written.as_deref().and_then(parse_uid);
        if let (Some(found), None) = (&written, uid) {
            table.note("uid", Problem::Wrong { expected: Expected::TagUid, found: format!("{found:?}") });
        }
        let read_count = table.flag("read_count").unwrap_or(false);
        Some(Self { seat: seat?, tag_key_file, uid, read_count })
    }

    /// Whether it can tell a right tag from a wrong one.
    fn judges(&self) -> bool {
        self.tag_key_file.is_some() || self.uid.is_some()
    }
}

/// `04a1b2c3d4e5f6`, or with colons as many programs for phones write it.
fn parse_uid(text: &str) -> Option<[u8; 7]> {
    let mut uid = [0; 7];
    hex::decode_to_slice(text.replace(':', ""), &mut uid).ok()?;
    Some(uid)
}

impl crate::driver::Settings for Settings {
    fn kind(&self) -> &'static Kind {
        &KIND
    }
    fn place(&self) -> Place {
        Place::Chip(self.seat.clone())
    }
    fn print(&self, table: &mut toml::Table) {
        if let Some(path) = &self.tag_key_file {
            table.insert("tag_key_file".into(), path.display().to_string().into());
        }
        if let Some(uid) = self.uid {
            table.insert("uid".into(), hex::encode(uid).into());
        }
        table.insert("read_count".into(), self.read_count.into());
    }
    fn quantities(&self) -> Vec<Quantity> {
        let judged = self.judges().then_some(TAG_VALID);
        let counted = self.read_count.then_some(READ_COUNT);
        [PRESENT, TAG_ID, TYPE_CODE, MADE, SERVICED, DUE, SCRAP].into_iter().chain(judged).chain(counted).collect()
    }
    fn patience(&self) -> Duration {
        PATIENCE
    }
    fn start(&self) -> Reader {
        Reader::Chip(Box::new(Extinguisher::new(self.clone())))
    }
    fn simulate(&self) -> Option<Box<dyn simulated::Device>> {
        let mut reader = simulated::pn532::Pn532::new();
        reader.put(desk::specimen(self));
        Some(Box::new(reader))
    }
}

/// 1 while the tag answers; 0 once it missed [`MISSES_MAX`] polls.
pub const PRESENT: Quantity = Quantity::flag("present");
/// 1 if the tag is genuine and the one that belongs here.
pub const TAG_VALID: Quantity = Quantity::flag("tag_valid");
/// The last 6 bytes of its name, highest first, as a number.
pub const TAG_ID: Quantity = Quantity::resting("tag_id", "1", 0.0, 281_474_976_710_655.0, 0);
/// What the extinguisher is filled with, see [`super::record::Filling`].
pub const TYPE_CODE: Quantity = Quantity::resting("type_code", "1", 1.0, 9.0, 0);
/// When it was made, yyyymm.
pub const MADE: Quantity = month("made_month");
/// When it was last serviced.
pub const SERVICED: Quantity = month("serviced_month");
/// When it must be serviced next.
pub const DUE: Quantity = month("due_month");
/// When it must be scrapped.
pub const SCRAP: Quantity = month("scrap_month");
/// How often the tag was read, as of the last reading of its memory.
pub const READ_COUNT: Quantity = Quantity::resting("read_count", "1", 0.0, 16_777_215.0, 0);

const fn month(name: &'static str) -> Quantity {
    Quantity::resting(name, "1", 200_001.0, 209_912.0, 0)
}

/// One bracket.
#[derive(Debug)]
pub struct Extinguisher {
    settings: Settings,
    /// The key, once its file gave one.
    key: Option<Key>,
    /// Why it gave none, as it was told last.
    key_trouble: Option<String>,
    /// What the reader is, once it said so and is set up.
    firmware: Option<Firmware>,
    seen: Seen,
}

/// What is known of the tag.
#[derive(Debug)]
enum Seen {
    Unknown,
    Gone,
    There(Tag),
}

#[derive(Debug)]
struct Tag {
    uid: Vec<u8>,
    /// Polls in a row that it did not answer.
    misses: u32,
    /// What it holds; none where that could not be read.
    content: Option<Content>,
    count: Option<u32>,
    read_at: Duration,
}

impl Extinguisher {
    /// The bracket that `settings` describe; no traffic yet.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings, key: None, key_trouble: None, firmware: None, seen: Seen::Unknown }
    }

    fn poll<B: I2c + ?Sized>(&mut self, reader: &mut Pn532<'_, B>, now: Duration) -> Result<(), Error> {
        if self.firmware.is_none() {
            self.firmware = Some(reader.set_up()?);
        }
        let polls = if matches!(self.seen, Seen::Unknown) { MISSES_MAX } else { 1 };
        for poll in 0..polls {
            if poll > 0 {
                reader.pause(FIRST_POLLS_MS);
            }
            if let Some(target) = self.find(reader)? {
                return self.meet(reader, &target, now);
            }
        }
        match &mut self.seen {
            Seen::There(tag) if tag.misses + 1 < MISSES_MAX => tag.misses += 1,
            gone => *gone = Seen::Gone,
        }
        Ok(())
    }

    /// The tag that belongs here or was here, else any other.
    fn find<B: I2c + ?Sized>(&self, reader: &mut Pn532<'_, B>) -> Result<Option<Target>, Error> {
        let Some(first) = reader.targets(1)?.pop() else { return Ok(None) };
        let wanted = match (&self.settings.uid, &self.seen) {
            (Some(uid), _) => &uid[..],
            (None, Seen::There(tag)) => &tag.uid,
            (None, _) => return Ok(Some(first)),
        };
        if first.uid == wanted {
            return Ok(Some(first));
        }
        let mut both = reader.targets(2)?;
        let best = both.iter().position(|target| target.uid == wanted).unwrap_or(0);
        if both.len() > 1 && reader.select(both[best].number)?.is_err() {
            return Ok(None);
        }
        Ok(if both.is_empty() { None } else { Some(both.swap_remove(best)) })
    }

    /// Reads what the tag holds, unless that is known.
    fn meet<B: I2c + ?Sized>(
        &mut self,
        reader: &mut Pn532<'_, B>,
        target: &Target,
        now: Duration,
    ) -> Result<(), Error> {
        self.load_key();
        if let Seen::There(tag) = &mut self.seen
            && tag.uid == target.uid
        {
            tag.misses = 0;
            let content = tag.content.as_ref();
            let known = content.is_some_and(|content| is_right(&self.settings, self.key.as_ref(), &tag.uid, content));
            if known && now < tag.read_at + READ_AGAIN {
                return Ok(());
            }
        }
        let content = content::read(reader, target)?.ok();
        let is_ntag = !matches!(content, None | Some(Content::Foreign));
        let count = if self.settings.read_count && is_ntag { ntag::read_count(reader)?.ok() } else { None };
        self.seen = Seen::There(Tag { uid: target.uid.clone(), misses: 0, content, count, read_at: now });
        Ok(())
    }

    /// Tries for the key until there is one, and says once what is in the way.
    fn load_key(&mut self) {
        let (None, Some(path)) = (&self.key, &self.settings.tag_key_file) else { return };
        match Key::load(path) {
            Ok(key) => (self.key, self.key_trouble) = (Some(key), None),
            Err(error) => {
                let trouble = error.to_string();
                if self.key_trouble.as_ref() != Some(&trouble) {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "`{}` gives no key for tags; hint: `openssl rand -hex 32` makes one",
                        path.display()
                    );
                }
                self.key_trouble = Some(trouble);
            }
        }
    }

    fn measured(&self) -> Vec<Measured> {
        let tag = match &self.seen {
            Seen::Unknown => return Vec::new(),
            Seen::Gone => return vec![Measured::flag(PRESENT.name, false)],
            Seen::There(tag) => tag,
        };
        let mut all = vec![Measured::flag(PRESENT.name, true), Measured::plain(TAG_ID.name, tag_id(&tag.uid))];
        let keyless = self.settings.tag_key_file.is_some() && self.key.is_none();
        if self.settings.judges() {
            all.push(match &tag.content {
                _ if keyless => Measured::fault(TAG_VALID.name, Fault::NotPermitted),
                None => Measured::fault(TAG_VALID.name, Fault::BadResponse),
                Some(content) => {
                    let right = is_right(&self.settings, self.key.as_ref(), &tag.uid, content);
                    Measured::flag(TAG_VALID.name, right)
                }
            });
        }
        if let Some(Content::Record { signed, .. }) = &tag.content {
            let believed = match &self.key {
                Some(key) => signed.is_genuine(&tag.uid, key),
                None => !keyless,
            };
            if believed {
                all.extend(dates(&signed.record));
            }
        }
        if self.settings.read_count {
            all.push(match tag.count {
                Some(count) => Measured::plain(READ_COUNT.name, count.into()),
                None => Measured::fault(READ_COUNT.name, Fault::BadResponse),
            });
        }
        all
    }
}

impl Chip for Extinguisher {
    fn read<B: I2c + ?Sized>(&mut self, bus: &mut B, context: &mut Context<'_>) -> Result<Vec<Measured>, Error> {
        let mut reader = Pn532::new(bus, context.delay, self.settings.seat.address);
        let polled = self.poll(&mut reader, context.now);
        match polled.and_then(|()| reader.field_off()) {
            Ok(()) => Ok(self.measured()),
            Err(error) => {
                // Whoever answers next may be another reader, and the tag another tag.
                (self.firmware, self.seen) = (None, Seen::Unknown);
                Err(error)
            }
        }
    }

    fn identity(&self) -> Option<String> {
        self.firmware.map(|firmware| format!("PN532 {}.{}", firmware.version, firmware.revision))
    }
}

/// Whether a tag is the one that belongs here, and genuine, as far as that can be told.
fn is_right(settings: &Settings, key: Option<&Key>, uid: &[u8], content: &Content) -> bool {
    let genuine = match (key, content) {
        (Some(key), Content::Record { signed, .. }) => signed.is_genuine(uid, key),
        (Some(_), _) => false,
        (None, _) => settings.tag_key_file.is_none(),
    };
    genuine && settings.uid.as_ref().is_none_or(|expected| expected == uid)
}

/// The last 6 bytes of a name as a number, which a 64-bit float holds exactly.
fn tag_id(uid: &[u8]) -> f64 {
    uid.iter().rev().take(6).rev().fold(0.0, |id, byte| id * 256.0 + f64::from(*byte))
}

fn dates(record: &Record) -> impl Iterator<Item = Measured> {
    let kind = Measured::plain(TYPE_CODE.name, f64::from(record.filling as u8));
    let months = [(MADE, record.made), (SERVICED, record.serviced), (DUE, record.due), (SCRAP, record.scrap)];
    std::iter::once(kind)
        .chain(months.into_iter().map(|(quantity, month)| Measured::plain(quantity.name, month.number().into())))
}
