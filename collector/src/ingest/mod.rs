//! Hears MQTT, decodes, drops what is known, and acknowledges what is committed.
//!
//! [`mqtt`] (with its `options` and what it `returns`) receives from the broker ([`broker`] is the collector's own), [`decode`] turns a
//! message into what it says or into a quarantine row, [`watermark`] tells new samples from known
//! ones. The last two are pure and run in the protocol simulation too.

mod acks;
pub mod ask;
pub mod broker;
pub mod decode;
pub mod mqtt;
mod options;
mod returns;
pub mod watermark;

pub use decode::{Decoded, decode};
pub use watermark::{Verdict, Watermarks};
