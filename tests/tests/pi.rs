//! The agent on an emulated Raspberry Pi 3: real kernel, real /dev/i2c-1, real GPIO, cross-built
//! and static, over an emulated network to a real mosquitto and a real collector. Once with the
//! backend `rppal` and the thermometer on the bus, once with `linux` and it behind a multiplexer.

#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected has failed")]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;
use tests::{
    Broker, Collector, House, Pi, broker,
    collector::{self},
    pi::{Bits, Wiring},
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
# The emulated thermometer has no noise.
stuck_after = 3600
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
    let mut pi = Pi::start(&house, Bits::SixtyFour, wiring, &configuration(mosquitto.port(), bus, sensor));

    let up = pi.wait_until_up();
    assert!(up.contains("1970-01-01"), "nobody sets the guest's clock: {up}");
    what_is_wired_is_found(&mut pi, wiring);
    let about = stranger.line_with("hallwatch/v1/nanshan/k01/pi/about {", WITHIN);
    assert!(about.contains("\"model\":\"Raspberry Pi 3 Model B"), "{about}");
    // QEMU's own figure, of a processor that is never warmer.
    assert_eq!(stored(&collector, "computer_temperature_celsius", powered_on, |_| true), 25.2);

    a_pin_reaches_the_ledger(&collector, &mut pi);
    warmth_becomes_a_ticket_and_cooling_closes_it(&collector, &mut pi);
    a_pulled_plug_becomes_a_ticket_and_the_sensor_comes_back(&collector, &mut pi);

    eprintln!("{name}: {} s from power-on to the end; {up}", pi.age().as_secs());
    pi.cut_power();
    mosquitto.stop();
}

/// `scan` finds the thermometer, and the multiplexer where there is one; `check` reads all there is.
fn what_is_wired_is_found(pi: &mut Pi, wiring: Wiring) {
    assert_eq!(pi.console_line("=== scanned: ", WITHIN), "=== scanned: 0", "{}", pi.console());
    let scanned = pi.console();
    assert!(scanned.contains("address = 0x48"), "{scanned}");
    assert_eq!(scanned.contains("mux = 0x70"), wiring == Wiring::BehindMux, "{scanned}");
    assert_eq!(scanned.contains("channel = 3"), wiring == Wiring::BehindMux, "{scanned}");
    assert_eq!(pi.console_line("=== checked: ", WITHIN), "=== checked: 0", "{}", pi.console());
}

/// The contact follows the level of the pin, both ways.
fn a_pin_reaches_the_ledger(collector: &Collector, pi: &mut Pi) {
    for (high, value) in [(false, 0.0), (true, 1.0), (false, 0.0)] {
        let driven = now_ms();
        pi.drive_pin(DOOR, high);
        stored(collector, "door_open", driven, |stored| stored == value);
    }
}

/// 20 °C, then 23.5, then 26: each is stored in its time; the band rule sees it, and sees it end.
fn warmth_becomes_a_ticket_and_cooling_closes_it(collector: &Collector, pi: &mut Pi) {
    stored(collector, "temperature_celsius", now_ms(), |celsius| celsius == 20.0);
    assert_eq!(tickets(collector), Vec::<Value>::new(), "nothing is wrong yet");
    let warm = now_ms();
    for celsius in [23.5, 26.0] {
        let set = now_ms();
        pi.set_room_celsius(celsius);
        stored(collector, "temperature_celsius", set, |stored| stored == celsius);
    }
    let ticket = wait::until("the band rule opens a ticket", WITHIN, || the_ticket(collector, "air-temperature"));
    assert_eq!((&ticket["room"], &ticket["team"]), (&"k01".into(), &"hvac".into()), "{ticket}");
    let began = ticket["began_at"].as_i64().unwrap();
    assert!((warm - TIME_WITHIN_MS..now_ms()).contains(&began), "warm since {warm}: {ticket}");

    pi.set_room_celsius(20.0);
    let ended = recovered(collector, &ticket);
    assert_eq!(ended["worst_value"].as_f64(), Some(26.0), "{ended}");
}

/// Nobody answers at the address any more: a fault and never a value; then a ticket about silence.
fn a_pulled_plug_becomes_a_ticket_and_the_sensor_comes_back(collector: &Collector, pi: &mut Pi) {
    let pulled = now_ms();
    pi.pull_thermometer();
    wait::until("the missing thermometer is a fault", WITHIN, || {
        let readings = readings(collector, "temperature_celsius", pulled - TIME_WITHIN_MS)?;
        readings["faults"].as_array()?.iter().find(|fault| fault["fault"] == "no_response").cloned()
    });
    let ticket = wait::until("the silence opens a ticket", WITHIN, || the_ticket(collector, "sensor-silent"));
    let silent_since = now_ms();
    let values = readings(collector, "temperature_celsius", pulled + TIME_WITHIN_MS).unwrap();
    assert_eq!(values["marks"], Value::Array(vec![]), "a sensor that is not there has no value");

    pi.plug_thermometer(21.0);
    stored(collector, "temperature_celsius", silent_since, |stored| stored == 21.0);
    recovered(collector, &ticket);
    assert_eq!(tickets(collector), Vec::<Value>::new(), "nothing is wrong any more");
}

