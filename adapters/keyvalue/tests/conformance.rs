//! The suite that every store must pass, over a map in memory.

#![forbid(unsafe_code)]

mod map;

use std::process::ExitCode;

use stockroom_conformance::{Capabilities, Fixture, run};
use stockroom_keyvalue::KeyValueStore;

use map::Map;

struct KeyValue;

impl Fixture for KeyValue {
    type Place = Map;
    type Store = KeyValueStore<Map>;

    fn capabilities(&self) -> Capabilities {
        Capabilities { durable: true, shared: false }
    }

    fn create(&self) -> Map {
        Map::default()
    }

    fn open(&self, place: &Map) -> KeyValueStore<Map> {
        KeyValueStore::new(place.clone())
    }
}

fn main() -> ExitCode {
    run(KeyValue)
}
