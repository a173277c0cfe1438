//! What the agent costs the machine it runs on, beside collectd: memory, processor time, size of the
//! program; and how often it syncs. Both send some 20 readings every 10 seconds to the same broker
//! through TLS with a certificate of their own.

use std::{
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use anyhow::Context;
use tests::{Broker, Collector, House, Process, agent, collector, meter, program, tls::Authority};

use crate::report;

/// Start-up, connecting and the first syncs are not what goes on for years.
const WARM_UP: Duration = Duration::from_secs(30);

/// What a process used from one look to the next.
struct Cost {
    resident_mib: f64,
    processor_seconds_an_hour: f64,
}

/// Runs both for `seconds` and prints.
pub fn measure(seconds: u64) -> anyhow::Result<()> {
    report::heading(&format!("agent beside collectd: 20 readings every 10 s, TLS, {seconds} s"));
    let house = House::new("measure");
    let authority = Authority::new(&house, "authority");
    let broker_identity = authority.issue(&house, "broker");
    let listener = format!(
        "cafile {}\ncertfile {}\nkeyfile {}\nrequire_certificate true\nuse_identity_as_username true\n",
        authority.certificate().display(),
        broker_identity.certificate.display(),
        broker_identity.key.display()
    );
    let broker = Broker::start_with(&house, &listener);
    let ours = authority.issue(&house, "collector");
    let mqtt = format!(
        "ca_file = \"{}\"\ncert_file = \"{}\"\nkey_file = \"{}\"\n",
        authority.certificate().display(),
        ours.certificate.display(),
        ours.key.display()
    );
    let wanted = collector::Wanted { broker: Some(broker.port()), mqtt, ..collector::Wanted::default() };
    let mut collector = Collector::start(&house, &wanted);

    let mut agent = agent(&house, &authority, &broker);
    let mut collectd = collectd(&house, &authority, &broker);
    // Both start, connect and settle.
    std::thread::sleep(WARM_UP);
    let (agent_before, collectd_before) = (used(agent.process())?, used(&mut collectd)?);
    let started = Instant::now();
    std::thread::sleep(Duration::from_secs(seconds));
    let elapsed = started.elapsed();
    let agent_cost = cost(agent.process(), agent_before, elapsed)?;
    let collectd_cost = cost(&mut collectd, collectd_before, elapsed)?;

    let (statistics, round) = (syncs(&collector, seconds), longest_round(&collector, seconds));
    agent.process().terminate(Duration::from_secs(20));
    collectd.terminate(Duration::from_secs(20));
    collector.process().terminate(Duration::from_secs(20));
    broker.stop();

    let size = std::fs::metadata(program::agent().get_program()).context("the agent's size")?.len() as f64 / 1e6;
    report::figure("agent, resident", format!("{:.1}", agent_cost.resident_mib), "MiB");
    report::figure("collectd, resident", format!("{:.1}", collectd_cost.resident_mib), "MiB");
    report::figure("agent, processor time", format!("{:.2}", agent_cost.processor_seconds_an_hour), "s/h");
    report::figure("collectd, processor time", format!("{:.2}", collectd_cost.processor_seconds_an_hour), "s/h");
    report::figure("agent, size of the program", format!("{size:.2}"), "MB");
    if let Some(round) = round {
        report::figure("agent, longest round over all sensors", format!("{round:.0}"), "ms");
    }
    let over = agent_cost.resident_mib - collectd_cost.resident_mib;
    report::goal("agent resident - collectd's, MiB", over, "<= 4", over <= 4.0);
    let ratio = agent_cost.processor_seconds_an_hour / collectd_cost.processor_seconds_an_hour;
    report::goal("agent processor time / collectd's", ratio, "<= 0.5", ratio <= 0.5);
    report::goal("agent program, MB", size, "<= 4", size <= 4.0);
    if let Some(syncs) = statistics {
        let hourly = syncs * 3_600.0 / seconds as f64;
        report::goal("agent, syncs an hour while online", hourly, "<= 120", hourly <= 120.0);
    }
    Ok(())
}

fn agent(house: &House, authority: &Authority, broker: &Broker) -> agent::Agent {
    let identity = authority.issue(house, "agent-k01");
    let mqtt = format!(
        "[mqtt.tls]\nca = \"{}\"\ncert = \"{}\"\nkey = \"{}\"\n",
        authority.certificate().display(),
        identity.certificate.display(),
        identity.key.display()
    );
    // With the thermometer (2): 20 values and the agent's own statistics.
    let more = format!(
        r#"
[[sensor]]
name = "co2"
driver = "scd4x"
bus = "room"
climate = true
[[sensor]]
name = "light"
driver = "bh1750"
bus = "room"
[[sensor]]
name = "amplifier-power"
driver = "contact"
asset = "amplifier"
bus = "room"
line = 17
point = "power_on"
[[sensor]]
name = "door"
driver = "contact"
bus = "room"
line = 18
point = "door_open"
[[sensor]]
name = "computer"
driver = "computer"
[[sensor]]
name = "broker"
driver = "tcp"
host = "127.0.0.1"
port = {port}
[[sensor]]
name = "second"
driver = "tcp"
host = "127.0.0.1"
port = {port}
"#,
        port = broker.port()
    );
    let period = "10s".to_owned();
    agent::Agent::start(house, &agent::Wanted { mqtt, more, period, ..agent::Wanted::new("k01", broker.port()) })
}

fn collectd(house: &House, authority: &Authority, broker: &Broker) -> Process {
    let identity = authority.issue(house, "collectd");
    let text = format!(
        r#"
BaseDir "{dir}"
PIDFile "{dir}/collectd.pid"
PluginDir "/usr/lib/collectd"
TypesDB "/usr/share/collectd/types.db"
Hostname "k02"
Interval 10
LoadPlugin load
LoadPlugin memory
LoadPlugin df
LoadPlugin cpu
LoadPlugin uptime
LoadPlugin mqtt
<Plugin cpu>
  ReportByCpu false
  ValuesPercentage true
</Plugin>
<Plugin df>
  MountPoint "/"
  ValuesPercentage true
</Plugin>
<Plugin mqtt>
  <Publish "broker">
    Host "127.0.0.1"
    Port {port}
    ClientId "collectd"
    QoS 1
    CACert "{ca}"
    CertificateFile "{certificate}"
    CertificateKeyFile "{key}"
  </Publish>
</Plugin>
"#,
        dir = house.dir().display(),
        port = broker.port(),
        ca = authority.certificate().display(),
        certificate = identity.certificate.display(),
        key = identity.key.display(),
    );
    let configuration = house.write("collectd.conf", &text);
    let found = ["/usr/sbin/collectd", "/usr/local/sbin/collectd"].into_iter().find(|path| Path::new(path).is_file());
    let mut command = Command::new(found.unwrap_or("collectd"));
    command.arg("-f").arg("-C").arg(configuration);
    house.start("collectd", command)
}

fn used(process: &mut Process) -> anyhow::Result<Duration> {
    meter::running_time(process.pid()).with_context(|| format!("{} runs:\n{}", process.name(), process.output()))
}

fn cost(process: &mut Process, before: Duration, elapsed: Duration) -> anyhow::Result<Cost> {
    let processor = used(process)? - before;
    let resident = meter::resident_bytes(process.pid()).context("it runs")?;
    Ok(Cost {
        resident_mib: resident as f64 / f64::from(1 << 20),
        processor_seconds_an_hour: processor.as_secs_f64() / elapsed.as_secs_f64() * 3_600.0,
    })
}

/// What one of the agent's own points said in the last `seconds`: least and greatest, in order.
fn said(collector: &Collector, point: &str, seconds: u64) -> Option<Vec<(f64, f64)>> {
    let to = tests::load::publisher::now_ms();
    let from = to - i64::try_from(seconds).ok()? * 1_000;
    let query = format!("/api/v1/readings?venue=nanshan&room=k01&point={point}&from={from}&to={to}");
    let series = collector.json(&query)?;
    series["marks"].as_array()?.iter().map(|mark| Some((mark["min"].as_f64()?, mark["max"].as_f64()?))).collect()
}

/// How often the agent synced, by its own count.
fn syncs(collector: &Collector, seconds: u64) -> Option<f64> {
    let marks = said(collector, "spool_sync_count", seconds)?;
    Some(marks.last()?.1 - marks.first()?.0)
}

/// The longest round over all sensors, in ms.
fn longest_round(collector: &Collector, seconds: u64) -> Option<f64> {
    said(collector, "sampler_round_ms", seconds)?.into_iter().map(|(_, most)| most).reduce(f64::max)
}
