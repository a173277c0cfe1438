//! The harness is tried before what it tries: a broker that comes back, a receiver that misbehaves
//! as told, and a leftover that is found.

#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected has failed")]

use std::{
    process::Command,
    time::{Duration, Instant},
};

use tests::{Broker, House, Influxd, Receiver, receiver::Behaviour, wait};

const WITHIN: Duration = Duration::from_secs(20);

fn publish(broker: &Broker, topic: &str, body: &str) -> bool {
    let port = broker.port().to_string();
    let arguments = ["-h", "127.0.0.1", "-p", &port, "-q", "1", "-t", topic, "-m", body];
    Command::new("mosquitto_pub").args(arguments).status().is_ok_and(|status| status.success())
}

#[test]
fn a_killed_broker_comes_back_on_its_port() {
    let house = House::new("broker");
    let mut broker = Broker::start(&house);
    let mut heard = broker.subscriber(&house, "heard", "hallwatch/#");
    assert!(publish(&broker, "hallwatch/first", "1"));
    heard.line_with("hallwatch/first 1", WITHIN);

    broker.kill();
    assert!(!publish(&broker, "hallwatch/second", "2"), "nobody listens on a killed broker's port");
    broker.restart(&house);
    let mut again = broker.subscriber(&house, "again", "hallwatch/#");
    assert!(publish(&broker, "hallwatch/third", "3"));
    again.line_with("hallwatch/third 3", WITHIN);
    broker.stop();
}

#[test]
fn the_receiver_records_and_misbehaves_as_told() {
    let receiver = Receiver::start();
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(1)))
        .build()
        .into();
    let post = || agent.post(format!("{}/hook?x=1", receiver.url())).header("X-Key", "k").send("{\"a\":1}");

    assert_eq!(post().unwrap().status(), 200);
    let first = receiver.requests().remove(0);
    assert_eq!((first.path.as_str(), first.headers["x-key"].as_str()), ("/hook?x=1", "k"));
    assert_eq!(first.json()["a"], 1);

    receiver.behave(Behaviour::Refuse(429, vec![("retry-after".into(), "7".into())]));
    let refused = post().unwrap();
    assert_eq!(refused.status(), 429);
    assert_eq!(refused.headers()["retry-after"], "7");

    receiver.behave(Behaviour::Late(Duration::from_millis(200)));
    let asked = Instant::now();
    assert_eq!(post().unwrap().status(), 200);
    assert!(asked.elapsed() >= Duration::from_millis(200));

    receiver.behave(Behaviour::Hang);
    assert!(post().is_err(), "a hanging receiver lets its client time out");
    assert_eq!(receiver.requests().len(), 4);
}

#[test]
fn a_process_that_outlives_its_test_fails_it() {
    let outcome = std::panic::catch_unwind(|| {
        let house = House::new("leftover");
        let mut shell = Command::new("sh");
        shell.args(["-c", "sleep 300 & echo started"]);
        let mut parent = house.start("shell", shell);
        parent.line_with("started", WITHIN);
        parent.wait(WITHIN);
    });
    let message = *outcome.expect_err("the house names its leftover").downcast::<String>().unwrap();
    assert!(message.contains("sleep"), "{message}");
}

#[test]
fn waiting_in_vain_says_for_what() {
    let outcome = std::panic::catch_unwind(|| wait::until("rain", Duration::from_millis(30), || None::<()>));
    let message = *outcome.expect_err("nothing came").downcast::<String>().unwrap();
    assert!(message.contains("rain"), "{message}");
}

#[test]
fn a_killed_influxdb_comes_back_with_what_it_was_given() {
    let house = House::new("influxd");
    let mut database = Influxd::start(&house);
    database.write("room,venue=v,room=k01 celsius=20.5 1000000\nroom,venue=v,room=k01 celsius=21.5 2000000\n");
    let mean = "SELECT mean(celsius) FROM room WHERE time >= 0 GROUP BY room";
    let check = |database: &Influxd| {
        let found = database.select(mean);
        assert_eq!((found.len(), found[0].tags["room"].as_str()), (1, "k01"));
        assert_eq!(found[0].numbers("mean"), [(0, 21.0)]);
    };
    check(&database);
    database.kill();
    assert!(!tests::port::answers(database.port()));
    database.restart(&house);
    check(&database);
    assert!(database.select("SELECT mean(celsius) FROM nothing").is_empty());
}
