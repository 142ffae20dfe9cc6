//! The suite that every store must pass, over the in-memory one.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use stockroom::memory::MemoryStore;
use stockroom_conformance::{Capabilities, Fixture, run};

struct Memory;

impl Fixture for Memory {
    type Place = ();
    type Store = MemoryStore;

    fn capabilities(&self) -> Capabilities {
        Capabilities { durable: false, shared: false }
    }

    fn create(&self) {}

    fn open(&self, (): &()) -> MemoryStore {
        MemoryStore::new()
    }
}

fn main() -> ExitCode {
    run(Memory)
}
