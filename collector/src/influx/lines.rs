//! What of the ledger becomes lines: samples, histories of tickets, reports of readiness, accounts of silence, each by
//! [`crate::measures`]. Decides nothing about them.

use std::{collections::BTreeMap, sync::Arc};

use wire::{Id, Source};

use crate::{
    Shared,
    ledger::{Error, Record, export::Committed, record_kind},
    measures::{Facts, readiness, sample_line, silence as silent, transition_lines},
    readiness::Report,
    silence::Day,
    tickets::{Ticket, Transition},
    venues::Venues,
};

/// Facts that lines are made with, made anew when the files of venues change.
pub struct Maker {
    facts: Facts,
    venues: Arc<Venues>,
}

impl Maker {
    /// With the facts of now.
    #[must_use]
    pub fn new(shared: &Shared) -> Self {
        let venues = shared.venues.get();
        Self { facts: Facts::new(shared.packs.clone(), venues.clone()), venues }
    }

    /// The facts of now.
    pub fn refresh(&mut self, shared: &Shared) {
        if !Arc::ptr_eq(&self.venues, &shared.venues.get()) {
            *self = Self::new(shared);
        }
    }

    /// The facts that lines are made with.
    #[must_use]
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// A line for each sample.
    #[must_use]
    pub fn samples(&self, commits: &[Committed]) -> Vec<String> {
        let all = commits.iter().flat_map(|commit| &commit.samples);
        all.map(|(source, sample)| {
            let mut line = String::new();
            sample_line(&mut line, &self.facts, source, sample);
            line.truncate(line.trim_end().len());
            line
        })
        .collect()
    }

    /// Lines of histories, from the first of each ticket that is named; what went before is read for it.
    pub fn history(&self, shared: &Shared, news: &[(i64, Transition, Ticket)]) -> Result<Vec<String>, Error> {
        let mut first: BTreeMap<u64, (u32, &Ticket)> = BTreeMap::new();
        for (_, moved, ticket) in news {
            let known = first.entry(ticket.id).or_insert((moved.line, ticket));
            *known = (known.0.min(moved.line), ticket);
        }
        let mut out = String::new();
        for (from, ticket) in first.into_values() {
            let history = shared.reader.history(ticket.id)?;
            transition_lines(&mut out, &self.facts, ticket, &history, from);
        }
        Ok(out.lines().map(str::to_owned).collect())
    }

    /// Lines of reports and accounts.
    #[must_use]
    pub fn records(&self, records: &[Record]) -> Vec<String> {
        let mut out = String::new();
        for record in records {
            match record.kind.as_str() {
                record_kind::READINESS => {
                    if let Some(report) = Report::of(record) {
                        readiness::report_lines(&mut out, &self.facts, &report);
                    }
                }
                record_kind::SILENCE => {
                    if let (Some(source), Some(day)) = (source_of(record), Day::from_json(&record.body)) {
                        silent::day_lines(&mut out, &self.facts, &source, &day);
                    }
                }
                _ => {}
            }
        }
        out.lines().map(str::to_owned).collect()
    }
}

/// Whose account it is: its key is room, agent and date.
fn source_of(record: &Record) -> Option<Source> {
    let mut parts = record.key.split('/');
    let (room, agent) = (Id::parse(parts.next()?).ok()?, Id::parse(parts.next()?).ok()?);
    Some(Source { venue: record.venue.clone(), room, agent })
}
