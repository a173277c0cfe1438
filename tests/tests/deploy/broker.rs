//! The broker of `deploy/compose.yaml`: Debian's mosquitto with the shipped file, users and certificate made
//! by the shipped scripts. Only ports and folders are the test's.

use std::{
    path::PathBuf,
    process::{Command, Output},
    time::Duration,
};

use tests::{House, Process, port, program, wait};

use crate::{read, site::Site};

const WITHIN: Duration = Duration::from_secs(20);

pub struct Broker {
    pub inside: u16,
    pub agents: u16,
    pub process: Process,
}

/// Starts it; `visible` lets it say what it denies.
pub fn start(house: &House, site: &Site, visible: bool) -> Broker {
    let (inside, agents) = (port::free(), port::free());
    let data = site.deploy.join("data/mosquitto");
    let secrets = site.deploy.join("secrets");
    let secret = |name: &str| secrets.join(name).display().to_string();
    let mut text = read("mosquitto.compose.conf");
    for (from, to) in [
        ("/var/lib/mosquitto/", format!("{}/", data.display())),
        ("/run/secrets/mosquitto_users", secret("mosquitto_users")),
        ("/run/secrets/broker_certificate", secret("broker.crt")),
        ("/run/secrets/broker_key", secret("broker.key")),
        ("/etc/mosquitto/hallwatch.acl", site.deploy.join("mosquitto.acl").display().to_string()),
        ("\nlistener 1883\n", format!("\nlistener {inside} 127.0.0.1\n")),
        ("\nlistener 8883\n", format!("\nlistener {agents} 127.0.0.1\n")),
    ] {
        assert!(text.contains(from), "the shipped file names `{}`", from.trim());
        text = text.replace(from, &to);
    }
    if visible {
        assert!(text.contains("\n#log_type debug\n"));
        text = text.replace("\n#log_type debug\n", "\nlog_type debug\n");
    }
    if rustix::process::geteuid().is_root() {
        text = format!("user root\n{text}");
    }
    let configuration = house.write("mosquitto.conf", &text);
    // By line, or what it denied stays in a buffer.
    let mut command = Command::new("stdbuf");
    command.args(["-oL", "mosquitto", "-c"]).arg(configuration);
    let path = std::env::var("PATH").unwrap_or_default();
    command.env("PATH", format!("{path}:/usr/sbin:/usr/local/sbin"));
    let mut process = house.start("mosquitto", command);
    wait::until("mosquitto accepts connections", wait::READY_WITHIN, || {
        if let Some(status) = process.ended() {
            panic!("mosquitto ended ({status}):\n{}", process.output());
        }
        (port::answers(inside) && port::answers(agents)).then_some(())
    });
    Broker { inside, agents, process }
}

/// A client on the agents' encrypted port.
fn agent(site: &Site, broker: &Broker, program: &str, user: &str, password: &str) -> Command {
    let mut command = Command::new("stdbuf");
    command.args(["-oL", program, "-h", "127.0.0.1", "-p", &broker.agents.to_string(), "-q", "1", "-d"]);
    command.args(["-u", user, "-P", password, "--cafile"]).arg(site.deploy.join("secrets/ca.crt"));
    command
}

fn publish(site: &Site, broker: &Broker, user: &str, password: &str, topic: &str) -> Output {
    agent(site, broker, "mosquitto_pub", user, password).args(["-m", "x", "-t", topic]).output().unwrap()
}

#[test]
fn a_device_says_and_hears_only_its_own_and_what_is_denied_can_be_seen() {
    let house = House::new("deploy-broker");
    let site = Site::new(&house);
    site.script("agent-password", &["pi-1"]);
    site.script("agent-password", &["pi-2"]);
    let mut broker = start(&house, &site, true);
    let (one, two) = (site.secret("agents/pi-1"), site.secret("agents/pi-2"));
    let collector = site.secret("mqtt_collector_password");

    let mut command = Command::new("stdbuf");
    command.args(["-oL", "mosquitto_sub", "-h", "127.0.0.1", "-p", &broker.inside.to_string(), "-d", "-v"]);
    command.args(["-q", "1", "-t", "hallwatch/v1/+/+/+/samples", "-u", "collector", "-P", &collector]);
    let mut heard = house.start("heard", command);
    heard.line_with("Subscribed", WITHIN);
    // A device that listens to everything is granted the subscription and hears nothing.
    let mut command = agent(&site, &broker, "mosquitto_sub", "pi-2", &two);
    command.args(["-v", "-t", "hallwatch/#"]);
    let mut spy = house.start("spy", command);
    spy.line_with("Subscribed", WITHIN);

    let own = "hallwatch/v1/nanshan/k01/pi-1/samples";
    assert!(!publish(&site, &broker, "pi-1", &two, own).status.success(), "another's password");
    assert!(!publish(&site, &broker, "pi-9", &one, own).status.success(), "a user that nobody made");
    let others = "hallwatch/v1/nanshan/k02/pi-2/samples";
    assert!(publish(&site, &broker, "pi-1", &one, others).status.success(), "dropped, and MQTT says success");
    broker.process.line_with("Denied PUBLISH from pi-1", WITHIN);
    assert!(publish(&site, &broker, "pi-1", &one, own).status.success());
    heard.line_with(&format!("{own} x"), WITHIN);
    assert!(!heard.output().contains(others), "{}", heard.output());

    // What is meant for it does arrive, so the silence above is not that of a dead connection.
    let mut ack = Command::new("mosquitto_pub");
    ack.args(["-h", "127.0.0.1", "-p", &broker.inside.to_string(), "-q", "1", "-u", "collector", "-P", &collector]);
    ack.args(["-m", "mine", "-t", "hallwatch/v1/nanshan/k02/pi-2/ack"]);
    assert!(ack.status().unwrap().success());
    spy.line_with("hallwatch/v1/nanshan/k02/pi-2/ack mine", WITHIN);
    assert!(!spy.output().contains(own), "{}", spy.output());
}

