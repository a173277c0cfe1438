//! A broker that is away becomes one ticket, by the collector's own word, while no room is called silent; when
//! it is back the ticket proves it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use collector::{
    health::Part,
    ledger::TicketFilter,
    tickets::{Stage, Ticket},
};
use wire::{Entry, UnixMs};

use crate::bench::{Bench, Broker, Held, PATIENCE, sample};

/// 2026-11-23 20:00 in Shanghai.
const BEGIN: UnixMs = 1_795_435_200_000;
/// A step of the clock; words of the collector's own come as often.
const STEP_MS: i64 = 60_000;

/// Moves the clock on until `done` says so, and gives the time; each step waits for a commit of its own.
async fn until(bench: &Bench, clock: &Arc<Held>, mut now: UnixMs, done: impl Fn(&[Ticket]) -> bool) -> UnixMs {
    let began = Instant::now();
    loop {
        let tickets = bench.shared().reader.tickets(&TicketFilter::default()).unwrap();
        if done(&tickets) {
            return now;
        }
        assert!(began.elapsed() < PATIENCE, "{tickets:#?}");
        now += STEP_MS;
        clock.set(now);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_is_away_is_one_ticket_and_no_room_is_silent() {
    let clock = Held::at(BEGIN);
    let mut bench = Bench::start_at(Broker::Mosquitto, clock.clone(), false).await;
    let mut agent = bench.agent("pi-1").await;
    let one = |seq: u64, at: UnixMs| {
        let mut sample = sample(seq, 20.0);
        sample.at = at;
        Entry::Sample(sample)
    };
    agent.send(&[one(1, BEGIN)]).await;
    agent.acked("spool-a", 1).await;
    drop(agent);
    bench.kill_broker();
    bench.trouble(Part::Broker, true).await;

    let is_away = |ticket: &Ticket| ticket.rule.as_ref().is_some_and(|rule| rule.as_str() == "broker-away");
    let now = until(&bench, &clock, BEGIN, |tickets| tickets.iter().any(is_away)).await;
    assert!(now >= BEGIN + 120_000, "told after {} s", (now - BEGIN) / 1_000);
    let later = now + 20 * 60_000;
    let now = until(&bench, &clock, now, |_| collector::world::Clock::now(&*clock) >= later).await;
    let tickets = bench.shared().reader.tickets(&TicketFilter::default()).unwrap();
    assert!(tickets.iter().all(is_away), "{tickets:#?}");
    assert_eq!(tickets.len(), 1);
    assert_eq!((tickets[0].venue.as_str(), tickets[0].room.as_str()), ("nanshan", "venue"), "the only venue there is");

    bench.revive_broker();
    bench.trouble(Part::Broker, false).await;
    let good = |tickets: &[Ticket]| tickets.iter().all(|ticket| !is_away(ticket) || ticket.stage == Stage::Fixed);
    until(&bench, &clock, now, good).await;
    bench.stop().await;
}
