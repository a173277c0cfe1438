//! SNMP against Debian's real `snmpd`: switch, UPS and printer, over v2c and over v3 at each level of
//! security; what it refuses, and what it no longer is.
#![allow(clippy::unwrap_used)]

use agent::driver::{Error, Measured, Probe, Reader};
use tests::{
    House,
    snmpd::{self, Snmpd},
};
use wire::Fault;

/// A UPS on its battery (RFC 1628), without a thermometer.
const UPS: &str = "
override 1.3.6.1.2.1.33.1.2.1.0 integer 3
override 1.3.6.1.2.1.33.1.2.2.0 integer 95
override 1.3.6.1.2.1.33.1.2.3.0 integer 7
override 1.3.6.1.2.1.33.1.2.4.0 integer 31
override 1.3.6.1.2.1.33.1.2.5.0 integer 246
override 1.3.6.1.2.1.33.1.4.1.0 integer 5
override 1.3.6.1.2.1.33.1.6.1.0 uinteger 2
";

/// A printer without paper whose cover is open (RFC 2790: bits 1 and 4), black at 25 %, a full box
/// for waste, and yellow that only says "some" (RFC 3805).
const PRINTER: &str = "
override 1.3.6.1.2.1.25.3.5.1.2.1 octet_str 0x4800
override 1.3.6.1.2.1.43.10.2.1.4.1.1 counter 123456
override 1.3.6.1.2.1.43.11.1.1.4.1.1 integer 3
override 1.3.6.1.2.1.43.11.1.1.4.1.2 integer 4
override 1.3.6.1.2.1.43.11.1.1.4.1.3 integer 3
override 1.3.6.1.2.1.43.11.1.1.7.1.1 integer 7
override 1.3.6.1.2.1.43.11.1.1.7.1.2 integer 19
override 1.3.6.1.2.1.43.11.1.1.7.1.3 integer 19
override 1.3.6.1.2.1.43.11.1.1.8.1.1 integer 8000
override 1.3.6.1.2.1.43.11.1.1.8.1.2 integer 100
override 1.3.6.1.2.1.43.11.1.1.8.1.3 integer 100
override 1.3.6.1.2.1.43.11.1.1.9.1.1 integer 2000
override 1.3.6.1.2.1.43.11.1.1.9.1.2 integer 0
override 1.3.6.1.2.1.43.11.1.1.9.1.3 integer -3
";

/// The keys of each level of security.
fn keys(user: &str) -> String {
    let auth = format!("auth_password = \"{}\"\n", snmpd::AUTH_PASSWORD);
    let privacy = format!("privacy_password = \"{}\"\n", snmpd::PRIVACY_PASSWORD);
    match user {
        "v2c" => format!("community = \"{}\"\n", snmpd::COMMUNITY),
        "open" => "user = \"open\"\n".to_owned(),
        "signs" => format!("user = \"signs\"\nauth = \"sha1\"\n{auth}"),
        "signs5" => format!("user = \"signs5\"\nauth = \"md5\"\n{auth}"),
        "hides" => format!("user = \"hides\"\nauth = \"sha1\"\n{auth}{privacy}"),
        "hides256" => format!("user = \"hides256\"\n{auth}{privacy}"),
        other => panic!("no user {other}"),
    }
}

/// The probe that a configuration describes.
fn probe(port: u16, driver: &str, keys: &str) -> Box<dyn Probe> {
    let text = format!(
        "venue = \"v\"\nroom = \"r\"\nagent = \"a\"\n[[sensor]]\nname = \"it\"\ndriver = \"{driver}\"\n\
         host = \"127.0.0.1\"\nport = {port}\n{keys}"
    );
    let config = agent::config::parse(&text, "snmp.toml", []).unwrap();
    match config.sensors[0].driver.start() {
        Reader::Alone(probe) => probe,
        _ => panic!("a probe has a thread of its own"),
    }
}

/// Values of the named points, or their faults.
#[track_caller]
fn check(read: &Result<Vec<Measured>, Error>, expected: &[(&str, Result<f64, Fault>)]) {
    let measured = read.as_ref().unwrap();
    for (name, value) in expected {
        let found = measured.iter().find(|measured| measured.quantity == *name);
        let found = found.unwrap_or_else(|| panic!("no {name} in {measured:?}"));
        let same = match (&found.value, value) {
            (Ok(found), Ok(value)) => (found - value).abs() < 1e-9,
            (found, value) => found == value,
        };
        assert!(same, "{found:?}, not {value:?}");
    }
}

#[test]
fn a_ups_on_its_battery_says_so_over_every_security() {
    let house = House::new("snmp-ups");
    let snmpd = Snmpd::start(&house, UPS);
    for user in ["v2c", "open", "signs5", "signs", "hides", "hides256"] {
        let mut ups = probe(snmpd.port(), "snmp-ups", &keys(user));
        // The second time the engine is known already.
        for _ in 0..2 {
            check(
                &ups.read(),
                &[
                    ("reachable", Ok(1.0)),
                    ("on_battery", Ok(1.0)),
                    ("battery_low", Ok(1.0)),
                    ("minutes_remaining", Ok(7.0)),
                    ("charge_percent", Ok(31.0)),
                    ("battery_voltage_volt", Ok(24.6)),
                    ("alarm_count", Ok(2.0)),
                    ("battery_temperature_celsius", Err(Fault::BadResponse)),
                ],
            );
        }
    }
}

#[test]
fn a_ups_without_a_thermometer_need_not_show_one() {
    let house = House::new("snmp-thermometer");
    let snmpd = Snmpd::start(&house, UPS);
    let read = probe(snmpd.port(), "snmp-ups", &format!("{}battery_temperature = false\n", keys("v2c"))).read();
    assert!(read.unwrap().iter().all(|measured| measured.quantity != "battery_temperature_celsius"));
}

