//! A collector in a temporary folder with a broker beside it, and agents that speak to it. Every
//! port is free, every wait ends when what is waited for has happened, or fails loudly.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU8, Ordering},
    },
    time::{Duration, Instant},
};

use collector::{
    Config, Handle, Shared, World,
    health::Part,
    ledger::{self, Commit, Ledger, Loaded, sqlite::SqliteLedger},
    metrics::Metrics,
    world::{Clock as WorldClock, SystemClock},
};
use rumqttc::{AsyncClient, Event, EventLoop, MqttOptions, Packet, PublishOptions, QoS};
use wire::{Clock, Entry, Id, PointName, Sample, Source};

/// A broker that lets everybody in.
const OPEN: &str = "allow_anonymous true";
/// Nothing that is waited for takes longer.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// World time that stands until the test moves it; jobs of minutes look every few milliseconds.
pub struct Held(AtomicI64);

impl Held {
    pub fn at(begin: wire::UnixMs) -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(begin)))
    }

    pub fn set(&self, at: wire::UnixMs) {
        self.0.store(at, Ordering::SeqCst);
    }
}

impl WorldClock for Held {
    fn now(&self) -> wire::UnixMs {
        self.0.load(Ordering::SeqCst)
    }

    fn real(&self, world: Duration) -> Duration {
        Duration::from_millis(if world >= Duration::from_secs(60) { 20 } else { 2 })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broker {
    Own,
    Mosquitto,
}

pub struct Bench {
    folder: tempfile::TempDir,
    mosquitto: Option<(Child, u16)>,
    handle: Option<Handle>,
    clock: Arc<dyn WorldClock>,
    web: bool,
    /// How the ledger fails now; one of the constants of [`fault`].
    pub fault: Arc<AtomicU8>,
}

/// How a ledger can fail.
pub mod fault {
    pub const NONE: u8 = 0;
    /// It stores nothing and says so.
    pub const REFUSES: u8 = 1;
    /// It stores, and says that it has not: the outcome of the commit is in doubt.
    pub const LIES: u8 = 2;
}

struct Faulty {
    inner: SqliteLedger,
    fault: Arc<AtomicU8>,
}

impl Ledger for Faulty {
    fn load(&mut self, now: wire::UnixMs) -> Result<Loaded, ledger::Error> {
        self.inner.load(now)
    }

    fn commit(&mut self, number: u64, commit: &Commit) -> Result<(), ledger::Error> {
        let fault = self.fault.load(Ordering::SeqCst);
        if fault != fault::REFUSES {
            self.inner.commit(number, commit)?;
        }
        if fault == fault::NONE {
            return Ok(());
        }
        let source = std::io::Error::from(std::io::ErrorKind::StorageFull).into();
        Err(ledger::Error::Store { doing: "commit", retry: true, source })
    }
}

pub fn body(text: &str) -> Id {
    Id::parse(text).unwrap()
}

pub fn sample(seq: u64, value: f64) -> Sample {
    Sample {
        at: 1_763_880_000_000 + seq as i64 * 1_000,
        seq,
        spool: body("spool-a"),
        boot: body("boot-1"),
        clock: Clock::Trusted,
        points: vec![(PointName::parse("temperature_celsius").unwrap(), value)],
        faults: Vec::new(),
    }
}

fn source(agent: &str) -> Source {
    Source { venue: body("nanshan"), room: body("k01"), agent: body(agent) }
}

/// Starts mosquitto on a free port with further lines of configuration; gives it and its port.
pub fn mosquitto(folder: &Path, more: &str) -> (Child, u16) {
    for _ in 0..20 {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        if let Some(child) = mosquitto_on(folder, port, more) {
            return (child, port);
        }
    }
    panic!("mosquitto finds no port");
}

/// Starts mosquitto on `port` and waits until it says that it runs; `None` where the port is not
/// free any more, which its own words tell better than a connection to whoever has the port.
fn mosquitto_on(folder: &Path, port: u16, more: &str) -> Option<Child> {
    let file = folder.join("mosquitto.conf");
    let text =
        format!("listener {port} 127.0.0.1\nmax_inflight_messages 1000\nlog_dest stderr\nlog_type all\n{more}\n");
    std::fs::write(&file, text).unwrap();
    let path = ["/usr/sbin/mosquitto", "mosquitto"]
        .into_iter()
        .find(|p| Command::new(p).arg("-h").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok());
    let path = path.expect("mosquitto is installed: apt-get install mosquitto");
    let mut child = Command::new(path).arg("-c").arg(&file).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let said: Vec<String> = lines.by_ref().map_while(Result::ok).take_while(|l| !l.ends_with(" running")).collect();
    if child.try_wait().unwrap().is_some() || said.iter().any(|l| l.contains("Address already in use")) {
        let _ = child.wait();
        return None;
    }
    std::thread::spawn(move || lines.for_each(drop));
    Some(child)
}

impl Bench {
    pub async fn start(broker: Broker) -> Self {
        Self::start_at(broker, Arc::new(SystemClock), false).await
    }

    /// With a clock of the test's own, and with pages where `web` is set.
    pub async fn start_at(broker: Broker, clock: Arc<dyn WorldClock>, web: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mosquitto = (broker == Broker::Mosquitto).then(|| mosquitto(folder.path(), OPEN));
        let mut bench = Self { folder, mosquitto, handle: None, clock, web, fault: Arc::default() };
        bench.launch().await;
        bench
    }

    /// Ends the collector; [`Bench::launch`] starts it again over the same ledger.
    pub async fn halt(&mut self) {
        self.handle.take().unwrap().stop().await.unwrap();
    }

    pub async fn launch(&mut self) {
        let mut config = Config::default();
        config.ledger.path = self.folder.path().join("hallwatch.db");
        config.web.enabled = self.web;
        config.web.listen = "127.0.0.1:0".parse().unwrap();
        config.mqtt.listen = "127.0.0.1:0".parse().unwrap();
        if let Some((_, port)) = &self.mosquitto {
            config.mqtt.host = Some("127.0.0.1".into());
            config.mqtt.port = *port;
        }
        let world = World { clock: self.clock.clone() };
        let fault = self.fault.clone();
        let between = |inner| -> Box<dyn Ledger> { Box::new(Faulty { inner, fault }) };
        self.handle = Some(collector::start_over(config, world, between).await.unwrap());
        let began = Instant::now();
        while self.metrics().broker_connected.get() == 0 {
            assert!(began.elapsed() < PATIENCE, "the collector does not connect");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub async fn restart(&mut self) {
        assert!(self.mosquitto.is_some(), "the own broker lives as long as the process");
        self.halt().await;
        self.launch().await;
    }

    /// Kills the broker, so that it forgets everything it held in memory.
    pub fn kill_broker(&mut self) {
        let (child, _) = self.mosquitto.as_mut().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Starts it again on the same port.
    pub fn revive_broker(&mut self) {
        let (child, port) = self.mosquitto.as_mut().unwrap();
        *child = mosquitto_on(self.folder.path(), *port, OPEN).expect("the port is still free");
    }

    /// Where its ledger is.
    pub fn ledger(&self) -> std::path::PathBuf {
        self.folder.path().join("hallwatch.db")
    }

    /// A page or an answer of the API.
    pub fn page(&self, path: &str) -> String {
        let address = self.handle.as_ref().unwrap().web.expect("pages are served");
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        write!(stream, "GET {path} HTTP/1.0\r\nHost: localhost\r\nAccept-Language: en\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.0 200"), "{answer}");
        answer.split_once("\r\n\r\n").unwrap().1.to_owned()
    }

    pub fn shared(&self) -> &Shared {
        &self.handle.as_ref().unwrap().shared
    }

    pub fn metrics(&self) -> &Metrics {
        &self.shared().metrics
    }

    pub fn seqs(&self, agent: &str) -> Vec<u64> {
        let samples = self.shared().readings.samples(&source(agent), 0, i64::MAX / 2, 100_000).unwrap();
        samples.iter().map(|s| s.seq).collect()
    }

    /// The value that pages show; it comes after the ack, since acks go first.
    pub async fn live_value(&self, agent: &str, point: &PointName) -> f64 {
        let began = Instant::now();
        loop {
            if let Some(value) = self.peek(agent, point) {
                return value;
            }
            assert!(began.elapsed() < PATIENCE, "no live value");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    fn peek(&self, agent: &str, point: &PointName) -> Option<f64> {
        let live = self.shared().live.read().unwrap();
        live.agents.get(&source(agent))?.points.get(point)?.value.map(|(_, v)| v)
    }

    /// Waits until a part is, or is no longer, in trouble, and gives the reason.
    pub async fn trouble(&self, part: Part, wanted: bool) -> String {
        let began = Instant::now();
        loop {
            let found = self.shared().health.troubles().into_iter().find(|(p, _)| *p == part);
            if found.is_some() == wanted {
                return found.map_or_else(String::new, |(_, t)| t.reason);
            }
            assert!(began.elapsed() < PATIENCE, "{part:?} does not become {wanted}");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    pub async fn agent(&self, name: &str) -> Agent {
        self.agent_of(source(name)).await
    }

    pub async fn agent_of(&self, source: Source) -> Agent {
        let name = source.agent.as_str();
        let own = self.handle.as_ref().unwrap().mqtt.map(|a: SocketAddr| a.port());
        let port = own.unwrap_or_else(|| self.mosquitto.as_ref().unwrap().1);
        let mut options = MqttOptions::new(name, ("127.0.0.1", port));
        options.set_max_packet_size(1 << 20, 1 << 20);
        let (client, mut events) = AsyncClient::builder(options).unbounded().build();
        let topic = format!("hallwatch/v1/{source}/ack");
        client.subscribe(topic, QoS::AtLeastOnce).await.unwrap();
        loop {
            if let Event::Incoming(Packet::SubAck(_)) = events.poll().await.unwrap() {
                break;
            }
        }
        Agent { client, events, source }
    }

    pub async fn stop(&mut self) {
        self.handle.take().unwrap().stop().await.unwrap();
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        if let Some((child, _)) = &mut self.mosquitto {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

pub struct Agent {
    client: AsyncClient,
    events: EventLoop,
    source: Source,
}

impl Agent {
    pub async fn send(&mut self, entries: &[Entry]) {
        self.publish("samples", wire::samples::print(entries).as_bytes(), false).await;
    }

    pub async fn publish(&mut self, channel: &str, body: &[u8], retain: bool) {
        let topic = format!("hallwatch/v1/{}/{channel}", self.source);
        let mut options = PublishOptions::new(QoS::AtLeastOnce);
        if retain {
            options = options.retain(true);
        }
        self.client.publish(topic, body.to_vec(), options).await.unwrap();
    }

    /// Sends without waiting for an answer, and hears whether one comes until `done` is.
    pub async fn unanswered(&mut self, done: impl Future<Output = String>) -> String {
        tokio::pin!(done);
        loop {
            tokio::select! {
                biased;
                event = self.events.poll() => {
                    let publish = matches!(event.unwrap(), Event::Incoming(Packet::Publish(_)));
                    assert!(!publish, "acknowledged what is not committed");
                }
                reason = &mut done => return reason,
            }
        }
    }

    /// Waits for the word that everything of `spool` up to `upto` is committed.
    pub async fn acked(&mut self, spool: &str, upto: u64) {
        let wait = async {
            loop {
                let Event::Incoming(Packet::Publish(p)) = self.events.poll().await.unwrap() else { continue };
                let ack = wire::ack::parse(&p.payload).unwrap();
                assert!(ack.upto <= upto, "acknowledged {} and only {upto} was sent", ack.upto);
                if ack.spool.as_str() == spool && ack.upto == upto {
                    return;
                }
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.expect("the ack comes");
    }
}
