//! A real `hallwatch-agent` in a simulated room, with its spool in the house's folder.

use std::path::PathBuf;

use wire::{Id, Sample, Source};

use crate::{House, Process, Receiver, port, program, wait};

/// What differs from one test to the next.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Its name; also of its log and files. Room and agent are called so.
    pub name: String,
    /// Port of the broker.
    pub broker: u16,
    /// Between two samples.
    pub period: String,
    /// Further lines of `[mqtt]`: user, TLS …
    pub mqtt: String,
    /// Further tables: sensors on the bus `room`, probes.
    pub more: String,
}

impl Wanted {
    /// An agent called `name` with a thermometer, one sample a second.
    #[must_use]
    pub fn new(name: &str, broker: u16) -> Self {
        Self { name: name.to_owned(), broker, period: "1s".into(), mqtt: String::new(), more: String::new() }
    }
}

/// An agent that can be killed and comes back with its spool.
#[derive(Debug)]
pub struct Agent {
    name: String,
    configuration: PathBuf,
    process: Process,
}

impl Agent {
    /// Starts one; it is ready when its samples arrive, which the test looks for itself.
    #[track_caller]
    #[must_use]
    pub fn start(house: &House, wanted: &Wanted) -> Self {
        let Wanted { name, broker, period, mqtt, more } = wanted;
        let spool = house.path(&format!("{name}-spool"));
        let text = format!(
            r#"venue = "nanshan"
room = "{name}"
agent = "{name}"
[mqtt]
host = "127.0.0.1"
port = {broker}
ack_timeout = "2s"
{mqtt}
[spool]
path = "{}"
[sampler]
period = "{period}"
[[bus]]
name = "room"
backend = "simulated"
[[sensor]]
name = "climate"
driver = "sht4x"
bus = "room"
{more}
"#,
            spool.display()
        );
        let configuration = house.write(&format!("{name}.toml"), &text);
        let process = Self::launch(house, name, &configuration);
        Self { name: name.clone(), configuration, process }
    }

    fn launch(house: &House, name: &str, configuration: &PathBuf) -> Process {
        let mut command = program::agent();
        command.arg("run").arg("--config").arg(configuration);
        house.start(name, command)
    }

    /// Its name, and that of its room.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Who it is on the wire.
    ///
    /// # Panics
    /// When its name is no identifier.
    #[must_use]
    pub fn source(&self) -> Source {
        let id = |text: &str| Id::parse(text).expect("the test chose a valid name");
        Source { venue: id("nanshan"), room: id(&self.name), agent: id(&self.name) }
    }

    /// The samples that lie in its spool; it must not be running.
    #[must_use]
    pub fn spooled(&self) -> Vec<Sample> {
        Vec::new()
    }

    /// Folder of its spool.
    #[must_use]
    pub fn spool(&self) -> PathBuf {
        self.configuration.with_file_name(format!("{}-spool", self.name))
    }

    /// The process.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts it again on the same spool.
    #[track_caller]
    pub fn relaunch(&mut self, house: &House) {
        self.process = Self::launch(house, &self.name, &self.configuration);
    }
}

/// A TCP port that a probe of an agent watches, opened and closed at will: a fault that the test
/// plants from outside, with no help of the agent.
#[derive(Debug)]
pub struct Watched {
    port: u16,
    listener: Option<Receiver>,
}

impl Watched {
    /// An open one.
    #[must_use]
    pub fn open() -> Self {
        let mut watched = Self { port: port::free(), listener: None };
        watched.mend();
        watched
    }

    /// The `[[sensor]]` that watches it, once a second, as `{name}_reachable`.
    #[must_use]
    pub fn sensor(&self, name: &str) -> String {
        format!(
            "[[sensor]]\nname = \"{name}\"\ndriver = \"tcp\"\nhost = \"127.0.0.1\"\nport = {}\ntimeout = \"500ms\"\n",
            self.port
        )
    }

    /// Closes it.
    pub fn break_it(&mut self) {
        self.listener = None;
    }

    /// Opens it again on the same port.
    #[track_caller]
    pub fn mend(&mut self) {
        self.listener = Some(wait::until("the watched port can be bound", wait::READY_WITHIN, || {
            Receiver::try_start_on(self.port)
        }));
    }
}
