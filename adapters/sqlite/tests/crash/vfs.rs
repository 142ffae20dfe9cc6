//! The simulated disks as a VFS of SQLite's. The first folder of a path names the disk. Without shared memory, like
//! that of WebAssembly: WAL mode works for the only user of a file.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rsqlite_vfs::{
    AccessMode, DeviceCharacteristics, FileKind, LockLevel, MemChunksFile, OpenAccess, OpenOptions, OpenRequest,
    OpenedFile, OsCallback, SQLiteIoMethods, SQLiteVfs, SyncOptions, VfsError, VfsErrorCode, VfsFile, VfsResult,
    VfsStore, register_vfs,
};

use crate::disk::{Disk, Fault, Image};

/// The VFS's name in SQLite.
pub(crate) const NAME: &str = "stockroom-crash";

/// What all threads share: the disks that are there.
#[derive(Default)]
struct Disks(Mutex<HashMap<String, Arc<Mutex<Disk>>>>);

fn disks() -> &'static Arc<Disks> {
    static DISKS: OnceLock<Arc<Disks>> = OnceLock::new();
    DISKS.get_or_init(|| {
        let disks = Arc::<Disks>::default();
        register(Arc::clone(&disks));
        disks
    })
}

#[allow(unsafe_code)]
fn register(disks: Arc<Disks>) {
    // SAFETY: `CrashVfs` keeps the crate's own layout and callbacks; the registration is never dropped (`into_raw`), so
    // that name, data and callbacks live as long as the process; it is made once, under the lock of `disks`, and
    // nothing else registers this name. Threads share the data, which is behind locks; a file is used by one
    // connection, which its store locks.
    let registered = unsafe { register_vfs::<CrashIo, CrashVfs>(NAME, disks, false) };
    let _ = registered.expect("the VFS is registered").into_raw();
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A disk in the VFS, until this is dropped.
pub(crate) struct Mounted {
    name: String,
    disk: Arc<Mutex<Disk>>,
}

impl Mounted {
    /// Mounts a disk with these files.
    pub(crate) fn new(image: &Image) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = NEXT.fetch_add(1, Ordering::Relaxed).to_string();
        let disk = Arc::new(Mutex::new(Disk::of(image)));
        lock(&disks().0).insert(name.clone(), Arc::clone(&disk));
        Mounted { name, disk }
    }

    pub(crate) fn disk(&self) -> MutexGuard<'_, Disk> {
        lock(&self.disk)
    }

    /// The disk for somebody who outlives this.
    pub(crate) fn handle(&self) -> Arc<Mutex<Disk>> {
        Arc::clone(&self.disk)
    }

    /// The path of a file on it.
    pub(crate) fn path(&self, file: &str) -> String {
        format!("/{}/{file}", self.name)
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        lock(&disks().0).remove(&self.name);
    }
}

fn failed(fault: Fault, otherwise: VfsErrorCode) -> VfsError {
    match fault {
        Fault::Io => VfsError::new(otherwise, "the disk fails".into()),
        Fault::Full => VfsError::new(VfsErrorCode::Full, "the disk is full".into()),
    }
}

/// A file as SQLite has it open.
enum OpenFile {
    Kept(KeptFile),
    /// What SQLite needs for a while and nobody else sees.
    Temporary(MemChunksFile),
}

struct KeptFile {
    disk: Arc<Mutex<Disk>>,
    file: usize,
    /// A journal or a log: SQLite's VFS for Unix syncs its folder with it, and that of nothing else.
    syncs_names: bool,
}

impl KeptFile {
    fn disk(&self) -> MutexGuard<'_, Disk> {
        lock(&self.disk)
    }
}

fn place(offset: u64) -> VfsResult<usize> {
    usize::try_from(offset).map_err(|_| VfsError::new(VfsErrorCode::Full, "too far".into()))
}

impl VfsFile for OpenFile {
    fn device_characteristics(&self) -> DeviceCharacteristics {
        // What SQLite takes for granted on Unix.
        DeviceCharacteristics::POWERSAFE_OVERWRITE
    }

    fn read(&mut self, buffer: &mut [u8], offset: u64) -> VfsResult<usize> {
        match self {
            OpenFile::Kept(kept) => {
                let read = kept.disk().read(kept.file, buffer, place(offset)?);
                read.map_err(|fault| failed(fault, VfsErrorCode::IoRead))
            }
            OpenFile::Temporary(file) => file.read(buffer, offset),
        }
    }

    fn write(&mut self, bytes: &[u8], offset: u64) -> VfsResult<()> {
        match self {
            OpenFile::Kept(kept) => {
                let written = kept.disk().write(kept.file, bytes, place(offset)?);
                written.map_err(|fault| failed(fault, VfsErrorCode::IoWrite))
            }
            OpenFile::Temporary(file) => file.write(bytes, offset),
        }
    }

    fn truncate(&mut self, size: u64) -> VfsResult<()> {
        match self {
            OpenFile::Kept(kept) => {
                let cut = kept.disk().truncate(kept.file, place(size)?);
                cut.map_err(|fault| failed(fault, VfsErrorCode::IoTruncate))
            }
            OpenFile::Temporary(file) => file.truncate(size),
        }
    }

