//! A SQLite VFS over the recording disks of [`crate::disk`]. Locks and shared memory work between
//! the connections of this process. The only unsafe code of the collector.
#![allow(unsafe_code)]

use std::{
    ffi::{CStr, c_char, c_int, c_void},
    ptr,
    sync::{Arc, LazyLock, Mutex},
};

use rusqlite::ffi;

use crate::disk::{Disk, Event, Node, lock, split, write};

/// Name under which SQLite knows the VFS.
pub const NAME: &str = "recording";

/// A connection's view of a file; SQLite allocates it, we fill it.
#[repr(C)]
struct Handle {
    base: ffi::sqlite3_file,
    open: *mut Open,
}

struct Open {
    disk: Arc<Disk>,
    name: String,
    node: Arc<Mutex<Node>>,
    level: c_int,
    slots: [i32; 8],
    delete_on_close: bool,
}

unsafe fn open_of<'a>(file: *mut ffi::sqlite3_file) -> &'a mut Open {
    unsafe { &mut *(*file.cast::<Handle>()).open }
}

unsafe fn text<'a>(name: *const c_char) -> &'a str {
    unsafe { CStr::from_ptr(name) }.to_str().unwrap_or_default()
}

/// Makes the VFS known to SQLite, once.
pub fn register() {
    static ONCE: LazyLock<()> = LazyLock::new(|| unsafe {
        let system = ffi::sqlite3_vfs_find(ptr::null());
        let mut vfs: ffi::sqlite3_vfs = *system;
        vfs.szOsFile = size_of::<Handle>() as c_int;
        vfs.zName = c"recording".as_ptr();
        vfs.pNext = ptr::null_mut();
        vfs.xOpen = Some(x_open);
        vfs.xDelete = Some(x_delete);
        vfs.xAccess = Some(x_access);
        vfs.xFullPathname = Some(x_full_pathname);
        let code = ffi::sqlite3_vfs_register(Box::leak(Box::new(vfs)), 0);
        assert_eq!(code, ffi::SQLITE_OK);
    });
    LazyLock::force(&ONCE);
}

