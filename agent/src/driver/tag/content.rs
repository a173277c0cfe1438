//! What a tag is found to hold: turns a tag in the field into its record, or into a word for what it
//! holds instead. Believes nothing: whether a record is genuine is asked of it later.

use embedded_hal::i2c::I2c;

use super::{
    ndef::Message,
    ntag::{self, Model, Outcome, Trouble},
    pn532::{Pn532, Target},
    record::Signed,
};
use crate::driver::Error;

/// The name behind the domain of our external records.
pub const RECORD_NAME: &str = "fx";

/// What a tag holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// It is no NTAG213, 215 or 216: a bank card, say.
    Foreign,
    /// Nothing.
    Blank(Model),
    /// Something else than a record of ours, or one that makes no sense.
    Odd(Model, String),
    /// A record.
    Record {
        /// The tag.
        model: Model,
        /// The web address beside it, not signed.
        url: Option<String>,
        /// The record with its signature.
        signed: Signed,
    },
}

/// Reads what the selected tag holds. A trouble is a tag that went away, or is at the field's edge.
pub fn read<B: I2c + ?Sized>(reader: &mut Pn532<'_, B>, target: &Target) -> Outcome<Content> {
    // NTAGs have names of 7 bytes.
    if target.uid.len() != 7 {
        return Ok(Ok(Content::Foreign));
    }
    let model = match model(reader, target)? {
        Ok(Some(model)) => model,
        Ok(None) => return Ok(Ok(Content::Foreign)),
        Err(trouble) => return Ok(Err(trouble)),
    };
    Ok(match ntag::read(reader, model)? {
        Ok(message) if message.is_empty() => Ok(Content::Blank(model)),
        Ok(message) => Ok(record(model, &message)),
        Err(trouble @ (Trouble::Container(_) | Trouble::Broken)) => Ok(Content::Odd(model, trouble.to_string())),
        Err(trouble) => Err(trouble),
    })
}

/// What it is. A tag that knows no GET_VERSION falls asleep over it, as silent as one that is gone;
/// listing the tags anew tells which.
fn model<B: I2c + ?Sized>(reader: &mut Pn532<'_, B>, target: &Target) -> Outcome<Option<Model>> {
    let first = ntag::model(reader)?;
    if first.is_ok() || !select(reader, &target.uid)? {
        return Ok(first);
    }
    let second = ntag::model(reader)?;
    if second.is_err() && select(reader, &target.uid)? { Ok(Ok(None)) } else { Ok(second) }
}

/// Lists and selects the tag `uid` anew; false where it is gone.
fn select<B: I2c + ?Sized>(reader: &mut Pn532<'_, B>, uid: &[u8]) -> Result<bool, Error> {
    let targets = reader.targets(2)?;
    match targets.iter().find(|target| target.uid == uid) {
        Some(target) => Ok(reader.select(target.number)?.is_ok()),
        None => Ok(false),
    }
}

/// The record in a message.
fn record(model: Model, message: &[u8]) -> Content {
    let Message { url, external } = match Message::decode(message) {
        Ok(message) => message,
        Err(bad) => return Content::Odd(model, bad.to_string()),
    };
    let ours = |kind: &str| kind.rsplit_once(':').is_some_and(|(_, name)| name == RECORD_NAME);
    match external {
        Some((kind, payload)) if ours(&kind) => match Signed::decode(&payload) {
            Ok(signed) => Content::Record { model, url, signed },
            Err(bad) => Content::Odd(model, bad.to_string()),
        },
        _ => Content::Odd(model, url.unwrap_or_else(|| "a message of another kind".to_owned())),
    }
}