    fn sync(&mut self, options: SyncOptions) -> VfsResult<()> {
        match self {
            OpenFile::Kept(kept) => {
                // A system that finds no room while it writes back says so at the sync; SQLite tells both alike.
                let synced = kept.disk().sync(kept.file, kept.syncs_names);
                synced.map_err(|_| failed(Fault::Io, VfsErrorCode::IoSync))
            }
            OpenFile::Temporary(file) => file.sync(options),
        }
    }

    fn size(&self) -> VfsResult<u64> {
        match self {
            OpenFile::Kept(kept) => {
                let size = kept.disk().size(kept.file);
                size.map(|size| size as u64).map_err(|fault| failed(fault, VfsErrorCode::IoStat))
            }
            OpenFile::Temporary(file) => file.size(),
        }
    }

    // A disk has one user.
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
struct CrashStore;

/// The disk and the file that a path names.
fn found<'p>(disks: &Disks, path: &'p str) -> VfsResult<(Arc<Mutex<Disk>>, &'p str)> {
    let parts = path.strip_prefix('/').and_then(|path| path.split_once('/'));
    let disk = parts.and_then(|(disk, file)| Some((Arc::clone(lock(&disks.0).get(disk)?), file)));
    disk.ok_or_else(|| VfsError::new(VfsErrorCode::CantOpen, "there is no such disk".into()))
}

impl VfsStore for CrashStore {
    type File = OpenFile;
    type AppData = Arc<Disks>;

    fn open_file(disks: &Arc<Disks>, request: OpenRequest<'_>) -> VfsResult<OpenedFile<OpenFile>> {
        let options = request.options;
        let kept = Some(FileKind::MainDb);
        let log = matches!(options.kind(), Some(FileKind::MainJournal | FileKind::SuperJournal | FileKind::Wal));
        let path = match request.filename {
            Some(name) if options.kind() == kept || log => name.path(),
            _ => {
                let file = OpenFile::Temporary(MemChunksFile::default());
                return Ok(OpenedFile { file, access: OpenAccess::ReadWrite });
            }
        };
        let (disk, name) = found(disks, path)?;
        let opened = lock(&disk).open(name, options.create());
        let missing = || VfsError::new(VfsErrorCode::CantOpen, "there is no such file".into());
        let file = opened.map_err(|fault| failed(fault, VfsErrorCode::CantOpen))?.ok_or_else(missing)?;
        Ok(OpenedFile { file: OpenFile::Kept(KeptFile { disk, file, syncs_names: log }), access: options.access() })
    }

    fn close_file(disks: &Arc<Disks>, name: Option<&str>, file: OpenFile, options: OpenOptions) -> VfsResult<()> {
        drop(file);
        match name {
            Some(name) if options.delete_on_close() => Self::delete_file(disks, name, false),
            _ => Ok(()),
        }
    }

    fn access(disks: &Arc<Disks>, path: &str, _mode: AccessMode) -> VfsResult<bool> {
        let (disk, name) = found(disks, path)?;
        let exists = lock(&disk).exists(name);
        exists.map_err(|fault| failed(fault, VfsErrorCode::IoAccess))
    }

    fn full_pathname(_disks: &Arc<Disks>, name: &str) -> VfsResult<String> {
        Ok(name.into())
    }

    fn delete_file(disks: &Arc<Disks>, path: &str, sync_dir: bool) -> VfsResult<()> {
        let (disk, name) = found(disks, path)?;
        let removed = lock(&disk).remove(name, sync_dir);
        match removed {
            Ok(true) => Ok(()),
            Ok(false) => Err(VfsError::new(VfsErrorCode::IoDeleteNoEntry, "there is no such file".into())),
            Err(fault) => Err(failed(fault, VfsErrorCode::IoDelete)),
        }
    }
}

/// The machine's clock and chance. SQLite draws the salts of its log from it.
struct Machine;

impl OsCallback for Machine {
    fn sleep(&self, duration: Duration) {
        std::thread::sleep(duration);
    }

    fn random(&self, buffer: &mut [u8]) -> usize {
        static DRAWN: AtomicU64 = AtomicU64::new(0);
        for chunk in buffer.chunks_mut(8) {
            let bits = stockroom_conformance::Random::new(DRAWN.fetch_add(1, Ordering::Relaxed)).bits();
            chunk.copy_from_slice(&bits.to_le_bytes()[..chunk.len()]);
        }
        buffer.len()
    }

    fn epoch_timestamp_in_ms(&self) -> VfsResult<i64> {
        let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX))
    }
}

struct CrashIo;

impl SQLiteIoMethods for CrashIo {
    type Store = CrashStore;
}

struct CrashVfs;

impl SQLiteVfs<CrashIo> for CrashVfs {
    type Os = Machine;

    fn os(_data: &Arc<Disks>) -> &Machine {
        &Machine
    }
}
