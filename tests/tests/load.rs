//! The load generator is tried before what it measures: every message arrives, well-formed, once.

#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected has failed")]

use std::time::Duration;

use tests::{
    Broker, House,
    load::{
        Device,
        publisher::{self, Pace},
    },
};
use wire::Entry;

#[test]
fn what_is_published_arrives_once_and_in_order() {
    let house = House::new("load");
    let broker = Broker::start(&house);
    let mut heard = broker.subscriber(&house, "heard", "hallwatch/#");
    let mut devices: Vec<Device> = (0..20).map(|number| Device::new("nanshan", number)).collect();
    let now = publisher::now_ms();
    publisher::publish(broker.port(), &mut devices, 50, 3, Pace::FULL, &|round| now + round as i64).unwrap();
    let last = devices.last().unwrap().topic.clone();
    let marker = format!("{last} {{\"at\":{},\"seq\":50,", now + 49);
    for device in &devices {
        heard.line_with(&format!("{} {{\"at\":{},\"seq\":50,", device.topic, now + 49), Duration::from_secs(20));
    }
    heard.line_with(&marker, Duration::from_secs(20));

    let output = heard.output();
    for device in &devices {
        let bodies = output.lines().filter_map(|line| line.strip_prefix(&device.topic)).map(str::trim);
        let seqs: Vec<u64> = bodies
            .map(|body| {
                assert!((450..700).contains(&body.len()), "the size that the goals speak of: {}", body.len());
                match wire::samples::parse(body.as_bytes()).unwrap().as_slice() {
                    [Entry::Sample(sample)] => sample.seq,
                    other => panic!("{other:?}"),
                }
            })
            .collect();
        assert_eq!(seqs, (1..=50).collect::<Vec<_>>(), "{}", device.topic);
    }
    broker.stop();
}
