//! SQLite's files, through the host: a VFS over what JavaScript hands in (`node:fs`, or a browser's private files).
//! A database has its file to itself: the host holds a lock on it from before it is opened here until after it is
//! closed, so that SQLite's own locks say nothing and the write-ahead log needs no shared memory.

#[cfg(any(test, all(target_family = "wasm", target_os = "unknown")))]
mod frames;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod host;
#[cfg(any(test, all(target_family = "wasm", target_os = "unknown")))]
mod joined;

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub use host::{HostFiles, use_files};
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub(crate) use host::{name, take_said};

/// Where there is no WebAssembly there is no JavaScript to have files of.
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
mod nowhere {
    use stockroom::{Error, ErrorKind, Result};

    pub(crate) fn name() -> Result<&'static str> {
        Err(Error::new(ErrorKind::Unsupported, "wasm.open", "there are files of JavaScript's only in WebAssembly"))
    }

    pub(crate) fn take_said() -> Option<String> {
        None
    }
}

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub(crate) use nowhere::{name, take_said};
