//! The sampler over a simulated room: real drivers, real threads, a clock that runs faster than life.

#![allow(clippy::unwrap_used)]

#[path = "support/harness.rs"]
mod harness;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use agent::{
    config::{Backend, Bus, Config, Sensor},
    driver::{
        Mux, Seat, climate, computer,
        simulated::{FaultKind, Room, Setting, Target, sht4x::Sht4x as Sht4xTwin},
    },
    world::{Clock, World},
};
use wire::Fault;

use harness::*;

#[tokio::test]
async fn a_cool_room_reads_as_cool() {
    let mut harness = start(vec![sht4x()]);
    let draft = harness.until(|draft| !draft.points.is_empty()).await;
    let celsius = value(&draft, "temperature_celsius").unwrap();
    let truth = harness.room.truth().temperature_celsius;
    assert!((celsius - truth).abs() < 0.3, "{celsius} beside {truth}");
    assert!(value(&draft, "humidity_percent").is_some());
    assert!(draft.faults.is_empty());
}

#[tokio::test]
async fn a_sensor_that_is_unplugged_becomes_a_fault_and_comes_back() {
    let mut harness = start(vec![sht4x()]);
    harness.next().await;
    harness.room.fault(Target::Chip(0x44), FaultKind::Absent);
    let draft = harness.until(|draft| !draft.faults.is_empty()).await;
    assert_eq!(fault(&draft, "temperature_celsius"), Some(Fault::NoResponse));
    assert_eq!(fault(&draft, "humidity_percent"), Some(Fault::NoResponse));
    assert!(draft.points.is_empty());
    harness.room.clear(Target::Chip(0x44));
    let draft = harness.until(|draft| draft.faults.is_empty()).await;
    assert!(value(&draft, "temperature_celsius").is_some());
}

#[tokio::test]
async fn a_bus_that_hangs_is_told_and_recovers() {
    let mut harness = start(vec![sht4x()]);
    harness.next().await;
    harness.room.fault(Target::Bus, FaultKind::Hung);
    harness.until(|draft| fault(draft, "temperature_celsius") == Some(Fault::NoResponse)).await;
    harness.until(|draft| fault(draft, "temperature_celsius") == Some(Fault::BusFailed)).await;
    harness.room.clear(Target::Bus);
    harness.until(|draft| value(draft, "temperature_celsius").is_some()).await;
}

#[tokio::test]
async fn three_chips_and_a_contact_share_one_sample_a_tick() {
    let mut harness = start(vec![sht4x(), scd4x(), bh1750(), contact()]);
    harness.room.contact(17, true);
    let first_co2 = harness.until(|draft| fault(draft, "co2_ppm").is_some() || value(draft, "co2_ppm").is_some()).await;
    assert_eq!(fault(&first_co2, "co2_ppm"), Some(Fault::WarmingUp));
    let draft = harness.until(|draft| draft.points.len() == 6).await;
    let truth = harness.room.truth();
    assert!((value(&draft, "co2_ppm").unwrap() - truth.co2_ppm).abs() < 40.0);
    assert!((value(&draft, "illuminance_lux").unwrap() - truth.illuminance_lux).abs() < 6.0);
    assert_eq!(value(&draft, "power_on"), Some(1.0));
}

#[tokio::test]
async fn a_contact_is_told_at_once_and_alone() {
    let mut harness = start(vec![sht4x(), contact()]);
    harness.until(|draft| value(draft, "temperature_celsius").is_some()).await;
    harness.room.contact(17, true);
    let draft = harness.until(|draft| value(draft, "power_on") == Some(1.0)).await;
    assert_eq!(draft.points.len(), 1);
    harness.room.contact(17, false);
    let draft = harness.until(|draft| value(draft, "power_on") == Some(0.0)).await;
    assert_eq!(draft.points.len(), 1);
}

#[tokio::test]
async fn times_of_drafts_never_go_back() {
    let mut harness = start(vec![sht4x(), scd4x(), bh1750(), contact()]);
    let mut last = Duration::ZERO;
    for i in 0..30 {
        harness.room.contact(17, i % 2 == 0);
        let draft = harness.next().await;
        assert!(draft.read_at >= last, "{:?} after {last:?}", draft.read_at);
        last = draft.read_at;
    }
}

