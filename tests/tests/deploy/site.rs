//! A copy of `deploy/` in a test's house, set up by the shipped scripts with a `docker` that only notes what
//! it is asked. Starts no container.

use std::{
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::{Command, Output},
};

use tests::{House, program};

use crate::{copy, read, run};

/// A machine on which `deploy/up` ran.
pub struct Site {
    pub deploy: PathBuf,
    tools: PathBuf,
}

impl Site {
    /// Runs `deploy/up 127.0.0.1`.
    pub fn new(house: &House) -> Self {
        let site = Self::bare(house);
        site.script("up", &["127.0.0.1"]);
        site
    }

    /// The files alone.
    pub fn bare(house: &House) -> Self {
        let deploy = house.path("deploy");
        copy(&program::workspace().join("deploy"), &deploy);
        for made in ["secrets", "data", "venues", ".env"] {
            // What a person made in the working tree is none of the test's business.
            run(Command::new("rm").arg("-rf").arg(deploy.join(made)));
        }
        // As a clone by somebody with a strict umask leaves it.
        run(Command::new("chmod").args(["-R", "go-rwx"]).arg(&deploy));
        let tools = house.path("tools");
        std::fs::create_dir(&tools).unwrap();
        let site = Self { deploy, tools };
        site.tool("docker", "#!/bin/sh\nprintf '%s\\n' \"$*\" >>\"$(dirname \"$0\")/docker.log\"\n");
        site
    }

    /// Puts a program before all others.
    pub fn tool(&self, name: &str, text: &str) {
        let path = self.tools.join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// A command that meets these programs first.
    pub fn command(&self, name: &str) -> Command {
        let mut command = Command::new(self.deploy.join(name));
        let path = std::env::var("PATH").unwrap_or_default();
        command.env("PATH", format!("{}:{path}", self.tools.display()));
        command
    }

    pub fn script(&self, name: &str, arguments: &[&str]) -> String {
        run(self.command(name).args(arguments))
    }

    pub fn refused(&self, name: &str, arguments: &[&str]) -> Output {
        let output = self.command(name).args(arguments).output().unwrap();
        assert!(!output.status.success(), "`{name}` took {arguments:?}");
        output
    }

    /// What `docker` was asked, a line each.
    pub fn asked(&self) -> String {
        std::fs::read_to_string(self.tools.join("docker.log")).unwrap_or_default()
    }

    /// Where a secret lies.
    pub fn path(&self, name: &str) -> String {
        self.deploy.join("secrets").join(name).display().to_string()
    }

    pub fn secret(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap().trim().to_owned()
    }
}

#[test]
fn secrets_are_made_once_and_for_their_owner_alone() {
    let house = House::new("deploy-up");
    let site = Site::new(&house);
    assert_eq!(site.asked(), "compose up --detach --wait\n");
    let names = ["mqtt_collector_password", "influxdb_password", "influxdb_operator_token", "grafana_password"];
    let first: Vec<String> = names.iter().map(|name| site.secret(name)).collect();
    for (i, secret) in first.iter().enumerate() {
        assert_eq!(secret.len(), 48, "24 random bytes as hex");
        assert!(!first[..i].contains(secret), "`{}` is the same as another", names[i]);
    }
    let users = site.secret("mosquitto_users");
    let certificate = site.secret("broker.crt");
    site.script("up", &[]);
    assert_eq!(first, names.map(|name| site.secret(name)), "the second start leaves them alone");
    assert_eq!((users, certificate), (site.secret("mosquitto_users"), site.secret("broker.crt")));
    for shared in ["venues", "mosquitto.acl", "collector.toml", "grafana/provisioning/datasources/hallwatch.yaml"] {
        let mode = site.deploy.join(shared).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o044, 0o044, "`{shared}` has mode {mode:o}: no container could read it");
    }
    for entry in walk(&site.deploy.join("secrets")) {
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode & 0o077, 0, "`{}` has mode {mode:o}", entry.display());
    }
}

fn walk(folder: &std::path::Path) -> Vec<PathBuf> {
    let mut all = vec![folder.to_owned()];
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { all.extend(walk(&path)) } else { all.push(path) }
    }
    all
}

#[test]
fn a_first_start_without_a_name_says_what_is_missing() {
    let house = House::new("deploy-no-name");
    let site = Site::bare(&house);
    let said = String::from_utf8(site.refused("up", &[]).stderr).unwrap();
    assert!(said.contains("hint: "), "{said}");
    site.refused("up", &["a name"]);
    assert_eq!(site.asked(), "", "nothing was started");
}

#[test]
fn influxdb_gets_one_token_that_writes_and_one_that_only_reads() {
    let house = House::new("deploy-tokens");
    let site = Site::new(&house);
    let log = house.path("influx.log");
    site.tool(
        "influx",
        &format!(
            "#!/bin/sh\nprintf '%s\\n' \"$*\" >>{}\ncase \"$*\" in\n\
             *--write-bucket*) printf '{{\\n\\t\"id\": \"1\",\\n\\t\"token\": \"w==\",\\n\\t\"status\": \"active\"\\n}}\\n' ;;\n\
             auth*) printf '{{\\n\\t\"id\": \"2\",\\n\\t\"token\": \"r==\"\\n}}\\n' ;;\nesac\n",
            log.display()
        ),
    );
    let mut script = site.command("influxdb/tokens.sh");
    script.env("TOKENS", site.deploy.join("secrets/tokens"));
    script.envs([
        ("DOCKER_INFLUXDB_INIT_BUCKET_ID", "b0"),
        ("DOCKER_INFLUXDB_INIT_ORG", "hallwatch"),
        ("DOCKER_INFLUXDB_INIT_BUCKET", "hallwatch"),
    ]);
    run(&mut script);
    assert_eq!((site.secret("tokens/writer"), site.secret("tokens/reader")), ("w==".into(), "r==".into()));
    let asked = std::fs::read_to_string(&log).unwrap();
    assert!(asked.contains("v1 dbrp create --org hallwatch --bucket-id b0 --db hallwatch"), "{asked}");
    // A server that gives no token must not leave an empty one behind as if all were well.
    site.tool("influx", "#!/bin/sh\necho '{}'\n");
    assert!(!script.output().unwrap().status.success());
}

#[test]
fn shells_find_nothing_wrong_with_the_scripts() {
    let folder = program::workspace().join("deploy");
    for script in ["up", "agent-password", "influxdb/tokens.sh", "cross"] {
        assert!(read(script).starts_with("#!/"), "`{script}` names its shell");
        run(Command::new("shellcheck").arg(folder.join(script)));
    }
}
