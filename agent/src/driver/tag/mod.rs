//! Extinguisher tags: NFC tags at the brackets, and what is written on them.
//!
//! Read in this order: [`frame`] and [`pn532`] are the reader, [`ntag`] the memory of a tag,
//! [`ndef`], [`record`] with its [`key`] and [`content`] what stands in it, [`extinguisher`] the sensor made of all
//! that, and [`desk`] prepares tags for it.

pub mod content;
pub mod desk;
pub mod extinguisher;
pub mod frame;
pub mod key;
pub mod ndef;
pub mod ntag;
pub mod pn532;
pub mod record;
