//! Commands to an agent's sampler: what is done, and what is said where nothing can be.

#![allow(clippy::unwrap_used)]

#[path = "support/harness.rs"]
mod harness;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use agent::{
    config::{Backend, Bus, Config, Identify, identify::Signal},
    driver::{Level, simulated::Room},
    sampler,
    world::{Clock, World},
};
use harness::*;
use serde_json::{Map, Value, json};

/// Sends a command and waits for its outcome.
async fn ask(harness: &Harness, name: &str, args: Value) -> Result<Map<String, Value>, String> {
    let (reply, replied) = tokio::sync::oneshot::channel();
    let Value::Object(args) = args else { panic!("arguments are an object") };
    harness.requests.send(sampler::Request { name: name.to_owned(), args, reply }).await.unwrap();
    replied.await.unwrap()
}

fn in_real_time() -> (Arc<Room>, Arc<dyn Clock>) {
    let clock: Arc<dyn Clock> = Arc::new(Fast { start: Instant::now(), speed: 1 });
    (Room::new(1, Arc::clone(&clock)), clock)
}

#[tokio::test]
async fn a_command_to_sample_does_so_at_once() {
    let (room, clock) = in_real_time();
    let mut harness = start_in(room, clock, vec![sht4x()]);
    let first = harness.next().await;
    assert!(ask(&harness, "sample", json!({})).await.is_ok());
    let second = harness.next().await;
    assert!(second.read_at < first.read_at + Duration::from_secs(9), "it waited for the next period");
}

#[tokio::test]
async fn a_command_to_nobody_says_who_is_there() {
    let harness = start(vec![sht4x()]);
    let said = |outcome: Result<Map<String, Value>, String>| outcome.unwrap_err();
    let nobody = said(ask(&harness, "recalibrate", json!({"sensor": "nobody"})).await);
    assert_eq!(nobody, "no sensor is named `nobody`; there are `s0`");
    let which = said(ask(&harness, "recalibrate", json!({})).await);
    assert_eq!(which, "`sensor` is missing; write one of `s0`");
    let unknown = said(ask(&harness, "dance", json!({"sensor": "s0"})).await);
    assert_eq!(unknown, "this sensor knows no command `dance`");
    let dark = said(ask(&harness, "identify", json!({})).await);
    assert_eq!(dark, "this agent's configuration has no `[identify]`: no lamp is wired");
}

#[tokio::test]
async fn identify_lets_the_lamp_blink_and_leaves_it_dark() {
    let (room, clock) = in_real_time();
    let world = World { clock, room: Some(Arc::clone(&room)) };
    let mut config = Config::new(id("v"), id("r"), id("a"));
    config.buses.push(Bus { name: id("i2c"), backend: Backend::Simulated { seed: 1, fitted: true } });
    config.identify = Some(Identify { bus: id("i2c"), line: 5, active: Level::High, kind: Signal::Led });
    let harness = start_config(&config, world, Arc::clone(&room));
    let refused = ask(&harness, "identify", json!({"seconds": 3600})).await;
    assert_eq!(refused.unwrap_err(), "`seconds`: found `3600`; write a whole number from 1 to 60");
    assert_eq!(ask(&harness, "identify", json!({"seconds": 1})).await.unwrap()["seconds"], 1);
    let dark = || room.driven(5).iter().filter(|high| !**high).count();
    tokio::time::timeout(Duration::from_secs(30), async {
        while dark() < 3 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .expect("the lamp blinks and goes dark");
    assert!(room.driven(5).contains(&true), "it never shone");
}
