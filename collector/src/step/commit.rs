//! Makes durable what a step decided, and only then lets PUBACKs and acks go, changes the live
//! picture and tells open pages. A commit that fails is tried again, the same one, until it
//! succeeds: so nothing in memory is ever ahead of the ledger in a way that shows, and a full disk
//! stops the acks, not the process.

use std::{
    error::Error as _,
    sync::{Arc, mpsc::Receiver},
    time::{Duration, Instant},
};

use tokio::sync::{mpsc, watch};

use super::{Outgoing, group::Group};
use crate::{
    Shared,
    health::Part,
    ledger::{Error, Ledger},
    live,
};

/// Wait before a failed commit is tried again: from the first to the second, doubling.
const RETRY_FIRST: Duration = Duration::from_millis(50);
const RETRY_LAST: Duration = Duration::from_secs(5);

/// Runs until no group can come any more, or `stop` while commits fail.
pub fn run(
    shared: &Arc<Shared>,
    mut ledger: Box<dyn Ledger>,
    groups: &Receiver<Group>,
    outgoing: &mpsc::Sender<Outgoing>,
    stop: &watch::Receiver<bool>,
) {
    while let Ok(group) = groups.recv() {
        if !group.stepped.is_empty() && !commit(shared, ledger.as_mut(), &group, stop) {
            return;
        }
        after(shared, group, outgoing);
    }
}

/// Commits, however often it takes; `false` where the end came first.
fn commit(shared: &Arc<Shared>, ledger: &mut dyn Ledger, group: &Group, stop: &watch::Receiver<bool>) -> bool {
    let mut wait = RETRY_FIRST;
    loop {
        shared.heartbeat.commit();
        let began = Instant::now();
        match ledger.commit(group.stepped.number, &group.stepped.commit) {
            Ok(()) => {
                shared.metrics.commits_total.add(1);
                shared.metrics.commit_microseconds_total.add(began.elapsed().as_micros() as u64);
                if shared.health.withdraw(Part::Ledger) {
                    tracing::info!("the ledger takes commits again");
                }
                return true;
            }
            Err(e) => failed(shared, &e),
        }
        if *stop.borrow() {
            tracing::warn!("ended with a commit that did not succeed; agents keep its samples");
            return false;
        }
        std::thread::sleep(wait);
        wait = (wait * 2).min(RETRY_LAST);
    }
}

fn failed(shared: &Shared, e: &Error) {
    shared.metrics.commit_failures_total.add(1);
    let cause = e.source().map_or(String::new(), |c| format!(": {c}"));
    let reason = format!("commits fail, nothing is acknowledged and agents keep their samples: {e}{cause}");
    if shared.health.report(Part::Ledger, shared.clock.now(), &reason) {
        tracing::error!(reason, retry_helps = e.retry_helps(), "the ledger fails");
    }
}

fn after(shared: &Shared, group: Group, outgoing: &mpsc::Sender<Outgoing>) {
    let Group { mut stepped, receipts, oldest, room: _room } = group;
    stepped.stamp(shared.clock.now());
    count(shared, &stepped, oldest);
    if !receipts.is_empty() || !stepped.acks.is_empty() {
        // A closed channel means that ingest has ended: the broker and the agents send again.
        let _ = outgoing.blocking_send(Outgoing { receipts, acks: stepped.acks });
    }
    if !stepped.commit.outbox.is_empty() {
        shared.messages.wake();
    }
    for change in live::apply(&shared.live, &stepped.commit) {
        // No page is open: nobody to tell.
        let _ = shared.changes.send(change);
    }
}

fn count(shared: &Shared, stepped: &super::Stepped, oldest: Option<Instant>) {
    let (metrics, counts) = (&shared.metrics, &stepped.counts);
    metrics.samples_total.add(counts.samples);
    metrics.readings_total.add(counts.readings);
    metrics.duplicates_total.add(counts.duplicates);
    metrics.gaps_total.add(counts.gaps);
    metrics.conflicts_total.add(counts.conflicts);
    metrics.lost_total.add(counts.lost);
    metrics.retained_samples_total.add(counts.retained);
    metrics.quarantined_total.add(stepped.commit.quarantine.len() as u64);
    metrics.episodes_total.add(stepped.commit.episodes.iter().filter(|e| e.ended_at.is_none()).count() as u64);
    metrics.outbox_total.add(stepped.commit.outbox.len() as u64);
    if let Some(oldest) = oldest {
        metrics.commit_age_microseconds.set(oldest.elapsed().as_micros() as u64);
    }
}
