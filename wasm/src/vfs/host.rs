//! The VFS itself, registered once for the module with the host's files.

use std::cell::RefCell;
use std::rc::Rc;

use rsqlite_vfs::{
    AccessMode, DeviceCharacteristics, FileKind, LockLevel, MemChunksFile, OpenAccess, OpenOptions, OpenRequest,
    OpenedFile, SQLiteIoMethods, SQLiteVfs, SyncOptions, VfsError, VfsErrorCode, VfsFile, VfsResult, VfsStore,
    register_vfs,
};
use sqlite_wasm_rs::WasmOsCallback;
use stockroom::{Error, ErrorKind, Result};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::frames::Frames;
use super::joined::{Joined, Raw};
use crate::errors::thrown;

/// The VFS's name in SQLite.
const NAME: &str = "stockroom-host";

#[wasm_bindgen(typescript_custom_section)]
const HOST_FILES: &'static str = r#"
/** Why an operation of the host's files failed. Negative, so that it fits beside a count. */
export type FileFault = -1 | -2 | -3 | -4 | -5;

/**
 * Files, as the host has them: synchronous, and never throwing. Every operation answers with a count or a
 * `FileFault`: -1 it failed, -2 there is no such file, -3 it is not allowed, -4 no room is left, -5 another
 * program is at work on the database. `buffer` is WebAssembly's own memory, good only during the call.
 */
export interface HostFiles {
  /** Opens a file, creating it if asked; a handle, or a fault. `log` says that it is a write-ahead log. */
  open(path: string, create: boolean, readOnly: boolean, log: boolean): number;
  close(handle: number): number;
  /** The bytes read, fewer only at the end of the file. */
  read(handle: number, buffer: Uint8Array, at: number): number;
  /** 0 when all is written. */
  write(handle: number, buffer: Uint8Array, at: number): number;
  truncate(handle: number, bytes: number): number;
  /** 0 when all that was written would survive a power cut; the file's name too, if it is new. */
  sync(handle: number): number;
  size(handle: number): number;
  remove(path: string, syncDirectory: boolean): number;
  /** 1 or 0: whether there is such a file with something in it or, if `writable`, that may be written. */
  access(path: string, writable: boolean): number;
  /** The path as it is called everywhere in this process. */
  fullPath(path: string): string;
  /** What the last fault was, for people. */
  said(): string;
}
"#;

#[wasm_bindgen]
extern "C" {
    /// The host's files; see `HostFiles` in the package's types.
    #[wasm_bindgen(typescript_type = "HostFiles")]
    pub type HostFiles;

    #[wasm_bindgen(method)]
    fn open(this: &HostFiles, path: &str, create: bool, read_only: bool, log: bool) -> i32;
    #[wasm_bindgen(method)]
    fn close(this: &HostFiles, handle: i32) -> i32;
    #[wasm_bindgen(method)]
    fn read(this: &HostFiles, handle: i32, buffer: &mut [u8], at: f64) -> i32;
    #[wasm_bindgen(method)]
    fn write(this: &HostFiles, handle: i32, buffer: &[u8], at: f64) -> i32;
    #[wasm_bindgen(method)]
    fn truncate(this: &HostFiles, handle: i32, bytes: f64) -> i32;
    #[wasm_bindgen(method)]
    fn sync(this: &HostFiles, handle: i32) -> i32;
    #[wasm_bindgen(method)]
    fn size(this: &HostFiles, handle: i32) -> f64;
    #[wasm_bindgen(method)]
    fn remove(this: &HostFiles, path: &str, sync_directory: bool) -> i32;
    #[wasm_bindgen(method)]
    fn access(this: &HostFiles, path: &str, writable: bool) -> i32;
    #[wasm_bindgen(method, js_name = fullPath)]
    fn full_path(this: &HostFiles, path: &str) -> String;
    #[wasm_bindgen(method)]
    fn said(this: &HostFiles) -> String;
}

thread_local! {
    /// The files handed in. A module has one thread.
    static FILES: RefCell<Option<Rc<HostFiles>>> = const { RefCell::new(None) };
    /// What the host said of the last fault.
    static SAID: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Hands the host's files in, once, before a database in a file is opened.
///
/// # Errors
/// `unsupported` where files were handed in before.
#[wasm_bindgen(js_name = useFiles)]
#[allow(unsafe_code)]
pub fn use_files(files: HostFiles) -> Result<(), JsValue> {
    let refused = |message: String| thrown(&Error::new(ErrorKind::Unsupported, "wasm.files", message), None);
    let files = Rc::new(files);
    // SAFETY: `HostVfs` keeps the crate's own layout and callbacks; the registration is never dropped (`into_raw`), so
    // that name, data and callbacks live as long as the module; a module has one thread, and nothing else registers
    // this name.
    let registered = unsafe { register_vfs::<HostIo, HostVfs>(NAME, Rc::clone(&files), false) };
    registered.map_err(|error| refused(error.to_string()))?.into_raw();
    FILES.set(Some(files));
    Ok(())
}

/// The VFS to open files with.
pub(crate) fn name() -> Result<&'static str> {
    let missing = || Error::new(ErrorKind::Unsupported, "wasm.open", "the host has handed in no files");
    FILES.with_borrow(|files| files.is_some().then_some(NAME).ok_or_else(missing))
}

