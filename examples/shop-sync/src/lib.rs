//! The parts of the shop-sync example, so that its program and its tests use the same ones. [`server`] is a fake of a
//! shop behind HTTP that fails on request and keeps books of its own; it may not use anything of Stockroom, whose work
//! those books are there to judge. [`shop`] keeps such a shop in step with Stockroom; [`report`] holds the two against
//! each other.

#![forbid(unsafe_code)]

pub mod report;
pub mod server;
pub mod shop;
