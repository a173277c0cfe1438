//! Brackets seen through the sampler: real threads, two readers of one address behind a multiplexer.
#![allow(clippy::unwrap_used)]

#[path = "support/harness.rs"]
mod harness;

use std::{sync::Arc, time::Instant};

use agent::driver::{
    Mux, Seat,
    simulated::{FaultKind, Room, Target, pn532::Pn532},
    tag::{extinguisher, pn532::ADDRESS},
};
use harness::{Driver, Fast, fault, id, sht4x, start_named, value};
use wire::Fault;

fn channel(channel: u8) -> Mux {
    Mux { address: 0x70, channel }
}

/// Two brackets and a thermometer on one bus.
fn hall() -> harness::Harness {
    let clock = Arc::new(Fast { start: Instant::now(), speed: 100 });
    let room = Room::new(1, clock.clone());
    let mut drivers: Vec<(&str, Driver)> = vec![("air", sht4x())];
    for (name, number) in [("extinguisher-1", 0), ("extinguisher-2", 1)] {
        let seat = Seat { mux: Some(channel(number)), ..Seat::new(id("i2c"), ADDRESS) };
        let uid = Some([0x04, 0, 0, 0, 0, 0, number]);
        let settings = extinguisher::Settings { seat, tag_key_file: None, uid, read_count: false };
        room.fit_for(&settings);
        drivers.push((name, Arc::new(settings)));
    }
    start_named(room, clock, drivers)
}

#[tokio::test]
async fn an_extinguisher_that_is_taken_is_seen_and_its_neighbour_stays() {
    let mut hall = hall();
    let first = hall.until(|draft| value(draft, "extinguisher_1_present").is_some()).await;
    for (name, expected) in [
        ("extinguisher_1_present", 1.0),
        ("extinguisher_1_tag_valid", 1.0),
        ("extinguisher_1_tag_id", 0.0),
        ("extinguisher_2_present", 1.0),
        ("extinguisher_2_tag_id", 1.0),
        ("extinguisher_2_due_month", 202_801.0),
    ] {
        assert_eq!(value(&first, name), Some(expected), "{name}");
    }
    let tag = hall.room.device(Some(channel(0)), ADDRESS, Pn532::take).unwrap().unwrap();
    let removed = hall.until(|draft| value(draft, "extinguisher_1_present") == Some(0.0)).await;
    assert_eq!(value(&removed, "extinguisher_1_tag_valid"), None);
    assert_eq!(value(&removed, "extinguisher_2_present"), Some(1.0));
    assert_eq!(removed.faults, [], "a tag that is gone is no fault");
    hall.room.device(Some(channel(0)), ADDRESS, |reader: &mut Pn532| reader.put(tag)).unwrap();
    let restored = hall.until(|draft| value(draft, "extinguisher_1_present") == Some(1.0)).await;
    assert_eq!(value(&restored, "extinguisher_1_tag_valid"), Some(1.0));
}

#[tokio::test]
async fn a_dead_reader_is_a_fault_and_leaves_its_neighbours_alone() {
    let mut hall = hall();
    hall.until(|draft| value(draft, "extinguisher_1_present").is_some()).await;
    hall.room.fault(Target::Behind(channel(0), ADDRESS), FaultKind::Absent);
    let dead = hall.until(|draft| fault(draft, "extinguisher_1_present").is_some()).await;
    assert_eq!(fault(&dead, "extinguisher_1_present"), Some(Fault::NoResponse));
    let after = hall.until(|draft| value(draft, "extinguisher_2_present").is_some()).await;
    assert_eq!(value(&after, "extinguisher_2_present"), Some(1.0));
    assert!(value(&after, "air_temperature_celsius").is_some());
    hall.room.clear(Target::Behind(channel(0), ADDRESS));
    let back = hall.until(|draft| value(draft, "extinguisher_1_present").is_some()).await;
    assert_eq!(value(&back, "extinguisher_1_present"), Some(1.0), "what was a fault is no theft afterwards");
}
