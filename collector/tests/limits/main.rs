//! Limits of time, waits, escalations and quiet hours, from the file of a venue to what a ticket is told
//! and when: known cases of the trade, and random ones against a walk second by second.
#![allow(clippy::unwrap_used)]

mod cases;
mod house;
mod quiet;
mod random;
mod walk;
