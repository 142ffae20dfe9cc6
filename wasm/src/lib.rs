//! Stockroom for JavaScript. This crate is what crosses the boundary: documents as JSON text in, documents as
//! JSON text out, and errors with a code. The package in `npm/` makes an idiomatic interface of it; nothing here
//! knows Node or a browser, what they can do is handed in (see `vfs`).
//!
//! Three modules are made of it, by its features: the engine with SQLite, what speaks with warehouses and shops, and the
//! engine over a database of the host's own, step by step.

#![deny(unsafe_code)]

#[cfg(feature = "engine")]
mod clock;
#[cfg(feature = "engine")]
mod database;
mod errors;
#[cfg(feature = "exchanges")]
mod exchange;
#[cfg(feature = "engine")]
mod reply;
#[cfg(feature = "steps")]
mod step;
#[cfg(feature = "engine")]
mod vfs;

#[cfg(feature = "engine")]
pub use database::Database;
#[cfg(feature = "exchanges")]
pub use exchange::{Backfill, Conversation, Exchange, Webhook};
#[cfg(feature = "steps")]
pub use step::Step;
#[cfg(all(feature = "engine", target_family = "wasm", target_os = "unknown"))]
pub use vfs::{HostFiles, use_files};
