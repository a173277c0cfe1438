//! The shipped broker configuration does what it is shipped for: a device speaks only as itself.

#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected has failed")]

use std::{process::Command, time::Duration};

use tests::{
    Broker, House, program,
    tls::{Authority, Identity},
};

const WITHIN: Duration = Duration::from_secs(20);

/// The lines of the shipped listener for agents, with the files of this house.
fn agents_listener(house: &House, authority: &Authority) -> String {
    let shipped = std::fs::read_to_string(program::workspace().join("deploy/mosquitto.conf")).unwrap();
    let (_, listener) = shipped.split_once("\nlistener 8883\n").expect("agents have a listener");
    let broker = authority.issue(house, "broker");
    let acl = std::fs::read_to_string(program::workspace().join("deploy/mosquitto.acl")).unwrap();
    let acl = house.write("mosquitto.acl", &acl);
    let files = [
        ("/etc/mosquitto/certs/ca.crt", authority.certificate()),
        ("/etc/mosquitto/certs/broker.crt", &broker.certificate),
        ("/etc/mosquitto/certs/broker.key", &broker.key),
        ("/etc/mosquitto/hallwatch.acl", &acl),
    ];
    files.iter().fold(listener.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "the shipped listener names {from}");
        text.replace(from, &to.display().to_string())
    })
}

fn publish(broker: &Broker, authority: &Authority, identity: Option<&Identity>, topic: &str) -> bool {
    let mut command = Command::new("mosquitto_pub");
    command.args(["-h", "127.0.0.1", "-p", &broker.port().to_string(), "-q", "1", "-m", "x", "-t", topic]);
    command.arg("--cafile").arg(authority.certificate());
    if let Some(identity) = identity {
        command.arg("--cert").arg(&identity.certificate).arg("--key").arg(&identity.key);
    }
    command.output().unwrap().status.success()
}

#[test]
fn a_device_speaks_only_as_itself() {
    let house = House::new("acl");
    let authority = Authority::new(&house, "authority");
    let strangers = Authority::new(&house, "strangers");
    let broker = Broker::start_with(&house, &agents_listener(&house, &authority));
    let collector = authority.issue(&house, "collector");
    let device = authority.issue(&house, "pi-1");
    let stranger = strangers.issue(&house, "pi-9");

    let mut command = Command::new("stdbuf");
    command.args(["-oL", "mosquitto_sub", "-h", "127.0.0.1", "-p", &broker.port().to_string(), "-d", "-v"]);
    command.args(["-q", "1", "-t", "hallwatch/v1/+/+/+/samples", "--cafile"]).arg(authority.certificate());
    command.arg("--cert").arg(&collector.certificate).arg("--key").arg(&collector.key);
    let mut heard = house.start("heard", command);
    heard.line_with("Subscribed", WITHIN);

    assert!(!publish(&broker, &authority, None, "hallwatch/v1/nanshan/k01/pi-1/samples"), "without a certificate");
    let forged = publish(&broker, &authority, Some(&stranger), "hallwatch/v1/nanshan/k01/pi-9/samples");
    assert!(!forged, "a certificate of another authority");
    // As MQTT 3.1.1 has it, what the list denies is dropped with success.
    assert!(publish(&broker, &authority, Some(&device), "hallwatch/v1/nanshan/k02/pi-2/samples"));
    assert!(publish(&broker, &authority, Some(&device), "hallwatch/v1/nanshan/k01/pi-1/ack"));
    assert!(publish(&broker, &authority, Some(&device), "hallwatch/v1/nanshan/k01/pi-1/samples"));
    heard.line_with("hallwatch/v1/nanshan/k01/pi-1/samples x", WITHIN);
    assert!(!heard.output().contains("pi-2"), "{}", heard.output());
    broker.stop();
}
