//! A real mosquitto, run with the shipped `deploy/mosquitto.conf`: its limits are taken as they
//! are, its listeners and folders are replaced by the test's own.

use std::{path::PathBuf, process::Command, time::Duration};

use crate::{House, Process, port, program, wait};

/// A broker that can be killed and comes back on the same port.
#[derive(Debug)]
pub struct Broker {
    port: u16,
    configuration: PathBuf,
    process: Process,
}

/// What stands before the first listener of the shipped file, without what belongs to its machine
/// and with the lines of `instead` in place of those of the same key.
fn limits(instead: &str) -> String {
    let path = program::workspace().join("deploy/mosquitto.conf");
    let shipped = std::fs::read_to_string(&path).expect("deploy/mosquitto.conf is shipped");
    let key = |line: &str| line.split_whitespace().next().unwrap_or_default().to_owned();
    let mut replaced: Vec<String> = instead.lines().map(key).collect();
    replaced.extend(["persistence_location", "log_dest", "pid_file", "user", "include_dir"].map(str::to_owned));
    let kept = shipped.lines().take_while(|line| !line.starts_with("listener "));
    let kept: Vec<&str> = kept.filter(|line| !replaced.contains(&key(line))).collect();
    format!("{}\n{instead}", kept.join("\n"))
}

impl Broker {
    /// Starts one that lets everybody in.
    #[track_caller]
    #[must_use]
    pub fn start(house: &House) -> Self {
        Self::start_with(house, "allow_anonymous true\n")
    }

    /// Starts one whose listener has these further lines.
    #[track_caller]
    #[must_use]
    pub fn start_with(house: &House, listener: &str) -> Self {
        Self::start_tuned(house, "", listener)
    }

    /// The same with other limits than the shipped ones: whole lines, each replacing its key.
    #[track_caller]
    #[must_use]
    pub fn start_tuned(house: &House, limits_instead: &str, listener: &str) -> Self {
        let store = house.path("mosquitto");
        std::fs::create_dir_all(&store).expect("the folder of the house is writable");
        let port = port::free();
        let user = if rustix::process::geteuid().is_root() { "user root\n" } else { "" };
        let text = format!(
            "{}\n{user}persistence_location {}/\nlog_dest stdout\nlistener {port} 127.0.0.1\n{listener}",
            limits(limits_instead),
            store.display()
        );
        let configuration = house.write("mosquitto.conf", &text);
        let process = Self::launch(house, &configuration);
        let mut broker = Self { port, configuration, process };
        broker.ready();
        broker
    }

    fn launch(house: &House, configuration: &PathBuf) -> Process {
        let mut command = Command::new("mosquitto");
        command.arg("-c").arg(configuration);
        // Debian puts it where only root's PATH looks.
        let path = std::env::var("PATH").unwrap_or_default();
        command.env("PATH", format!("{path}:/usr/sbin:/usr/local/sbin"));
        house.start("mosquitto", command)
    }

    #[track_caller]
    fn ready(&mut self) {
        wait::until("mosquitto accepts connections", wait::READY_WITHIN, || {
            if let Some(status) = self.process.ended() {
                panic!("mosquitto ended ({status}):\n{}", self.process.output());
            }
            port::answers(self.port).then_some(())
        });
    }

    /// Where it listens.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `127.0.0.1:port`.
    #[must_use]
    pub fn address(&self) -> String {
        port::local(self.port).to_string()
    }

    /// The process.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// `kill -9`: what it had in memory is gone.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts it again on the same port.
    #[track_caller]
    pub fn restart(&mut self, house: &House) {
        self.process = Self::launch(house, &self.configuration);
        self.ready();
    }

    /// Ends it in order.
    #[track_caller]
    pub fn stop(mut self) {
        self.process.terminate(Duration::from_secs(10));
    }

    /// See [`subscriber`].
    #[track_caller]
    #[must_use]
    pub fn subscriber(&self, house: &House, name: &str, filter: &str) -> Process {
        subscriber(house, self.port, name, filter)
    }
}

/// A `mosquitto_sub` that writes `topic body` lines of what matches `filter` to `{name}.log`,
/// already subscribed when this returns.
#[track_caller]
#[must_use]
pub fn subscriber(house: &House, port: u16, name: &str, filter: &str) -> Process {
    // By line, or its lines stay in a buffer as long as they go to a file.
    let mut command = Command::new("stdbuf");
    command.args(["-oL", "mosquitto_sub", "-h", "127.0.0.1", "-q", "1", "-v", "-d", "-t", filter]);
    command.args(["-p", &port.to_string()]);
    let mut process = house.start(name, command);
    process.line_with("Subscribed", wait::READY_WITHIN);
    process
}
