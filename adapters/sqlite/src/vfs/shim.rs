//! The VFS itself. All but opening and a file's reads and writes is what the other VFS does.

#![allow(unsafe_code)]

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::mem::size_of;
use std::ptr::{self, null_mut};
use std::sync::{Mutex, PoisonError};

use rusqlite::Connection;
use rusqlite::ffi::{
    SQLITE_FCNTL_RESERVE_BYTES, SQLITE_IOCAP_POWERSAFE_OVERWRITE, SQLITE_IOCAP_SUBPAGE_READ, SQLITE_IOERR_DATA,
    SQLITE_MISUSE, SQLITE_OK, SQLITE_OPEN_MAIN_DB, SQLITE_OPEN_WAL, sqlite3_file, sqlite3_file_control, sqlite3_int64,
    sqlite3_io_methods, sqlite3_vfs, sqlite3_vfs_find, sqlite3_vfs_register,
};

use super::log::{Frame, Frames};
use super::page::{self, SEAL_BYTES, Seal};

/// Asks a file whether it is one of ours, and whether its pages have seals. SQLite leaves numbers from 100 to others.
const IS_OURS: c_int = 0x5053_4541;

/// A VFS of ours. SQLite knows its first field.
#[repr(C)]
struct SealingVfs {
    vfs: sqlite3_vfs,
    /// The one below. Registered, so that it is there for as long as the process.
    inner: *mut sqlite3_vfs,
}

/// A database file, or a log. SQLite knows its first field; behind it, in the same memory, is the file of the VFS below.
#[repr(C, align(8))]
struct SealingFile {
    file: sqlite3_file,
    /// Of a log.
    frames: Frames,
    /// The size of a page in bytes, where pages have seals; else 0.
    page_size: usize,
    /// Where a page gets its seal on its way to the file: what SQLite hands over is not ours to change.
    page: Vec<u8>,
}

impl SealingFile {
    /// The file of the VFS below.
    fn inner(this: *mut sqlite3_file) -> *mut sqlite3_file {
        this.wrapping_byte_add(size_of::<SealingFile>())
    }

    /// Looks whether these bytes of the file's begin say how its pages are.
    fn heed(&mut self, bytes: &[u8], at: sqlite3_int64) {
        if at == 0
            && let Some(header) = page::header(bytes)
        {
            self.page_size = if header.is_sealed { header.page_size } else { 0 };
        }
    }

    /// The number of the page that is read or written, from 1, where it is one with a seal.
    fn number(&self, length: usize, at: sqlite3_int64) -> Option<u64> {
        let at = u64::try_from(at).ok()?;
        let size = self.page_size;
        (size > 0 && length == size && at % size as u64 == 0).then(|| at / size as u64 + 1)
    }

    /// Judges what was read, and takes the seal out of it.
    fn check(&mut self, bytes: &mut [u8], at: sqlite3_int64) -> c_int {
        self.heed(bytes, at);
        let Some(number) = self.number(bytes.len(), at) else {
            let is_first = at == 0 && bytes.len() >= 512;
            return if is_first && page::denies_its_seal(bytes) { SQLITE_IOERR_DATA } else { SQLITE_OK };
        };
        if page::judge(bytes, number) == Seal::Wrong {
            return SQLITE_IOERR_DATA;
        }
        page::clear_seal(bytes);
        SQLITE_OK
    }

    /// What is to be written in place of these bytes.
    fn sealed<'b>(&'b mut self, bytes: &'b [u8], at: sqlite3_int64) -> &'b [u8] {
        self.heed(bytes, at);
        let Some(number) = self.number(bytes.len(), at) else { return bytes };
        self.page.clear();
        self.page.extend_from_slice(bytes);
        page::set_seal(&mut self.page, number);
        &self.page
    }
}

/// The methods of the file below; for every other file SQLite has set them when it was opened.
///
/// # Safety
/// `file` is one of ours that is open.
unsafe fn below(file: *mut sqlite3_file) -> (*mut sqlite3_file, &'static sqlite3_io_methods) {
    let inner = SealingFile::inner(file);
    // SAFETY: `open` had the VFS below open its file there, and set our methods only where that left methods of its own,
    // which live as long as the process.
    (inner, unsafe { &*(*inner).pMethods })
}

