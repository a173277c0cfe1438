//! What becomes which line of a time series database: samples, hours, tickets, venues, devices,
//! extinguishers, readiness, silence and the collector itself, as line protocol text. Pure: reads no
//! clock, no socket and no file; the same facts always give the same lines, so that a line that is written again
//! overwrites itself.
//!
//! [`names`] has every name, [`table`] what each measurement holds (docs/data-model.md says it to people),
//! [`line`](mod@line) the encoder, [`read`] its independent reader, [`facts`] what derived fields need.

pub mod facts;
pub mod hour;
pub mod line;
pub mod names;
pub mod read;
pub mod readiness;
pub mod room;
pub mod silence;
pub mod snapshot;
pub mod table;
pub mod ticket;

pub use facts::Facts;
pub use hour::{hour_line, hour_of};
pub use line::{Line, PRECISION};
pub use room::sample_line;
pub use ticket::transition_lines;

#[cfg(test)]
mod tests;
