//! One step, one transaction: samples in, everything that follows out, then the ack.
//!
//! [`core`](mod@core) decides and [`follow`] calls rules and tickets for it, without threads, clocks or files, so that the simulation runs it too;
//! [`group`] gathers messages for it on a thread of its own; [`commit`] makes durable what it
//! decided, on another, and only then lets acks go.

pub mod again;
pub mod commit;
pub mod core;
pub mod filing;
pub mod follow;
pub mod group;
mod inspect;
mod journal;
mod surroundings;
mod writer;

pub use again::{Again, Came};
pub use core::{Core, Input, Stepped};
pub use filing::{Filing, Filings, OwnSample};
pub use follow::Deciders;

use std::time::Instant;

use tokio::sync::OwnedSemaphorePermit;
use wire::{Ack, Source};

use crate::{
    ingest::{Decoded, mqtt::Receipt},
    ledger::Quarantined,
};

/// A message on its way to a step.
#[derive(Debug)]
pub struct Inbound {
    /// When it was taken from the broker.
    pub arrived: Instant,
    /// What it says, or why that is not known.
    pub body: Result<Decoded, Quarantined>,
    /// What the broker is told once it is committed.
    pub receipt: Option<Receipt>,
    /// Its share of the memory that messages may take; given back after the commit.
    pub room: Option<OwnedSemaphorePermit>,
}

/// What goes back once a commit is durable.
#[derive(Debug, Default)]
pub struct Outgoing {
    /// PUBACKs for the broker.
    pub receipts: Vec<Receipt>,
    /// Acks for agents.
    pub acks: Vec<(Source, Ack)>,
}