/// Waits until the data alone has closed a ticket; gives it as it ended.
#[track_caller]
fn recovered(collector: &Collector, ticket: &Value) -> Value {
    let number = ticket["number"].as_str().unwrap();
    let ended = wait::until("the data closes the ticket", WITHIN, || {
        let ticket = collector.json(&format!("/api/v1/tickets/{number}"))?;
        (ticket["stage"] == "closed").then_some(ticket)
    });
    assert_eq!(ended["proof"], "proved", "{ended}");
    ended
}

/// Tickets that have not ended.
fn tickets(collector: &Collector) -> Vec<Value> {
    let all = collector.json("/api/v1/tickets").unwrap();
    all["tickets"].as_array().unwrap().clone()
}

fn the_ticket(collector: &Collector, rule: &str) -> Option<Value> {
    tickets(collector).into_iter().find(|ticket| ticket["rule"] == rule)
}

/// Waits until the latest stored reading of a point is as wanted. Its time is right: one from before
/// `since` is not looked at, and one from the future fails.
#[track_caller]
fn stored(collector: &Collector, point: &str, since: i64, wanted: impl Fn(f64) -> bool) -> f64 {
    wait::until(&format!("`{point}` is stored"), WITHIN, || {
        let readings = readings(collector, point, since - TIME_WITHIN_MS)?;
        let latest = readings["marks"].as_array()?.last()?;
        let at = latest["at"].as_i64()?;
        assert!(at <= now_ms() + TIME_WITHIN_MS, "`{point}` is stored as of the future: {latest}");
        latest["mean"].as_f64().filter(|value| wanted(*value))
    })
}

/// From `from` on; a minute of the future would be there too.
fn readings(collector: &Collector, point: &str, from: i64) -> Option<Value> {
    let to = now_ms() + 60_000;
    let query = format!("venue=nanshan&room=k01&point={point}&from={from}&to={to}&points=5000");
    collector.json(&format!("/api/v1/readings?{query}"))
}

fn now_ms() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

#[test]
fn a_raspberry_pi_by_rppal() {
    play("pi-rppal", "backend = \"rppal\"\ni2c = 1", Wiring::Direct, "driver = \"tmp1x2\"");
}

#[test]
fn a_raspberry_pi_by_character_devices_and_a_multiplexer() {
    let sensor = "driver = \"tmp1x2\"\nmux = 0x70\nchannel = 3";
    play("pi-linux", "backend = \"linux\"", Wiring::BehindMux, sensor);
}

/// Raspberry Pi OS runs 32-bit programs on a 64-bit kernel: every request of the agent to it is
/// translated, and its own times and sizes are narrower.
#[test]
fn a_raspberry_pi_with_a_32_bit_system() {
    let house = House::new("pi-32");
    let mosquitto = Broker::start(&house);
    let wanted = collector::Wanted { broker: Some(mosquitto.port()), ..collector::Wanted::default() };
    let collector = Collector::start(&house, &wanted);
    let powered_on = now_ms();
    let text = configuration(mosquitto.port(), "backend = \"linux\"", "driver = \"tmp1x2\"");
    let mut pi = Pi::start(&house, Bits::ThirtyTwo, Wiring::Direct, &text);
    pi.wait_until_up();
    what_is_wired_is_found(&mut pi, Wiring::Direct);
    stored(&collector, "temperature_celsius", powered_on, |celsius| celsius == 20.0);
    a_pin_reaches_the_ledger(&collector, &mut pi);
    pi.cut_power();
    mosquitto.stop();
}

/// Offline it reads on, onto its card; then the power goes. What stood on the card arrives after the
/// next boot, in the time in which it was read, though that boot's clock began in 1970 too.
#[test]
fn a_raspberry_pi_brings_what_it_read_before_a_power_cut() {
    let house = House::new("pi-cut");
    let mut mosquitto = Broker::start(&house);
    let wanted = collector::Wanted { broker: Some(mosquitto.port()), ..collector::Wanted::default() };
    let collector = Collector::start(&house, &wanted);
    let text = configuration(mosquitto.port(), "backend = \"linux\"", "driver = \"tmp1x2\"");
    let start = || Pi::start(&house, Bits::SixtyFour, Wiring::Direct, &text);
    let powered_on = now_ms();
    let mut pi = start();
    pi.wait_until_up();
    stored(&collector, "temperature_celsius", powered_on, |celsius| celsius == 20.0);

    mosquitto.kill();
    let warm = now_ms();
    pi.set_room_celsius(24.25);
    let on_card = || pi.card_has("temperature_celsius", 24.25).then_some(());
    wait::until("a sample of the offline Pi is on its card", WITHIN, on_card);
    pi.cut_power();
    let cut = now_ms();

    mosquitto.restart(&house);
    let again = start();
    let at = wait::until("the sample arrives after the next boot", WITHIN, || {
        let readings = readings(&collector, "temperature_celsius", powered_on)?;
        let found = readings["marks"].as_array()?.iter().find(|mark| mark["mean"] == 24.25)?;
        found["at"].as_i64()
    });
    assert!((warm - TIME_WITHIN_MS..cut + TIME_WITHIN_MS).contains(&at), "read from {warm} to {cut}, stored at {at}");
    stored(&collector, "temperature_celsius", cut, |celsius| celsius == 20.0);
    again.cut_power();
    mosquitto.stop();
}
