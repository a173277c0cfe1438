//! How an agent without a clock introduces itself to a broker that is slow, and to a collector that
//! does not hear: the test is the broker, byte by byte, so that it can hold back what it likes.
#![allow(clippy::unwrap_used)]

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::Arc,
    time::{Duration, Instant},
};

use agent::{
    config,
    world::{Clock, World},
};
use tokio::sync::oneshot;
use wire::Id;

/// What takes milliseconds, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// First bytes of packets, MQTT 3.1.1, table 2.1, and answers of a broker.
const CONNECT: u8 = 1;
const PUBLISH: u8 = 3;
const SUBSCRIBE: u8 = 8;
const CONNACK: [u8; 4] = [0x20, 2, 0, 0];

/// A Pi as it comes up: it knows how long, and not since when.
struct NoClock(Instant);

impl Clock for NoClock {
    fn boottime(&self) -> Duration {
        Duration::from_secs(10) + self.0.elapsed()
    }
    fn wall(&self) -> wire::UnixMs {
        0
    }
    fn synchronized(&self) -> bool {
        false
    }
    fn boot(&self) -> Id {
        Id::parse("b").unwrap()
    }
}

/// An agent with nothing but itself to measure, and the broker's end of its connection.
struct Broker {
    stream: TcpStream,
    _stop: oneshot::Sender<()>,
    _folder: tempfile::TempDir,
}

impl Broker {
    fn with_agent() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let folder = tempfile::tempdir().unwrap();
        let text = format!(
            "venue = \"v\"\nroom = \"r\"\nagent = \"a\"\n[mqtt]\nport = {}\nack_timeout = \"1s\"\n\
             [spool]\npath = \"{}\"\n[sampler]\nperiod = \"1s\"\nstate_path = \"{}\"\n\
             [[sensor]]\nname = \"computer\"\ndriver = \"computer\"\n",
            listener.local_addr().unwrap().port(),
            folder.path().join("spool").display(),
            folder.path().join("state").display()
        );
        let path = folder.path().join("agent.toml");
        std::fs::write(&path, text).unwrap();
        let config = config::load(&path).unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let world = World { clock: Arc::new(NoClock(Instant::now())), room: None };
            let _ = runtime.block_on(agent::run::run(config, world, async { drop(stopped.await) }));
        });
        let (stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut broker = Self { stream, _stop: stop, _folder: folder };
        assert_eq!(broker.next().0 >> 4, CONNECT);
        broker.send(&CONNACK);
        broker
    }

    /// The next packet: its first byte, and what follows the length.
    fn next(&mut self) -> (u8, Vec<u8>) {
        let mut byte = || {
            let mut byte = [0];
            self.stream.read_exact(&mut byte).unwrap();
            byte[0]
        };
        let first = byte();
        let (mut length, mut shift) = (0, 0);
        loop {
            let part = byte();
            length |= usize::from(part & 0x7F) << shift;
            shift += 7;
            if part & 0x80 == 0 {
                break;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).unwrap();
        (first, body)
    }

    fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    /// Takes both subscriptions; answers them if so wanted. Nothing may come before.
    fn subscriptions(&mut self) -> Vec<[u8; 2]> {
        (0..2)
            .map(|_| {
                let (first, body) = self.next();
                assert_eq!(first >> 4, SUBSCRIBE, "an agent says who it is before it can hear the answer");
                [body[0], body[1]]
            })
            .collect()
    }

    fn suback(&mut self, id: [u8; 2]) {
        self.send(&[0x90, 3, id[0], id[1], 1]);
    }

    /// Topic and body of the next message, which is acknowledged.
    fn message(&mut self) -> (String, String) {
        let (first, body) = self.next();
        assert_eq!(first >> 4, PUBLISH);
        let length = usize::from(u16::from_be_bytes([body[0], body[1]]));
        let (topic, rest) = body[2..].split_at(length);
        self.send(&[0x40, 2, rest[0], rest[1]]);
        (String::from_utf8(topic.to_vec()).unwrap(), String::from_utf8(rest[2..].to_vec()).unwrap())
    }

    /// The collector's word, which nobody need acknowledge.
    fn ack(&mut self, body: &str) {
        let topic = "hallwatch/v1/v/r/a/ack";
        let length = u8::try_from(2 + topic.len() + body.len()).unwrap();
        assert!(length < 128, "one byte of length");
        let mut packet = vec![0x30, length, 0, u8::try_from(topic.len()).unwrap()];
        packet.extend(topic.bytes().chain(body.bytes()));
        self.send(&packet);
    }
}

#[test]
fn an_agent_says_who_it_is_once_it_can_hear_the_answer() {
    let mut broker = Broker::with_agent();
    let ids = broker.subscriptions();
    broker.suback(ids[0]);
    // The second subscription does not hold yet: nothing may come.
    broker.stream.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    let early = broker.stream.peek(&mut [0]);
    assert!(early.is_err(), "said something before its subscriptions held");
    broker.stream.set_read_timeout(Some(PATIENCE)).unwrap();
    broker.suback(ids[1]);
    assert_eq!(broker.message().0, "hallwatch/v1/v/r/a/about");
    assert_eq!(broker.message().0, "hallwatch/v1/v/r/a/status");
}

#[test]
fn an_agent_without_a_clock_asks_again_until_somebody_tells_the_time() {
    let mut broker = Broker::with_agent();
    for id in broker.subscriptions() {
        broker.suback(id);
    }
    assert_eq!(broker.message().0, "hallwatch/v1/v/r/a/about");
    // The first word of the collector is lost, and so is the second.
    let mut status = String::new();
    for _ in 0..3 {
        let (topic, body) = broker.message();
        assert_eq!(topic, "hallwatch/v1/v/r/a/status");
        status = body;
    }
    let status: serde_json::Value = serde_json::from_str(&status).unwrap();
    let spool = status["spool"].as_str().unwrap();
    broker.ack(&format!("{{\"spool\":\"{spool}\",\"upto\":0,\"time\":1763880000000}}"));
    // A status may have been on its way; then the samples come, in the right time.
    let sample = (0..3).map(|_| broker.message()).find(|(topic, _)| topic.ends_with("/samples"));
    let (_, sample) = sample.expect("samples come once the time is known");
    assert!(sample.contains("\"at\":17638"), "{sample}");
}
