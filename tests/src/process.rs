//! Turns a command into a child that a test watches, kills and reaps; its output goes to one file.
//! Never leaves a child behind: dropping it kills by pid and waits.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};

use crate::wait;

/// Children carry the mark of their house in this variable, so that leftovers can be found.
pub(crate) const MARK: &str = "HALLWATCH_TEST_HOUSE";

/// A running child.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
    /// How long the log was when this run began; earlier runs may share the file.
    begin: usize,
}

impl Process {
    /// Starts `command`; both its outputs are appended to `log`.
    ///
    /// # Panics
    /// When the program cannot be started.
    #[track_caller]
    #[must_use]
    pub fn start(name: &str, mark: &str, mut command: Command, log: &Path) -> Self {
        let file = File::options().create(true).append(true).open(log).expect("the folder of the house is writable");
        let begin = file.metadata().map_or(0, |data| usize::try_from(data.len()).unwrap_or(usize::MAX));
        let twin = file.try_clone().expect("a file has another descriptor");
        let child = command
            .env(MARK, mark)
            // Logs are searched for words; colours would stand between them.
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .stdout(twin)
            .stderr(file)
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start `{}`: {error}", command.get_program().display()));
        Self { name: name.to_owned(), child, log: log.to_owned(), begin }
    }

    /// What the test calls it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// All it has said so far.
    #[must_use]
    pub fn output(&self) -> String {
        let bytes = std::fs::read(&self.log).unwrap_or_default();
        String::from_utf8_lossy(bytes.get(self.begin..).unwrap_or_default()).into_owned()
    }

    /// Waits until its output has a line with `needle`, and gives the line.
    #[track_caller]
    pub fn line_with(&mut self, needle: &str, within: Duration) -> String {
        let found = wait::try_until(within, || {
            if let Some(line) = self.output().lines().find(|line| line.contains(needle)) {
                return Some(Ok(line.to_owned()));
            }
            self.ended().map(Err)
        });
        match found {
            Some(Ok(line)) => line,
            Some(Err(status)) => panic!("{} ended ({status}) before it said `{needle}`:\n{}", self.name, self.output()),
            None => panic!("{} never said `{needle}`:\n{}", self.name, self.output()),
        }
    }

    /// Its exit status, if it has ended.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("a child of ours can be asked")
    }

    /// Waits until it ends by itself.
    #[track_caller]
    pub fn wait(&mut self, within: Duration) -> ExitStatus {
        let ended = wait::try_until(within, || self.ended());
        ended.unwrap_or_else(|| panic!("{} did not end within {within:?}:\n{}", self.name, self.output()))
    }

    /// `kill -9`, and reaps it.
    pub fn kill(&mut self) {
        // It may have ended by itself; then there is only the reaping left.
        let _ = self.child.kill();
        self.child.wait().expect("a child of ours can be reaped");
    }

    /// SIGTERM, and waits until it has ended.
    #[track_caller]
    pub fn terminate(&mut self, within: Duration) -> ExitStatus {
        self.signal(Signal::TERM).expect("a child of ours takes signals");
        self.wait(within)
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) -> io::Result<()> {
        let pid = Pid::from_raw(self.child.id().cast_signed()).expect("a child's pid is positive");
        kill_process(pid, signal).map_err(io::Error::from)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.child.try_wait().ok().flatten().is_none() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
