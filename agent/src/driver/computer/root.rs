//! Where `/proc` and `/sys` hang: turns paths within into texts and lists. Never writes.

use std::{
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
};

/// No file that is read here is longer; `/proc/stat` of a big server has some 100 KiB.
const TEXT_BYTES_MAX: u64 = 256 * 1024;

/// `/`, or a planted tree.
#[derive(Debug, Clone)]
pub(super) struct Root(PathBuf);

impl Root {
    pub(super) fn new(root: PathBuf) -> Self {
        Self(root)
    }

    /// Whether it is that of the running kernel.
    pub(super) fn is_this_computer(&self) -> bool {
        self.0 == Path::new("/")
    }

    pub(super) fn exists(&self, path: &str) -> bool {
        self.0.join(path).exists()
    }

    /// The text of a file, if it is there, can be read, and is one.
    pub(super) fn text(&self, path: &str) -> Option<String> {
        let mut text = String::new();
        File::open(self.0.join(path)).ok()?.take(TEXT_BYTES_MAX).read_to_string(&mut text).ok()?;
        Some(text)
    }

    /// What lies in a folder, sorted; empty where there is no such folder.
    pub(super) fn entries(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.0.join(folder)).into_iter().flatten();
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut paths: Vec<String> = names.map(|name| format!("{folder}/{name}")).collect();
        paths.sort();
        paths
    }
}
