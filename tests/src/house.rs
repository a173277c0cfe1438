//! One test's world: a folder, and every process started in it. Leftovers fail the test: a process
//! that outlives its handle is killed by pid and named. The folder of a failed test is kept.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use rustix::process::{Pid, Signal, kill_process};

use crate::process::{MARK, Process};

/// How much of each log is shown when a test fails.
const TAIL_BYTES: usize = 6_000;

/// Declare it first in a test, so that it goes last.
#[derive(Debug)]
pub struct House {
    dir: Option<tempfile::TempDir>,
    mark: String,
}

impl House {
    /// A house for the test `name`.
    ///
    /// # Panics
    /// When the folder for temporary files is not writable.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let dir = tempfile::Builder::new()
            .prefix(&format!("hallwatch-{name}-"))
            .tempdir()
            .expect("the folder for temporary files is writable");
        let mark = dir.path().display().to_string();
        Self { dir: Some(dir), mark }
    }

    /// Its folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.dir.as_ref().expect("the folder goes with the house").path()
    }

    /// A path in its folder.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir().join(name)
    }

    /// Writes a file into its folder and gives its path.
    ///
    /// # Panics
    /// When the disk refuses.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).expect("the folder of the house is writable");
        path
    }

    /// Starts a process whose output goes to `{name}.log`.
    #[track_caller]
    #[must_use]
    pub fn start(&self, name: &str, command: Command) -> Process {
        Process::start(name, &self.mark, command, &self.path(&format!("{name}.log")))
    }

    /// Pids of processes of this house that still run.
    fn leftovers(&self) -> Vec<(i32, String)> {
        let wanted = format!("{MARK}={}", self.mark);
        let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
        entries
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok())
            .filter(|pid| {
                let environ = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
                environ.split(|byte| *byte == 0).any(|variable| variable == wanted.as_bytes())
            })
            .map(|pid| (pid, std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default()))
            .collect()
    }

    fn show_logs(&self) {
        let Ok(entries) = std::fs::read_dir(self.dir()) else { return };
        let mut logs: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        logs.retain(|path| path.extension().is_some_and(|extension| extension == "log"));
        logs.sort();
        for log in logs {
            let bytes = std::fs::read(&log).unwrap_or_default();
            let tail = &bytes[bytes.len().saturating_sub(TAIL_BYTES)..];
            eprintln!("--- end of {}\n{}", log.display(), String::from_utf8_lossy(tail));
        }
    }
}

impl Drop for House {
    fn drop(&mut self) {
        let leftovers = self.leftovers();
        for (pid, _) in &leftovers {
            if let Some(pid) = Pid::from_raw(*pid) {
                let _ = kill_process(pid, Signal::KILL);
            }
        }
        if std::thread::panicking() {
            self.show_logs();
            if let Some(dir) = self.dir.take() {
                eprintln!("--- the house is kept: {}", dir.keep().display());
            }
        } else {
            assert!(leftovers.is_empty(), "processes outlived their test: {leftovers:?}");
        }
    }
}
