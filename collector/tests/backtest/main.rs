//! A past that is played again under the rules it was lived under gives the same events, byte for byte:
//! episodes, tickets, every line of their histories, every message. Through outages, backlogs, a broker that
//! was away and people's actions, before and after the samples were compacted.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod command;
mod live;

use collector::{
    backtest::{Outcome, Past, replay},
    ledger::{EpisodeFilter, Reader, TicketFilter, sqlite::Sqlite},
    readings,
};
use live::{BEGIN, HORIZON_MS, Live, packs, routes, venues};
use wire::UnixMs;

const HOURS: i64 = 4;
const END: UnixMs = BEGIN + HOURS * 3_600_000;
/// Evenings in an ordinary run.
const CASES: u64 = 6;

/// What the ledger says that happened.
fn lived(sqlite: &Sqlite) -> Outcome {
    let mut outcome = Outcome::default();
    let episodes = sqlite.episodes(&EpisodeFilter::default()).unwrap();
    outcome.episodes.extend(episodes.into_iter().map(|row| (row.key.clone(), row)));
    for ticket in sqlite.tickets(&TicketFilter::default()).unwrap() {
        outcome.history.extend(sqlite.history(ticket.id).unwrap());
        outcome.tickets.insert(ticket.id, ticket);
    }
    outcome.history.sort_by_key(|line| (line.ticket, line.line));
    outcome.messages.extend(sqlite.messages(None, 0).unwrap().into_iter().map(|row| row.message));
    outcome.messages.sort_by(|a, b| a.key.cmp(&b.key));
    outcome
}

fn past<'a>(live: &'a Live, readings: &'a dyn readings::Readings) -> Past<'a> {
    Past {
        reader: &live.sqlite,
        readings,
        sources: live.sources(),
        devices: Vec::new(),
        venues: venues(),
        routes: routes(),
        live_horizon_ms: HORIZON_MS,
        from: BEGIN - 60_000,
        to: END + 60_000,
    }
}

fn played(live: &Live) -> Outcome {
    let readings = readings::over(std::sync::Arc::new(live.sqlite.clone()));
    let mut outcome = replay(&past(live, &*readings), &packs(), |_| ()).unwrap();
    outcome.history.sort_by_key(|line| (line.ticket, line.line));
    outcome.messages.sort_by(|a, b| a.key.cmp(&b.key));
    outcome
}

fn brief(outcome: &Outcome) -> Vec<String> {
    let line = |t: &collector::tickets::Ticket| {
        format!("{} {:?} {} {} began {}", t.id, t.rule, t.room, t.opened_at, t.began_at)
    };
    outcome.tickets.values().map(line).collect()
}

fn same(lived: &Outcome, played: &Outcome, seed: u64) {
    let json = |outcome: &Outcome| {
        let episodes: Vec<String> = outcome.episodes.values().map(|row| format!("{row:?}")).collect();
        let tickets: Vec<String> = outcome.tickets.values().map(|t| serde_json::to_string(t).unwrap()).collect();
        let history: Vec<String> = outcome.history.iter().map(|line| serde_json::to_string(line).unwrap()).collect();
        let messages: Vec<String> =
            outcome.messages.iter().map(|m| format!("{} {} {} {}", m.key, m.channel, m.due_at, m.payload)).collect();
        [episodes, tickets, history, messages]
    };
    assert_eq!(brief(lived), brief(played), "HALLWATCH_SEED={seed}");
    for ((what, lived), played) in
        ["episodes", "tickets", "history", "messages"].iter().zip(json(lived)).zip(json(played))
    {
        let differs = lived.iter().zip(&played).find(|(a, b)| a != b);
        assert!(
            differs.is_none(),
            "HALLWATCH_SEED={seed} {what}:\nlived  {}\nplayed {}",
            differs.unwrap().0,
            differs.unwrap().1
        );
        assert_eq!(lived.len(), played.len(), "HALLWATCH_SEED={seed} {what}\n{lived:#?}\n{played:#?}");
    }
}

fn compact(live: &Live) {
    let mut archivist = live.sqlite.archivist().unwrap();
    while readings::compact::compact(&mut archivist, 1 << 20, &mut || true).unwrap().samples > 0 {}
}

fn seeds() -> std::ops::Range<u64> {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let first = number("HALLWATCH_SEED").unwrap_or(1);
    first..first + number("HALLWATCH_CASES").unwrap_or(CASES)
}

#[test]
fn a_past_that_is_played_again_gives_the_same_events_byte_for_byte() {
    for seed in seeds() {
        let mut live = Live::new(seed, false);
        live.run(END);
        let lived = lived(&live.sqlite);
        assert!(lived.tickets.len() >= 5 && lived.history.len() >= 15, "too little happens: {}", lived.tickets.len());
        assert!(lived.episodes.values().any(|row| row.late), "something comes late");
        same(&lived, &played(&live), seed);
        compact(&live);
        same(&lived, &played(&live), seed);
        println!(
            "seed {seed}: {} episodes, {} tickets, {} lines",
            lived.episodes.len(),
            lived.tickets.len(),
            lived.history.len()
        );
    }
}

#[test]
fn a_restart_of_the_collector_in_between_changes_nothing() {
    for seed in seeds() {
        let mut live = Live::new(seed, true);
        live.run(END);
        let (lived, played) = (lived(&live.sqlite), played(&live));
        same(&lived, &played, seed);
    }
}
