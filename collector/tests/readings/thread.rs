//! A running collector keeps its readings small by itself.

use std::{sync::Arc, time::Duration};

use collector::{Config, World, world::SystemClock};

use crate::house::{House, sample, source};

/// 2025-11-23T00:00:00Z.
const DAY: i64 = 1_763_856_000_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_running_collector_compacts_what_waits() {
    let mut house = House::new();
    let room = source("k01", "pi-1");
    let truth: Vec<_> = (1..=300).map(|seq| sample(DAY + seq * 10_000, seq as u64)).collect();
    for some in truth.chunks(10) {
        house.commit(some.iter().map(|s| (room.clone(), s.clone())).collect());
    }
    let mut config = Config::default();
    config.ledger.path = house.sqlite.path().into();
    config.readings.compact_seconds = 5;
    config.mqtt.listen.set_port(0);
    config.web.enabled = false;
    // One collector at a time owns a ledger.
    let House { folder, sqlite, ledger, archivist, readings, .. } = house;
    drop((sqlite, ledger, archivist, readings));
    let handle = collector::start(config, World { clock: Arc::new(SystemClock) }).await.unwrap();
    let compacted = async {
        while handle.shared.reader.size().unwrap().blobs > 0 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), compacted).await.expect("within a minute");
    assert_eq!(handle.shared.reader.size().unwrap().chunks, 1);
    assert_eq!(handle.shared.metrics.compacted_samples_total.get(), 300);
    assert_eq!(handle.shared.readings.samples(&room, 0, i64::MAX, 1_000).unwrap(), truth);
    handle.stop().await.unwrap();
    drop(folder);
}