#[test]
fn a_stolen_device_is_shut_out_and_a_new_one_let_in_without_a_restart() {
    let house = House::new("deploy-reload");
    let site = Site::new(&house);
    site.script("agent-password", &["pi-1"]);
    let broker = start(&house, &site, false);
    let topic = "hallwatch/v1/nanshan/k01/pi-1/samples";
    let stolen = site.secret("agents/pi-1");
    assert!(publish(&site, &broker, "pi-1", &stolen, topic).status.success());
    site.refused("agent-password", &["pi-1"]);
    site.refused("agent-password", &["collector"]);
    site.refused("agent-password", &["pi:1"]);
    site.script("agent-password", &["--remove", "pi-1"]);
    site.script("agent-password", &["pi-2"]);
    assert!(site.asked().ends_with("compose kill --signal HUP mosquitto\n"), "{}", site.asked());
    broker.process.signal(rustix::process::Signal::HUP).unwrap();
    let new = site.secret("agents/pi-2");
    wait::until("the new device is let in", WITHIN, || {
        publish(&site, &broker, "pi-2", &new, "hallwatch/v1/nanshan/k01/pi-2/samples").status.success().then_some(())
    });
    assert!(!publish(&site, &broker, "pi-1", &stolen, topic).status.success());
}

/// The shipped configuration of the collector with the folders and ports of this test, and where it serves.
fn collector_configuration(house: &House, site: &Site, broker: &Broker) -> (PathBuf, u16) {
    let web = port::free();
    let mut text = read("collector.toml");
    for (from, to) in [
        ("/var/lib/hallwatch", site.deploy.join("data/collector").display().to_string()),
        ("host = \"mosquitto\"", "host = \"127.0.0.1\"".to_owned()),
        ("port = 1883", format!("port = {}", broker.inside)),
        ("0.0.0.0:8440", format!("127.0.0.1:{web}")),
        ("/run/secrets/mqtt_collector_password", site.path("mqtt_collector_password")),
        ("/run/secrets/influxdb_writer_token", site.path("tokens/writer")),
    ] {
        assert!(text.contains(from), "the shipped file has `{from}`");
        text = text.replace(from, &to);
    }
    // As InfluxDB's first start leaves it.
    std::fs::write(site.path("tokens/writer"), "w==\n").unwrap();
    (house.write("collector.toml", &text), web)
}

#[test]
fn the_collector_accepts_its_configuration_and_reaches_the_broker_with_it() {
    let house = House::new("deploy-check");
    let site = Site::new(&house);
    let broker = start(&house, &site, false);
    let (configuration, _) = collector_configuration(&house, &site, &broker);
    let said = crate::run(program::collector().arg("check").arg("--config").arg(&configuration));
    assert!(said.contains("broker"), "{said}");
}

#[test]
fn an_agent_set_up_as_the_script_says_delivers_to_the_shipped_collector() {
    let house = House::new("deploy-agent");
    let site = Site::new(&house);
    let said = site.script("agent-password", &["pi-1"]);
    let broker = start(&house, &site, false);
    let (configuration, web) = collector_configuration(&house, &site, &broker);
    let mut collector = program::collector();
    collector.arg("run").arg("--config").arg(configuration);
    let _collector = house.start("collector", collector);

    let (_, lines) = said.split_once("In its agent.toml:\n").unwrap();
    let mut lines = lines.to_owned();
    for (from, to) in [
        ("\"NAME\" ", format!("\"127.0.0.1\"\nport = {} ", broker.agents)),
        ("/etc/hallwatch/mqtt-password", site.path("agents/pi-1")),
        ("/etc/hallwatch/ca.pem", site.path("ca.crt")),
    ] {
        assert!(lines.contains(from), "the script says `{from}`:\n{said}");
        lines = lines.replace(from, &to);
    }
    let agent_toml = format!(
        "venue = \"nanshan\"\nroom = \"k01\"\nagent = \"pi-1\"\n{lines}[spool]\npath = \"{}\"\n[sampler]\nperiod = \"1s\"\n\
         [[bus]]\nname = \"room\"\nbackend = \"simulated\"\n[[sensor]]\nname = \"climate\"\ndriver = \"sht4x\"\nbus = \"room\"\n",
        house.path("spool").display()
    );
    let mut agent = program::agent();
    agent.arg("run").arg("--config").arg(house.write("agent.toml", &agent_toml));
    let agent = house.start("agent", agent);
    let url = format!("http://127.0.0.1:{web}/metrics");
    wait::until("samples arrive, encrypted and by password", Duration::from_secs(60), || {
        let text = ureq::get(&url).call().ok()?.body_mut().read_to_string().ok()?;
        let count = text.lines().find_map(|line| line.strip_prefix("hallwatch_samples_total "))?;
        (count.parse::<u64>().ok()? > 0).then_some(())
    });
    drop(agent);
}

#[test]
fn both_brokers_have_the_same_limits() {
    let limits = |name: &str| -> Vec<String> {
        let text = read(name);
        let before = text.split("\nlistener ").next().unwrap().to_owned();
        let lines = before.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
        lines.filter(|line| !line.starts_with("log_dest ")).map(str::to_owned).collect()
    };
    assert_eq!(limits("mosquitto.conf"), limits("mosquitto.compose.conf"));
    assert!(limits("mosquitto.conf").iter().any(|line| line == "max_inflight_messages 2000"));
}