/// Hands a call to the file below.
macro_rules! handed_down {
    ($name:ident, $method:ident, ($($argument:ident: $kind:ty),*)) => {
        unsafe extern "C" fn $name(file: *mut sqlite3_file, $($argument: $kind),*) -> c_int {
            // SAFETY: SQLite calls a file's methods with that file, between its opening and its closing; the arguments
            // are those that the method below asks for.
            unsafe {
                let (inner, methods) = below(file);
                methods.$method.map_or(SQLITE_MISUSE, |method| method(inner, $($argument),*))
            }
        }
    };
}

handed_down!(truncate, xTruncate, (size: sqlite3_int64));
handed_down!(sync, xSync, (flags: c_int));
handed_down!(file_size, xFileSize, (size: *mut sqlite3_int64));
handed_down!(lock, xLock, (level: c_int));
handed_down!(unlock, xUnlock, (level: c_int));
handed_down!(check_reserved_lock, xCheckReservedLock, (held: *mut c_int));
handed_down!(sector_size, xSectorSize, ());
handed_down!(control_below, xFileControl, (operation: c_int, argument: *mut c_void));
handed_down!(device_characteristics_below, xDeviceCharacteristics, ());
handed_down!(shm_map, xShmMap, (page: c_int, size: c_int, extend: c_int, mapped: *mut *mut c_void));
handed_down!(shm_lock, xShmLock, (offset: c_int, count: c_int, flags: c_int));
handed_down!(shm_unmap, xShmUnmap, (delete: c_int));

unsafe extern "C" fn shm_barrier(file: *mut sqlite3_file) {
    // SAFETY: as for the calls that are handed down.
    unsafe {
        let (inner, methods) = below(file);
        if let Some(barrier) = methods.xShmBarrier {
            barrier(inner);
        }
    }
}

unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    // SAFETY: SQLite closes a file once and does not use it afterwards. `open` made the value that is dropped here.
    unsafe {
        let (inner, methods) = below(file);
        let closed = methods.xClose.map_or(SQLITE_OK, |close| close(inner));
        ptr::drop_in_place(file.cast::<SealingFile>());
        closed
    }
}

unsafe extern "C" fn read(file: *mut sqlite3_file, into: *mut c_void, count: c_int, at: sqlite3_int64) -> c_int {
    // SAFETY: SQLite hands over `count` bytes that are its own to have filled, and that the method below has filled where
    // it says so. Nobody else uses the file meanwhile: a connection's files are used by one thread at a time.
    unsafe {
        let (inner, methods) = below(file);
        let read = methods.xRead.map_or(SQLITE_MISUSE, |read| read(inner, into, count, at));
        let count = usize::try_from(count).unwrap_or(0);
        if read != SQLITE_OK || count == 0 {
            return read;
        }
        let bytes = std::slice::from_raw_parts_mut(into.cast::<u8>(), count);
        (*file.cast::<SealingFile>()).check(bytes, at)
    }
}

unsafe extern "C" fn write(file: *mut sqlite3_file, from: *const c_void, count: c_int, at: sqlite3_int64) -> c_int {
    // SAFETY: SQLite hands over `count` bytes that stay as they are meanwhile; what goes to the method below is as long.
    // Nobody else uses the file meanwhile.
    unsafe {
        let (inner, methods) = below(file);
        let length = usize::try_from(count).unwrap_or(0);
        if length == 0 {
            return methods.xWrite.map_or(SQLITE_MISUSE, |write| write(inner, from, count, at));
        }
        let bytes = std::slice::from_raw_parts(from.cast::<u8>(), length);
        let sealed = (*file.cast::<SealingFile>()).sealed(bytes, at);
        methods.xWrite.map_or(SQLITE_MISUSE, |write| write(inner, sealed.as_ptr().cast(), count, at))
    }
}

unsafe extern "C" fn device_characteristics(file: *mut sqlite3_file) -> c_int {
    // SAFETY: as for the calls that are handed down.
    let told = unsafe {
        let (inner, methods) = below(file);
        methods.xDeviceCharacteristics.map_or(0, |told| told(inner))
    };
    // SQLite would read the contents of overflow pages without their ends, where the seals are, and nobody would look.
    told & !SQLITE_IOCAP_SUBPAGE_READ
}

