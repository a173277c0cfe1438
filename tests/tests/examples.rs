//! The two rooms of `agent/examples`, each with every sensor it names, run for an hour of their own
//! time: simulated chips and contacts, real servers for everything in the network. No fault but those
//! that are planted, and those exactly where they were planted.
#![allow(clippy::unwrap_used)]

#[path = "../../agent/tests/support/projector.rs"]
mod projector;
// What the projector counts with.
use {hex as _, md5 as _};

mod examples {
    pub mod network;
    pub mod room;
}

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use agent::driver::{
    Mux,
    simulated::{FaultKind, Target, pn532::Pn532},
    table::TABLE,
};
use examples::{
    network::{dns_server, greeter, web_server},
    room::Room,
};
use projector::{Habit, Projector, State};
use tests::{
    House,
    snmpd::{self, Snmpd},
};

// What the projector, whose file belongs to another crate, is made of.
use hex as _;
use md5 as _;

const KARAOKE: &str = include_str!("../../agent/examples/karaoke-room.toml");
const TELECOM: &str = include_str!("../../agent/examples/telecom-hall.toml");

/// A UPS on the mains (RFC 1628) and a printer with all that it needs (RFC 2790, RFC 3805).
const HEALTHY: &str = "
override 1.3.6.1.2.1.33.1.2.1.0 integer 2
override 1.3.6.1.2.1.33.1.2.2.0 integer 0
override 1.3.6.1.2.1.33.1.2.3.0 integer 45
override 1.3.6.1.2.1.33.1.2.4.0 integer 100
override 1.3.6.1.2.1.33.1.2.5.0 integer 273
override 1.3.6.1.2.1.33.1.4.1.0 integer 3
override 1.3.6.1.2.1.33.1.6.1.0 uinteger 0
override 1.3.6.1.2.1.25.3.5.1.2.1 octet_str 0x0000
override 1.3.6.1.2.1.43.10.2.1.4.1.1 counter 5000
override 1.3.6.1.2.1.43.11.1.1.4.1.1 integer 3
override 1.3.6.1.2.1.43.11.1.1.7.1.1 integer 7
override 1.3.6.1.2.1.43.11.1.1.8.1.1 integer 8000
override 1.3.6.1.2.1.43.11.1.1.9.1.1 integer 6000
";

/// What the points of those that speak SNMP begin with.
const SNMP: [&str; 3] = ["switch_", "ups_", "ticket_printer_"];

/// Whether this system lets anybody ping; where not, pings are faults that nobody planted.
fn may_ping() -> bool {
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ping_group_range").unwrap_or_default();
    let mut numbers = range.split_whitespace().filter_map(|number| number.parse::<u64>().ok());
    matches!((numbers.next(), numbers.next()), (Some(low), Some(high)) if low <= high)
}

