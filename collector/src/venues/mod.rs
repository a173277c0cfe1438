//! What devices cannot tell of a venue. [`hours`] are its opening hours in wall times, [`calendar`]
//! the arithmetic over them, [`holidays`] the lists of days off and make-up days. Nothing here reads a clock.

pub mod calendar;
pub mod holidays;
pub mod hours;

pub use calendar::{Calendar, Opening};
pub use holidays::Holidays;