static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(x_close),
    xRead: Some(x_read),
    xWrite: Some(x_write),
    xTruncate: Some(x_truncate),
    xSync: Some(x_sync),
    xFileSize: Some(x_file_size),
    xLock: Some(x_lock),
    xUnlock: Some(x_unlock),
    xCheckReservedLock: Some(x_check_reserved_lock),
    xFileControl: Some(x_file_control),
    xSectorSize: Some(x_sector_size),
    xDeviceCharacteristics: Some(x_device_characteristics),
    xShmMap: Some(x_shm_map),
    xShmLock: Some(x_shm_lock),
    xShmBarrier: Some(x_shm_barrier),
    xShmUnmap: Some(x_shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

unsafe extern "C" fn x_open(
    _vfs: *mut ffi::sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    unsafe {
        (*file).pMethods = ptr::null();
        if name.is_null() {
            return ffi::SQLITE_CANTOPEN;
        }
        let Some((disk, name)) = split(text(name)) else { return ffi::SQLITE_CANTOPEN };
        let journal = flags & (ffi::SQLITE_OPEN_MAIN_JOURNAL | ffi::SQLITE_OPEN_WAL) != 0;
        let node = {
            let mut inner = lock(&disk.inner);
            match inner.files.get(&name) {
                Some(node) => node.clone(),
                None if flags & ffi::SQLITE_OPEN_CREATE != 0 => {
                    let node = Arc::new(Mutex::new(Node { fresh: journal, ..Node::default() }));
                    inner.files.insert(name.clone(), node.clone());
                    if let Some(log) = &mut inner.log {
                        log.push(Event::Create(name.clone()));
                    }
                    node
                }
                None => return ffi::SQLITE_CANTOPEN,
            }
        };
        if !out_flags.is_null() {
            *out_flags = flags;
        }
        let delete_on_close = flags & ffi::SQLITE_OPEN_DELETEONCLOSE != 0;
        let open = Open { disk, name, node, level: 0, slots: [0; 8], delete_on_close };
        (*file.cast::<Handle>()).open = Box::into_raw(Box::new(open));
        (*file).pMethods = &raw const METHODS;
        ffi::SQLITE_OK
    }
}

unsafe extern "C" fn x_delete(_vfs: *mut ffi::sqlite3_vfs, name: *const c_char, sync: c_int) -> c_int {
    let Some((disk, name)) = split(unsafe { text(name) }) else { return ffi::SQLITE_IOERR_DELETE };
    delete(&disk, &name, sync != 0)
}

fn delete(disk: &Disk, name: &str, sync: bool) -> c_int {
    let mut inner = lock(&disk.inner);
    if inner.files.remove(name).is_none() {
        return ffi::SQLITE_IOERR_DELETE_NOENT;
    }
    if let Some(log) = &mut inner.log {
        log.push(Event::Delete(name.to_owned()));
        if sync {
            log.push(Event::SyncFolder);
        }
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn x_access(_: *mut ffi::sqlite3_vfs, name: *const c_char, _flags: c_int, out: *mut c_int) -> c_int {
    unsafe {
        let there = split(text(name)).is_some_and(|(disk, name)| lock(&disk.inner).files.contains_key(&name));
        *out = c_int::from(there);
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn x_full_pathname(
    _: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    room: c_int,
    out: *mut c_char,
) -> c_int {
    unsafe {
        let bytes = CStr::from_ptr(name).to_bytes_with_nul();
        if bytes.len() > room as usize {
            return ffi::SQLITE_CANTOPEN;
        }
        ptr::copy_nonoverlapping(bytes.as_ptr().cast(), out, bytes.len());
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn x_close(file: *mut ffi::sqlite3_file) -> c_int {
    unsafe {
        x_unlock(file, ffi::SQLITE_LOCK_NONE);
        let open = Box::from_raw((*file.cast::<Handle>()).open);
        if open.delete_on_close {
            delete(&open.disk, &open.name, false);
        }
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn x_read(file: *mut ffi::sqlite3_file, out: *mut c_void, amount: c_int, offset: i64) -> c_int {
    unsafe {
        let node = lock(&open_of(file).node);
        let out = std::slice::from_raw_parts_mut(out.cast::<u8>(), amount as usize);
        let from = (offset as usize).min(node.bytes.len());
        let there = (node.bytes.len() - from).min(out.len());
        out[..there].copy_from_slice(&node.bytes[from..from + there]);
        out[there..].fill(0);
        if there == out.len() { ffi::SQLITE_OK } else { ffi::SQLITE_IOERR_SHORT_READ }
    }
}

unsafe extern "C" fn x_write(file: *mut ffi::sqlite3_file, data: *const c_void, amount: c_int, offset: i64) -> c_int {
    unsafe {
        let open = open_of(file);
        let data = std::slice::from_raw_parts(data.cast::<u8>(), amount as usize);
        write(&mut lock(&open.node).bytes, offset as usize, data);
        open.disk.record(Event::Write(open.name.clone(), offset as usize, data.to_vec()));
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn x_truncate(file: *mut ffi::sqlite3_file, size: i64) -> c_int {
    let open = unsafe { open_of(file) };
    lock(&open.node).bytes.resize(size as usize, 0);
    open.disk.record(Event::Truncate(open.name.clone(), size as usize));
    ffi::SQLITE_OK
}

unsafe extern "C" fn x_sync(file: *mut ffi::sqlite3_file, _flags: c_int) -> c_int {
    let open = unsafe { open_of(file) };
    open.disk.record(Event::Sync(open.name.clone()));
    if std::mem::take(&mut lock(&open.node).fresh) {
        open.disk.record(Event::SyncFolder);
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn x_file_size(file: *mut ffi::sqlite3_file, size: *mut i64) -> c_int {
    unsafe { *size = lock(&open_of(file).node).bytes.len() as i64 };
    ffi::SQLITE_OK
}

unsafe extern "C" fn x_lock(file: *mut ffi::sqlite3_file, level: c_int) -> c_int {
    let open = unsafe { open_of(file) };
    let mut node = lock(&open.node);
    while open.level < level {
        let others = node.shared - u32::from(open.level >= ffi::SQLITE_LOCK_SHARED);
        match open.level {
            ffi::SQLITE_LOCK_NONE if !node.exclusive => node.shared += 1,
            ffi::SQLITE_LOCK_SHARED if !node.reserved => node.reserved = true,
            ffi::SQLITE_LOCK_RESERVED | ffi::SQLITE_LOCK_PENDING if others == 0 => {
                node.exclusive = true;
                open.level = ffi::SQLITE_LOCK_EXCLUSIVE;
                break;
            }
            _ => return ffi::SQLITE_BUSY,
        }
        open.level += 1;
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn x_unlock(file: *mut ffi::sqlite3_file, level: c_int) -> c_int {
    let open = unsafe { open_of(file) };
    let mut node = lock(&open.node);
    if open.level >= ffi::SQLITE_LOCK_RESERVED && level < ffi::SQLITE_LOCK_RESERVED {
        (node.reserved, node.exclusive) = (false, false);
    }
    if open.level >= ffi::SQLITE_LOCK_SHARED && level < ffi::SQLITE_LOCK_SHARED {
        node.shared -= 1;
    }
    open.level = open.level.min(level);
    ffi::SQLITE_OK
}

unsafe extern "C" fn x_check_reserved_lock(file: *mut ffi::sqlite3_file, out: *mut c_int) -> c_int {
    unsafe { *out = c_int::from(lock(&open_of(file).node).reserved) };
    ffi::SQLITE_OK
}

unsafe extern "C" fn x_file_control(_: *mut ffi::sqlite3_file, _op: c_int, _arg: *mut c_void) -> c_int {
    ffi::SQLITE_NOTFOUND
}

unsafe extern "C" fn x_sector_size(_: *mut ffi::sqlite3_file) -> c_int {
    4_096
}

/// As the Unix VFS says of every file: a write damages no byte beside it.
unsafe extern "C" fn x_device_characteristics(_: *mut ffi::sqlite3_file) -> c_int {
    ffi::SQLITE_IOCAP_POWERSAFE_OVERWRITE
}

unsafe extern "C" fn x_shm_map(
    file: *mut ffi::sqlite3_file,
    page: c_int,
    bytes: c_int,
    extend: c_int,
    out: *mut *mut c_void,
) -> c_int {
    unsafe {
        let mut node = lock(&open_of(file).node);
        while node.pages.len() <= page as usize {
            if extend == 0 {
                *out = ptr::null_mut();
                return ffi::SQLITE_OK;
            }
            node.pages.push(vec![0; bytes as usize].into_boxed_slice());
        }
        *out = node.pages[page as usize].as_mut_ptr().cast();
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn x_shm_lock(file: *mut ffi::sqlite3_file, first: c_int, n: c_int, flags: c_int) -> c_int {
    let open = unsafe { open_of(file) };
    let mut node = lock(&open.node);
    let slots = first as usize..(first + n) as usize;
    if flags & ffi::SQLITE_SHM_UNLOCK != 0 {
        for slot in slots {
            node.slots[slot] -= open.slots[slot];
            open.slots[slot] = 0;
        }
        return ffi::SQLITE_OK;
    }
    let exclusive = flags & ffi::SQLITE_SHM_EXCLUSIVE != 0;
    let free = |slot: usize| {
        let others = node.slots[slot] - open.slots[slot];
        others == 0 || (!exclusive && others > 0)
    };
    if !slots.clone().all(free) {
        return ffi::SQLITE_BUSY;
    }
    for slot in slots {
        // -1 is an exclusive holder, otherwise the number of those who share.
        let mine = if exclusive { -1 } else { 1 };
        node.slots[slot] += mine - open.slots[slot];
        open.slots[slot] = mine;
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn x_shm_barrier(_: *mut ffi::sqlite3_file) {
    std::sync::atomic::fence(std::sync::atomic::Ordering::SeqCst);
}

unsafe extern "C" fn x_shm_unmap(file: *mut ffi::sqlite3_file, delete: c_int) -> c_int {
    let open = unsafe { open_of(file) };
    let mut node = lock(&open.node);
    for slot in 0..8 {
        node.slots[slot] -= open.slots[slot];
        open.slots[slot] = 0;
    }
    if delete != 0 {
        node.pages.clear();
    }
    ffi::SQLITE_OK
}
