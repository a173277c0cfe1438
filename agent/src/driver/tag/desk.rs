//! One tag at a reader, for whoever prepares tags: reads it, or writes a signed record to it and reads
//! that back. Never writes over what another asset has, unless told to.

use embedded_hal::delay::DelayNs;

use super::{
    content::{self, Content, RECORD_NAME},
    extinguisher::Settings,
    key::Key,
    ndef::{self, Message},
    ntag::{self, Trouble},
    pn532::{Firmware, Pn532, Target},
    record::{Filling, Month, Record},
};
use crate::driver::{Error, bus::BusOf, bus::mux, simulated::ntag::Ntag};

/// What was found at the reader.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The reader.
    pub firmware: Firmware,
    /// The tag's name.
    pub uid: Vec<u8>,
    /// What it holds.
    pub content: Content,
    /// Whether the key signed that; none without a key or without a record.
    pub genuine: Option<bool>,
    /// How often it was read, where its counter is on.
    pub count: Option<u32>,
}

/// Why nothing was read or written.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The reader.
    #[error("the reader cannot be used")]
    Reader(#[from] Error),
    /// No tag before it.
    #[error("no tag answers")]
    NoTag,
    /// More than one, and one might be the neighbour's.
    #[error("more than one tag answers")]
    TwoTags,
    /// A tag that no extinguisher of ours has.
    #[error("the tag {} is no NTAG213, NTAG215 or NTAG216", hex::encode(uid))]
    Foreign {
        /// Its name.
        uid: Vec<u8>,
    },
    /// The configuration names another tag for this place.
    #[error("the tag {} is not the one that the configuration names", hex::encode(uid))]
    NotExpected {
        /// Its name.
        uid: Vec<u8>,
    },
    /// It holds something that is not this asset's.
    #[error("the tag holds something else: {found}")]
    Taken {
        /// What.
        found: String,
    },
    /// The tag.
    #[error("the tag cannot be used")]
    Tag(#[from] Trouble),
    /// What was read back is not what was written.
    #[error("what was read back is not what was written")]
    NotKept,
}

/// The web address of an asset: `https://<host>/x/<ULID>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssetUrl {
    text: String,
    host: String,
}

/// With its scheme; more would not fit beside a record.
const URL_BYTES_MAX: usize = 120;

impl AssetUrl {
    /// None where it is not of that form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
        let (authority, ulid) = rest.split_once("/x/")?;
        let host = authority.split(':').next().unwrap_or_default().to_ascii_lowercase();
        let is_host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
        // Crockford's alphabet has no I, L, O, U.
        let is_ulid = |c: char| c.is_ascii_digit() || (c.is_ascii_uppercase() && !"ILOU".contains(c));
        let is_port = |c: char| c.is_ascii_digit() || c == ':';
        let fits = text.len() <= URL_BYTES_MAX && !host.is_empty() && host.chars().all(is_host);
        let port = &authority[host.len()..];
        let whole = ulid.len() == 26 && ulid.chars().all(is_ulid) && port.chars().all(is_port);
        (fits && whole).then(|| Self { text: text.to_owned(), host })
    }

    /// The message that names this asset and holds its record, signed for the tag `uid`.
    #[must_use]
    pub fn message(&self, record: &Record, uid: &[u8], key: &Key) -> Vec<u8> {
        Message::encode(&self.text, &format!("{}:{RECORD_NAME}", self.host), &record.sign(uid, key))
    }
}

/// What is to be written.
#[derive(Debug)]
pub struct Order<'a> {
    /// The record.
    pub record: &'a Record,
    /// The asset's address.
    pub url: &'a AssetUrl,
    /// The key that signs.
    pub key: &'a Key,
    /// Write over whatever the tag holds.
    pub overwrite: bool,
}

/// What the tag at the reader holds.
pub fn read(
    bus: &mut BusOf<'_>,
    delay: &mut dyn DelayNs,
    settings: &Settings,
    key: Option<&Key>,
) -> Result<Report, Refusal> {
    at_reader(bus, delay, settings, |reader, firmware| {
        let target = only(reader)?;
        report(reader, firmware, target, key)
    })
}

