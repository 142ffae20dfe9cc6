//! Stockroom's store in SQLite. It keeps rows and never decides.
//!
//! ```no_run
//! use stockroom::Stockroom;
//! use stockroom_sqlite::SqliteStore;
//!
//! # let now_ms = || 0;
//! let shop = Stockroom::new(SqliteStore::open("shop.sqlite3")?, now_ms);
//! # Ok::<(), stockroom::Error>(())
//! ```
//!
//! An acknowledged command survives a power cut ([`Durability::Full`], the default). Several processes may
//! use one file: a unit of work locks it, others wait up to the busy timeout. Rows kept in memory are used
//! only while SQLite's `data_version` proves that no other connection wrote.
//!
//! What the disk turns in a file is a failure and no wrong answer: every page has a checksum ([`Options::checksums`]).

#![deny(unsafe_code)]

mod ahead;
mod backup;
mod due;
mod error;
mod events;
mod host;
mod listings;
mod migrations;
mod open;
mod read;
mod records;
mod rows;
mod search;
mod stock;
mod store;
mod threads;
mod vfs;
mod write;

pub use host::HostTransaction;
pub use open::{Durability, Options, SCHEMA_VERSION, create_tables, vfs_over};
pub use store::SqliteStore;
