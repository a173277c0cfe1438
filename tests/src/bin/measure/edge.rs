//! From a contact's edge to its ticket, while 1,000 messages a second come in; beside the two waits
//! that nobody can avoid: the broker's hop and the disk's sync, measured in the same run.

use std::{
    fs::File,
    io::Write,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use anyhow::ensure;
use rusqlite::{Connection, OpenFlags};
use tests::{
    Broker, Collector, House,
    collector::Wanted,
    load::{
        Acks, Device,
        mqtt::{self, Packet},
        publisher::{self, Pace},
    },
};

use crate::report;

/// Edges, each of a contact of its own room, so that each opens a ticket of its own.
const EDGES: usize = 300;

/// Between two edges: they must not help each other into one commit.
const BETWEEN_EDGES: Duration = Duration::from_millis(100);

/// Background messages a second, from as many devices.
const RATE: usize = 1_000;

/// A contact that must be closed, with no delay before it counts.
pub const PACK: &str = include_str!("edge-pack.toml");

/// Measures and prints.
pub fn measure() -> anyhow::Result<()> {
    report::heading(&format!("contact edge -> ticket committed, at {RATE} messages/s"));
    let house = House::new("measure");
    let broker = Broker::start(&house);
    let pack = Some(PACK.to_owned());
    let mut collector = Collector::start(&house, &Wanted { broker: Some(broker.port()), pack, ..Wanted::default() });
    tests::load::until_it_listens(broker.port())?;
    let acks = Acks::listen(broker.port())?;
    let mut sync = sync_milliseconds(&house)?;

    let over = AtomicBool::new(false);
    let (mut hop, mut edge) = std::thread::scope(|scope| {
        let background = scope.spawn(|| background(broker.port(), &over));
        let hop = scope.spawn(|| hop_milliseconds(broker.port(), &over));
        let edge = edges(broker.port(), &acks);
        over.store(true, Ordering::Release);
        background.join().expect("the background does not panic")?;
        anyhow::Ok((hop.join().expect("the probe does not panic")?, edge?))
    })?;

    let ledger = Connection::open_with_flags(collector.ledger(), OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let tickets: i64 = ledger.query_row("SELECT count(*) FROM ticket", [], |row| row.get(0))?;
    ensure!(tickets == EDGES as i64, "{EDGES} edges opened {tickets} tickets");
    drop(ledger);
    collector.process().terminate(Duration::from_secs(30));
    broker.stop();
    for (name, values) in
        [("broker hop, QoS 1", &mut hop), ("append + fdatasync", &mut sync), ("edge -> ticket", &mut edge)]
    {
        report::figure(&format!("{name}, p50"), format!("{:.2}", report::median(values)), "ms");
        report::figure(&format!("{name}, p99"), format!("{:.2}", report::quantile(values, 0.99)), "ms");
    }
    let floor = report::quantile(&mut hop, 0.99) + report::quantile(&mut sync, 0.99);
    let p99 = report::quantile(&mut edge, 0.99);
    report::goal("edge p99 / (hop p99 + sync p99)", p99 / floor, "<= 2", p99 <= 2.0 * floor);
    report::goal("edge p99, ms", p99, "< 50", p99 < 50.0);
    Ok(())
}

/// Steady traffic until it is over.
fn background(port: u16, over: &AtomicBool) -> anyhow::Result<()> {
    let mut devices: Vec<Device> = (0..RATE).map(|number| Device::new("background", number)).collect();
    let pace = Pace { rate: Some(RATE as f64), ..Pace::FULL };
    while !over.load(Ordering::Acquire) {
        publisher::publish(port, &mut devices, 5, 2, pace, &|_| publisher::now_ms())?;
    }
    Ok(())
}

/// Publish to delivery of a message that nobody else hears.
fn hop_milliseconds(port: u16, over: &AtomicBool) -> anyhow::Result<Vec<f64>> {
    let (mut writer, mut reader) = mqtt::connect(port, "hop")?;
    writer.subscribe("measure/hop")?;
    while reader.packet()? != Packet::SubAck {}
    let mut values = Vec::new();
    while !over.load(Ordering::Acquire) {
        let started = Instant::now();
        writer.publish("measure/hop", &[b'x'; 600], 1)?;
        writer.flush()?;
        loop {
            if let Packet::Publish { id, .. } = reader.packet()? {
                values.push(started.elapsed().as_secs_f64() * 1e3);
                id.map_or(Ok(()), |id| writer.acknowledge(id))?;
                writer.flush()?;
                break;
            }
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(values)
}

/// Append and sync, with nothing else to do.
fn sync_milliseconds(house: &House) -> anyhow::Result<Vec<f64>> {
    let mut file = File::create(house.path("sync"))?;
    let mut values = Vec::new();
    for _ in 0..300 {
        let started = Instant::now();
        file.write_all(&[7; 4096])?;
        file.sync_data()?;
        values.push(started.elapsed().as_secs_f64() * 1e3);
    }
    Ok(values)
}

/// Publish of the edge to the ack of its commit, which holds the ticket too.
fn edges(port: u16, acks: &Acks) -> anyhow::Result<Vec<f64>> {
    let (mut writer, mut reader) = mqtt::connect(port, "edge")?;
    let mut devices: Vec<Device> = (0..EDGES).map(|number| Device::new("edges", number)).collect();
    let drain = std::thread::spawn(move || while reader.packet().is_ok() {});
    let mut values = Vec::new();
    for round in ["1", "0"] {
        for device in &mut devices {
            let seq = device.seq;
            let body = device.with_points(publisher::now_ms(), &format!(",\"power_on\":{round}"));
            let ack = device.topic.replace("/samples", "/ack");
            let started = Instant::now();
            writer.publish(&device.topic, body.as_bytes(), 1)?;
            writer.flush()?;
            let heard = tests::wait::try_until(Duration::from_secs(20), || {
                acks.of(&ack, device.spool.as_str()).filter(|(upto, _)| *upto >= seq)
            });
            ensure!(heard.is_some(), "no ack for `{}`", device.topic);
            if round == "0" {
                values.extend(heard.map(|(_, at)| at.duration_since(started).as_secs_f64() * 1e3));
                std::thread::sleep(BETWEEN_EDGES);
            }
        }
    }
    writer.close();
    let _ = drain.join();
    Ok(values)
}