unsafe extern "C" fn file_control(file: *mut sqlite3_file, operation: c_int, argument: *mut c_void) -> c_int {
    // SAFETY: as for the calls that are handed down. Whoever asks our question, which is `control` below, points at a number.
    unsafe {
        if operation == IS_OURS {
            argument.cast::<c_int>().write(c_int::from((*file.cast::<SealingFile>()).page_size > 0));
            return SQLITE_OK;
        }
        control_below(file, operation, argument)
    }
}

/// Has the file below write bytes.
///
/// # Safety
/// `file` is one of ours that is open.
unsafe fn write_below(file: *mut sqlite3_file, bytes: &[u8], at: sqlite3_int64) -> c_int {
    let Ok(count) = c_int::try_from(bytes.len()) else { return SQLITE_MISUSE };
    // SAFETY: as for the calls that are handed down; the bytes stay as they are meanwhile.
    unsafe {
        let (inner, methods) = below(file);
        methods.xWrite.map_or(SQLITE_MISUSE, |write| write(inner, bytes.as_ptr().cast(), count, at))
    }
}

/// Writes what of a log is held. Whether or not that succeeds, nothing is held any more.
///
/// # Safety
/// `file` is a log of ours that is open.
unsafe fn flush(file: *mut sqlite3_file) -> c_int {
    // SAFETY: it is one of ours, and nobody else uses it meanwhile: a connection's files are used by one thread at a time.
    let frames = unsafe { &mut (*file.cast::<SealingFile>()).frames };
    // SAFETY: it is open.
    let flushed = frames.held().map_or(SQLITE_OK, |(bytes, at)| unsafe { write_below(file, bytes, at) });
    frames.done();
    flushed
}

/// Writes what of a log is held, and then hands a call on.
macro_rules! after_what_is_held {
    ($name:ident, $then:ident, ($($argument:ident: $kind:ty),*)) => {
        unsafe extern "C" fn $name(file: *mut sqlite3_file, $($argument: $kind),*) -> c_int {
            // SAFETY: SQLite calls a file's methods with that file, between its opening and its closing.
            unsafe {
                match flush(file) {
                    SQLITE_OK => $then(file, $($argument),*),
                    failed => failed,
                }
            }
        }
    };
}

after_what_is_held!(truncate_log, truncate, (size: sqlite3_int64));
after_what_is_held!(sync_log, sync, (flags: c_int));
after_what_is_held!(log_size, file_size, (size: *mut sqlite3_int64));
after_what_is_held!(lock_log, lock, (level: c_int));
after_what_is_held!(unlock_log, unlock, (level: c_int));
after_what_is_held!(control_log, control_below, (operation: c_int, argument: *mut c_void));

unsafe extern "C" fn close_log(file: *mut sqlite3_file) -> c_int {
    // SAFETY: SQLite closes a file once and does not use it afterwards, whatever is said of it.
    unsafe {
        let flushed = flush(file);
        let closed = close(file);
        if flushed == SQLITE_OK { closed } else { flushed }
    }
}

unsafe extern "C" fn read_log(file: *mut sqlite3_file, into: *mut c_void, count: c_int, at: sqlite3_int64) -> c_int {
    // SAFETY: as for the calls that are handed down. Nobody else uses the file meanwhile.
    unsafe {
        let flushed = flush(file);
        if flushed != SQLITE_OK {
            return flushed;
        }
        (*file.cast::<SealingFile>()).frames.note_read(at);
        let (inner, methods) = below(file);
        methods.xRead.map_or(SQLITE_MISUSE, |read| read(inner, into, count, at))
    }
}

