//! A whole collector whose clock runs fast: its own thread makes the report and looks again at the opening,
//! and pages and API show both.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::Arc,
    time::{Duration, Instant},
};

use collector::{
    Config, World,
    ledger::{RecordFilter, record_kind},
    readiness::{Report, Verdict, What, report::Made},
    world::Clock,
};
use wire::UnixMs;

use crate::lounge::{id, ms};

/// How many times faster than life.
const SPEED: i64 = 1_200;
/// Real time for all of it.
const WITHIN: Duration = Duration::from_secs(60);

struct FastClock(Instant);

impl Clock for FastClock {
    fn now(&self) -> UnixMs {
        ms("2026-11-23T11:10:00+08:00") + i64::try_from(self.0.elapsed().as_millis()).unwrap() * SPEED
    }

    fn real(&self, world: Duration) -> Duration {
        world / u32::try_from(SPEED).unwrap()
    }
}

fn get(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_collector_makes_the_report_looks_again_at_the_opening_and_shows_both() {
    let folder = tempfile::tempdir().unwrap();
    let venues = folder.path().join("venues.toml");
    let text = "[venue.nanshan]\nname_zh = \"南山店\"\nzone = \"Asia/Shanghai\"\n[[venue.nanshan.hours]]\nopen = \"12:00\"\nclose = \"02:00\"\n[venue.nanshan.room.k01]\n";
    std::fs::write(&venues, text).unwrap();
    let mut config = Config::default();
    config.ledger.path = folder.path().join("ledger.db");
    config.venues.path = Some(venues);
    config.web.listen = "127.0.0.1:0".parse().unwrap();
    config.mqtt.listen = "127.0.0.1:0".parse().unwrap();
    let handle = collector::start(config, World { clock: Arc::new(FastClock(Instant::now())) }).await.unwrap();
    let started = Instant::now();
    let filter = RecordFilter { kind: record_kind::READINESS.into(), ..RecordFilter::default() };
    let mut look = tokio::time::interval(Duration::from_millis(20));
    let report = loop {
        look.tick().await;
        let records = handle.shared.reader.records(&filter).unwrap();
        if let Some(report) =
            records.first().and_then(Report::of).filter(|r| r.at_opening.is_some() || r.opening_missed)
        {
            break report;
        }
        assert!(started.elapsed() < WITHIN, "no report: {records:?}");
    };
    assert_eq!((report.date.as_str(), report.made), ("2026-11-23", Made::InTime));
    assert_eq!((&report.rooms[0].room, report.rooms[0].verdict), (&id("k01"), Verdict::Unknown));
    assert_eq!(report.rooms[0].reasons[0].what, What::NoAgent);
    let address = handle.web.unwrap();
    tokio::task::spawn_blocking(move || {
        let page = get(address, "/readiness/nanshan/2026-11-23?lang=zh-CN");
        assert!(
            page.starts_with("HTTP/1.1 200") && page.contains("班前报告") && page.contains("没有采集器上报"),
            "{page}"
        );
        let past = get(address, "/readiness/nanshan?lang=en");
        assert!(past.contains("/readiness/nanshan/2026-11-23") && past.contains("1 unknown"), "{past}");
        let api = get(address, "/api/v1/readiness?venue=nanshan&date=2026-11-23");
        assert!(api.contains(r#""verdict":"unknown""#) && api.contains(r#""made":"in_time""#), "{api}");
        assert!(get(address, "/api/v1/readiness?date=monday").starts_with("HTTP/1.1 400"));
        assert!(get(address, "/readiness/nanshan/2026-11-22").starts_with("HTTP/1.1 404"));
    })
    .await
    .unwrap();
    handle.stop().await.unwrap();
}
