//! An SD card for the spool that remembers every write and sync, so that the power can be cut at
//! any of them: what was not synced is then dropped, kept in part, or torn at sectors. Also a card
//! that lies, and one that refuses.

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex, PoisonError},
};

use agent::spool::storage::Storage;

use crate::rng::Rng;

/// A card writes whole sectors.
const SECTOR_BYTES: usize = 512;

/// One thing done to the card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
    /// A file was made.
    Create(String),
    /// Bytes were written at the end of a file.
    Append(String, Vec<u8>),
    /// A file's content was made durable.
    Sync(String),
    /// Creations and removals were made durable.
    SyncFolder,
    /// A file was removed.
    Remove(String),
}

/// How the card deceives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lie {
    /// It does not.
    #[default]
    None,
    /// It says that files are synced and does nothing.
    Files,
    /// It says that the folder is synced and does nothing.
    Folder,
}

#[derive(Debug, Default)]
struct Inside {
    files: BTreeMap<String, Vec<u8>>,
    ops: Vec<Op>,
    lie: Lie,
    /// Writes and syncs that still succeed; `None` for all.
    good_for: Option<usize>,
}

/// The card; clones are the same card.
#[derive(Debug, Clone, Default)]
pub struct Card(Arc<Mutex<Inside>>);

impl Card {
    /// A card with these files, all durable.
    #[must_use]
    pub fn with(files: BTreeMap<String, Vec<u8>>) -> Self {
        Self(Arc::new(Mutex::new(Inside { files, ..Inside::default() })))
    }

    /// An empty card that deceives.
    #[must_use]
    pub fn lying(lie: Lie) -> Self {
        Self(Arc::new(Mutex::new(Inside { lie, ..Inside::default() })))
    }

    /// From now on only this many writes and syncs succeed; `None` heals it.
    pub fn good_for(&self, count: Option<usize>) {
        self.inside().good_for = count;
    }

    /// Everything that was done to it.
    #[must_use]
    pub fn ops(&self) -> Vec<Op> {
        self.inside().ops.clone()
    }

    /// How much was done to it.
    #[must_use]
    pub fn done(&self) -> usize {
        self.inside().ops.len()
    }

    /// How many syncs of files and folder were done.
    #[must_use]
    pub fn syncs(&self) -> usize {
        self.inside().ops.iter().filter(|op| matches!(op, Op::Sync(_) | Op::SyncFolder)).count()
    }

    /// The files as a running system sees them.
    #[must_use]
    pub fn files(&self) -> BTreeMap<String, Vec<u8>> {
        self.inside().files.clone()
    }

    fn inside(&self) -> std::sync::MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn act(&self, change: impl FnOnce(&mut Inside) -> io::Result<()>) -> io::Result<()> {
        let mut inside = self.inside();
        match &mut inside.good_for {
            // ENOSPC.
            Some(0) => return Err(io::Error::from_raw_os_error(28)),
            Some(left) => *left -= 1,
            None => {}
        }
        change(&mut inside)
    }
}

impl Storage for Card {
    fn list(&mut self) -> io::Result<Vec<String>> {
        Ok(self.inside().files.keys().cloned().collect())
    }

    fn read(&mut self, name: &str) -> io::Result<Vec<u8>> {
        self.inside().files.get(name).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn create(&mut self, name: &str) -> io::Result<()> {
        self.act(|inside| {
            inside.files.insert(name.to_owned(), Vec::new());
            inside.ops.push(Op::Create(name.to_owned()));
            Ok(())
        })
    }

    fn append(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let refused = self.act(|inside| {
            let file = inside.files.get_mut(name).ok_or(io::ErrorKind::NotFound)?;
            file.extend_from_slice(bytes);
            inside.ops.push(Op::Append(name.to_owned(), bytes.to_vec()));
            Ok(())
        });
        if refused.is_err() {
            // A full card takes a part.
            let part = bytes[..bytes.len() / 2].to_vec();
            let mut inside = self.inside();
            if let Some(file) = inside.files.get_mut(name) {
                file.extend_from_slice(&part);
                inside.ops.push(Op::Append(name.to_owned(), part));
            }
        }
        refused
    }

    fn sync(&mut self, name: &str) -> io::Result<()> {
        self.act(|inside| {
            if inside.lie != Lie::Files {
                inside.ops.push(Op::Sync(name.to_owned()));
            }
            Ok(())
        })
    }

    fn sync_folder(&mut self) -> io::Result<()> {
        self.act(|inside| {
            if inside.lie != Lie::Folder {
                inside.ops.push(Op::SyncFolder);
            }
            Ok(())
        })
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        self.act(|inside| {
            inside.files.remove(name).ok_or(io::ErrorKind::NotFound)?;
            inside.ops.push(Op::Remove(name.to_owned()));
            Ok(())
        })
    }
}

/// What a file system may hold of a file.
#[derive(Debug, Default, Clone)]
struct Kept {
    /// What was written.
    bytes: Vec<u8>,
    /// So much of it is durable.
    synced: usize,
}

/// What is found after the power went right after `ops`: one of the many states that an honest file
/// system may then be in, chosen by `rng`.
#[must_use]
pub fn cut(ops: &[Op], rng: &mut Rng) -> BTreeMap<String, Vec<u8>> {
    let mut contents: BTreeMap<String, Kept> = BTreeMap::new();
    let mut durable: Vec<String> = Vec::new();
    let mut pending: Vec<&Op> = Vec::new();
    for op in ops {
        match op {
            Op::Create(name) => {
                contents.insert(name.clone(), Kept::default());
                pending.push(op);
            }
            Op::Append(name, bytes) => contents.entry(name.clone()).or_default().bytes.extend_from_slice(bytes),
            Op::Sync(name) => {
                let kept = contents.entry(name.clone()).or_default();
                kept.synced = kept.bytes.len();
            }
            Op::SyncFolder => apply(&mut durable, pending.drain(..)),
            Op::Remove(_) => pending.push(op),
        }
    }
    // Changes of the folder reach the card in order; how many did is open.
    let reached = rng.below(pending.len() + 1);
    apply(&mut durable, pending.into_iter().take(reached));
    durable.into_iter().map(|name| (name.clone(), torn(&contents.remove(&name).unwrap_or_default(), rng))).collect()
}

fn apply<'a>(durable: &mut Vec<String>, changes: impl Iterator<Item = &'a Op>) {
    for change in changes {
        match change {
            Op::Create(name) if !durable.contains(name) => durable.push(name.clone()),
            Op::Remove(name) => durable.retain(|known| known != name),
            _ => {}
        }
    }
}

/// What was not synced is dropped, kept up to a byte, or arrives sector by sector in any order.
fn torn(kept: &Kept, rng: &mut Rng) -> Vec<u8> {
    let mut bytes = kept.bytes[..kept.synced].to_vec();
    let rest = &kept.bytes[kept.synced..];
    match rng.below(3) {
        0 => {}
        1 => bytes.extend_from_slice(&rest[..rng.below(rest.len() + 1)]),
        _ => {
            let length = rng.below(rest.len() + 1);
            let mut at = 0;
            while at < length {
                // Sectors begin at multiples of their size in the file, not in what is new of it.
                let end = (at + SECTOR_BYTES - (kept.synced + at) % SECTOR_BYTES).min(length);
                if rng.below(2) == 0 {
                    bytes.extend_from_slice(&rest[at..end]);
                } else {
                    bytes.extend(std::iter::repeat_n(0, end - at));
                }
                at = end;
            }
        }
    }
    bytes
}
