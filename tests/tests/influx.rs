//! What the collector commits is in the database, every field of it, once: with a real InfluxDB 1.6 that is killed,
//! and a collector that is killed, in the middle. A database that refuses or hangs delays nobody.

#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected has failed")]

use std::time::Duration;

use tests::{
    Broker, Collector, House, Influxd, Receiver,
    collector::Wanted,
    influxd::DATABASE,
    load::{
        self, Acks, Device,
        publisher::{self, Pace},
    },
    receiver::Behaviour,
    wait,
};

const DEVICES: usize = 10;
const WITHIN: Duration = Duration::from_secs(60);

/// A venue's devices, and what they have sent.
struct Fleet {
    devices: Vec<Device>,
    sent: u64,
    begin: i64,
}

impl Fleet {
    fn new() -> Self {
        let devices = (0..DEVICES).map(|number| Device::new("nanshan", number)).collect();
        Self { devices, sent: 0, begin: publisher::now_ms() - 3_600_000 }
    }

    /// Sends so many samples of each, each at an instant of its own, and waits until all are committed.
    fn send(&mut self, broker: &Broker, samples: u64) {
        let acks = Acks::listen(broker.port()).unwrap();
        let (begin, before) = (self.begin, self.sent / DEVICES as u64);
        let at = |round: u64| begin + (before + round) as i64 * 1_000;
        publisher::publish(broker.port(), &mut self.devices, samples, 2, Pace::FULL, &at).unwrap();
        self.sent += samples * DEVICES as u64;
        let wanted = samples * DEVICES as u64;
        wait::until("all is acknowledged", WITHIN, || acks.reach(wanted, Duration::from_millis(200)).then_some(()));
    }
}

fn config(url: &str) -> String {
    format!("[influx]\nurl = \"{url}\"\nversion = \"1\"\nbucket = \"{DATABASE}\"\nbatch_age_ms_max = 100\n")
}

fn collector(house: &House, broker: &Broker, url: &str) -> Collector {
    let wanted = Wanted { broker: Some(broker.port()), more: config(url), ..Wanted::default() };
    let collector = Collector::start(house, &wanted);
    load::until_it_listens(broker.port()).unwrap();
    collector
}

/// Whether the collector tells that of itself.
fn says(collector: &Collector, words: &str) -> bool {
    collector.get("/healthz").is_some_and(|text| text.contains(words))
}

/// Waits until the database has so many samples, and checks that each is there once, with all its fields.
fn balanced(database: &Influxd, samples: u64) {
    let count = || {
        let series = database.select("SELECT COUNT(sample_seq) FROM room WHERE venue = 'nanshan'");
        series.first().map_or(0.0, |series| series.numbers("count")[0].1)
    };
    wait::until("every sample is in the database", WITHIN, || (count() >= samples as f64).then_some(()));
    assert!((count() - samples as f64).abs() < 0.5, "{} of {samples}", count());
    // Not every sample has `in_band` fields and the like; what the devices read is in each.
    let fields =
        database.select("SELECT COUNT(/_(celsius|percent|ppm|ampere|seq)$/) FROM room WHERE venue = 'nanshan'");
    let counts: Vec<f64> = fields[0].values[0][1..].iter().map(|cell| cell.as_f64().unwrap()).collect();
    assert!(counts.len() > 8, "{:?}", fields[0].columns);
    assert!(counts.iter().all(|count| (count - samples as f64).abs() < 0.5), "{:?} {counts:?}", fields[0].columns);
    let sums = database.select("SELECT SUM(sample_seq) FROM room WHERE venue = 'nanshan' GROUP BY agent");
    let each = (samples / DEVICES as u64) as f64;
    assert_eq!(sums.len(), DEVICES);
    for series in sums {
        assert!((series.numbers("sum")[0].1 - each * (each + 1.0) / 2.0).abs() < 0.5, "{series:?}");
    }
}

