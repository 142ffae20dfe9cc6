//! Nothing but a place for the README's Rust to be compiled: its code blocks are this crate's doc tests.

#![forbid(unsafe_code)]
#![doc = include_str!("../../../README.md")]
