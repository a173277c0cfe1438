//! `deploy/compose.yaml` and what it names: Debian's docker-compose takes it, every file and secret is there,
//! every image has an exact version, nothing secret is written down, nothing is open that need not be.

use std::{collections::BTreeSet, path::Path, process::Command};

use serde_json::{Map, Value};
use tests::{House, program};

use crate::{read, run, site::Site, yaml};

fn services() -> Map<String, Value> {
    yaml("compose.yaml")["services"].as_object().unwrap().clone()
}

fn strings(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().map(|v| v.as_str().unwrap().to_owned()).collect()
}

/// Source and target of each mounted file or folder.
fn mounts(service: &Value) -> Vec<(String, String)> {
    let parts = |mount: String| {
        let mut parts = mount.split(':').map(str::to_owned);
        (parts.next().unwrap(), parts.next().unwrap())
    };
    strings(&service["volumes"]).into_iter().map(parts).collect()
}

/// `2.0.22`, `1.95.0-alpine`: at least three numbers.
fn is_exact(image: &str) -> bool {
    let Some((_, tag)) = image.rsplit_once(':') else { return false };
    let version = tag.split('-').next().unwrap();
    let numbers: Vec<&str> = version.split('.').collect();
    numbers.len() == 3 && numbers.iter().all(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
}

#[test]
fn compose_itself_takes_the_file() {
    let house = House::new("deploy-compose");
    let site = Site::new(&house);
    let mut command = Command::new("docker-compose");
    command.arg("-f").arg(site.deploy.join("compose.yaml")).args(["--env-file"]).arg(site.deploy.join(".env"));
    let merged = run(command.arg("config").current_dir(&site.deploy));
    assert!(!merged.contains("user: 0:") && !merged.contains("user: '0:"), "nobody is root");
    // Without the file that `up` writes it must not start with an empty user, which is root.
    let mut command = Command::new("docker-compose");
    command.arg("-f").arg(program::workspace().join("deploy/compose.yaml"));
    let output = command
        .arg("--env-file")
        .arg(house.write("empty.env", ""))
        .arg("config")
        .current_dir(house.dir())
        .output()
        .unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("run deploy/up"));
}

#[test]
fn every_image_has_an_exact_version() {
    for planted in ["grafana/grafana", "grafana/grafana:latest", "influxdb:2", "influxdb:2.7", "x:2.x.1"] {
        assert!(!is_exact(planted), "{planted}");
    }
    for (name, service) in services() {
        let image = service["image"].as_str().unwrap();
        assert!(is_exact(image), "`{name}` runs `{image}`");
    }
    for line in read("Dockerfile").lines().filter_map(|line| line.strip_prefix("FROM ")) {
        assert!(is_exact(line.split(' ').next().unwrap()), "{line}");
    }
    let version = services()["collector"]["image"].as_str().unwrap().rsplit_once(':').unwrap().1.to_owned();
    assert_eq!(version, env!("CARGO_PKG_VERSION"), "the collector's image is called by its version");
}

#[test]
fn every_file_and_secret_that_is_named_is_there() {
    let house = House::new("deploy-files");
    let site = Site::new(&house);
    let compose = yaml("compose.yaml");
    let declared = compose["secrets"].as_object().unwrap();
    let mut granted = BTreeSet::new();
    for (name, service) in services() {
        for (source, _) in mounts(&service) {
            let path = match source.strip_prefix("../") {
                Some(outside) => program::workspace().join(outside),
                None => site.deploy.join(&source),
            };
            assert!(path.exists(), "`{name}` mounts `{source}`, which is not there");
        }
        for secret in strings(&service["secrets"]) {
            let file = declared[&secret]["file"].as_str().unwrap();
            assert!(site.deploy.join(file).is_file(), "`{file}` of `{name}` is made by nobody");
            granted.insert(secret);
        }
    }
    let declared: BTreeSet<String> = declared.keys().cloned().collect();
    assert_eq!(granted, declared, "each secret is for somebody");
}

