//! How fast messages become committed, with rules on, beside a `mosquitto_sub -q 1 >/dev/null` that
//! throws the same messages away: once from a backlog in the broker, once live.

use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use tests::{
    Broker, Collector, House,
    collector::Wanted,
    load::{
        self, Acks, Device, device,
        publisher::{self, Pace},
    },
    meter,
};

use crate::report;

/// As MEASURED says: 1,000 devices of 8 readings.
const DEVICES: usize = 1_000;

/// Connections that publish.
const CONNECTIONS: usize = 4;

/// Live: at most so far ahead of the commits, below what the broker queues for a client.
const AHEAD_MAX: u64 = 40_000;

/// No drain takes longer.
const PATIENCE: Duration = Duration::from_secs(90);

const FILTER: &str = "hallwatch/v1/+/+/+/samples";

/// All packs that there are.
const PACKS: &str = "includes = ['ktv', 'telecom-hall', 'bank', 'restaurant', 'shop']\n";

/// A collector that judges by all of them.
fn wanted(broker: u16) -> Wanted {
    Wanted { broker: Some(broker), pack: Some(PACKS.into()), ..Wanted::default() }
}

/// What one drain came to.
struct Drained {
    messages_a_second: f64,
    processor_seconds_a_million: f64,
}

/// Measures both kinds, in turns, and prints ratios of medians.
pub fn measure(messages: u64, rounds: usize) -> anyhow::Result<()> {
    let samples = messages.div_ceil(DEVICES as u64).max(1);
    for (name, goal, live) in [("backlog", 1.0, false), ("live", 0.95, true)] {
        report::heading(&format!(
            "{name} drain: {} messages of {} readings",
            samples * DEVICES as u64,
            device::READINGS_A_SAMPLE
        ));
        let (mut theirs, mut ours, mut processor) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..rounds {
            theirs.push(if live { live_baseline(samples)? } else { backlog_baseline(samples)? });
            let drained = if live { live_collector(samples)? } else { backlog_collector(samples)? };
            ours.push(drained.messages_a_second);
            processor.push(drained.processor_seconds_a_million);
        }
        let (theirs, ours) = (report::median(&mut theirs), report::median(&mut ours));
        report::figure("mosquitto_sub -q 1 >/dev/null", format!("{theirs:.0}"), "messages/s");
        report::figure("collector, committed and acknowledged, rules on", format!("{ours:.0}"), "messages/s");
        report::figure(
            "collector, processor time",
            format!("{:.2}", report::median(&mut processor)),
            "s per million readings",
        );
        report::goal(
            &format!("{name} drain / mosquitto_sub"),
            ours / theirs,
            &format!(">= {goal}"),
            ours / theirs >= goal,
        );
    }
    Ok(())
}

/// A broker that queues the whole backlog for an absent client, else as shipped.
fn broker(house: &House) -> Broker {
    Broker::start_tuned(house, "max_queued_messages 0\nmax_queued_bytes 0\n", "allow_anonymous true\n")
}

fn fleet() -> Vec<Device> {
    (0..DEVICES).map(|number| Device::new("nanshan", number)).collect()
}

fn publish(broker: &Broker, samples: u64, pace: Pace<'_>) -> anyhow::Result<()> {
    let now = publisher::now_ms();
    // A round a second, the last of them now: fresh enough for rules to treat as live.
    let at = |round: u64| now - 1_000 * (samples as i64 - round as i64);
    publisher::publish(broker.port(), &mut fleet(), samples, CONNECTIONS, pace, &at).context("publishing")
}

fn sub(broker: &Broker, more: &[&str]) -> Command {
    let mut command = Command::new("mosquitto_sub");
    command.args(["-h", "127.0.0.1", "-p", &broker.port().to_string(), "-q", "1", "-t", FILTER]);
    command.args(more).stdout(Stdio::null());
    command
}

fn backlog_baseline(samples: u64) -> anyhow::Result<f64> {
    let house = House::new("measure");
    let broker = broker(&house);
    let total = samples * DEVICES as u64;
    ensure!(sub(&broker, &["-c", "-i", "baseline", "-E"]).status()?.success(), "mosquitto_sub subscribes");
    publish(&broker, samples, Pace::FULL)?;
    let started = Instant::now();
    let count = total.to_string();
    let status = sub(&broker, &["-c", "-i", "baseline", "-W", "180", "-C", &count]).status()?;
    ensure!(status.success(), "mosquitto_sub drains the backlog: {status}");
    let rate = total as f64 / started.elapsed().as_secs_f64();
    broker.stop();
    Ok(rate)
}

fn backlog_collector(samples: u64) -> anyhow::Result<Drained> {
    let house = House::new("measure");
    let broker = broker(&house);
    let total = samples * DEVICES as u64;
    let mut collector = Collector::start(&house, &wanted(broker.port()));
    load::until_it_listens(broker.port())?;
    collector.process().terminate(PATIENCE);
    publish(&broker, samples, Pace::FULL)?;
    let acks = Acks::listen(broker.port())?;
    let started = Instant::now();
    collector.relaunch(&house);
    assert!(acks.reach(total, PATIENCE), "the collector committed {} of {total}", acks.total());
    drained(&mut collector, &acks, total, started, Duration::ZERO)
}

fn live_baseline(samples: u64) -> anyhow::Result<f64> {
    let house = House::new("measure");
    let broker = broker(&house);
    let total = samples * DEVICES as u64;
    // Its session is made first, so that nothing is published before it is subscribed.
    ensure!(sub(&broker, &["-c", "-i", "baseline", "-E"]).status()?.success(), "mosquitto_sub subscribes");
    let mut subscriber = sub(&broker, &["-c", "-i", "baseline", "-W", "180", "-C", &total.to_string()]).spawn()?;
    let started = Instant::now();
    let published = publish(&broker, samples, Pace::FULL);
    let status = subscriber.wait()?;
    published?;
    ensure!(status.success(), "mosquitto_sub hears everything: {status}");
    let rate = total as f64 / started.elapsed().as_secs_f64();
    broker.stop();
    Ok(rate)
}

fn live_collector(samples: u64) -> anyhow::Result<Drained> {
    let house = House::new("measure");
    let broker = broker(&house);
    let total = samples * DEVICES as u64;
    let mut collector = Collector::start(&house, &wanted(broker.port()));
    load::until_it_listens(broker.port())?;
    let acks = Acks::listen(broker.port())?;
    let before = meter::processor_time(collector.process().pid()).unwrap_or_default();
    let started = Instant::now();
    let committed = || acks.total();
    publish(&broker, samples, Pace { rate: None, committed: Some(&committed), ahead_max: AHEAD_MAX })?;
    assert!(acks.reach(total, PATIENCE), "the collector committed {} of {total}", acks.total());
    drained(&mut collector, &acks, total, started, before)
}

/// From `started` to the last ack, start of the process included.
fn drained(
    collector: &mut Collector,
    acks: &Acks,
    total: u64,
    started: Instant,
    before: Duration,
) -> anyhow::Result<Drained> {
    let (_, last) = acks.span().context("acks came")?;
    let processor = meter::processor_time(collector.process().pid()).context("the collector runs")? - before;
    collector.process().terminate(PATIENCE);
    Ok(Drained {
        messages_a_second: total as f64 / last.duration_since(started).as_secs_f64(),
        processor_seconds_a_million: processor.as_secs_f64() * 1e6 / (total * device::READINGS_A_SAMPLE) as f64,
    })
}
