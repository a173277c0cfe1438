//! What drivers must not forget over a restart: a small file for each sensor. Losing one costs a
//! sensor its experience, never a sample, so nothing here is synced and no failure stops anything.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use wire::Id;

use super::worker::Shared;

/// How often a thread saves what its drivers learned.
pub(crate) const INTERVAL: Duration = Duration::from_secs(3600);
/// How often counts are saved that changed: a power cut costs no more, and a card bears a page of 4 KiB
/// 144 times a day.
const COUNTS_INTERVAL: Duration = Duration::from_secs(600);
/// No driver keeps more.
const KEPT_BYTES_MAX: usize = 64 * 1024;

/// Loads and saves.
#[derive(Debug)]
pub(crate) struct Keeper {
    folder: PathBuf,
    /// A folder that cannot be written is said once.
    complained: AtomicBool,
}

impl Keeper {
    pub(crate) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), complained: AtomicBool::new(false) }
    }

    /// What was saved for a sensor.
    pub(crate) fn load(&self, sensor: &Id) -> Option<String> {
        fs::read_to_string(self.path(sensor)).ok().filter(|text| text.len() <= KEPT_BYTES_MAX)
    }

    /// Puts `text` in place of what was saved; a cut leaves the one or the other.
    pub(crate) fn save(&self, sensor: &Id, text: &str) {
        let path = self.path(sensor);
        let new = path.with_extension("new");
        let saved = fs::create_dir_all(&self.folder)
            .and_then(|()| match text.len() {
                ..=KEPT_BYTES_MAX => fs::write(&new, text),
                _ => Err(io::Error::other("too much to keep")),
            })
            .and_then(|()| fs::rename(&new, &path));
        if let Err(error) = saved
            && !self.complained.swap(true, Ordering::Relaxed)
        {
            tracing::warn!(%error, folder = %self.folder.display(), "what sensors learn is lost at the next restart");
        }
    }

    fn path(&self, sensor: &Id) -> PathBuf {
        self.folder.join(format!("{sensor}.state"))
    }
}

/// What counters must not forget. Their threads wait for edges and not for asks, so they hand it over
/// each time they tell, and it waits here until it is worth a write.
#[derive(Debug)]
pub(super) struct Drawer {
    /// By station: what to keep, and whether that is saved.
    texts: BTreeMap<usize, (String, bool)>,
    saved_at: Duration,
}

impl Drawer {
    pub(super) fn new(now: Duration) -> Self {
        Self { texts: BTreeMap::new(), saved_at: now }
    }

    /// Takes in what a counter says at `at`, and saves that of all sometimes.
    pub(super) fn put(&mut self, shared: &Shared, station: usize, at: Duration, kept: Option<String>) {
        if let Some(kept) = kept
            && self.texts.get(&station).is_none_or(|(text, _)| *text != kept)
        {
            self.texts.insert(station, (kept, false));
        }
        if at >= self.saved_at + COUNTS_INTERVAL {
            self.saved_at = at;
            self.save(shared);
        }
    }

    /// Saves what is not saved.
    pub(super) fn save(&mut self, shared: &Shared) {
        for (station, (text, saved)) in self.texts.iter_mut().filter(|(_, (_, saved))| !saved) {
            shared.keeper.save(&shared.plan.stations[*station].sensor.name, text);
            *saved = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_saved_comes_back_and_a_missing_folder_is_no_failure() {
        let folder = tempfile::tempdir().unwrap();
        let keeper = Keeper::new(&folder.path().join("state"));
        let sensor = Id::parse("odour").unwrap();
        assert_eq!(keeper.load(&sensor), None);
        keeper.save(&sensor, "learned");
        assert_eq!(keeper.load(&sensor).as_deref(), Some("learned"));
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let nowhere = Keeper::new(&file.join("state"));
        nowhere.save(&sensor, "learned");
        assert_eq!(nowhere.load(&sensor), None);
    }
}