/// Secrets that a text takes from `/run/secrets/`.
fn taken(text: &str) -> BTreeSet<String> {
    let ends = |c: char| !c.is_ascii_alphanumeric() && c != '_';
    text.split("/run/secrets/").skip(1).map(|rest| rest.split(ends).next().unwrap().to_owned()).collect()
}

#[test]
fn each_service_is_given_the_secrets_that_its_files_name_and_no_others() {
    let services = services();
    for (name, files) in [
        ("mosquitto", vec!["mosquitto.compose.conf"]),
        ("influxdb", vec![]),
        ("collector", vec!["collector.toml"]),
        ("grafana", vec!["grafana/provisioning/datasources/hallwatch.yaml"]),
    ] {
        let service = &services[name];
        let mut wanted = taken(&service["environment"].to_string());
        for file in &files {
            let text = read(file);
            wanted.extend(taken(&text));
            let mounted = mounts(service);
            assert!(mounted.iter().any(|(source, _)| format!("./{file}").starts_with(source)), "`{file}`");
        }
        let granted: BTreeSet<String> = strings(&service["secrets"]).into_iter().collect();
        assert_eq!(granted, wanted, "`{name}`");
    }
}

#[test]
fn nothing_secret_is_written_down() {
    let looks_secret = |text: &str| {
        text.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| {
            word.len() >= 24 && word.bytes().any(|b| b.is_ascii_digit()) && word.bytes().any(|b| b.is_ascii_lowercase())
        })
    };
    assert!(looks_secret("token: 5f4dcc3b5aa765d61d8327deb882cf99"));
    for (name, service) in services() {
        for (key, value) in service["environment"].as_object().into_iter().flatten() {
            let is_secret = key.contains("PASSWORD") || key.contains("TOKEN") || key.contains("SECRET");
            assert!(!is_secret || key.ends_with("_FILE"), "`{key}` of `{name}` stands in the open: {value}");
        }
    }
    for file in ["compose.yaml", "collector.toml", "mosquitto.compose.conf", "up", "agent-password", "Dockerfile"] {
        assert!(!looks_secret(&read(file)), "`{file}` holds what looks like a secret");
    }
    let ignored = std::fs::read_to_string(program::workspace().join(".gitignore")).unwrap();
    let kept_out = read("Dockerfile.dockerignore");
    for made in ["deploy/secrets", "deploy/data", "deploy/.env"] {
        assert!(ignored.lines().any(|line| line == format!("/{made}")), "`{made}` could be committed");
        assert!(kept_out.lines().any(|line| line == made), "`{made}` could go into an image");
    }
}

#[test]
fn every_service_is_watched_comes_back_and_has_no_rights_to_spare() {
    let services = services();
    for (name, service) in &services {
        assert!(service["healthcheck"]["test"].is_array(), "`{name}` cannot say that it is well");
        assert_eq!(service["restart"], "unless-stopped", "`{name}`");
        assert_eq!(service["cap_drop"], serde_json::json!(["ALL"]), "`{name}`");
        assert!(service["user"].as_str().unwrap().starts_with("${HALLWATCH_UID:?"), "`{name}`");
        for (other, how) in service["depends_on"].as_object().into_iter().flatten() {
            assert!(services.contains_key(other), "`{name}` waits for `{other}`");
            assert_eq!(how["condition"], "service_healthy");
        }
    }
    assert_eq!(services["collector"]["read_only"], true);
    let open: BTreeSet<String> = services
        .values()
        .flat_map(|service| strings(&service["ports"]))
        .filter(|port| !port.starts_with("127.0.0.1:"))
        .collect();
    assert_eq!(
        open,
        BTreeSet::from(["8883:8883", "3000:3000"].map(str::to_owned)),
        "the encrypted door of agents, and Grafana's login"
    );
}

