//! What the stages of one running collector share: the live picture, figures, health and the ways
//! into the ledger. Holds no logic.

use std::sync::{Arc, RwLock};

use tokio::sync::broadcast;

use crate::{
    config::Config,
    health::Health,
    heartbeat::Heartbeat,
    ledger::{Inbox, Outbox, Reader, WakeUp},
    live::{Change, Live},
    metrics::Metrics,
    packs::Packs,
    readiness,
    readings::Readings,
    step::Filings,
    venues,
    world::Clock,
};

/// Changes that a slow page may miss before it must load everything again.
pub const CHANGES_MAX: usize = 1_024;

/// One a collector, behind an `Arc`.
pub struct Shared {
    /// The configuration as read.
    pub config: Config,
    /// Rules in force, with their texts.
    pub packs: Arc<Packs>,
    /// What devices cannot tell of venues; read again when its files change.
    pub venues: venues::Current,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// The present.
    pub live: RwLock<Live>,
    /// Every change of the present, after its commit.
    pub changes: broadcast::Sender<Change>,
    /// Tickets, episodes, devices …
    pub reader: Arc<dyn Reader>,
    /// Where people's requests go; wake `requests` after putting one.
    pub inbox: Arc<dyn Inbox>,
    /// What waits to be told.
    pub outbox: Arc<dyn Outbox>,
    /// The past of points.
    pub readings: Arc<dyn Readings>,
    /// Mornings before past openings, for forecasts.
    pub past_mornings: readiness::gather::Past,
    /// What is counted.
    pub metrics: Metrics,
    /// What is wrong.
    pub health: Health,
    /// Whether the stages go round.
    pub heartbeat: Heartbeat,
    /// What jobs want committed; the next step takes it.
    pub filings: Filings,
    /// Rings when a commit put messages into the outbox.
    pub messages: WakeUp,
    /// Ring it after putting a request into the inbox.
    pub requests: WakeUp,
}
