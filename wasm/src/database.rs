//! The database as JavaScript holds it: one engine over one store. Commands, reads and what they answer are JSON
//! documents (`docs/documents.md`), bytes on the way in, one crossing of the boundary a call. With each call goes the time, in
//! milliseconds since the Unix epoch.

use stockroom::memory::MemoryStore;
use stockroom::ports::Store;
use stockroom::{Error, ErrorKind, Result, Stockroom};
use stockroom_documents::{self as documents, AnyStockroom};
use stockroom_sqlite::{Durability, Options, SqliteStore};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::clock::HostClock;
use crate::errors::{text, thrown};
use crate::reply;
use crate::vfs;

/// The path that stands for memory, as in SQLite.
const MEMORY: &str = ":memory:";

/// A shop's state and the engine over it. Calls do not overlap: JavaScript makes one at a time.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Database {
    /// `None` once it is closed.
    stockroom: Option<AnyStockroom>,
    clock: HostClock,
}

#[wasm_bindgen]
impl Database {
    /// Opens a file of the host's, creating it where there is none, or `:memory:`. The caller holds the file's lock.
    /// `survives_power_cut` says whether a commit waits for the disk; `cache_kib` is the memory for pages.
    ///
    /// # Errors
    /// As [`SqliteStore::open_with`]; `unsupported` where the host has handed in no files.
    pub fn open(
        path: &str,
        survives_power_cut: bool,
        cache_kib: Option<u32>,
        checksums: bool,
    ) -> Result<Database, JsValue> {
        let store = match path {
            MEMORY => Ok(Box::new(MemoryStore::default()) as Box<dyn Store>),
            _ => file(path, survives_power_cut, cache_kib, checksums),
        };
        let clock = HostClock::default();
        let stockroom = said(store.map(|store| Stockroom::new(store, clock.port())))?;
        Ok(Database { stockroom: Some(stockroom), clock })
    }

    /// Does one command and returns the reply when its effect is durable, in the form of `reply::one`.
    ///
    /// # Errors
    /// As [`documents::execute`].
    pub fn execute(&self, command: &[u8], now_ms: f64) -> Result<String, JsValue> {
        self.exchange(now_ms, |stockroom| reply::one(&documents::reply(stockroom, command)?))
    }

    /// Does an array of commands in one commit, each standing or falling alone, and returns their replies, in the form of
    /// `reply::many`.
    ///
    /// # Errors
    /// As [`documents::execute_batch`].
    #[wasm_bindgen(js_name = executeBatch)]
    pub fn execute_batch(&self, commands: &[u8], now_ms: f64) -> Result<String, JsValue> {
        self.exchange(now_ms, |stockroom| reply::many(&documents::replies(stockroom, commands)?))
    }

    /// Returns the reply that a command would get, and changes nothing.
    ///
    /// # Errors
    /// As [`documents::preview`].
    pub fn preview(&self, command: &[u8], now_ms: f64) -> Result<String, JsValue> {
        self.exchange(now_ms, |stockroom| text(documents::preview_any(stockroom, command)?))
    }

    /// Answers a read.
    ///
    /// # Errors
    /// As [`documents::read`].
    pub fn read(&self, read: &[u8], now_ms: f64) -> Result<String, JsValue> {
        self.exchange(now_ms, |stockroom| text(documents::read_any(stockroom, read)?))
    }

    /// Closes the database; what was acknowledged is durable before that already. Closing again does nothing.
    pub fn close(&mut self) {
        self.stockroom = None;
    }
}

impl Database {
    /// An answer of the engine's, at a time.
    fn exchange(&self, now_ms: f64, answer: impl FnOnce(&AnyStockroom) -> Result<String>) -> Result<String, JsValue> {
        self.clock.set(now_ms);
        let closed = || Error::new(ErrorKind::Unsupported, "wasm.database", "the database is closed");
        let stockroom = self.stockroom.as_ref().ok_or_else(closed);
        said(stockroom.and_then(answer))
    }
}

fn file(path: &str, survives_power_cut: bool, cache_kib: Option<u32>, checksums: bool) -> Result<Box<dyn Store>> {
    let defaults = Options::default();
    let options = Options {
        durability: if survives_power_cut { Durability::Full } else { Durability::Normal },
        cache_kib: cache_kib.unwrap_or(defaults.cache_kib),
        vfs: Some(vfs::name()?),
        exclusive: true,
        checksums,
        ..defaults
    };
    Ok(Box::new(SqliteStore::open_with(path, &options)?))
}

/// A result for JavaScript: a failure is thrown, with what the host's files said of it.
fn said<T>(result: Result<T>) -> Result<T, JsValue> {
    let host_said = vfs::take_said();
    result.map_err(|error| thrown(&error, host_said.as_deref()))
}
