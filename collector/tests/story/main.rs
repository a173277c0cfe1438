//! Texts that explain themselves: real samples in a real ledger, rendered in both languages.
#![allow(clippy::unwrap_used)]

mod golden;
mod house;
mod mail;
