//! What drivers must not forget over a restart: a small file for each sensor. Losing one costs a
//! sensor its experience, never a sample, so nothing here is synced and no failure stops anything.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use wire::Id;

/// How often a thread saves what its drivers learned.
pub(crate) const INTERVAL: Duration = Duration::from_secs(3600);
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
