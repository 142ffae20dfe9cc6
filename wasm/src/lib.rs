//! Stockroom for JavaScript. This crate is what crosses the boundary: documents as JSON text in, documents as
//! JSON text out, and errors with a code. The package in `npm/` makes an idiomatic interface of it; nothing here
//! knows Node or a browser, what they can do is handed in (see `vfs`).

#![deny(unsafe_code)]

mod clock;
mod database;
mod errors;
mod exchange;
mod step;
mod store;
mod vfs;

pub use database::Database;
pub use exchange::{Backfill, Conversation, Exchange, Webhook};
pub use step::Step;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub use vfs::{HostFiles, use_files};
