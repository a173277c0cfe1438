//! Contacts, counters, the expander and the lamp over a simulated room: the real drivers and threads,
//! from a file's words to a sample.
#![allow(clippy::unwrap_used)]

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use agent::{
    config::{Config, parse},
    draft::Draft,
    driver::{
        contact::beacon,
        simulated::{
            Room,
            mcp23017::{Mcp23017 as Twin, Pin},
        },
    },
    sampler,
    world::{Clock, World},
};
use tokio::sync::{mpsc, watch};
use wire::{Fault, Id};

/// Runs 20 times as fast as life.
struct Fast(Instant);

const SPEED: u32 = 20;

impl Clock for Fast {
    fn boottime(&self) -> Duration {
        Duration::from_secs(1000) + self.0.elapsed() * SPEED
    }
    fn wall(&self) -> wire::UnixMs {
        0
    }
    fn synchronized(&self) -> bool {
        true
    }
    fn boot(&self) -> Id {
        Id::parse("b").unwrap()
    }
    fn real(&self, world: Duration) -> Duration {
        world / SPEED
    }
}

struct Harness {
    room: Arc<Room>,
    drafts: mpsc::Receiver<Draft>,
    sampling: tokio::task::JoinHandle<()>,
    stop: watch::Sender<bool>,
    _requests: mpsc::Sender<sampler::Request>,
}

/// The configuration with one sensor of these keys.
fn config(sensor: &str) -> Config {
    let text = format!(
        "venue = \"v\"\nroom = \"r\"\nagent = \"a\"\n[[bus]]\nname = \"i2c-1\"\nbackend = \"simulated\"\n\
         [[sensor]]\nname = \"s\"\nperiod = \"1s\"\nbus = \"i2c-1\"\n{sensor}"
    );
    let config = parse(&text, "test.toml", []).unwrap_or_else(|e| panic!("{}", e.text(agent::texts::Lang::En)));
    assert_eq!(parse(&config.print(), "printed.toml", []).unwrap(), config, "what is printed is what was read");
    config
}

/// `wire` sees the room before the agent does.
fn start(config: &Config, wire: impl FnOnce(&Room)) -> Harness {
    let clock: Arc<dyn Clock> = Arc::new(Fast(Instant::now()));
    let room = Room::new(1, Arc::clone(&clock));
    config.sensors.iter().for_each(|sensor| room.fit_for(&*sensor.driver));
    wire(&room);
    let world = World { clock, room: Some(Arc::clone(&room)) };
    let (sender, drafts) = mpsc::channel(64);
    let (stop, stopped) = watch::channel(false);
    let (requests, requested) = mpsc::channel(1);
    let sampling = sampler::start(config, &world, sender, requested, stopped).unwrap();
    Harness { room, drafts, sampling, stop, _requests: requests }
}

impl Harness {
    /// The next draft that says something of `point`.
    async fn next(&mut self, point: &str) -> Result<f64, Fault> {
        loop {
            let next = tokio::time::timeout(Duration::from_secs(30), self.drafts.recv());
            let draft = next.await.expect("a draft in time").unwrap();
            let value = draft.points.into_iter().find(|(name, _)| name.as_str() == point).map(|(_, value)| Ok(value));
            let fault = draft.faults.into_iter().find(|(name, _)| name.as_str() == point).map(|(_, fault)| Err(fault));
            if let Some(said) = value.or(fault) {
                return said;
            }
        }
    }

    /// Waits until `point` says `wanted`, for some hundred samples.
    async fn until(&mut self, point: &str, wanted: Result<f64, Fault>) {
        let mut last = None;
        for _ in 0..200 {
            let said = self.next(point).await;
            if said == wanted {
                return;
            }
            last = Some(said);
        }
        panic!("`{point}` never said {wanted:?}, last {last:?}");
    }

    async fn end(self) {
        self.stop.send(true).unwrap();
        self.sampling.await.unwrap();
    }
}

/// A contact to ground closes and opens; gives the point's value for both.
async fn closed_and_open(keys: &str, point: &str) -> [f64; 2] {
    let config = config(&format!("driver = \"contact\"\nline = 4\n{keys}"));
    let mut harness = start(&config, |room| room.contact(4, true));
    let closed = harness.next(point).await.unwrap();
    harness.room.contact(4, false);
    // However long it is held or debounced, it ends at the other one.
    harness.until(point, Ok(1.0 - closed)).await;
    [closed, 1.0 - closed]
}