unsafe extern "C" fn write_log(file: *mut sqlite3_file, from: *const c_void, count: c_int, at: sqlite3_int64) -> c_int {
    let length = usize::try_from(count).unwrap_or(0);
    if length == 0 {
        return SQLITE_OK;
    }
    // SAFETY: SQLite hands over `count` bytes that stay as they are meanwhile. Nobody else uses the file meanwhile.
    unsafe {
        let bytes = std::slice::from_raw_parts(from.cast::<u8>(), length);
        let frames = &mut (*file.cast::<SealingFile>()).frames;
        match frames.take(bytes, at) {
            Frame::Held => SQLITE_OK,
            Frame::Whole(frame, at) => {
                let written = write_below(file, frame, at);
                frames.done();
                written
            }
            Frame::Plain => match flush(file) {
                SQLITE_OK => write_below(file, bytes, at),
                failed => failed,
            },
        }
    }
}

/// The methods up to a version: 1 without shared memory, 2 with it. Not 3: a page that is mapped is read by nobody.
const fn methods(version: c_int) -> sqlite3_io_methods {
    let has_shm = version >= 2;
    sqlite3_io_methods {
        iVersion: version,
        xClose: Some(close),
        xRead: Some(read),
        xWrite: Some(write),
        xTruncate: Some(truncate),
        xSync: Some(sync),
        xFileSize: Some(file_size),
        xLock: Some(lock),
        xUnlock: Some(unlock),
        xCheckReservedLock: Some(check_reserved_lock),
        xFileControl: Some(file_control),
        xSectorSize: Some(sector_size),
        xDeviceCharacteristics: Some(device_characteristics),
        xShmMap: if has_shm { Some(shm_map) } else { None },
        xShmLock: if has_shm { Some(shm_lock) } else { None },
        xShmBarrier: if has_shm { Some(shm_barrier) } else { None },
        xShmUnmap: if has_shm { Some(shm_unmap) } else { None },
        xFetch: None,
        xUnfetch: None,
    }
}

static METHODS: sqlite3_io_methods = methods(1);
static METHODS_WITH_SHM: sqlite3_io_methods = methods(2);
/// Of a log. It is neither locked nor are there pages of it in shared memory: both belong to the database file.
static LOG_METHODS: sqlite3_io_methods = sqlite3_io_methods {
    xClose: Some(close_log),
    xRead: Some(read_log),
    xWrite: Some(write_log),
    xTruncate: Some(truncate_log),
    xSync: Some(sync_log),
    xFileSize: Some(log_size),
    xLock: Some(lock_log),
    xUnlock: Some(unlock_log),
    xFileControl: Some(control_log),
    xDeviceCharacteristics: Some(device_characteristics_below),
    ..methods(1)
};

unsafe extern "C" fn open(
    vfs: *mut sqlite3_vfs,
    name: *const c_char,
    file: *mut sqlite3_file,
    flags: c_int,
    opened_as: *mut c_int,
) -> c_int {
    // SAFETY: SQLite calls this with a VFS of ours, whose first field `vfs` is, with memory for `szOsFile` bytes at
    // `file`, aligned for any type, and with a name that it made: with what is the VFS below's to be called with too.
    unsafe {
        let inner_vfs = (*vfs.cast::<SealingVfs>()).inner;
        let Some(open) = (*inner_vfs).xOpen else { return SQLITE_MISUSE };
        // In WebAssembly the VFS below joins what is written to a log itself, whole commits of it.
        let is_log = flags & SQLITE_OPEN_WAL != 0 && !cfg!(target_family = "wasm");
        if flags & SQLITE_OPEN_MAIN_DB == 0 && !is_log {
            // No file of ours: the VFS below has the memory to itself.
            return open(inner_vfs, name, file, flags, opened_as);
        }
        (*file).pMethods = ptr::null();
        let inner = SealingFile::inner(file);
        (*inner).pMethods = ptr::null();
        let opened = open(inner_vfs, name, inner, flags, opened_as);
        let Some(methods) = (*inner).pMethods.as_ref() else { return opened };
        if opened != SQLITE_OK {
            // SQLite closes what has methods, though it could not be opened.
            if let Some(close) = methods.xClose {
                close(inner);
            }
            return opened;
        }
        let has_shm = methods.iVersion >= 2 && methods.xShmMap.is_some();
        let ours = match is_log {
            true => &LOG_METHODS,
            false if has_shm => &METHODS_WITH_SHM,
            false => &METHODS,
        };
        let file_of_ours = sqlite3_file { pMethods: ours };
        let told = methods.xDeviceCharacteristics.map_or(0, |told| told(inner));
        let frames = Frames::new(told & SQLITE_IOCAP_POWERSAFE_OVERWRITE != 0);
        let made = SealingFile { file: file_of_ours, frames, page_size: 0, page: Vec::new() };
        file.cast::<SealingFile>().write(made);
        SQLITE_OK
    }
}

