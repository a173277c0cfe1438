//! The whole chain over real processes: a sensor on a simulated bus and a probe of a real port →
//! agent → MQTT → collector → ticket → webhook and mail → a person at the command line → closed by
//! the data. Once over mosquitto, once over the collector's own broker; a stranger listens to both.

#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected has failed")]

use std::{io::Write, process::Command, time::Duration};

use serde_json::Value;
use tests::{
    Agent, Broker, Collector, House, Mailbox, Process, Receiver,
    agent::{self, Watched},
    broker,
    collector::{self},
    wait,
};

/// What takes seconds, with room for a busy machine.
const WITHIN: Duration = Duration::from_secs(40);

/// Fields of a sample that are not points: README, "the wire".
const HEADER: [&str; 6] = ["at", "seq", "spool", "boot", "clock", "uncertainty_ms"];

const SECRET: &str = "a-shared-secret-of-the-test";

/// Runs the story; `mosquitto` or the collector's own broker carries it.
/// Whoever is to be told hears of a ticket within so many seconds while the channel is up.
const FIRST_WORD_SECONDS: i64 = 30;

fn play(name: &str, with_mosquitto: bool) {
    let house = House::new(name);
    let receiver = Receiver::start();
    let mailbox = Mailbox::start();
    let mut watched = Watched::open();
    let mosquitto = with_mosquitto.then(|| Broker::start(&house));
    let secret = house.write("secret", SECRET);
    let channels = format!(
        "language = \"en\"\n[notify.channel.hook]\nkind = \"webhook\"\nurl = \"{}/hook\"\nallow_local = true\nsecret_file = \"{}\"\n\
         [notify.channel.mail]\nkind = \"smtp\"\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\n\
         from = \"hallwatch@example.com\"\nto = [\"it@example.com\"]\n",
        receiver.url(),
        secret.display(),
        mailbox.port()
    );
    let (language, channels) = channels.split_once('\n').unwrap();
    let mut collector = Collector::start(
        &house,
        &collector::Wanted {
            broker: mosquitto.as_ref().map(Broker::port),
            pack: Some(include_str!("pack/song-server.toml").into()),
            top: language.to_owned(),
            more: channels.to_owned(),
            ..collector::Wanted::default()
        },
    );
    let mut stranger = broker::subscriber(&house, collector.mqtt(), "stranger", "hallwatch/#");
    let more = watched.sensor("song-server");
    let mut agent = Agent::start(&house, &agent::Wanted { more, ..agent::Wanted::new("k01", collector.mqtt()) });

    stranger.line_with("hallwatch/v1/nanshan/k01/k01/samples {", WITHIN);
    let ack = stranger.line_with("hallwatch/v1/nanshan/k01/k01/ack {", WITHIN);
    assert!(ack.contains("\"upto\":"), "{ack}");
    assert_eq!(list(&collector), Vec::<Value>::new(), "nothing is wrong yet");

    if with_mosquitto {
        an_agent_obeys(&collector);
    }

    watched.break_it();
    let ticket = wait::until("a ticket opens", WITHIN, || list(&collector).pop());
    let number = ticket["number"].as_str().unwrap().to_owned();
    assert_eq!(ticket["room"], "k01", "{ticket}");
    told(&receiver, &mailbox, &number);
    a_person_mends_it(&collector, &mut watched, &number);
    readable_by_others(&stranger);

    agent.process().terminate(WITHIN);
    let goodbye = stranger.line_with("\"state\":\"stopped\"", WITHIN);
    assert!(goodbye.starts_with("hallwatch/v1/nanshan/k01/k01/status "), "{goodbye}");
    assert!(collector.process().terminate(WITHIN).success());
    if let Some(mosquitto) = mosquitto {
        mosquitto.stop();
    }
}

/// A person asks the agent for something over the broker, and hears what came of it.
fn an_agent_obeys(collector: &Collector) {
    assert_eq!(collector.say(&["ask", "nanshan/k01/k01", "sample"]).trim(), "done");
    let refused = collector.command(&["ask", "nanshan/k01/k01", "recalibrate", "sensor=nobody"]);
    assert!(!refused.status.success());
    let reason = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(reason.contains("no sensor is named `nobody`; there are `"), "{reason}");
    let silent = collector.command(&["ask", "nanshan/k01/nobody", "sample", "--wait", "1s"]);
    let reason = String::from_utf8_lossy(&silent.stderr).into_owned();
    assert!(reason.contains("gave no answer within 1 s"), "{reason}");
}

