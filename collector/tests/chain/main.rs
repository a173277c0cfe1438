//! The whole collector over a real broker, its own and mosquitto: what is acknowledged is stored
//! once, what is not stored is not acknowledged, and every refusal leaves a trace.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod bench;
mod broker_away;
mod grace;
mod link;
mod silence;

use std::sync::atomic::Ordering::SeqCst;

use bench::{Bench, Broker, body, fault, sample};
use collector::{health::Part, ledger::TicketFilter, readings::Query};
use wire::{Entry, Lost, LostReason, PointName};

const BOTH: [Broker; 2] = [Broker::Own, Broker::Mosquitto];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sample_is_stored_once_and_acknowledged_however_often_it_comes() {
    for broker in BOTH {
        let mut bench = Bench::start(broker).await;
        let mut agent = bench.agent("pi-1").await;
        for seq in 1..=200 {
            agent.send(&[Entry::Sample(sample(seq, 20.0 + seq as f64 / 10.0))]).await;
        }
        agent.acked("spool-a", 200).await;
        agent.send(&(150..=200).map(|s| Entry::Sample(sample(s, 20.0 + s as f64 / 10.0))).collect::<Vec<_>>()).await;
        agent.acked("spool-a", 200).await;
        assert_eq!(bench.seqs("pi-1"), (1..=200).collect::<Vec<_>>(), "{broker:?}");
        assert_eq!(bench.metrics().samples_total.get(), 200);
        assert_eq!(bench.metrics().conflicts_total.get(), 0);
        bench.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn past_a_hole_nothing_is_taken_until_the_hole_is_filled() {
    let mut bench = Bench::start(Broker::Own).await;
    let mut agent = bench.agent("pi-1").await;
    agent.send(&[Entry::Sample(sample(5, 1.0))]).await;
    agent.acked("spool-a", 0).await;
    let lost = Lost { spool: body("spool-a"), seq: 1, upto: 4, reason: LostReason::NeverDurable };
    agent.send(&[Entry::Lost(lost.clone()), Entry::Sample(sample(5, 1.0))]).await;
    agent.acked("spool-a", 5).await;
    assert_eq!(bench.seqs("pi-1"), [5]);
    let rows = bench.shared().reader.lost(10).unwrap();
    assert_eq!(rows.iter().map(|r| r.lost.clone()).collect::<Vec<_>>(), [lost]);
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_goes_on_from_the_last_commit_and_still_tells_conflicts() {
    let mut bench = Bench::start(Broker::Mosquitto).await;
    let mut agent = bench.agent("pi-1").await;
    agent.send(&(1..=20).map(|s| Entry::Sample(sample(s, 20.0))).collect::<Vec<_>>()).await;
    agent.acked("spool-a", 20).await;
    bench.restart().await;
    agent.send(&[Entry::Sample(sample(20, 99.0))]).await;
    agent.acked("spool-a", 20).await;
    agent.send(&[Entry::Sample(sample(21, 20.0))]).await;
    agent.acked("spool-a", 21).await;
    assert_eq!(bench.seqs("pi-1"), (1..=21).collect::<Vec<_>>());
    let quarantine = bench.shared().reader.quarantine(10).unwrap();
    assert_eq!(quarantine.iter().map(|q| q.reason).collect::<Vec<_>>(), ["conflict"]);
    assert_eq!(bench.metrics().conflicts_total.get(), 1);
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_read_is_kept_with_its_reason_and_stops_nobody() {
    let mut bench = Bench::start(Broker::Mosquitto).await;
    let mut agent = bench.agent("pi-1").await;
    agent.publish("samples", b"{\"at\":\"soon\"}", false).await;
    agent.publish("samples", &vec![b' '; 70_000], false).await;
    agent.publish("samples", wire::samples::print(&[Entry::Sample(sample(1, 20.0))]).as_bytes(), true).await;
    agent.send(&[Entry::Sample(sample(1, 20.0))]).await;
    agent.acked("spool-a", 1).await;
    let mut reasons: Vec<_> = bench.shared().reader.quarantine(10).unwrap().iter().map(|q| q.reason).collect();
    reasons.sort_unstable();
    assert_eq!(reasons, ["too_large", "undecodable"]);
    bench.restart().await;
    agent.send(&[Entry::Sample(sample(2, 20.0))]).await;
    agent.acked("spool-a", 2).await;
    assert_eq!(bench.metrics().retained_samples_total.get(), 1, "the poison comes with the subscription");
    assert_eq!(bench.seqs("pi-1"), [1, 2]);
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_that_nobody_typed_in_appears_by_itself() {
    let mut bench = Bench::start(Broker::Own).await;
    let mut agent = bench.agent("pi-9").await;
    let about = br#"{"model":"Raspberry Pi 4","version":"0.1.0","points":{"temperature_celsius":{"unit":"Cel"}}}"#;
    agent.publish("about", about, true).await;
    agent.send(&[Entry::Sample(sample(1, 20.0))]).await;
    agent.acked("spool-a", 1).await;
    let devices = bench.shared().reader.devices().unwrap();
    assert_eq!(devices.len(), 1);
    assert_eq!(devices[0].about.as_ref().unwrap().model, "Raspberry Pi 4");
    let point = PointName::parse("temperature_celsius").unwrap();
    let query = Query {
        venue: body("nanshan"),
        room: body("k01"),
        agent: None,
        point: point.clone(),
        from: 0,
        to: i64::MAX / 2,
        marks_max: 10,
    };
    assert_eq!(bench.shared().readings.series(&query).unwrap().marks.len(), 1);
    let live = bench.live_value("pi-9", &point).await;
    assert_eq!(live, 20.0);
    assert_eq!(bench.shared().reader.tickets(&TicketFilter::default()).unwrap(), []);
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_stops_the_acks_and_not_the_process() {
    for broker in BOTH {
        let mut bench = Bench::start(broker).await;
        let mut agent = bench.agent("pi-1").await;
        agent.send(&[Entry::Sample(sample(1, 20.0))]).await;
        agent.acked("spool-a", 1).await;
        bench.fault.store(fault::REFUSES, SeqCst);
        agent.send(&(2..=9).map(|s| Entry::Sample(sample(s, 20.0))).collect::<Vec<_>>()).await;
        let reason = agent.unanswered(bench.trouble(Part::Ledger, true)).await;
        assert!(reason.contains("no storage space"), "{reason}");
        assert_eq!(bench.seqs("pi-1"), [1], "nothing is half stored");
        bench.fault.store(fault::NONE, SeqCst);
        agent.acked("spool-a", 9).await;
        bench.trouble(Part::Ledger, false).await;
        assert_eq!(bench.seqs("pi-1"), (1..=9).collect::<Vec<_>>());
        bench.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_outcome_was_in_doubt_is_not_done_twice() {
    let mut bench = Bench::start(Broker::Own).await;
    let mut agent = bench.agent("pi-1").await;
    bench.fault.store(fault::LIES, SeqCst);
    agent.send(&(1..=9).map(|s| Entry::Sample(sample(s, 20.0))).collect::<Vec<_>>()).await;
    agent.unanswered(bench.trouble(Part::Ledger, true)).await;
    bench.fault.store(fault::NONE, SeqCst);
    agent.acked("spool-a", 9).await;
    agent.send(&[Entry::Sample(sample(10, 20.0))]).await;
    agent.acked("spool-a", 10).await;
    assert_eq!(bench.seqs("pi-1"), (1..=10).collect::<Vec<_>>());
    bench.stop().await;
}