/// What the host said of the faults since this was last asked.
pub(crate) fn take_said() -> Option<String> {
    SAID.take()
}

/// The faults of `HostFiles`.
mod fault {
    pub(super) const MISSING: i32 = -2;
    pub(super) const NOT_ALLOWED: i32 = -3;
    pub(super) const FULL: i32 = -4;
    pub(super) const FOREIGN: i32 = -5;
}

/// What the host answered, or its fault as SQLite's error; `otherwise` is for those that SQLite has no better word for.
fn answered(files: &HostFiles, answer: f64, otherwise: VfsErrorCode) -> VfsResult<f64> {
    if answer >= 0.0 {
        return Ok(answer);
    }
    let code = match answer as i32 {
        fault::MISSING | fault::NOT_ALLOWED if otherwise == VfsErrorCode::CantOpen => VfsErrorCode::CantOpen,
        fault::MISSING if otherwise == VfsErrorCode::IoDelete => VfsErrorCode::IoDeleteNoEntry,
        fault::FULL => VfsErrorCode::Full,
        fault::FOREIGN => VfsErrorCode::Io,
        _ => otherwise,
    };
    let said = files.said();
    SAID.set(Some(said.clone()));
    Err(VfsError::new(code, said.into()))
}

/// An open file of the host's.
struct HostFile {
    files: Rc<HostFiles>,
    handle: i32,
}

impl HostFile {
    fn answered(&self, answer: impl Into<f64>, otherwise: VfsErrorCode) -> VfsResult<f64> {
        answered(&self.files, answer.into(), otherwise)
    }
}

/// Places and lengths cross as doubles, exact up to 2^53; SQLite's files end at 2^48.
fn double(bytes: u64) -> f64 {
    bytes as f64
}

impl Raw for HostFile {
    type Error = VfsError;

    fn read(&mut self, buffer: &mut [u8], at: u64) -> VfsResult<usize> {
        let count = self.files.read(self.handle, buffer, double(at));
        self.answered(count, VfsErrorCode::IoRead).map(|count| count as usize)
    }

    fn write(&mut self, bytes: &[u8], at: u64) -> VfsResult<()> {
        self.answered(self.files.write(self.handle, bytes, double(at)), VfsErrorCode::IoWrite).map(drop)
    }

    fn truncate(&mut self, bytes: u64) -> VfsResult<()> {
        self.answered(self.files.truncate(self.handle, double(bytes)), VfsErrorCode::IoTruncate).map(drop)
    }

    fn sync(&mut self) -> VfsResult<()> {
        self.answered(self.files.sync(self.handle), VfsErrorCode::IoSync).map(drop)
    }

    fn size(&self) -> VfsResult<u64> {
        self.answered(self.files.size(self.handle), VfsErrorCode::IoStat).map(|size| size as u64)
    }
}

/// A file as SQLite has it open.
enum OpenFile {
    Log(Frames<HostFile>),
    Database(Joined<HostFile>),
    /// A rollback journal, in which SQLite counts on the order of writes without a sync between them.
    Journal(HostFile),
    /// What SQLite needs for a while and nobody else sees.
    Temporary(MemChunksFile),
}

impl VfsFile for OpenFile {
    fn device_characteristics(&self) -> DeviceCharacteristics {
        // What SQLite takes for granted on every system's files. Without it each commit would be padded to a sector.
        DeviceCharacteristics::POWERSAFE_OVERWRITE
    }

    fn read(&mut self, buffer: &mut [u8], offset: u64) -> VfsResult<usize> {
        match self {
            OpenFile::Log(file) => file.read(buffer, offset),
            OpenFile::Database(file) => file.read(buffer, offset),
            OpenFile::Journal(file) => file.read(buffer, offset),
            OpenFile::Temporary(file) => file.read(buffer, offset),
        }
    }

    fn write(&mut self, bytes: &[u8], offset: u64) -> VfsResult<()> {
        match self {
            OpenFile::Log(file) => file.write(bytes, offset),
            OpenFile::Database(file) => file.write(bytes, offset),
            OpenFile::Journal(file) => file.write(bytes, offset),
            OpenFile::Temporary(file) => file.write(bytes, offset),
        }
    }

