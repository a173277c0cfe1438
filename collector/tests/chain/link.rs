//! The connection to the broker: it comes back by itself, it can be protected, and a wrong secret
//! or a strange certificate is refused with a reason.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

use collector::{Config, World, health::Part, world::SystemClock};
use wire::Entry;

use crate::bench::{Bench, Broker, PATIENCE, mosquitto, sample};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_dies_and_forgets_is_found_again() {
    let mut bench = Bench::start(Broker::Mosquitto).await;
    let mut agent = bench.agent("pi-1").await;
    agent.send(&[Entry::Sample(sample(1, 20.0))]).await;
    agent.acked("spool-a", 1).await;
    drop(agent);
    bench.kill_broker();
    let reason = bench.trouble(Part::Broker, true).await;
    assert!(reason.contains("not connected"), "{reason}");
    bench.revive_broker();
    bench.trouble(Part::Broker, false).await;
    let mut agent = bench.agent("pi-1").await;
    agent.send(&(1..=5).map(|s| Entry::Sample(sample(s, 20.0))).collect::<Vec<_>>()).await;
    agent.acked("spool-a", 5).await;
    assert_eq!(bench.seqs("pi-1"), (1..=5).collect::<Vec<_>>());
    bench.stop().await;
}

fn openssl(folder: &Path, line: &str) {
    let output = Command::new("openssl").args(line.split(' ')).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{line}\n{}", String::from_utf8_lossy(&output.stderr));
}

/// An authority `NAME.pem` and what it signed: `NAME-broker`, `NAME-collector`.
fn authority(folder: &Path, name: &str) {
    let new = "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    openssl(folder, &format!("{new} -x509 -days 2 -subj /CN={name} -keyout {name}.key -out {name}.pem"));
    let more = "basicConstraints=CA:FALSE\nsubjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n";
    std::fs::write(folder.join("more.ext"), more).unwrap();
    for who in ["broker", "collector"] {
        let file = format!("{name}-{who}");
        openssl(folder, &format!("{new} -subj /CN={who} -keyout {file}.key -out {file}.csr"));
        let sign = format!("x509 -req -days 2 -CAcreateserial -CA {name}.pem -CAkey {name}.key -extfile more.ext");
        openssl(folder, &format!("{sign} -in {file}.csr -out {file}.pem"));
    }
}

/// Starts a collector and gives `None` once it is connected, or why it is not.
async fn connects(config: Config) -> Option<String> {
    let handle = collector::start(config, World { clock: Arc::new(SystemClock) }).await.unwrap();
    let began = Instant::now();
    let answer = loop {
        if handle.shared.metrics.broker_connected.get() == 1 {
            break None;
        }
        if let Some((_, trouble)) = handle.shared.health.troubles().into_iter().find(|(p, _)| *p == Part::Broker) {
            break Some(trouble.reason);
        }
        assert!(began.elapsed() < PATIENCE, "neither connected nor refused");
        tokio::time::sleep(Duration::from_millis(2)).await;
    };
    handle.stop().await.unwrap();
    answer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_protected_broker_lets_in_who_has_certificate_user_and_password() {
    let folder = tempfile::tempdir().unwrap();
    let at = |file: &str| -> PathBuf { folder.path().join(file) };
    authority(folder.path(), "ours");
    authority(folder.path(), "strange");
    std::fs::write(at("password"), "hush hush\n").unwrap();
    std::fs::write(at("wrong"), "guess\n").unwrap();
    std::fs::write(at("users"), "collector:hush hush\n").unwrap();
    let hashed = Command::new("mosquitto_passwd").arg("-U").arg(at("users")).status().unwrap();
    assert!(hashed.success());
    let file = |name: &str| at(name).display().to_string();
    let more = format!(
        "cafile {}\ncertfile {}\nkeyfile {}\nrequire_certificate true\nallow_anonymous false\npassword_file {}\nuser root",
        file("ours.pem"),
        file("ours-broker.pem"),
        file("ours-broker.key"),
        file("users")
    );
    let (mut broker, port) = mosquitto(folder.path(), &more);
    let config = |authority: &str, password: &str, certificate: &str| {
        let mut config = Config::default();
        config.ledger.path = at("hallwatch.db");
        config.web.enabled = false;
        config.mqtt.host = Some("127.0.0.1".into());
        config.mqtt.port = port;
        config.mqtt.user = Some("collector".into());
        config.mqtt.password_file = Some(at(password));
        config.mqtt.ca_file = Some(at(authority));
        config.mqtt.cert_file = Some(at(&format!("{certificate}.pem")));
        config.mqtt.key_file = Some(at(&format!("{certificate}.key")));
        config
    };
    assert_eq!(connects(config("ours.pem", "password", "ours-collector")).await, None);
    let check = |reason: Option<String>, word: &str| {
        let reason = reason.unwrap_or_else(|| panic!("let in in spite of {word}"));
        assert!(!reason.contains("hush"), "{reason}");
        reason
    };
    let reason = check(connects(config("ours.pem", "wrong", "ours-collector")).await, "a wrong password");
    assert!(reason.contains("NotAuthorized") || reason.contains("BadUserNamePassword"), "{reason}");
    let reason = check(connects(config("strange.pem", "password", "ours-collector")).await, "a strange broker");
    assert!(reason.to_lowercase().contains("certificate"), "{reason}");
    check(connects(config("ours.pem", "password", "strange-collector")).await, "a strange certificate");
    let mut missing = config("ours.pem", "password", "ours-collector");
    missing.mqtt.password_file = Some(at("none"));
    let Err(error) = collector::start(missing, World { clock: Arc::new(SystemClock) }).await else {
        panic!("started without the password file")
    };
    let text = format!("{error}: {}", std::error::Error::source(&error).unwrap());
    assert!(text.contains("mqtt.password_file") && text.contains("hint:"), "{text}");
    broker.kill().unwrap();
    broker.wait().unwrap();
}
