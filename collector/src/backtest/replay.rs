//! Takes the steps of a past again under a set of rules and gathers what followed. Pure but for what the past
//! is read from.

use std::{collections::BTreeMap, sync::Arc};

use wire::{Source, UnixMs};

use super::{Error, feed::Feed};
use crate::{
    episode::EpisodeKey,
    ledger::{Commit, Device, EpisodeRow, NewMessage, Reader, journal::Item},
    packs::Packs,
    readings::Readings,
    run::deciders_of,
    step::{Again, Came},
    tickets::{Action, Ticket, Transition, tell::Route},
    venues::Venues,
};

/// Which past is played again, and under which circumstances.
pub struct Past<'a> {
    /// Where the journal is.
    pub reader: &'a dyn Reader,
    /// Where samples are.
    pub readings: &'a dyn Readings,
    /// Whose samples.
    pub sources: Vec<Source>,
    /// What is known of devices when it begins: what they say now, or nothing where the journal tells it all.
    pub devices: Vec<Device>,
    /// Names, hours and chains.
    pub venues: Arc<Venues>,
    /// Who is told of what.
    pub routes: Vec<Route>,
    /// Data older than this when it came pages nobody, in milliseconds.
    pub live_horizon_ms: i64,
    /// Begin, included.
    pub from: UnixMs,
    /// End, excluded.
    pub to: UnixMs,
}

impl Past<'_> {
    /// Whether an item of the journal is about what is played again.
    pub(super) fn is_asked(&self, item: &Item) -> bool {
        match item {
            Item::Samples { source, .. } | Item::Status { source, .. } | Item::About { source, .. } => {
                self.sources.contains(source)
            }
            // Of venues whose rooms are asked for.
            Item::Own { source, .. } => self.sources.iter().any(|one| one.venue == source.venue),
            Item::Request { .. } => true,
        }
    }
}

/// Everything that followed.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Outcome {
    /// Episodes, each as it was last.
    pub episodes: BTreeMap<EpisodeKey, EpisodeRow>,
    /// Tickets, each as it was last.
    pub tickets: BTreeMap<u64, Ticket>,
    /// What happened to them, in order.
    pub history: Vec<Transition>,
    /// What people would have been told, in order.
    pub messages: Vec<NewMessage>,
    /// Samples that were judged.
    pub samples: u64,
}

impl Outcome {
    /// Adds what one step decided.
    pub fn take(&mut self, commit: Commit) {
        self.episodes.extend(commit.episodes.into_iter().map(|row| (row.key.clone(), row)));
        self.tickets.extend(commit.tickets.into_iter().map(|ticket| (ticket.id, ticket)));
        self.history.extend(commit.history);
        self.messages.extend(commit.outbox);
    }
}

/// What a person asked of a ticket is asked of the same trouble's ticket here, whatever its number is now;
/// `None` where these rules opened none.
fn fellow(past: &Past<'_>, outcome: &Outcome, came: Came) -> Option<Came> {
    let Came::Other(Item::Request { who, ticket, action }) = came else { return Some(came) };
    // A ticket by hand is about to be opened.
    if ticket.is_empty() {
        return Some(Came::Other(Item::Request { who, ticket, action }));
    }
    let ticket = number_of(past, outcome, &ticket)?;
    let action = match *action {
        Action::Duplicate { of } => Action::Duplicate { of: number_of(past, outcome, &of)? },
        other => other,
    };
    Some(Came::Other(Item::Request { who, ticket, action: Box::new(action) }))
}

/// The number that the ticket of the same trouble has here.
fn number_of(past: &Past<'_>, outcome: &Outcome, lived: &str) -> Option<String> {
    let lived = past.reader.ticket(lived).ok()??;
    let is_same = |ticket: &&Ticket| {
        (&ticket.venue, &ticket.room, &ticket.asset, &ticket.rule, &ticket.description)
            == (&lived.venue, &lived.room, &lived.asset, &lived.rule, &lived.description)
    };
    let mut all: Vec<&Ticket> = outcome.tickets.values().filter(is_same).collect();
    all.sort_by_key(|ticket| (ticket.number != lived.number, ticket.opened_at.abs_diff(lived.opened_at)));
    all.first().map(|ticket| ticket.number.clone())
}

/// Plays `past` again under `packs`. `progress` hears how far it is, from 0 to 1.
pub fn replay(past: &Past<'_>, packs: &Packs, mut progress: impl FnMut(f64)) -> Result<Outcome, Error> {
    /// Steps between two words of progress.
    const TOLD_EVERY: u64 = 4_096;
    let deciders = deciders_of(packs, &past.venues, past.live_horizon_ms, past.routes.clone());
    let mut again = Again::new(deciders, past.devices.clone(), &past.venues);
    let mut feed = Feed::new(past)?;
    let (mut outcome, mut steps) = (Outcome::default(), 0_u64);
    while let Some(given) = feed.step()? {
        if let Some(at) = given.deaf_at {
            again.deaf(at);
        }
        outcome.samples += given.came.iter().filter(|came| matches!(came, Came::Sample(..))).count() as u64;
        let came: Vec<Came> = given.came.into_iter().filter_map(|came| fellow(past, &outcome, came)).collect();
        outcome.take(again.step(came, given.tick, given.at));
        steps += 1;
        if steps.is_multiple_of(TOLD_EVERY) {
            progress(feed.share());
        }
    }
    progress(1.0);
    Ok(outcome)
}