fn names(list: &[&str]) -> BTreeSet<String> {
    list.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn every_driver_is_in_an_example() {
    for kind in TABLE {
        let line = format!("driver = \"{}\"\n", kind.word);
        assert!(KARAOKE.contains(&line) || TELECOM.contains(&line), "`{}` is in no example", kind.word);
    }
}

#[tokio::test]
async fn a_karaoke_room_runs_an_hour_without_a_fault_and_shows_those_that_are_planted() {
    let house = House::new("karaoke");
    let key = house.write("tag-key", &"5e".repeat(32));
    let password = house.write("projector-password", "JBMIAProjectorLink\n");
    let screen = Projector::start(State { password: Some("JBMIAProjectorLink".into()), ..State::default() });
    let (song_server, names_server) = (greeter("5.7.44-log"), dns_server());
    let internet = web_server(204, "");
    let mut room = Room::furnish(KARAOKE, |name, sensor| match name {
        "projector" => sensor.at(screen.port).file("password_file", &password),
        "song-server" => sensor.at(song_server),
        "song-box" | "gateway" => sensor.host("127.0.0.1"),
        "name-server" => sensor.text("server", "127.0.0.1").number("port", names_server.into()),
        "internet" => sensor.text("url", &internet),
        "extinguisher-1" | "extinguisher-2" => sensor.file("tag_key_file", &key),
        _ => sensor,
    });
    if !may_ping() {
        room.excuse(&["song-box", "gateway"]);
    }
    room.lives(Duration::from_secs(3600)).await;
    room.gave_everything();

    room.simulated.fault(Target::Chip(0x44), FaultKind::Absent);
    room.simulated.fault(Target::Chip(0x62), FaultKind::BadCrc);
    room.simulated.fault(Target::Chip(0x20), FaultKind::WrongDevice);
    room.simulated.unfit_one_wire("28-3c01b556a1b2");
    screen.state().habit = Habit::NeverGreets;
    let second = Some(Mux { address: 0x70, channel: 1 });
    room.simulated.device(second, 0x24, |reader: &mut Pn532| drop(reader.take())).expect("a reader at the bracket");
    // The loop of the fire panel opens.
    room.simulated.contact(24, false);
    room.forgets();
    room.lives(Duration::from_secs(600)).await;
    let faulty = [
        "temperature_celsius",
        "humidity_percent",
        "co2_ppm",
        "door_open",
        "tamper",
        "extinguisher_2_in_place",
        "fridge_temperature_celsius",
    ];
    assert_eq!(room.faulty(), names(&faulty));
    assert_eq!(room.last("projector_reachable"), Some(0.0));
    assert_eq!(room.last("extinguisher_2_present"), Some(0.0));
    assert_eq!(room.last("extinguisher_1_present"), Some(1.0));
    assert_eq!(room.last("fire_alarm"), Some(1.0));
    assert_eq!(room.last("smoke"), Some(0.0));
}

#[tokio::test]
async fn a_telecom_hall_runs_an_hour_without_a_fault_and_shows_those_that_are_planted() {
    let house = House::new("telecom");
    let mut snmpd = Snmpd::start(&house, HEALTHY);
    let community = house.write("community", snmpd::COMMUNITY);
    let auth = house.write("auth", snmpd::AUTH_PASSWORD);
    let privacy = house.write("privacy", snmpd::PRIVACY_PASSWORD);
    let screen = Projector::start(State::default());
    let (queue, names_server, kiosk) = (greeter(""), dns_server(), web_server(200, "all ready"));
    let agent_port = snmpd.port();
    let mut room = Room::furnish(TELECOM, |name, sensor| match name {
        "hall-screen" => sensor.at(screen.port),
        "queue-machine" => sensor.at(queue),
        "kiosk" => sensor.text("url", &kiosk),
        "gateway" => sensor.host("127.0.0.1"),
        "name-server" => sensor.text("server", "127.0.0.1").number("port", names_server.into()),
        "ticket-printer" | "ups" => sensor.at(agent_port).file("community_file", &community),
        "switch" => sensor
            .at(agent_port)
            .text("user", "hides256")
            .file("auth_password_file", &auth)
            .file("privacy_password_file", &privacy),
        _ => sensor,
    });
    // A build server has no microphone; `sound` is tried with ALSA's own devices.
    room.excuse(&["microphone"]);
    if !may_ping() {
        room.excuse(&["gateway"]);
    }
    // A few customers an hour come in.
    let door = Arc::clone(&room.simulated);
    room.lives(Duration::from_secs(60)).await;
    let customers = std::thread::spawn(move || {
        for _ in 0..40 {
            door.contact(22, true);
            std::thread::sleep(Duration::from_millis(20));
            door.contact(22, false);
            std::thread::sleep(Duration::from_secs(1));
        }
    });
    room.lives(Duration::from_secs(3540)).await;
    customers.join().unwrap();
    room.gave_everything();
    assert_eq!(room.last("visitors_count"), Some(40.0));

    snmpd.process().kill();
    room.simulated.fault(Target::Chip(0x49), FaultKind::Flat(0));
    room.simulated.fault(Target::Chip(0x41), FaultKind::Absent);
    room.forgets();
    room.lives(Duration::from_secs(600)).await;
    let faulty =
        ["cabinet_temperature_celsius", "charger_voltage_volt", "charger_current_ampere", "charger_power_watt"];
    let (of_snmp, others): (BTreeSet<String>, BTreeSet<String>) =
        room.faulty().into_iter().partition(|name| SNMP.iter().any(|sensor| name.starts_with(sensor)));
    assert_eq!(others, names(&faulty));
    // What nobody can be asked any more has no value; that nobody answers is one.
    assert!(of_snmp.contains("ups_charge_percent") && of_snmp.contains("ticket_printer_no_paper"), "{of_snmp:?}");
    assert!(!of_snmp.iter().any(|name| name.ends_with("_reachable")), "{of_snmp:?}");
    for point in ["switch_reachable", "ups_reachable", "ticket_printer_reachable"] {
        assert_eq!(room.last(point), Some(0.0), "{point}");
    }
    assert_eq!(room.last("kiosk_reachable"), Some(1.0));
}
