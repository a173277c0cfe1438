//! A real `hallwatch-agent` in a simulated room, with its spool in the house's folder.

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use agent::spool::{Settings, Spool, disk::Disk};
use wire::{Entry, Id, Source};

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
    /// Further lines of `[spool]`.
    pub spool: String,
    /// Further lines of `[mqtt]`: user, TLS …
    pub mqtt: String,
    /// Further tables: sensors on the bus `room`, probes.
    pub more: String,
}

impl Wanted {
    /// An agent called `name` with a thermometer, one sample a second.
    #[must_use]
    pub fn new(name: &str, broker: u16) -> Self {
        Self {
            name: name.to_owned(),
            broker,
            period: "1s".into(),
            spool: String::new(),
            mqtt: String::new(),
            more: String::new(),
        }
    }
}

/// An agent that can be killed and comes back with its spool.
#[derive(Debug)]
pub struct Agent {
    name: String,
    configuration: PathBuf,
    audited: usize,
    process: Process,
}

impl Agent {
    /// Starts one; it is ready when its samples arrive, which the test looks for itself.
    #[track_caller]
    #[must_use]
    pub fn start(house: &House, wanted: &Wanted) -> Self {
        let Wanted { name, broker, period, spool: spool_more, mqtt, more } = wanted;
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
{spool_more}
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
        Self { name: name.clone(), configuration, audited: 0, process }
    }

    fn launch(house: &House, name: &str, configuration: &PathBuf) -> Process {
        let mut command = program::agent();
        command.arg("run").arg("--config").arg(configuration);
        command.env("HALLWATCH_AGENT_AUDIT", configuration.with_extension("audit"));
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

    /// What lies in its spool, read from a copy by the agent's own code; it must not be running.
    ///
    /// # Panics
    /// When the folder cannot be copied.
    #[must_use]
    pub fn spooled(&self) -> Vec<Entry> {
        let copy = self.spool().with_extension("copy");
        let _ = std::fs::remove_dir_all(&copy);
        copy_folder(&self.spool(), &copy).expect("the folder of the house is writable");
        let mut spool = open_spool(&copy);
        let waiting: Vec<(Id, u64)> = spool.waiting().map(|(id, seq)| (id.clone(), seq)).collect();
        waiting.into_iter().flat_map(|(id, seq)| spool.entries(&id, seq, usize::MAX)).collect()
    }

    /// What it said in its last run that it had acknowledged to its sampler: spool and number.
    #[must_use]
    pub fn promises(&mut self) -> Vec<(String, u64)> {
        let text = std::fs::read_to_string(self.configuration.with_extension("audit")).unwrap_or_default();
        let new = text.get(self.audited..).unwrap_or_default();
        self.audited = text.len();
        new.lines()
            .filter_map(|line| line.split_once(' '))
            .filter_map(|(id, upto)| Some((id.to_owned(), upto.parse().ok()?)))
            .collect()
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

fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        std::fs::copy(entry.path(), to.join(entry.file_name()))?;
    }
    Ok(())
}

/// The spool of a folder, as an agent that starts now would find it.
fn open_spool(folder: &Path) -> Spool<Disk> {
    let settings = Settings::new(1 << 30, Duration::from_secs(1));
    let boot = Id::parse("oracle").expect("a valid name");
    let disk = Disk::open(folder).expect("the folder of the house is readable");
    let random = || getrandom::u64().expect("the system gives random numbers");
    let mut spool = Spool::open(disk, settings, boot, Box::new(random), Duration::ZERO);
    // Without it samples of a boot that never learnt the time would be held back.
    spool.trust(Duration::ZERO, crate::load::publisher::now_ms());
    spool
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
