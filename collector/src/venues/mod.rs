//! What devices cannot tell of a venue: names, hours, rooms, assets, teams, as people write them.
//!
//! [`read`] finds the texts, [`file`] is their shape, [`set`] checks them, [`references`] the names in
//! them, [`error`] says what is wrong. [`hours`] are opening hours in wall times, [`calendar`] the
//! arithmetic over them, [`holidays`] the lists of days off and make-up days, [`advice`] what is
//! allowed and should still be looked at, `names` what people call things, `hours_of_rules` what rules must know,
//! `plan` what tickets ask, [`current`] the set in force
//! and its replacement when files change. Nothing here reads a clock.

pub mod advice;
pub mod calendar;
pub mod current;
mod day;
pub mod error;
pub mod file;
pub mod holidays;
pub mod hours;
mod hours_of_rules;
mod names;
mod plan;
pub mod read;
mod references;
pub mod set;

pub use calendar::{Calendar, Opening};
pub use current::Current;
pub use day::business_day;
pub use error::Error;
pub use holidays::Holidays;
pub use set::{Venue, Venues};
