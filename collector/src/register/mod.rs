//! The register of extinguishers: what the venue's file lists, what tags say, and when each is due.
//!
//! [`filling`] is what they hold and how long that may hang, [`dates`] the days that follow, [`tag`]
//! what readers at the brackets say, [`book`] all of it joined. [`own`] makes days left into points
//! for rules, [`csv`] a file for a spreadsheet, [`text`] words: pure, all of them. [`job`] tells the
//! rules on a thread of its own.

pub mod book;
pub mod csv;
pub mod dates;
pub mod filling;
pub mod job;
pub mod maintenance;
pub mod own;
pub mod tag;
pub mod text;

pub use book::{Extinguisher, SOON_DAYS, Standing, register};
pub use filling::Filling;

#[cfg(test)]
mod tests;