    fn truncate(&mut self, size: u64) -> VfsResult<()> {
        match self {
            OpenFile::Log(file) => file.truncate(size),
            OpenFile::Database(file) => file.truncate(size),
            OpenFile::Journal(file) => file.truncate(size),
            OpenFile::Temporary(file) => file.truncate(size),
        }
    }

    fn sync(&mut self, options: SyncOptions) -> VfsResult<()> {
        match self {
            OpenFile::Log(file) => file.sync(),
            OpenFile::Database(file) => file.sync(),
            OpenFile::Journal(file) => file.sync(),
            OpenFile::Temporary(file) => file.sync(options),
        }
    }

    fn size(&self) -> VfsResult<u64> {
        match self {
            OpenFile::Log(file) => file.size(),
            OpenFile::Database(file) => file.size(),
            OpenFile::Journal(file) => file.size(),
            OpenFile::Temporary(file) => file.size(),
        }
    }

    // The host's lock keeps everybody else out; a database has one connection.
    fn lock(&mut self, _level: LockLevel) -> VfsResult<()> {
        Ok(())
    }

    fn unlock(&mut self, _level: LockLevel) -> VfsResult<()> {
        Ok(())
    }

    fn check_reserved_lock(&self) -> VfsResult<bool> {
        Ok(false)
    }
}

/// The file system.
struct HostStore;

impl VfsStore for HostStore {
    type File = OpenFile;
    type AppData = Rc<HostFiles>;

    fn open_file(files: &Rc<HostFiles>, request: OpenRequest<'_>) -> VfsResult<OpenedFile<OpenFile>> {
        let options = request.options;
        let named = match (request.filename, options.kind()) {
            (
                Some(name),
                None | Some(FileKind::MainDb | FileKind::MainJournal | FileKind::SuperJournal | FileKind::Wal),
            ) => name,
            _ => {
                let file = OpenFile::Temporary(MemChunksFile::default());
                return Ok(OpenedFile { file, access: OpenAccess::ReadWrite });
            }
        };
        let access = options.access();
        let kind = options.kind();
        let log = kind == Some(FileKind::Wal);
        let handle = files.open(named.path(), options.create(), access == OpenAccess::ReadOnly, log);
        let handle = answered(files, handle.into(), VfsErrorCode::CantOpen)? as i32;
        let file = HostFile { files: Rc::clone(files), handle };
        let file = match kind {
            Some(FileKind::Wal) => OpenFile::Log(Frames::new(file)),
            Some(FileKind::MainJournal | FileKind::SuperJournal) => OpenFile::Journal(file),
            _ => OpenFile::Database(Joined::new(file)),
        };
        Ok(OpenedFile { file, access })
    }

    fn close_file(files: &Rc<HostFiles>, name: Option<&str>, file: OpenFile, options: OpenOptions) -> VfsResult<()> {
        let (file, flushed) = match file {
            OpenFile::Log(log) => log.into_file(),
            OpenFile::Database(file) => file.into_file(),
            OpenFile::Journal(file) => (file, Ok(())),
            OpenFile::Temporary(_) => return Ok(()),
        };
        let closed = file.answered(files.close(file.handle), VfsErrorCode::IoClose).map(drop);
        match name {
            Some(name) if options.delete_on_close() => Self::delete_file(files, name, false)?,
            _ => {}
        }
        flushed.and(closed)
    }

    fn access(files: &Rc<HostFiles>, name: &str, mode: AccessMode) -> VfsResult<bool> {
        let answer = files.access(name, mode == AccessMode::ReadWrite);
        answered(files, answer.into(), VfsErrorCode::IoAccess).map(|yes| yes > 0.0)
    }

    fn full_pathname(files: &Rc<HostFiles>, name: &str) -> VfsResult<String> {
        Ok(files.full_path(name))
    }

    fn delete_file(files: &Rc<HostFiles>, name: &str, sync_dir: bool) -> VfsResult<()> {
        answered(files, files.remove(name, sync_dir).into(), VfsErrorCode::IoDelete).map(drop)
    }
}

struct HostIo;

impl SQLiteIoMethods for HostIo {
    type Store = HostStore;
}

struct HostVfs;

impl SQLiteVfs<HostIo> for HostVfs {
    type Os = WasmOsCallback;

    fn os(_data: &Rc<HostFiles>) -> &WasmOsCallback {
        &WasmOsCallback
    }

    /// Linux's longest path; SQLite's own is 512.
    const MAX_PATH_SIZE: i32 = 4096;
}
