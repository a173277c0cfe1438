//! Disks in memory that write down every write, truncation, sync, creation and deletion, so that
//! the moment of a power cut can be chosen afterwards.

use std::{
    collections::HashMap,
    path::Path,
    sync::{Arc, LazyLock, Mutex, MutexGuard},
};

/// What happened on a disk, in order.
#[derive(Debug, Clone)]
pub enum Event {
    Create(String),
    Delete(String),
    Write(String, usize, Vec<u8>),
    Truncate(String, usize),
    Sync(String),
    SyncFolder,
    /// The script says that something was acknowledged: everything of commit `n` must survive.
    Acknowledged(u64),
}

/// A disk: files by name, and their log if it records.
#[derive(Default)]
pub struct Disk {
    pub(super) inner: Mutex<Inner>,
}

#[derive(Default)]
pub(super) struct Inner {
    pub(super) files: HashMap<String, Arc<Mutex<Node>>>,
    pub(super) log: Option<Vec<Event>>,
}

#[derive(Default)]
pub(super) struct Node {
    pub(super) bytes: Vec<u8>,
    /// A journal or log that was just made: its first sync syncs the folder too, as on Unix.
    pub(super) fresh: bool,
    pub(super) shared: u32,
    pub(super) reserved: bool,
    pub(super) exclusive: bool,
    pub(super) pages: Vec<Box<[u8]>>,
    pub(super) slots: [i32; 8],
}

static DISKS: LazyLock<Mutex<HashMap<String, Arc<Disk>>>> = LazyLock::new(Mutex::default);

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl Disk {
    /// An empty disk under `/name/`.
    pub fn insert(name: &str, files: HashMap<String, Vec<u8>>, recording: bool) -> Arc<Self> {
        crate::vfs::register();
        let files = files
            .into_iter()
            .map(|(file, bytes)| (file, Arc::new(Mutex::new(Node { bytes, ..Node::default() }))))
            .collect();
        let disk = Arc::new(Self { inner: Mutex::new(Inner { files, log: recording.then(Vec::new) }) });
        lock(&DISKS).insert(name.to_owned(), disk.clone());
        disk
    }

    pub fn remove(name: &str) {
        lock(&DISKS).remove(name);
    }

    pub fn record(&self, event: Event) {
        if let Some(log) = &mut lock(&self.inner).log {
            log.push(event);
        }
    }

    pub fn log(&self) -> Vec<Event> {
        lock(&self.inner).log.clone().unwrap_or_default()
    }
}

/// What the ledger calls to make names durable.
pub fn sync_folder(path: &Path) -> std::io::Result<()> {
    if let Some((disk, _)) = split(path.to_str().unwrap_or_default()) {
        disk.record(Event::SyncFolder);
    }
    Ok(())
}

pub(super) fn split(path: &str) -> Option<(Arc<Disk>, String)> {
    let (disk, file) = path.strip_prefix('/')?.split_once('/')?;
    Some((lock(&DISKS).get(disk)?.clone(), file.to_owned()))
}

/// Writes into a file, which grows with zeros where it must.
pub fn write(bytes: &mut Vec<u8>, offset: usize, data: &[u8]) {
    let end = offset + data.len();
    if bytes.len() < end {
        bytes.resize(end, 0);
    }
    bytes[offset..end].copy_from_slice(data);
}
