//! Stored bytes a reading: a day of many rooms in the collector's ledger, everything counted, beside
//! VictoriaMetrics with the same readings.

use std::{
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use rusqlite::{Connection, OpenFlags};
use serde_json::json;
use tests::{
    Broker, Collector, House, Rng,
    collector::Wanted,
    load::{
        Acks, Device,
        publisher::{self},
    },
    port, wait,
};

use crate::report;

/// One sample every ten seconds, for a day.
const PERIOD_MS: i64 = 10_000;
const SAMPLES_A_DAY: usize = 8_640;

/// A point of a room: where it starts, how far it walks each time, the sensor's noise, its quantum.
struct Walk {
    name: &'static str,
    start: f64,
    step: f64,
    noise: f64,
    quantum: f64,
}

const fn walk(name: &'static str, start: f64, step: f64, noise: f64, quantum: f64) -> Walk {
    Walk { name, start, step, noise, quantum }
}

/// Twelve points of a room, quantised as its chips do and as the agent's precision prints them.
const WALKS: [Walk; 12] = [
    walk("temperature_celsius", 21.0, 0.01, 0.02, 0.01),
    walk("humidity_percent", 45.0, 0.03, 0.05, 0.01),
    walk("co2_ppm", 700.0, 2.0, 3.0, 1.0),
    walk("illuminance_lux", 120.0, 0.5, 0.8, 0.1),
    walk("amplifier_current_ampere", 1.8, 0.01, 0.02, 0.001),
    walk("amplifier_temperature_celsius", 38.0, 0.02, 0.0, 0.0625),
    walk("projector_temperature_celsius", 52.0, 0.03, 0.0, 0.0625),
    walk("sound_decibel", 75.0, 0.8, 1.5, 0.1),
    walk("pm2_5_microgram_per_cubic_metre", 18.0, 0.2, 0.6, 1.0),
    walk("computer_temperature_celsius", 51.0, 0.1, 0.2, 0.1),
    walk("supply_volt", 228.0, 0.05, 0.1, 0.1),
    walk("door_open", 0.0, 0.0, 0.0, 1.0),
];

/// Values of one point of one room over the day, rounded to six decimals as they are printed.
fn values(walk: &Walk, rng: &mut Rng) -> Vec<f64> {
    let mut level = walk.start;
    (0..SAMPLES_A_DAY)
        .map(|_| {
            if walk.name == "door_open" {
                if rng.below(200) == 0 {
                    level = 1.0 - level;
                }
                return level;
            }
            level += rng.normal() * walk.step;
            let seen = ((level + rng.normal() * walk.noise) / walk.quantum).round() * walk.quantum;
            (seen * 1e6).round() / 1e6
        })
        .collect()
}

/// Measures both and prints the ratio.
pub fn measure(rooms: usize) -> anyhow::Result<()> {
    let readings = (rooms * WALKS.len() * SAMPLES_A_DAY) as f64;
    report::heading(&format!("stored bytes: {rooms} rooms, 12 points, 10 s, one day ({readings:.0} readings)"));
    // Hours are whole, as on any but the first and the last of a year.
    let end = publisher::now_ms() / 3_600_000 * 3_600_000;
    let begin = end - PERIOD_MS * SAMPLES_A_DAY as i64;
    let theirs = victoria_metrics(rooms, begin)? as f64 / readings;
    let ours = collector(rooms, begin)? as f64 / readings;
    report::figure("VictoriaMetrics (data and indexdb, after a forced merge)", format!("{theirs:.3}"), "bytes/reading");
    report::figure("collector (whole ledger file and WAL)", format!("{ours:.3}"), "bytes/reading");
    report::goal("stored bytes / VictoriaMetrics", ours / theirs, "<= 0.75", ours / theirs <= 0.75);
    Ok(())
}

fn room_values(room: usize) -> Vec<Vec<f64>> {
    let mut rng = Rng::new(room as u64 + 1);
    WALKS.iter().map(|walk| values(walk, &mut rng)).collect()
}

fn collector(rooms: usize, begin: i64) -> anyhow::Result<u64> {
    let house = House::new("measure");
    let broker = Broker::start(&house);
    let wanted =
        Wanted { broker: Some(broker.port()), more: "[readings]\ncompact_seconds = 5\n".into(), ..Wanted::default() };
    let mut collector = Collector::start(&house, &wanted);
    tests::load::until_it_listens(broker.port())?;
    let acks = Acks::listen(broker.port())?;
    let mut devices: Vec<Device> = (0..rooms).map(|room| Device::new("nanshan", room)).collect();
    let values: Vec<Vec<Vec<f64>>> = (0..rooms).map(room_values).collect();
    let (mut writer, mut reader) = tests::load::mqtt::connect(broker.port(), "day")?;
    std::thread::scope(|scope| -> anyhow::Result<()> {
        scope.spawn(move || while reader.packet().is_ok() {});
        let mut sent = 0u64;
        for sample in 0..SAMPLES_A_DAY {
            for (room, device) in devices.iter_mut().enumerate() {
                let points: String = WALKS
                    .iter()
                    .zip(&values[room])
                    .map(|(walk, v)| format!(",\"{}\":{}", walk.name, v[sample]))
                    .collect();
                let body = device.with_points(begin + PERIOD_MS * sample as i64, &points);
                writer.publish(&device.topic, body.as_bytes(), (sent % 65_535) as u16 + 1)?;
                sent += 1;
            }
            // Far enough behind the broker's queue limit.
            if sent > acks.total() + 20_000 {
                writer.flush()?;
                ensure!(acks.reach(sent - 10_000, Duration::from_secs(60)), "committed {} of {sent}", acks.total());
            }
        }
        writer.flush()?;
        ensure!(acks.reach(sent, Duration::from_secs(120)), "committed {} of {sent}", acks.total());
        writer.close();
        Ok(())
    })?;
    // Compaction follows by itself. The file is measured when nothing but the present hour can wait
    // for it, and when it has not changed for a while.
    let settled = wait::try_until(Duration::from_secs(120), || {
        let before = (waiting_blobs(&collector.ledger()).ok()?, files_bytes(house.dir(), &is_ledger).ok()?);
        std::thread::sleep(Duration::from_secs(15));
        let after = (waiting_blobs(&collector.ledger()).ok()?, files_bytes(house.dir(), &is_ledger).ok()?);
        (before == after).then_some(after.0)
    });
    report::figure("commits that wait for compaction", settled.map_or("many".into(), |blobs| blobs.to_string()), "");
    collector.process().terminate(Duration::from_secs(60));
    broker.stop();
    break_down(&collector.ledger(), rooms)?;
    files_bytes(house.dir(), &is_ledger)
}

/// Where the bytes of the ledger are.
fn break_down(ledger: &Path, rooms: usize) -> anyhow::Result<()> {
    let ledger = Connection::open_with_flags(ledger, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let readings = (rooms * WALKS.len() * SAMPLES_A_DAY) as f64;
    let questions = [
        ("of it columns of samples", "SELECT sum(length(body)) FROM chunk"),
        ("of it roll-ups", "SELECT sum(length(body)) FROM rollup"),
        ("of it free pages", "SELECT freelist_count * page_size FROM pragma_freelist_count, pragma_page_size"),
    ];
    for (name, question) in questions {
        let bytes: Option<i64> = ledger.query_row(question, [], |row| row.get(0))?;
        report::figure(name, format!("{:.3}", bytes.unwrap_or(0) as f64 / readings), "bytes/reading");
    }
    Ok(())
}

/// The ledger's file, its log and its shared memory.
fn is_ledger(file: &str) -> bool {
    file.starts_with("collector.db")
}

fn waiting_blobs(ledger: &Path) -> anyhow::Result<i64> {
    let ledger = Connection::open_with_flags(ledger, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    Ok(ledger.query_row("SELECT count(*) FROM blob", [], |row| row.get(0))?)
}

fn victoria_metrics(rooms: usize, begin: i64) -> anyhow::Result<u64> {
    let house = House::new("measure");
    let store = house.path("victoria");
    let port = port::free();
    let mut command = Command::new("victoria-metrics");
    command.args([
        format!("-storageDataPath={}", store.display()),
        format!("-httpListenAddr=127.0.0.1:{port}"),
        "-retentionPeriod=10y".into(),
    ]);
    let mut server = house.start("victoria-metrics", command);
    wait::until("VictoriaMetrics answers", wait::READY_WITHIN, || port::answers(port).then_some(()));
    let agent: ureq::Agent =
        ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(120))).build().into();
    let url = |path: &str| format!("http://127.0.0.1:{port}{path}");
    let stamps: Vec<i64> = (0..SAMPLES_A_DAY).map(|sample| begin + PERIOD_MS * sample as i64).collect();
    let started = Instant::now();
    for room in 0..rooms {
        for (walk, values) in WALKS.iter().zip(room_values(room)) {
            let labels = json!({"__name__": walk.name, "venue": "nanshan", "room": format!("r{room}"), "agent": format!("pi-{room}")});
            let line = json!({"metric": labels, "values": values, "timestamps": stamps}).to_string();
            agent.post(url("/api/v1/import")).send(line).context("VictoriaMetrics takes readings")?;
        }
    }
    report::figure("VictoriaMetrics import", format!("{:.1}", started.elapsed().as_secs_f64()), "s");
    for path in ["/internal/force_flush", "/internal/force_merge"] {
        agent.get(url(path)).call().context("VictoriaMetrics merges")?;
    }
    let question = format!("sum(count_over_time({{venue=\"nanshan\"}}[2d]))&time={}", publisher::now_ms() / 1_000);
    let url =
        url(&format!("/api/v1/query?query={}", question.replace('"', "%22").replace('{', "%7B").replace('}', "%7D")));
    let answer: serde_json::Value = serde_json::from_str(&agent.get(url).call()?.body_mut().read_to_string()?)?;
    let counted = answer["data"]["result"][0]["value"][1].as_str().unwrap_or("0").to_owned();
    ensure!(counted == (rooms * WALKS.len() * SAMPLES_A_DAY).to_string(), "VictoriaMetrics counts {counted} readings");
    server.terminate(Duration::from_secs(60));
    Ok(files_bytes(&store.join("data"), &|_| true)? + files_bytes(&store.join("indexdb"), &|_| true)?)
}

/// Bytes of all files below `folder` whose name is wanted.
fn files_bytes(folder: &Path, wanted: &dyn Fn(&str) -> bool) -> anyhow::Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder).with_context(|| format!("`{}` is readable", folder.display()))? {
        let entry = entry?;
        let data = entry.metadata()?;
        if data.is_dir() {
            bytes += files_bytes(&entry.path(), &|_| true)?;
        } else if wanted(&entry.file_name().to_string_lossy()) {
            bytes += data.len();
        }
    }
    Ok(bytes)
}
