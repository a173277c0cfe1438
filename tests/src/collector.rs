//! A real `hallwatch-collector` with a ledger in the house's folder: started, killed, asked.

use std::{
    path::PathBuf,
    process::{Command, Output},
    time::Duration,
};

use serde_json::Value;

use crate::{House, Process, port, program, wait};

/// What differs from one test to the next; the rest of the configuration is as shipped.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Port of an external broker; without one the collector embeds its own.
    pub broker: Option<u16>,
    /// Lines before the first table.
    pub top: String,
    /// Further lines of `[mqtt]`: user, TLS …
    pub mqtt: String,
    /// Further lines of the configuration; tables of their own.
    pub more: String,
    /// A rule pack, as text; without one the shipped `ktv` pack holds.
    pub pack: Option<String>,
    /// Name of its log and files; `collector` where empty.
    pub name: String,
}

/// A collector that can be killed and comes back on the same ports and ledger.
#[derive(Debug)]
pub struct Collector {
    name: String,
    configuration: PathBuf,
    web: u16,
    mqtt: u16,
    process: Process,
}

impl Collector {
    /// Starts one and waits until it serves.
    #[track_caller]
    #[must_use]
    pub fn start(house: &House, wanted: &Wanted) -> Self {
        let name = if wanted.name.is_empty() { "collector".to_owned() } else { wanted.name.clone() };
        let web = port::free();
        let mqtt = wanted.broker.unwrap_or_else(port::free);
        let broker = match wanted.broker {
            Some(port) => format!("host = \"127.0.0.1\"\nport = {port}\n"),
            None => format!("listen = \"127.0.0.1:{mqtt}\"\n"),
        };
        let rules = wanted.pack.as_ref().map_or_else(String::new, |pack| {
            let path = house.write(&format!("{name}-pack.toml"), pack);
            format!("[rules]\npacks = []\nfiles = [\"{}\"]\n", path.display())
        });
        let ledger = house.path(&format!("{name}.db"));
        let text = format!(
            "{}\n[ledger]\npath = \"{}\"\n[mqtt]\n{broker}{}[web]\nlisten = \"127.0.0.1:{web}\"\n{rules}{}",
            wanted.top,
            ledger.display(),
            wanted.mqtt,
            wanted.more
        );
        let configuration = house.write(&format!("{name}.toml"), &text);
        let process = Self::launch(house, &name, &configuration);
        let mut collector = Self { name, configuration, web, mqtt, process };
        collector.ready();
        collector
    }

    fn launch(house: &House, name: &str, configuration: &PathBuf) -> Process {
        let mut command = program::collector();
        command.arg("run").arg("--config").arg(configuration);
        house.start(name, command)
    }

    /// Waits until it serves and says that all is well.
    #[track_caller]
    pub fn ready(&mut self) {
        wait::until("the collector is healthy", wait::READY_WITHIN, || {
            if let Some(status) = self.process.ended() {
                panic!("the collector ended ({status}):\n{}", self.process.output());
            }
            self.get("/healthz").map(drop)
        });
    }

    /// The body behind a path of its web pages, if it answers 200.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<String> {
        let agent: ureq::Agent =
            ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(5))).build().into();
        let mut answer = agent.get(format!("http://127.0.0.1:{}{path}", self.web)).call().ok()?;
        answer.body_mut().read_to_string().ok()
    }

    /// The same as JSON.
    #[must_use]
    pub fn json(&self, path: &str) -> Option<Value> {
        serde_json::from_str(&self.get(path)?).ok()
    }

    /// Where agents reach its broker, embedded or not.
    #[must_use]
    pub fn mqtt(&self) -> u16 {
        self.mqtt
    }

    /// Where its pages are.
    #[must_use]
    pub fn web(&self) -> u16 {
        self.web
    }

    /// Its ledger.
    #[must_use]
    pub fn ledger(&self) -> PathBuf {
        self.configuration.with_extension("db")
    }

    /// The process.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts it again; does not wait until it serves.
    #[track_caller]
    pub fn relaunch(&mut self, house: &House) {
        self.process = Self::launch(house, &self.name, &self.configuration);
    }

    /// Runs another command of the same program on the same configuration, as a person would.
    ///
    /// # Panics
    /// When the program cannot be started.
    #[must_use]
    pub fn command(&self, arguments: &[&str]) -> Output {
        let mut command: Command = program::collector();
        let (verb, rest) = arguments.split_first().expect("a command has a name");
        command.arg(verb).arg("--config").arg(&self.configuration).args(rest);
        command.output().expect("the program starts")
    }

    /// The same, its standard output as text.
    #[track_caller]
    pub fn say(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments);
        assert!(
            output.status.success(),
            "`{}` ended with {}:\n{}{}",
            arguments.join(" "),
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}