#[test]
fn grafana_asks_who_you_are_and_asks_nobody_on_the_internet() {
    let services = services();
    let grafana = services["grafana"]["environment"].as_object().unwrap();
    for (key, value) in [
        ("GF_AUTH_ANONYMOUS_ENABLED", "false"),
        ("GF_USERS_ALLOW_SIGN_UP", "false"),
        ("GF_ANALYTICS_REPORTING_ENABLED", "false"),
        ("GF_ANALYTICS_CHECK_FOR_UPDATES", "false"),
        ("GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES", "false"),
        ("GF_PLUGINS_PREINSTALL_DISABLED", "true"),
        ("GF_UNIFIED_ALERTING_ENABLED", "false"),
    ] {
        assert_eq!(grafana[key], value, "`{key}`");
    }
    let image = services["grafana"]["image"].as_str().unwrap();
    let (major, minor) = image.rsplit_once(':').unwrap().1.split_once('.').unwrap();
    let minor = minor.split('.').next().unwrap();
    let version: (u32, u32) = (major.parse().unwrap(), minor.parse().unwrap());
    assert!(version <= (13, 1), "13.2 fetches plugins at its start, 13.3 has no InfluxDB source: `{image}`");
}

#[test]
fn grafana_finds_the_bucket_the_token_and_the_dashboards() {
    let services = services();
    let source = &yaml("grafana/provisioning/datasources/hallwatch.yaml")["datasources"][0];
    assert_eq!((&source["type"], &source["uid"]), (&"influxdb".into(), &"hallwatch".into()));
    let influxdb = services["influxdb"]["environment"].as_object().unwrap();
    assert_eq!(source["jsonData"]["dbName"], influxdb["DOCKER_INFLUXDB_INIT_BUCKET"]);
    assert_eq!(source["jsonData"]["httpHeaderName1"], "Authorization");
    assert_eq!(
        source["secureJsonData"]["httpHeaderValue1"], "Token $__file{/run/secrets/influxdb_reader_token}",
        "the token that only reads"
    );
    assert_eq!(source["url"], "http://influxdb:8086");
    let mounted = mounts(&services["grafana"]);
    let dashboards = &mounted.iter().find(|(source, _)| source == "../dashboards/grafana").unwrap().1;
    let providers = yaml("grafana/provisioning/dashboards/hallwatch.yaml");
    let folders: Vec<&str> =
        providers["providers"].as_array().unwrap().iter().map(|p| p["options"]["path"].as_str().unwrap()).collect();
    assert_eq!(folders, ["zh-CN", "en"].map(|language| format!("{dashboards}/{language}")));
    let home = services["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"].as_str().unwrap();
    let home = home.strip_prefix(&format!("{dashboards}/${{HALLWATCH_LANGUAGE:-zh-CN}}/")).unwrap();
    for language in ["zh-CN", "en"] {
        let shipped = program::workspace().join("dashboards/grafana").join(language);
        assert!(shipped.join(home).is_file(), "`{}` has no `{home}` to begin with", shipped.display());
    }
}

#[test]
fn the_image_is_built_from_files_that_exist_with_a_toolchain_that_is_new_enough() {
    let text = read("Dockerfile");
    for line in text.lines().filter_map(|line| line.strip_prefix("COPY ")).filter(|l| !l.starts_with("--from")) {
        let mut paths: Vec<&str> = line.split(' ').collect();
        paths.pop();
        for path in paths {
            assert!(program::workspace().join(path).exists(), "`COPY {path}`");
        }
    }
    let manifest: toml::Table =
        std::fs::read_to_string(program::workspace().join("Cargo.toml")).unwrap().parse().unwrap();
    let wanted = manifest["workspace"]["package"]["rust-version"].as_str().unwrap();
    let used = text.lines().find_map(|line| line.strip_prefix("ENV RUSTUP_TOOLCHAIN=")).unwrap();
    let numbers = |version: &str| -> Vec<u32> { version.split('.').map(|n| n.parse().unwrap()).collect() };
    assert!(numbers(used) >= numbers(wanted), "`{used}` builds what needs `{wanted}`");
    assert!(text.contains(&format!("FROM rust:{used}-alpine AS build")), "the image has that toolchain");
    let built = services()["collector"]["build"].clone();
    let context = program::workspace().join("deploy").join(built["context"].as_str().unwrap());
    assert!(context.join(built["dockerfile"].as_str().unwrap()).is_file());
    assert!(Path::new(&context).join("Cargo.lock").is_file());
}
