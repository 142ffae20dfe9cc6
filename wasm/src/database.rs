//! The database as JavaScript holds it: one engine over one store. Commands and replies are the core's documents as
//! JSON text, one crossing of the boundary a call.

use serde::Serialize;
use serde::de::DeserializeOwned;
use stockroom::memory::MemoryStore;
use stockroom::{Command, Error, ErrorKind, Result, Stockroom, TimedCommand};
use stockroom_sqlite::{Options, SqliteStore};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::clock::HostClock;
use crate::errors::{malformed, thrown};
use crate::store::AnyStore;
use crate::vfs;

/// The path that stands for memory, as in SQLite.
const MEMORY: &str = ":memory:";

/// A shop's state and the engine over it. Calls do not overlap: JavaScript makes one at a time.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Database {
    /// `None` once it is closed.
    stockroom: Option<Stockroom<AnyStore>>,
}

#[wasm_bindgen]
impl Database {
    /// Opens a file of the host's, creating it where there is none, or `:memory:`. The caller holds the file's lock.
    ///
    /// # Errors
    /// As [`SqliteStore::open`]; `unsupported` where the host has handed in no files.
    pub fn open(path: &str) -> Result<Database, JsValue> {
        let store = if path == MEMORY { Ok(AnyStore(Box::new(MemoryStore::default()))) } else { file(path) };
        let stockroom = said(store.map(|store| Stockroom::new(store, HostClock)))?;
        Ok(Database { stockroom: Some(stockroom) })
    }

    /// Does one command, `{"action": …, "key"?: …}`, and returns the reply when its effect is durable.
    ///
    /// # Errors
    /// As [`Stockroom::execute`]; `malformed` where the text is no command.
    pub fn execute(&self, command: &str) -> Result<String, JsValue> {
        said(self.stockroom().and_then(|stockroom| {
            let command: Command = read("wasm.execute", command)?;
            write("wasm.execute", &stockroom.execute(command)?)
        }))
    }

    /// Does an array of commands in one commit, each standing or falling alone, and returns the array of replies.
    ///
    /// # Errors
    /// As [`Stockroom::execute_batch`]; `malformed` where the text is no array of commands.
    pub fn execute_batch(&self, commands: &str) -> Result<String, JsValue> {
        said(self.stockroom().and_then(|stockroom| {
            let commands: Vec<Command> = read("wasm.execute_batch", commands)?;
            write("wasm.execute_batch", &stockroom.execute_batch(commands)?)
        }))
    }

    /// Does an array of commands in one commit, each at its own time: `{"at_ms": …, "command": …}`.
    ///
    /// # Errors
    /// As [`Database::execute_batch`].
    pub fn execute_batch_at(&self, commands: &str) -> Result<String, JsValue> {
        said(self.stockroom().and_then(|stockroom| {
            let commands: Vec<TimedCommand> = read("wasm.execute_batch_at", commands)?;
            write("wasm.execute_batch_at", &stockroom.execute_batch_at(commands)?)
        }))
    }

    /// Reads everything and checks every invariant; the report as JSON.
    ///
    /// # Errors
    /// As [`Stockroom::verify`].
    pub fn verify(&self) -> Result<String, JsValue> {
        said(self.stockroom().and_then(|stockroom| write("wasm.verify", &stockroom.verify()?)))
    }

    /// The digest of the whole state, as hexadecimal digits.
    ///
    /// # Errors
    /// As [`Stockroom::digest`].
    pub fn digest(&self) -> Result<String, JsValue> {
        said(self.stockroom().and_then(|stockroom| Ok(stockroom.digest()?.to_string())))
    }

    /// Closes the database; what was acknowledged is durable before that already. Closing again does nothing.
    pub fn close(&mut self) {
        self.stockroom = None;
    }
}

impl Database {
    fn stockroom(&self) -> Result<&Stockroom<AnyStore>> {
        let closed = || Error::new(ErrorKind::Unsupported, "wasm.database", "the database is closed");
        self.stockroom.as_ref().ok_or_else(closed)
    }
}

fn file(path: &str) -> Result<AnyStore> {
    let vfs = Some(vfs::name()?);
    let options = Options { vfs, exclusive: true, ..Options::default() };
    Ok(AnyStore(Box::new(SqliteStore::open_with(path, &options)?)))
}

fn read<T: DeserializeOwned>(operation: &'static str, json: &str) -> Result<T> {
    serde_json::from_str(json).map_err(|error| malformed(operation, error))
}

fn write<T: Serialize>(operation: &'static str, value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| malformed(operation, error))
}

/// A result for JavaScript: a failure is thrown, with what the host's files said of it.
fn said<T>(result: Result<T>) -> Result<T, JsValue> {
    let host_said = vfs::take_said();
    result.map_err(|error| thrown(&error, host_said.as_deref()))
}
