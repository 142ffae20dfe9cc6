//! The parts of the warehouse example, so that its program and its tests use the same ones. [`server`] is a small
//! warehouse behind HTTP that fails on request and keeps books of its own; it may not use anything of Stockroom,
//! whose work those books are there to judge. [`shop`] is a shop that hands its orders to such a warehouse;
//! [`report`] holds the two against each other.

#![forbid(unsafe_code)]

pub mod report;
pub mod server;
pub mod shop;
