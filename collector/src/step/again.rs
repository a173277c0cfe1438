//! Takes steps of the past again: the same rules, causes and tickets as [`super::core`], without what only
//! matters while samples arrive (doubles, holes, acks). Nothing that it decides reaches anybody.

use wire::{Sample, Source, UnixMs};

use std::sync::Arc;

use super::{
    Filing, OwnSample,
    follow::{Deciders, Follow},
    writer::Writer,
};
use crate::{
    ledger::{Commit, Device, Loaded, Request, journal::Item},
    venues::Venues,
};

/// Something that came, in the order in which it came.
#[derive(Debug, Clone, PartialEq)]
pub enum Came {
    /// A sample.
    Sample(Source, Sample),
    /// Anything else.
    Other(Item),
}

/// The deciders of a collector in a past that is played again.
pub struct Again {
    follow: Follow,
}

impl Again {
    /// Begins with nothing known but `devices`.
    #[must_use]
    pub fn new(deciders: Deciders, devices: Vec<Device>, venues: &Arc<Venues>) -> Self {
        let mut loaded = Loaded { devices, ..Loaded::default() };
        let mut follow = Follow::restore(deciders, &mut loaded);
        follow.set_venues(venues);
        Self { follow }
    }

    /// Nobody could be heard up to `now`: the broker was away, or the collector.
    pub fn deaf(&mut self, now: UnixMs) {
        self.follow.deaf(now);
    }

    /// One step.
    pub fn step(&mut self, came: impl IntoIterator<Item = Came>, tick: bool, now: UnixMs) -> Commit {
        let mut out = Writer::default();
        out.commit.at = now;
        self.follow.surround(now);
        for came in came {
            match came {
                Came::Sample(source, sample) => self.follow.sample(&source, &sample, now, &mut out),
                Came::Other(item) => self.other(item, now, &mut out),
            }
        }
        if tick {
            self.follow.tick(now, &mut out);
        }
        self.follow.finish(&mut out);
        out.finish()
    }

    fn other(&mut self, item: Item, now: UnixMs, out: &mut Writer) {
        match item {
            // Its samples come as such.
            Item::Samples { .. } => {}
            Item::Status { source, status } => self.follow.status(&source, &status, now, out),
            Item::About { source, about } => self.follow.learn(&source, &about),
            Item::Own { source, at, points, assets } => {
                let samples = vec![OwnSample { source, at, points, assets }];
                self.follow.filings(vec![Filing { samples, ..Filing::default() }], now, out);
            }
            Item::Request { who, ticket, action } => {
                self.follow.requests(vec![Request { id: 0, who, ticket, action: *action }], now, out);
            }
        }
    }
}
