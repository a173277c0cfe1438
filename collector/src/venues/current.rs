//! The venues in force, and their replacement when the files change: every few seconds the files are
//! looked at, a set that reads well takes the place of the old one whole, and one with a mistake is
//! refused whole, told once, and the old one stays.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, RwLock},
    time::{Duration, SystemTime},
};

use tokio::{runtime, sync::watch};

use super::{Error, Venues};
use crate::{Config, Shared, config::Language, health::Part};

/// Real time between two looks at the files.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// The venues in force, for everybody who asks.
#[derive(Debug)]
pub struct Current(RwLock<Arc<Venues>>);

impl Current {
    /// Begins with `venues`.
    #[must_use]
    pub fn new(venues: Venues) -> Self {
        Self(RwLock::new(Arc::new(venues)))
    }

    /// The set in force now; what is decided together asks once.
    #[must_use]
    pub fn get(&self) -> Arc<Venues> {
        self.0.read().expect("no holder of this lock can panic").clone()
    }

    /// Puts another set in force.
    pub fn replace(&self, venues: Venues) {
        *self.0.write().expect("no holder of this lock can panic") = Arc::new(venues);
    }
}

/// Reads and checks what `config` names; no venue where it names no file.
pub fn read(config: &Config) -> Result<Venues, Error> {
    let Some(path) = &config.venues.path else { return Ok(Venues::none(&config.zone)) };
    let venues = Venues::load(path, config.venues.holidays.as_deref(), &config.zone)?;
    venues.check_channels(|name| config.notify.channel.contains_key(name))?;
    Ok(venues)
}

/// Name, time and size of every file: what differs when one was changed.
type Print = Vec<(PathBuf, Option<SystemTime>, u64)>;

fn print_of(paths: &[&Path]) -> Print {
    let mut all = Vec::new();
    let mut note = |path: &Path| {
        if let Ok(meta) = std::fs::metadata(path) {
            all.push((path.to_owned(), meta.modified().ok(), meta.len()));
        }
    };
    for path in paths {
        note(path);
        let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
        entries.for_each(|entry| note(&entry.path()));
    }
    all.sort();
    all
}

/// Keeps the set in force up to date until `stop`.
///
/// # Errors
/// When the system gives no timer.
pub fn follow(shared: &Shared, mut stop: watch::Receiver<bool>) -> Result<(), std::io::Error> {
    let config = &shared.config;
    let paths: Vec<&Path> =
        [&config.venues.path, &config.venues.holidays].into_iter().flatten().map(|p| &**p).collect();
    if paths.is_empty() {
        return Ok(());
    }
    let timer = runtime::Builder::new_current_thread().enable_time().build()?;
    let mut known = print_of(&paths);
    // A file may have changed between its reading and the first look.
    let mut first = true;
    while !*stop.borrow() {
        let ended = timer.block_on(async {
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => false,
                changed = stop.changed() => changed.is_err(),
            }
        });
        if ended {
            break;
        }
        let now = print_of(&paths);
        if now == known && !first {
            continue;
        }
        (known, first) = (now, false);
        match read(config) {
            Ok(venues) => {
                tracing::info!(venues = venues.venues.len(), "venues are read");
                shared.venues.replace(venues);
                shared.requests.wake();
                shared.health.withdraw(Part::Venues);
            }
            Err(error) => {
                let text = error.text(Language::En);
                tracing::error!(error = text, "venues cannot be used, the old ones stay");
                shared.health.report(Part::Venues, shared.clock.now(), text);
            }
        }
    }
    Ok(())
}