#[tokio::test]
async fn a_cut_wire_reads_as_trouble_for_each_kind_of_contact() {
    for (kind, point, [well, cut]) in [
        ("door", "door_open", [0.0, 1.0]),
        ("leak", "leak", [0.0, 1.0]),
        ("smoke", "smoke", [0.0, 1.0]),
        ("fire-panel", "fire_alarm", [0.0, 1.0]),
        ("tamper", "tamper", [0.0, 1.0]),
        ("gauge", "pressure_low", [0.0, 1.0]),
        ("reed", "present", [1.0, 0.0]),
        ("power", "power_on", [1.0, 0.0]),
    ] {
        assert_eq!(closed_and_open(&format!("kind = \"{kind}\""), point).await, [well, cut], "{kind}");
    }
}

#[tokio::test]
async fn in_a_simulated_room_all_is_well_until_somebody_says_otherwise() {
    for (kind, point, well) in [("door", "door_open", 0.0), ("reed", "present", 1.0), ("power", "power_on", 1.0)] {
        for open_or_closed in ["open", "closed"] {
            let keys = format!("driver = \"contact\"\nline = 4\nkind = \"{kind}\"\nnormally = \"{open_or_closed}\"");
            let mut harness = start(&config(&keys), |_| ());
            assert_eq!(harness.next(point).await, Ok(well), "{kind} {open_or_closed}");
        }
    }
}

#[tokio::test]
async fn what_the_file_says_wins_over_its_kind() {
    let open_loop = "kind = \"leak\"\nnormally = \"open\"\npoint = \"basin_leak\"\nhold = \"0ms\"";
    assert_eq!(closed_and_open(open_loop, "basin_leak").await, [1.0, 0.0]);
    let active = "kind = \"door\"\nactive = \"low\"\npoint = \"hatch_open\"\ndebounce = \"0ms\"";
    assert_eq!(closed_and_open(active, "hatch_open").await, [1.0, 0.0]);
    assert_eq!(closed_and_open("point = \"lid\"", "lid").await, [1.0, 0.0], "as it always was");
}

const PULSE: &str = "driver = \"pulse\"\nline = 5\npoint = \"water\"\n";

#[tokio::test]
async fn a_hundred_pulses_a_second_are_counted_without_a_loss() {
    let config = config(&format!("{PULSE}debounce = \"2ms\"\nrate_over = \"1m\"\nper_pulse = 0.01\nunit = \"m3\"\n"));
    let mut harness = start(&config, |_| ());
    harness.until("water_count", Ok(0.0)).await;
    let (low, high) = (Duration::from_millis(4), Duration::from_millis(6));
    for second in 0..50 {
        // Each second's pulses are there at once, which is worse than life.
        harness.room.pulses(5, Duration::from_secs(2000 + second), low, high, 100);
        let so_far = (second + 1) * 100;
        harness.until("water_count", Ok(so_far as f64)).await;
    }
    let total = harness.next("water_m3").await.unwrap();
    assert!((total - 50.0).abs() < 1e-9, "{total}");
    assert_eq!(harness.next("water_lost_edge_count").await, Ok(0.0));
    // It begins as `warming_up`, then says what the last minute was.
    while harness.next("water_rate_per_hour").await.is_err() {}
    assert!(harness.next("water_rate_per_hour").await.is_ok_and(|rate| rate > 0.0));
}

#[tokio::test]
async fn edges_that_come_faster_than_they_can_be_queued_are_told_and_not_guessed() {
    let config = config(&format!("{PULSE}debounce = \"0ms\"\n"));
    let mut harness = start(&config, |_| ());
    harness.until("water_count", Ok(0.0)).await;
    // 2000 edges at once, where the kernel keeps 1024.
    harness.room.pulses(5, Duration::from_secs(2000), Duration::from_millis(5), Duration::from_millis(5), 1000);
    harness.until("water_lost_edge_count", Ok(976.0)).await;
    assert_eq!(harness.next("water_count").await, Ok(512.0));
}

#[tokio::test]
async fn a_count_goes_on_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(&format!("{PULSE}debounce = \"0ms\"\n"));
    config.sampler.state_path = folder.path().join("state");
    for lived in 0..3 {
        let mut harness = start(&config, |_| ());
        harness.until("water_count", Ok(f64::from(lived * 7))).await;
        harness.room.pulses(5, Duration::from_secs(2000), Duration::from_millis(5), Duration::from_millis(5), 7);
        harness.until("water_count", Ok(f64::from((lived + 1) * 7))).await;
        harness.end().await;
    }
}

