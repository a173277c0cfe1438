//! Records what this process really asks of the disk: the C functions through which SQLite and the
//! standard library write, cut, sync and delete files are defined here and stand before the C
//! library's own; each does the real thing and, in a watched folder, notes it. So the ledger runs
//! unchanged, on SQLite's own file layer, and its folder syncs are seen too.
//!
//! What is not noted would make the search blind, so [`Watch::end`] compares the files with what
//! the notes say they hold.
#![allow(
    unsafe_code,
    reason = "functions of the C library can only be replaced by functions of its calling convention, which take raw pointers and descriptors"
)]

use std::{
    ffi::{CStr, OsStr, c_char, c_int, c_void},
    os::{fd::BorrowedFd, unix::ffi::OsStrExt},
    path::{Path, PathBuf},
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use rustix::io::Errno;

/// Something that happened to the disk, or to those who trust it. Names are within the folder.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Bytes at an offset.
    Write(String, usize, Vec<u8>),
    /// A file got this length.
    Cut(String, usize),
    /// A file was synced.
    Sync(String),
    /// The folder was synced.
    SyncFolder,
    /// A file was deleted.
    Delete(String),
    /// The commit of this number was acknowledged.
    Acknowledged(u64),
}

struct Watched {
    folder: PathBuf,
    log: Vec<Event>,
}

static WATCHED: Mutex<Vec<Watched>> = Mutex::new(Vec::new());
/// How many folders are watched, so that nobody else waits for the lock.
static COUNT: AtomicUsize = AtomicUsize::new(0);

fn watched() -> MutexGuard<'static, Vec<Watched>> {
    WATCHED.lock().expect("no holder of this lock can panic")
}

/// A folder that is being watched.
pub struct Watch {
    folder: PathBuf,
}

impl Watch {
    /// Begins to note what happens in `folder`.
    pub fn begin(folder: &Path) -> Self {
        let folder = folder.canonicalize().expect("the folder exists");
        watched().push(Watched { folder: folder.clone(), log: Vec::new() });
        COUNT.fetch_add(1, SeqCst);
        Self { folder }
    }

    /// Notes something that the disk does not know.
    pub fn note(&self, event: Event) {
        watched().iter_mut().filter(|w| w.folder == self.folder).for_each(|w| w.log.push(event.clone()));
    }

    /// What was noted.
    pub fn end(self) -> Vec<Event> {
        COUNT.fetch_sub(1, SeqCst);
        let mut all = watched();
        let place = all.iter().position(|w| w.folder == self.folder).expect("it began");
        all.remove(place).log
    }
}

/// The path behind a descriptor.
fn path_of(fd: c_int) -> Option<PathBuf> {
    std::fs::read_link(format!("/proc/self/fd/{fd}")).ok()
}

/// Notes what `event` makes of the name of the file at `path`, or of `None` for the folder itself.
fn note(path: Option<PathBuf>, event: impl FnOnce(Option<String>) -> Option<Event>) {
    let Some(path) = path else { return };
    for w in watched().iter_mut() {
        if let Ok(name) = path.strip_prefix(&w.folder) {
            let name = name.to_str().map(str::to_owned).filter(|name| !name.is_empty());
            // The index of the log is memory that happens to have a name: it is made anew.
            if !name.as_ref().is_some_and(|name| name.ends_with("-shm")) {
                w.log.extend(event(name));
            }
            return;
        }
    }
}

unsafe extern "C" {
    /// Where the C library keeps the number of the last error of this thread.
    fn __errno_location() -> *mut c_int;
}

/// The answer of the C library: a number, or -1 and the reason in `errno`.
fn answer<T>(done: Result<T, Errno>, number: impl FnOnce(T) -> isize) -> isize {
    match done {
        Ok(done) => number(done),
        Err(reason) => {
            // SAFETY: it gives a valid pointer to a number of this thread.
            unsafe { *__errno_location() = reason.raw_os_error() };
            -1
        }
    }
}

/// Does `work` with the file of a descriptor, and notes it when it succeeded.
fn with_file<T>(
    fd: c_int,
    work: impl FnOnce(BorrowedFd<'_>) -> Result<T, Errno>,
    event: impl FnOnce(&T, Option<String>) -> Option<Event>,
) -> Result<T, Errno> {
    if fd < 0 {
        return Err(Errno::BADF);
    }
    // SAFETY: the caller keeps the descriptor open while it waits for us, as for the C library.
    let done = work(unsafe { BorrowedFd::borrow_raw(fd) })?;
    if COUNT.load(SeqCst) > 0 {
        note(path_of(fd), |name| event(&done, name));
    }
    Ok(done)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pwrite64(fd: c_int, data: *const c_void, size: usize, offset: i64) -> isize {
    // SAFETY: the caller promises `size` readable bytes at `data`, as to the C library.
    let bytes = unsafe { std::slice::from_raw_parts(data.cast::<u8>(), size) };
    let done = with_file(
        fd,
        |file| rustix::io::pwrite(file, bytes, offset as u64),
        |written, name| Some(Event::Write(name?, offset as usize, bytes[..*written].to_vec())),
    );
    answer(done, |written| written as isize)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn ftruncate64(fd: c_int, size: i64) -> c_int {
    let cut = |file: BorrowedFd<'_>| rustix::fs::ftruncate(file, size as u64);
    answer(with_file(fd, cut, |(), name| Some(Event::Cut(name?, size as usize))), |()| 0) as c_int
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fsync(fd: c_int) -> c_int {
    let sync = |file: BorrowedFd<'_>| rustix::fs::fsync(file);
    answer(with_file(fd, sync, |(), name| Some(name.map_or(Event::SyncFolder, Event::Sync))), |()| 0) as c_int
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fdatasync(fd: c_int) -> c_int {
    let sync = |file: BorrowedFd<'_>| rustix::fs::fdatasync(file);
    answer(with_file(fd, sync, |(), name| Some(name.map_or(Event::SyncFolder, Event::Sync))), |()| 0) as c_int
}

#[unsafe(no_mangle)]
unsafe extern "C" fn unlink(path: *const c_char) -> c_int {
    // SAFETY: the caller promises a text that ends with a zero, as to the C library.
    let path = unsafe { CStr::from_ptr(path) };
    let done = rustix::fs::unlink(path);
    if done.is_ok() && COUNT.load(SeqCst) > 0 {
        note(Some(OsStr::from_bytes(path.to_bytes()).into()), |name| name.map(Event::Delete));
    }
    answer(done, |()| 0) as c_int
}
