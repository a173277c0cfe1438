//! The spool's folder on a real file system.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::storage::Storage;

/// A folder, and the one file of it that is written now.
#[derive(Debug)]
pub struct Disk {
    folder: PathBuf,
    open: Option<(String, File)>,
}

impl Disk {
    /// Takes a folder and makes it where it is missing.
    pub fn open(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        if let Some(parent) = folder.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            // The folder itself must survive a power cut; where that cannot be had, its files decide.
            let _ = File::open(parent).and_then(|parent| parent.sync_all());
        }
        Ok(Self { folder: folder.into(), open: None })
    }

    /// The file, opened for appending.
    fn file(&mut self, name: &str) -> io::Result<&mut File> {
        let known = self.open.as_ref().is_some_and(|(open, _)| open == name);
        if !known {
            let file = File::options().append(true).open(self.folder.join(name))?;
            self.open = Some((name.to_owned(), file));
        }
        match &mut self.open {
            Some((_, file)) => Ok(file),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }
}

impl Storage for Disk {
    fn list(&mut self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            if let Ok(name) = entry?.file_name().into_string() {
                names.push(name);
            }
        }
        Ok(names)
    }

    fn read(&mut self, name: &str) -> io::Result<Vec<u8>> {
        fs::read(self.folder.join(name))
    }

    fn create(&mut self, name: &str) -> io::Result<()> {
        let file = File::options().create(true).write(true).truncate(true).open(self.folder.join(name))?;
        self.open = Some((name.to_owned(), file));
        Ok(())
    }

    fn append(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.file(name)?.write_all(bytes)
    }

    fn sync(&mut self, name: &str) -> io::Result<()> {
        self.file(name)?.sync_data()
    }

    fn sync_folder(&mut self) -> io::Result<()> {
        File::open(&self.folder)?.sync_all()
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        if self.open.as_ref().is_some_and(|(open, _)| open == name) {
            self.open = None;
        }
        fs::remove_file(self.folder.join(name))
    }
}
