//! The agent on an emulated Raspberry Pi 3: real kernel, real /dev/i2c-1, real GPIO, cross-built
//! and static, over an emulated network to a real mosquitto and a real collector. Once with the
//! backend `rppal` and the thermometer on the bus, once with `linux` and it behind a multiplexer.

#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected has failed")]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;
use tests::{
    Broker, Collector, House, Pi, broker,
    collector::{self},
    pi::Wiring,
    wait,
};

/// What takes seconds, with room for a busy machine that emulates another.
const WITHIN: Duration = Duration::from_secs(90);

/// Stored times are promised to be right within this, besides the second between two samples.
const TIME_WITHIN_MS: i64 = 2_000;

/// The pin of the door contact.
const DOOR: u32 = 17;

fn configuration(broker: u16, bus: &str, sensor: &str) -> String {
    format!(
        r#"venue = "nanshan"
room = "k01"
agent = "pi"
[mqtt]
host = "10.0.2.2"
port = {broker}
ack_timeout = "2s"
[spool]
path = "/run/spool"
[sampler]
period = "1s"
[[bus]]
name = "i2c-1"
{bus}
[[sensor]]
name = "air"
bus = "i2c-1"
{sensor}
[[sensor]]
name = "door"
driver = "contact"
bus = "i2c-1"
line = {DOOR}
point = "door_open"
active = "high"
pull = "off"
[[sensor]]
name = "computer"
driver = "computer"
disk = "/run"
"#
    )
}

fn play(name: &str, bus: &str, wiring: Wiring, sensor: &str) {
    let house = House::new(name);
    let mosquitto = Broker::start(&house);
    let wanted = collector::Wanted {
        broker: Some(mosquitto.port()),
        pack: Some(include_str!("pack/pi.toml").into()),
        ..collector::Wanted::default()
    };
    let collector = Collector::start(&house, &wanted);
    let mut stranger = broker::subscriber(&house, mosquitto.port(), "stranger", "hallwatch/#");
    let powered_on = now_ms();
    let mut pi = Pi::start(&house, wiring, &configuration(mosquitto.port(), bus, sensor));

    let up = pi.wait_until_up();
    assert!(up.contains("1970-01-01"), "nobody sets the guest's clock: {up}");
    let about = stranger.line_with("hallwatch/v1/nanshan/k01/pi/about {", WITHIN);
    assert!(about.contains("\"model\":\"Raspberry Pi 3 Model B"), "{about}");

    // QEMU's own figure, of a processor that is never warmer.
    let warmth = stored(&collector, "computer_temperature_celsius", powered_on, |value| value > 0.0);
    assert_eq!(warmth.1, 25.2);

    a_pin_reaches_the_ledger(&collector, &mut pi);

    eprintln!("{name}: {} s from power-on to the end; {up}", pi.age().as_secs());
    pi.stop();
    mosquitto.stop();
}

/// The contact follows the level of the pin, both ways.
fn a_pin_reaches_the_ledger(collector: &Collector, pi: &mut Pi) {
    for (high, value) in [(false, 0.0), (true, 1.0), (false, 0.0)] {
        let driven = now_ms();
        pi.drive_pin(DOOR, high);
        stored(collector, "door_open", driven, |stored| stored == value);
    }
}

/// Waits for the first stored reading of a point since `from` that is as wanted; when and what.
/// Its time is right: not before `from`, and not in the future.
#[track_caller]
fn stored(collector: &Collector, point: &str, from: i64, wanted: impl Fn(f64) -> bool) -> (i64, f64) {
    let from = from - TIME_WITHIN_MS;
    let (at, value) = wait::until(&format!("`{point}` is stored"), WITHIN, || {
        let readings = readings(collector, point, from)?;
        let marks = readings["marks"].as_array()?;
        let found = marks.iter().find(|mark| wanted(mark["mean"].as_f64().unwrap()))?;
        Some((found["at"].as_i64().unwrap(), found["mean"].as_f64().unwrap()))
    });
    assert!(at >= from && at <= now_ms() + TIME_WITHIN_MS, "{point} = {value} is stored at {at}, wanted from {from}");
    (at, value)
}

fn readings(collector: &Collector, point: &str, from: i64) -> Option<Value> {
    collector.json(&format!("/api/v1/readings?venue=nanshan&room=k01&point={point}&from={from}&points=5000"))
}

fn now_ms() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

#[test]
fn a_raspberry_pi_by_rppal() {
    play("pi-rppal", "backend = \"rppal\"\ni2c = 1", Wiring::Direct, "driver = \"sht4x\"");
}

#[test]
fn a_raspberry_pi_by_character_devices() {
    play("pi-linux", "backend = \"linux\"", Wiring::Direct, "driver = \"sht4x\"");
}
