//! Gathers what a step writes, until it is one commit. Decides nothing.

use std::collections::BTreeMap;

use crate::{
    episode::EpisodeKey,
    ledger::{Commit, EpisodeRow},
    tickets::Ticket,
};

/// Gathers what a step writes; the last state of a ticket or an episode wins.
#[derive(Default)]
pub(super) struct Writer {
    pub(super) commit: Commit,
    pub(super) tickets: BTreeMap<u64, Ticket>,
    episodes: BTreeMap<EpisodeKey, EpisodeRow>,
}

impl Writer {
    pub(super) fn ticket(&mut self, ticket: Ticket) {
        self.tickets.insert(ticket.id, ticket);
    }

    pub(super) fn episode(&mut self, row: EpisodeRow) {
        self.episodes.insert(row.key.clone(), row);
    }

    /// The commit, with tickets and episodes in the order of their keys.
    pub(super) fn finish(mut self) -> Commit {
        self.commit.tickets = self.tickets.into_values().collect();
        self.commit.episodes = self.episodes.into_values().collect();
        self.commit
    }
}