#[test]
fn the_books_balance_over_kills_of_the_database_and_of_the_collector() {
    let house = House::new("influx");
    let broker = Broker::start(&house);
    let mut database = Influxd::start(&house);
    let mut running = collector(&house, &broker, &database.url());
    let mut fleet = Fleet::new();
    fleet.send(&broker, 50);
    balanced(&database, fleet.sent);

    database.kill();
    fleet.send(&broker, 80);
    wait::until("the collector says so", WITHIN, || says(&running, "readings are not written").then_some(()));
    running.process().kill();
    running = collector(&house, &broker, &database.url());
    fleet.send(&broker, 30);
    database.restart(&house);
    balanced(&database, fleet.sent);
    wait::until("all is well again", WITHIN, || (!says(&running, "not written")).then_some(()));
    running.say(&["tickets", "--who", "li", "open", "nanshan", "r1", "hums", "--team", "av"]);
    let opened = "SELECT \"opened\", \"number\" FROM ticket WHERE event = 'opened' AND room = 'r1'";
    wait::until("the history of a ticket is in the database", WITHIN, || {
        let series = database.select(opened);
        let flags = series.first()?.numbers("opened");
        (flags.len() == 1 && flags[0].1 > 0.5).then_some(())
    });
    let metrics = running.get("/metrics").unwrap();
    assert!(metrics.contains("hallwatch_influx_refused_lines_total 0"), "{metrics}");
    assert!(running.process().terminate(WITHIN).success());
    broker.stop();
}

#[test]
fn a_database_that_refuses_hangs_or_wants_another_token_delays_no_commit() {
    let house = House::new("influx-bad");
    let broker = Broker::start(&house);
    let receiver = Receiver::start();
    let mut fleet = Fleet::new();
    receiver.behave(Behaviour::Refuse(401, Vec::new()));
    let running = collector(&house, &broker, &receiver.url());
    for behaviour in [
        Behaviour::Refuse(401, Vec::new()),
        Behaviour::Refuse(429, vec![("retry-after".into(), "1".into())]),
        Behaviour::Refuse(500, Vec::new()),
        Behaviour::Accept("{\"ok\":true}".into()),
        Behaviour::Hang,
    ] {
        receiver.behave(behaviour);
        fleet.send(&broker, 3);
    }
    let written = |metrics: &str| metrics.contains("hallwatch_influx_lines_total 0");
    assert!(written(&running.get("/metrics").unwrap()), "200 is no 204");
    assert!(says(&running, "readings are not written"));
    for request in receiver.requests() {
        assert!(request.path.starts_with("/write?db=hallwatch&precision=ns"), "{}", request.path);
        assert_eq!(request.headers["content-encoding"], "gzip");
    }
    broker.stop();
}

#[test]
fn hours_and_the_present_are_written_and_hours_again_when_late_data_came() {
    let house = House::new("influx-hours");
    let broker = Broker::start(&house);
    let database = Influxd::start(&house);
    let running = collector(&house, &broker, &database.url());
    // At the beginning of an hour that is over for long.
    let begin = (publisher::now_ms() / 3_600_000 - 3) * 3_600_000;
    let mut fleet = Fleet { begin, ..Fleet::new() };
    let counted = |samples: u64| {
        wait::until("the hour has all samples", WITHIN, || {
            let series = database.select("SELECT sum(temperature_celsius_count) FROM room_1h");
            let count = series.first().map_or(0.0, |series| series.numbers("sum")[0].1);
            ((count - samples as f64).abs() < 0.5).then_some(())
        });
    };
    fleet.send(&broker, 20);
    counted(fleet.sent);
    fleet.send(&broker, 15);
    counted(fleet.sent);
    let means = database.select(
        "SELECT mean(temperature_celsius) FROM room WHERE venue = 'nanshan'; \
                 SELECT sum(temperature_celsius_mean) FROM room_1h WHERE venue = 'nanshan'",
    );
    let (raw, hourly) = (means[0].numbers("mean")[0].1, means[1].numbers("sum")[0].1 / DEVICES as f64);
    assert!((raw - hourly).abs() < 1e-6, "{raw} and {hourly}");

    running.say(&["tickets", "--who", "li", "open", "nanshan", "r1", "hums", "--team", "av"]);
    drop(running);
    // A start writes the present at once; one that runs does so every five minutes.
    let _running = collector(&house, &broker, &database.url());
    for (select, least) in [
        ("last(agents) FROM venue WHERE venue = 'nanshan'", DEVICES as f64),
        ("last(tickets_open) FROM venue WHERE venue = 'nanshan'", 1.0),
        ("last(rank_severity) FROM ticket_open WHERE room = 'r1'", 1.0),
        ("count(online) FROM agent", DEVICES as f64),
        ("last(ledger_bytes) FROM collector", 1.0),
    ] {
        wait::until(select, WITHIN, || {
            let series = database.select(&format!("SELECT {select}"));
            let series = series.first()?;
            series.numbers(&series.columns[1]).first().filter(|(_, value)| *value >= least).map(|_| ())
        });
    }
}