#[test]
fn the_bits_of_a_printer_are_the_right_way_round() {
    let house = House::new("snmp-printer");
    let mut snmpd = Snmpd::start(&house, PRINTER);
    let mut printer = probe(snmpd.port(), "snmp-printer", &keys("hides"));
    let states = ["low_paper", "no_paper", "low_toner", "no_toner", "door_open", "jammed", "offline", "service_needed"];
    let raised = |read: &Result<Vec<Measured>, Error>| -> Vec<&str> {
        let measured = read.as_ref().unwrap();
        let is_raised = |name: &&str| measured.iter().any(|m| m.quantity == *name && m.value == Ok(1.0));
        states.into_iter().filter(is_raised).collect()
    };
    let read = printer.read();
    assert_eq!(raised(&read), ["no_paper", "door_open"]);
    check(&read, &[("supply_percent", Ok(25.0)), ("page_count", Ok(123_456.0))]);

    // One octet only, and nothing else: a printer of queue tickets.
    for (octet, state) in [("0x80", "low_paper"), ("0x02", "offline"), ("0x01", "service_needed")] {
        snmpd.restart(&house, &format!("override 1.3.6.1.2.1.25.3.5.1.2.1 octet_str {octet}\n"));
        let read = printer.read();
        assert_eq!(raised(&read), [state]);
        check(&read, &[("supply_percent", Err(Fault::BadResponse)), ("page_count", Err(Fault::BadResponse))]);
    }
}

#[test]
fn a_port_is_found_by_its_index_and_by_its_name() {
    let house = House::new("snmp-switch");
    let snmpd = Snmpd::start(&house, "");
    // The loopback has index 1 on every Linux, and is up.
    for interface in ["1", "lo"] {
        let mut switch = probe(snmpd.port(), "snmp-switch", &format!("{}interface = \"{interface}\"\n", keys("signs")));
        for _ in 0..2 {
            let read = switch.read();
            check(&read, &[("reachable", Ok(1.0)), ("port_up", Ok(1.0))]);
            let value = |name: &str| read.as_ref().unwrap().iter().find(|m| m.quantity == name).unwrap().value.clone();
            assert!(value("speed_mbit_s").is_ok(), "{read:?}");
            assert!(value("uptime_seconds").unwrap() < 60.0, "{read:?}");
        }
    }
    let mut stranger = probe(snmpd.port(), "snmp-switch", &format!("{}interface = \"ge-9/9/9\"\n", keys("v2c")));
    check(&stranger.read(), &[("reachable", Ok(1.0)), ("port_up", Err(Fault::BadResponse))]);
}

#[test]
fn a_wrong_community_is_met_with_silence() {
    let house = House::new("snmp-community");
    let snmpd = Snmpd::start(&house, UPS);
    let read = probe(snmpd.port(), "snmp-ups", "community = \"guess\"\ntimeout = \"300ms\"\n").read();
    check(&read, &[("reachable", Ok(0.0)), ("on_battery", Err(Fault::NoResponse))]);
    assert!(!read.unwrap().iter().any(|measured| measured.quantity == "latency_ms"));
}

#[test]
fn what_an_engine_refuses_is_told_with_its_reason() {
    let house = House::new("snmp-refuses");
    let snmpd = Snmpd::start(&house, UPS);
    let (auth, wrong) = (snmpd::AUTH_PASSWORD, "not the password");
    let user = |name: &str, auth: &str, privacy: &str| {
        format!("user = \"{name}\"\nauth = \"sha1\"\nauth_password = \"{auth}\"\n{privacy}timeout = \"500ms\"\n")
    };
    for (keys, reason) in [
        (user("nobody", auth, ""), "does not know this user"),
        (user("signs", wrong, ""), "another authentication password"),
        (user("signs", auth, "privacy_password = \"nine or more\"\n"), "does not allow this user this security"),
    ] {
        let error = probe(snmpd.port(), "snmp-ups", &keys).read().unwrap_err();
        assert_eq!(error.fault(), Fault::NotPermitted, "{error}");
        assert!(error.to_string().contains(reason), "{error}");
        assert!(!error.to_string().contains(auth), "{error}");
    }
    // What it cannot read it drops or reports: in no case is there a value.
    let keys = user("hides", auth, &format!("privacy_password = \"{wrong}\"\n"));
    match probe(snmpd.port(), "snmp-ups", &keys).read() {
        Err(error) => assert_ne!(error.fault(), Fault::NoResponse, "{error}"),
        read => check(&read, &[("reachable", Ok(0.0)), ("charge_percent", Err(Fault::NoResponse))]),
    }
}

#[test]
fn an_engine_that_starts_again_is_found_again() {
    let house = House::new("snmp-restart");
    let mut snmpd = Snmpd::start(&house, UPS);
    let mut ups = probe(snmpd.port(), "snmp-ups", &format!("{}timeout = \"500ms\"\n", keys("hides256")));
    check(&ups.read(), &[("charge_percent", Ok(31.0))]);
    // As after a power cut: one more boot, its time at zero.
    snmpd.restart(&house, &UPS.replace(" 31\n", " 30\n"));
    check(&ups.read(), &[("charge_percent", Ok(30.0))]);
    snmpd.process().kill();
    check(&ups.read(), &[("reachable", Ok(0.0)), ("charge_percent", Err(Fault::NoResponse))]);
    // Another device at the same address: its engine has another name.
    std::fs::remove_dir_all(house.path("snmp")).unwrap();
    snmpd.restart(&house, &format!("engineIDType 1\n{UPS}"));
    check(&ups.read(), &[("charge_percent", Ok(31.0))]);
}
