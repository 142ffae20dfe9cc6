//! What is fuzzed: each target is a function of bytes that panics where something does not hold. Any bytes are a good
//! input. The fuzzer proper (`targets/`, nightly Rust, run by `cargo xtask fuzz`) and the short run of the tests
//! (`tests/short.rs`, no more than this crate) call the same functions.
//!
//! To add a target: a function here, a row in [`TARGETS`], a file in `targets/fuzz_targets/`, seeds in `seeds.rs`.

#![forbid(unsafe_code)]

mod backfills;
mod documents;
mod exchanges;
mod feeds;
mod seeds;
mod sequences;
mod webhooks;

pub use backfills::backfills;
pub use documents::documents;
pub use exchanges::exchanges;
pub use feeds::feeds;
pub use seeds::seeds;
pub use sequences::sequences;
pub use webhooks::webhooks;

/// A target by its name.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The name, as in `targets/fuzz_targets/NAME.rs` and `crashes/NAME/`.
    pub name: &'static str,
    /// What it does with bytes.
    pub run: fn(&[u8]),
}

/// Every target.
pub const TARGETS: [Target; 6] = [
    Target { name: "documents", run: documents },
    Target { name: "exchanges", run: exchanges },
    Target { name: "webhooks", run: webhooks },
    Target { name: "backfills", run: backfills },
    Target { name: "feeds", run: feeds },
    Target { name: "sequences", run: sequences },
];

/// The time that every target starts at, in milliseconds since the Unix epoch: 2026-09-21T14:13:20Z.
pub(crate) const NOW_MS: i64 = 1_790_000_000_000;

/// The first byte chooses, the rest is the input.
pub(crate) fn chosen(data: &[u8], choices: usize) -> (usize, &[u8]) {
    data.split_first().map_or((0, data), |(first, rest)| (usize::from(*first) % choices, rest))
}

/// Bytes that the engine gave: they have to be JSON.
pub(crate) fn json(bytes: &[u8]) -> serde_json::Value {
    serde_json::from_slice(bytes).unwrap_or_else(|error| panic!("{error} in {}", String::from_utf8_lossy(bytes)))
}
