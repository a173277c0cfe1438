//! Writes down what a step was given, where something follows from it, it came late, or samples do not tell
//! it: turns events of a step into a [`Page`]. Of most steps, whose samples come in time and change nothing
//! that people see, no page is kept. Decides nothing.

use std::collections::HashMap;

use wire::{About, Id, Source, Status, UnixMs};

use super::OwnSample;
use crate::ledger::{
    Commit, Request,
    journal::{Item, Page},
};

/// A sample that took longer than this from its reading to its step is written down, in milliseconds.
pub const DELAY_MS: i64 = 2_000;

/// The page of the step that is being taken, and what must not be written twice.
#[derive(Debug, Default)]
pub(super) struct Journal {
    page: Page,
    came_late: bool,
    deaf: Option<(UnixMs, UnixMs)>,
    started_at: Option<UnixMs>,
    /// What each device said last: it says it again whenever the collector comes back.
    said: HashMap<Source, u32>,
}

impl Journal {
    pub(super) fn begin(&mut self, now: UnixMs) {
        self.page = Page { at: now, ..Page::default() };
        self.came_late = false;
    }

    pub(super) fn started(&mut self, now: UnixMs) {
        self.started_at = Some(now);
    }

    pub(super) fn deaf(&mut self, now: UnixMs) {
        let since = self.deaf.map_or(now, |(since, _)| since);
        self.deaf = Some((since, now));
    }

    pub(super) fn sample(&mut self, source: &Source, spool: &Id, seq: u64, at: UnixMs) {
        self.came_late |= self.page.at.saturating_sub(at) > DELAY_MS;
        self.page.sample(source, spool, seq);
    }

    pub(super) fn status(&mut self, source: &Source, status: &Status) {
        self.page.items.push(Item::Status { source: source.clone(), status: status.clone() });
    }

    pub(super) fn about(&mut self, source: &Source, about: &About) {
        let print = serde_json::to_vec(about).map_or(0, |body| crc32fast::hash(&body));
        if self.said.insert(source.clone(), print) != Some(print) {
            self.page.items.push(Item::About { source: source.clone(), about: Box::new(about.clone()) });
        }
    }

    pub(super) fn request(&mut self, request: &Request) {
        let Request { who, ticket, action, .. } = request;
        let action = Box::new(action.clone());
        self.page.items.push(Item::Request { who: who.clone(), ticket: ticket.clone(), action });
    }

    pub(super) fn own(&mut self, own: &OwnSample) {
        let OwnSample { source, at, points, assets } = own.clone();
        self.page.items.push(Item::Own { source, at, points, assets });
    }

    /// The page of the step, where it is worth keeping.
    pub(super) fn end(&mut self, tick: bool, commit: &Commit) -> Option<Page> {
        let follows = !(commit.episodes.is_empty()
            && commit.tickets.is_empty()
            && commit.history.is_empty()
            && commit.answered.is_empty());
        if !(follows || self.came_late || self.page.has_more_than_samples()) {
            return None;
        }
        let (deaf, started_at) = (self.deaf.take(), self.started_at.take());
        Some(Page { tick, deaf, started_at, ..std::mem::take(&mut self.page) })
    }
}