/// Writes the order to the tag at the reader, and gives what was read back.
pub fn write(
    bus: &mut BusOf<'_>,
    delay: &mut dyn DelayNs,
    settings: &Settings,
    order: &Order<'_>,
) -> Result<Report, Refusal> {
    at_reader(bus, delay, settings, |reader, firmware| {
        let target = only(reader)?;
        let uid = target.uid.clone();
        if settings.uid.is_some_and(|expected| expected[..] != uid[..]) {
            return Err(Refusal::NotExpected { uid });
        }
        let model = match content::read(reader, &target)?? {
            Content::Foreign => return Err(Refusal::Foreign { uid }),
            Content::Blank(model) => model,
            Content::Record { model, url, .. } if order.overwrite || url.as_ref() == Some(&order.url.text) => model,
            Content::Odd(model, _) if order.overwrite => model,
            Content::Odd(_, found) => return Err(Refusal::Taken { found }),
            Content::Record { url, signed, .. } => {
                return Err(Refusal::Taken { found: url.unwrap_or(signed.record.serial) });
            }
        };
        let message = order.url.message(order.record, &uid, order.key);
        ntag::write(reader, target.number, model, &message)??;
        let report = report(reader, firmware, target, Some(order.key))?;
        if report.genuine == Some(true) { Ok(report) } else { Err(Refusal::NotKept) }
    })
}

/// Opens what stands between, lets `act` talk to a reader that proved to be one, and leaves the field
/// off whatever came of it.
fn at_reader<T>(
    bus: &mut BusOf<'_>,
    delay: &mut dyn DelayNs,
    settings: &Settings,
    act: impl FnOnce(&mut Pn532<'_, BusOf<'_>>, Firmware) -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    if let Some(channel) = settings.seat.mux {
        mux::open(bus, channel)?;
    }
    let mut reader = Pn532::new(&mut *bus, delay, settings.seat.address);
    let outcome = reader.set_up().map_err(Refusal::from).and_then(|firmware| {
        let outcome = act(&mut reader, firmware);
        reader.field_off()?;
        outcome
    });
    if let Some(channel) = settings.seat.mux {
        mux::close(bus, channel)?;
    }
    outcome
}

/// The only tag before the reader.
fn only(reader: &mut Pn532<'_, BusOf<'_>>) -> Result<Target, Refusal> {
    let mut targets = reader.targets(2)?;
    match targets.len() {
        0 => Err(Refusal::NoTag),
        1 => Ok(targets.swap_remove(0)),
        _ => Err(Refusal::TwoTags),
    }
}

fn report(
    reader: &mut Pn532<'_, BusOf<'_>>,
    firmware: Firmware,
    target: Target,
    key: Option<&Key>,
) -> Result<Report, Refusal> {
    let content = content::read(reader, &target)??;
    let count = if content == Content::Foreign { None } else { ntag::read_count(reader)?.ok() };
    let genuine = match (&content, key) {
        (Content::Record { signed, .. }, Some(key)) => Some(signed.is_genuine(&target.uid, key)),
        _ => None,
    };
    Ok(Report { firmware, uid: target.uid, content, genuine, count })
}

/// The tag of a simulated bracket: as `settings` expect it, its record signed with their key where
/// there is one.
#[must_use]
pub fn specimen(settings: &Settings) -> Ntag {
    let channel = settings.seat.mux.map_or(0xE6, |mux| mux.channel);
    let uid = settings.uid.unwrap_or([0x04, 0xA1, 0xB2, 0xC3, 0xD4, 0xE5, channel]);
    let mut tag = Ntag::ntag213(uid);
    let key = settings.tag_key_file.as_deref().and_then(|path| Key::load(path).ok());
    let month = |number| Month::new(number).expect("a month");
    let record = Record {
        serial: format!("MFZ-{channel:03}"),
        filling: Filling::Powder,
        made: month(202_301),
        serviced: month(202_301),
        due: month(202_801),
        scrap: month(203_301),
    };
    let url = AssetUrl::parse("https://hw.example/x/01JD9ZK5Q0000000000000000A").expect("an address of an asset");
    let key = key.unwrap_or_else(|| Key::parse(&"00".repeat(32)).expect("a key"));
    let block = ndef::block(&url.message(&record, &uid, &key)).expect("a record fits");
    tag.put_user_bytes(&block);
    tag
}