#[tokio::test]
async fn a_pulse_line_that_is_gone_is_a_fault_of_all_its_points_and_its_count_comes_back() {
    use agent::driver::simulated::{FaultKind, Target};
    let config = config(&format!("{PULSE}debounce = \"0ms\"\n"));
    let mut harness = start(&config, |_| ());
    harness.until("water_count", Ok(0.0)).await;
    harness.room.pulses(5, Duration::from_secs(2000), Duration::from_millis(5), Duration::from_millis(5), 7);
    harness.until("water_count", Ok(7.0)).await;
    harness.room.fault(Target::Line(5), FaultKind::Absent);
    harness.until("water_count", Err(Fault::BusFailed)).await;
    assert_eq!(harness.next("water_lost_edge_count").await, Err(Fault::BusFailed));
    harness.room.clear(Target::Line(5));
    harness.until("water_count", Ok(7.0)).await;
}

#[tokio::test]
async fn an_expander_tells_each_of_its_contacts_and_never_drives_one() {
    let config = config(
        "driver = \"mcp23017\"\naddress = 0x21\n\
         inputs = [{ pin = \"a0\", kind = \"door\" }, { pin = \"b6\", kind = \"reed\", asset = \"hydrant-1\" }]",
    );
    let about = sampler::about(&config).unwrap();
    let asset = |point: &str| about.points[&wire::PointName::parse(point).unwrap()].asset.clone();
    assert_eq!((asset("hydrant_1_present"), asset("door_open")), (Some(Id::parse("hydrant-1").unwrap()), None));
    let wire =
        |room: &Room, pin: usize, to: Pin| room.device(None, 0x21, |chip: &mut Twin| chip.wire(pin, to)).unwrap();
    let mut harness = start(&config, |room| {
        wire(room, 0, Pin::Ground);
        wire(room, 14, Pin::Ground);
    });
    assert_eq!(harness.next("door_open").await, Ok(0.0));
    harness.until("hydrant_1_present", Ok(1.0)).await;
    // A door that opens, a wire that is cut.
    wire(&harness.room, 0, Pin::Open);
    harness.until("door_open", Ok(1.0)).await;
    wire(&harness.room, 14, Pin::Open);
    harness.until("hydrant_1_present", Ok(0.0)).await;
    wire(&harness.room, 0, Pin::Ground);
    harness.until("door_open", Ok(0.0)).await;
    assert!(!harness.room.device(None, 0x21, |chip: &mut Twin| chip.drove()).unwrap());
}

#[tokio::test]
async fn an_expander_that_loses_its_supply_says_so_and_never_makes_up_a_level() {
    use agent::driver::simulated::{FaultKind, Target};
    let config = config("driver = \"mcp23017\"\ninputs = [{ pin = \"a0\", kind = \"door\" }]");
    let mut harness = start(&config, |room| {
        room.device(None, 0x20, |chip: &mut Twin| chip.wire(0, Pin::Open)).unwrap();
    });
    // The loop is cut, the pull-up says so.
    harness.until("door_open", Ok(1.0)).await;
    harness.room.fault(Target::Chip(0x20), FaultKind::Slow);
    // Back as after power-on, where the open pin reads low: a door that is shut.
    harness.room.clear(Target::Chip(0x20));
    let mut told = false;
    for _ in 0..10 {
        match harness.next("door_open").await {
            Ok(open) => assert_eq!(open, 1.0, "a level without pull-ups was believed"),
            Err(fault) => {
                assert_eq!(fault, Fault::WarmingUp);
                told = true;
            }
        }
    }
    assert!(told);
}

/// Stands still.
struct Held(Mutex<Duration>);

impl Clock for Held {
    fn boottime(&self) -> Duration {
        *self.0.lock().unwrap()
    }
    fn wall(&self) -> wire::UnixMs {
        0
    }
    fn synchronized(&self) -> bool {
        true
    }
    fn boot(&self) -> Id {
        Id::parse("b").unwrap()
    }
}

#[test]
fn the_lamp_of_a_room_blinks_and_is_dark_afterwards() {
    for (keys, lit) in [("active = \"high\"", true), ("active = \"low\"\nkind = \"buzzer\"", false)] {
        let config = config(&format!(
            "driver = \"contact\"\nline = 4\nkind = \"door\"\n[identify]\nbus = \"i2c-1\"\nline = 22\n{keys}"
        ));
        let room = Room::new(1, Arc::new(Held(Mutex::default())));
        let identify = config.identify.as_ref().unwrap();
        let show = || beacon::identify(&config.buses[0], &room, identify, Duration::from_millis(600)).unwrap();
        show().wait();
        let driven = room.driven(22);
        assert_eq!(driven[..3], [!lit, lit, !lit], "it begins dark, shines, goes out");
        assert_eq!(driven.last(), Some(&!lit), "{driven:?}");
        drop(show());
        assert_eq!(room.driven(22).last(), Some(&!lit), "stopped in the middle");
    }
}