/// Each way in which a chip can lie, and what it must become.
#[tokio::test]
async fn no_broken_chip_ever_yields_a_value() {
    let chips = [(0x44, "temperature_celsius"), (0x62, "co2_ppm"), (0x23, "illuminance_lux")];
    let mut harness = start(vec![sht4x(), scd4x(), bh1750()]);
    harness.until(|draft| draft.points.len() == 4).await;
    for (address, point) in chips {
        for (kind, expected) in [
            (FaultKind::Absent, Fault::NoResponse),
            (FaultKind::BadCrc, Fault::BadCrc),
            (FaultKind::WrongDevice, Fault::WrongDevice),
        ] {
            if address == 0x23 && kind != FaultKind::Absent {
                continue; // A BH1750 has no checksums, and is known for what it is only when it is new.
            }
            harness.room.fault(Target::Chip(address), kind);
            let draft = harness.until(|draft| fault(draft, point).is_some()).await;
            // A chip that worked and then answers nonsense has bad checksums first.
            let found = fault(&draft, point).unwrap();
            assert!(
                found == expected || found == Fault::BadCrc,
                "{address:#x} {kind:?}: {found}",
                found = found.as_str()
            );
            assert_eq!(value(&draft, point), None);
            harness.room.clear(Target::Chip(address));
            harness.until(|draft| value(draft, point).is_some()).await;
        }
    }
}

#[tokio::test]
async fn a_bus_that_hangs_delays_neither_contacts_nor_what_sits_on_no_bus() {
    let computer = Arc::new(computer::Settings { disk: "/".into(), root: "/".into() });
    let mut harness = start(vec![sht4x(), contact(), computer]);
    harness.until(|draft| value(draft, "temperature_celsius").is_some()).await;
    harness.room.fault(Target::Bus, FaultKind::Hung);
    harness.until(|draft| fault(draft, "temperature_celsius") == Some(Fault::BusFailed)).await;
    harness.until(|draft| value(draft, "bus_i2c_working") == Some(0.0)).await;
    harness.room.contact(17, true);
    harness.until(|draft| value(draft, "power_on") == Some(1.0)).await;
    // All the while the bus hangs: nobody has cleared the fault.
    for _ in 0..3 {
        harness.until(|draft| value(draft, "computer_uptime_seconds").is_some()).await;
    }
    harness.until(|draft| fault(draft, "temperature_celsius") == Some(Fault::BusFailed)).await;
}

#[tokio::test]
async fn a_data_line_that_is_held_low_is_freed_by_nine_clocks() {
    let mut harness = start(vec![sht4x(), bh1750()]);
    harness.until(|draft| value(draft, "bus_i2c_working") == Some(1.0)).await;
    harness.room.fault(Target::Chip(0x44), FaultKind::Latched);
    // Nobody clears it but the agent itself.
    harness.until(|draft| value(draft, "temperature_celsius").is_some()).await;
    assert!(harness.room.truth().temperature_celsius > 0.0);
    harness.until(|draft| value(draft, "illuminance_lux").is_some()).await;
}

#[tokio::test]
async fn a_missing_chip_or_multiplexer_concerns_only_those_behind_it() {
    let clock: Arc<dyn Clock> = Arc::new(Fast { start: Instant::now(), speed: 20 });
    let room = Room::new(1, Arc::clone(&clock));
    let (left, right) = (Mux { address: 0x70, channel: 0 }, Mux { address: 0x70, channel: 1 });
    room.fit(Some(left), 0x45, Box::new(Sht4xTwin::new()));
    room.fit(Some(right), 0x45, Box::new(Sht4xTwin::new()));
    room.fault(Target::Behind(right, 0x45), FaultKind::Absent);
    let behind =
        |mux: Mux| -> Driver { climate::sht4x::MAKE.at(Seat { bus: id("i2c"), mux: Some(mux), address: 0x45 }) };
    let mut harness = start_named(room, clock, vec![("left", behind(left)), ("right", behind(right))]);
    harness.until(|draft| fault(draft, "right_temperature_celsius") == Some(Fault::NoResponse)).await;
    harness.until(|draft| value(draft, "left_temperature_celsius").is_some()).await;
    harness.room.clear(Target::Behind(right, 0x45));
    harness.until(|draft| value(draft, "right_temperature_celsius").is_some()).await;
    harness.room.fault(Target::Chip(0x70), FaultKind::Absent);
    let draft = harness.until(|draft| fault(draft, "left_temperature_celsius").is_some()).await;
    assert_eq!(fault(&draft, "left_temperature_celsius"), Some(Fault::NoResponse));
}