/// Tickets that have not ended, as the command line lists them.
fn list(collector: &Collector) -> Vec<Value> {
    serde_json::from_str(&collector.say(&["tickets", "--json", "list"])).unwrap()
}

/// The receiver of webhooks and the mailbox both hear of the ticket; the webhook is signed.
fn told(receiver: &Receiver, mailbox: &Mailbox, number: &str) {
    let posted = wait::until("the webhook is called", WITHIN, || {
        receiver.requests().into_iter().find(|request| String::from_utf8_lossy(&request.body).contains(number))
    });
    let mut signed = posted.headers["x-hallwatch-timestamp"].clone().into_bytes();
    signed.push(b'.');
    signed.extend(&posted.body);
    assert_eq!(posted.headers["x-hallwatch-signature"], format!("sha256={}", hmac(&signed)));
    assert!(posted.headers.contains_key("idempotency-key"));
    let sent_at: i64 = posted.headers["x-hallwatch-timestamp"].parse().unwrap();
    let waited = sent_at - posted.json()["ticket"]["opened_at"].as_i64().unwrap() / 1_000;
    assert!((-1..=FIRST_WORD_SECONDS).contains(&waited), "{waited} s from the opening of a ticket to its message");
    wait::until("a mail comes", WITHIN, || {
        mailbox.mails().into_iter().find(|mail| mail.envelope.iter().any(|line| line.contains("it@example.com")))
    });
}

/// What another implementation says the signature is.
fn hmac(bytes: &[u8]) -> String {
    let mut command = Command::new("openssl");
    command.args(["dgst", "-sha256", "-hmac", SECRET, "-r"]);
    command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(bytes).unwrap();
    let output = child.wait_with_output().unwrap();
    String::from_utf8(output.stdout).unwrap().split_whitespace().next().unwrap().to_owned()
}

/// Acknowledged, called fixed too early (which alone closes nothing), mended, proved and closed.
fn a_person_mends_it(collector: &Collector, watched: &mut Watched, number: &str) {
    collector.say(&["tickets", "--who", "lin", "ack", number]);
    let early = collector.say(&["tickets", "--who", "lin", "fixed", number, "restarted it"]);
    assert!(early.contains("verifying"), "the data is asked: {early}");
    assert_eq!(list(collector).len(), 1, "a person's word alone closes nothing");

    watched.mend();
    let closed = wait::until("the data closes the ticket", WITHIN, || {
        let shown: Value = serde_json::from_str(&collector.say(&["tickets", "--json", "show", number])).unwrap();
        (shown["ticket"]["stage"] == "closed").then_some(shown)
    });
    assert_eq!(closed["ticket"]["proof"], "proved", "{closed}");
    let history = closed["history"].as_array().unwrap();
    let who = |to: &str| history.iter().find(|line| line["to"] == to).map(|line| line["who"].clone());
    assert_eq!(who("new"), Some("data".into()), "{closed}");
    assert_eq!(who("acknowledged"), Some("lin".into()), "{closed}");
    assert_eq!(who("closed"), Some("data".into()), "{closed}");
    let text = collector.say(&["tickets", "show", number]);
    assert!(text.contains("lin") && text.contains("song server"), "{text}");
    assert_eq!(list(collector), Vec::<Value>::new(), "nothing is open any more");
}

/// Every sample that the stranger heard is flat JSON: header fields, numbers, and `faults`.
fn readable_by_others(stranger: &Process) {
    let mut samples = 0;
    for line in stranger.output().lines().filter(|line| line.contains("/samples ")) {
        let (_, body) = line.split_once(' ').unwrap();
        let body: Value = serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {line}"));
        let all = body.as_array().cloned().unwrap_or_else(|| vec![body.clone()]);
        for sample in all.iter().filter(|entry| entry.get("lost").is_none()) {
            samples += 1;
            for (key, value) in sample.as_object().unwrap() {
                match key.as_str() {
                    "faults" => assert!(value.as_object().unwrap().values().all(Value::is_string), "{line}"),
                    "spool" | "boot" => assert!(value.is_string(), "{line}"),
                    key if HEADER.contains(&key) => assert!(value.is_u64() || value.is_i64(), "{key}: {line}"),
                    key => assert!(value.is_number(), "{key}: {line}"),
                }
            }
        }
    }
    assert!(samples > 3, "the stranger heard {samples} samples");
}

#[test]
fn a_fault_becomes_a_ticket_and_its_mending_closes_it_over_mosquitto() {
    play("chain-mosquitto", true);
}

#[test]
fn a_fault_becomes_a_ticket_and_its_mending_closes_it_over_the_own_broker() {
    play("chain-own", false);
}