/// The names of the VFS that there are, each after that of the one below it.
static REGISTERED: Mutex<Vec<(CString, &'static str)>> = Mutex::new(Vec::new());

/// The name of the VFS over another, which is registered here where that was not done yet. `None` where there is no such
/// VFS to be over. Where nothing is named it is over the platform's own.
pub(crate) fn over(base: Option<&str>) -> Option<&'static str> {
    let base = base.map(|base| CString::new(base).ok()).map_or(Some(None), |base| base.map(Some))?;
    let mut registered = REGISTERED.lock().unwrap_or_else(PoisonError::into_inner);
    // SAFETY: the name ends with a zero, or is none, for which SQLite has the platform's own.
    let inner = unsafe { sqlite3_vfs_find(base.as_ref().map_or(ptr::null(), |base| base.as_ptr())) };
    if inner.is_null() {
        return None;
    }
    // SAFETY: SQLite's VFS have names, and those that are registered stay as they are.
    let inner_name = unsafe { CStr::from_ptr((*inner).zName) };
    if let Some((_, name)) = registered.iter().find(|(base, _)| base.as_c_str() == inner_name) {
        return Some(name);
    }
    let name = CString::new(format!("stockroom-sealed-{}", inner_name.to_str().ok()?)).ok()?;
    // SQLite keeps both for as long as the process, and there are few.
    let name: &'static CStr = Box::leak(name.into_boxed_c_str());
    // SAFETY: `inner` is a VFS. Its copy has its functions and, in `pAppData`, what they keep: a VFS knows itself by that
    // alone. Opening is ours, and there is room for both files.
    let vfs = unsafe {
        let mut vfs = *inner;
        vfs.szOsFile += size_of::<SealingFile>() as c_int;
        vfs.zName = name.as_ptr();
        vfs.pNext = null_mut();
        vfs.xOpen = Some(open);
        let ours = Box::into_raw(Box::new(SealingVfs { vfs, inner }));
        ptr::addr_of_mut!((*ours).vfs)
    };
    // SAFETY: it is all there, and nobody frees it.
    let done = unsafe { sqlite3_vfs_register(vfs, 0) };
    let name = name.to_str().ok().filter(|_| done == SQLITE_OK)?;
    registered.push((inner_name.to_owned(), name));
    Some(name)
}

/// Asks SQLite to leave room for seals: in a database that is new, or when `VACUUM` writes it anew. Where there is one
/// nothing changes until then.
pub(crate) fn reserve(connection: &Connection) {
    let mut bytes = SEAL_BYTES as c_int;
    control(connection, SQLITE_FCNTL_RESERVE_BYTES, &mut bytes);
}

/// What a connection has to do with seals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pages {
    /// It reads and writes them.
    Sealed,
    /// There is no room for any.
    Plain,
    /// There is room, and what this connection writes has none.
    Unheeded,
}

/// What this connection has to do with seals.
pub(crate) fn pages(connection: &Connection) -> Pages {
    let mut is_sealed: c_int = 0;
    if control(connection, IS_OURS, &mut is_sealed) == SQLITE_OK {
        return if is_sealed != 0 { Pages::Sealed } else { Pages::Plain };
    }
    // Below 0 it asks and changes nothing.
    let mut bytes: c_int = -1;
    control(connection, SQLITE_FCNTL_RESERVE_BYTES, &mut bytes);
    if bytes == SEAL_BYTES as c_int { Pages::Unheeded } else { Pages::Plain }
}

fn control(connection: &Connection, operation: c_int, argument: &mut c_int) -> c_int {
    // SAFETY: the connection is open, no name means the main database, and both operations take a number or nothing.
    unsafe { sqlite3_file_control(connection.handle(), ptr::null(), operation, ptr::from_mut(argument).cast()) }
}