#[tokio::test]
async fn whatever_happens_on_one_bus_another_is_never_late() {
    let clock: Arc<dyn Clock> = Arc::new(Fast { start: Instant::now(), speed: 20 });
    let room = Room::new(1, Arc::clone(&clock));
    let world = World { clock: Arc::clone(&clock), room: Some(Arc::clone(&room)) };
    let mut config = Config::new(id("v"), id("r"), id("a"));
    let on = |bus: &str| -> Driver { climate::sht4x::MAKE.at(Seat::new(id(bus), 0x44)) };
    for bus in ["i2c", "other"] {
        config.buses.push(Bus { name: id(bus), backend: Backend::Simulated { seed: 2, fitted: true } });
        config.sensors.push(Sensor { name: id(bus), asset: Some(id(bus)), period: None, driver: on(bus) });
    }
    let mut harness = start_config(&config, world, room);
    harness.until(|draft| value(draft, "other_temperature_celsius").is_some()).await;
    let kinds = [FaultKind::Hung, FaultKind::Latched, FaultKind::Slow, FaultKind::Flat(0), FaultKind::Absent];
    for kind in kinds {
        harness.room.fault(Target::Bus, kind);
        let mut last: Option<Duration> = None;
        for _ in 0..4 {
            let draft = harness.until(|draft| value(draft, "other_temperature_celsius").is_some()).await;
            let gap = draft.read_at.saturating_sub(last.replace(draft.read_at).unwrap_or(draft.read_at));
            // A period, and the 2 s that are promised.
            assert!(gap <= Duration::from_secs(12), "{kind:?} on one bus: {gap:?} between readings of the other");
        }
        harness.room.clear(Target::Bus);
        harness.until(|draft| value(draft, "i2c_temperature_celsius").is_some()).await;
    }
}

#[tokio::test]
async fn a_frozen_sensor_is_stuck_after_a_while() {
    let mut harness = start(vec![sht4x()]);
    harness.next().await;
    harness.room.fault(Target::Chip(0x44), FaultKind::Stuck);
    let draft = harness.until(|draft| fault(draft, "temperature_celsius").is_some()).await;
    assert_eq!(fault(&draft, "temperature_celsius"), Some(Fault::Stuck));
    harness.room.clear(Target::Chip(0x44));
    harness.until(|draft| value(draft, "temperature_celsius").is_some()).await;
}

#[tokio::test]
async fn a_chip_that_is_slower_than_its_data_sheet_gives_no_value() {
    let mut harness = start(vec![sht4x()]);
    harness.next().await;
    harness.room.fault(Target::Chip(0x44), FaultKind::Slow);
    let draft = harness.until(|draft| fault(draft, "temperature_celsius").is_some()).await;
    assert_eq!(fault(&draft, "temperature_celsius"), Some(Fault::NoResponse));
}

#[tokio::test]
async fn a_wrong_chip_from_the_start_is_named_as_such() {
    let clock: Arc<dyn Clock> = Arc::new(Fast { start: Instant::now(), speed: 20 });
    let room = Room::new(1, Arc::clone(&clock));
    room.fault(Target::Chip(0x44), FaultKind::WrongDevice);
    room.fault(Target::Chip(0x62), FaultKind::WrongDevice);
    room.fault(Target::Chip(0x23), FaultKind::WrongDevice);
    let mut harness = start_in(room, clock, vec![sht4x(), scd4x(), bh1750()]);
    for point in ["temperature_celsius", "co2_ppm", "illuminance_lux"] {
        let draft = harness.until(|draft| fault(draft, point).is_some()).await;
        assert_eq!(fault(&draft, point), Some(Fault::WrongDevice));
    }
}

#[tokio::test]
async fn without_air_conditioning_a_full_room_grows_warm_and_stuffy() {
    let clock: Arc<dyn Clock> = Arc::new(Fast { start: Instant::now(), speed: 2000 });
    let room = Room::new(1, Arc::clone(&clock));
    room.set(Setting::People(8));
    room.set(Setting::MusicWatt(300.0));
    let mut harness = start_in(Arc::clone(&room), clock, vec![sht4x(), scd4x()]);
    let cool = harness.until(|draft| value(draft, "co2_ppm").is_some()).await;
    assert!(value(&cool, "temperature_celsius").is_none_or(|celsius| celsius < 22.0));
    room.set(Setting::AirConditioning(false));
    room.set(Setting::FreshAir(false));
    harness.until(|draft| value(draft, "temperature_celsius").is_some_and(|celsius| celsius > 24.0)).await;
    harness.until(|draft| value(draft, "co2_ppm").is_some_and(|ppm| ppm > 1500.0)).await;
    room.set(Setting::AirConditioning(true));
    room.set(Setting::FreshAir(true));
    harness.until(|draft| value(draft, "temperature_celsius").is_some_and(|celsius| celsius < 22.0)).await;
}
