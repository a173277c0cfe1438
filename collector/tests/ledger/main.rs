//! Every store behind the ledger behaves alike: one suite, run over each of them. What is special
//! to one store stands in its own file.
#![allow(clippy::unwrap_used)]

mod sqlite;
mod suite;
