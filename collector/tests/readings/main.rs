//! What is promised of the past, tried on a real ledger file: nothing lost or doubled while
//! samples move from commits into hours and days, and charts that say the same before and after.
#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected has failed")]

mod charts;
mod command;
mod house;
mod moves;
mod retention;
mod thread;
