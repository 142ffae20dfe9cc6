//! Stockroom for hosts that can call C. Every function here is `extern "C"`; `include/stockroom.h` is made of this
//! crate and `CONTRACT.md` says what a host has to keep and what it can rely on.
//!
//! Nothing is decided here: texts and structs are looked at, handed to the engine, and answers are handed back.

#![deny(unsafe_op_in_unsafe_fn)]
#![warn(clippy::undocumented_unsafe_blocks)]
// What callers have to keep is written for hosts in C: "The host keeps", and CONTRACT.md.
#![allow(clippy::missing_safety_doc)]

mod about;
mod arguments;
mod database;
mod document;
mod exchange;
mod guard;
mod handles;
mod host;
#[cfg(feature = "http")]
mod linked;
#[cfg(all(feature = "http-loaded", not(feature = "http")))]
mod loaded;
mod place;
#[cfg(any(feature = "http", feature = "http-loaded"))]
mod relay;
mod status;
mod store;

// Not called from Rust: here for cbindgen and for the linker.
pub use about::*;
pub use arguments::{STOCKROOM_DOCUMENT_MAX, STOCKROOM_LIST_MAX, STOCKROOM_NUL_TERMINATED};
pub use database::*;
pub use document::*;
pub use exchange::*;
pub use guard::*;
pub use host::{stockroom_clock, stockroom_log};
pub use place::*;
#[cfg(any(feature = "http", feature = "http-loaded"))]
pub use relay::*;
pub use status::stockroom_status;
