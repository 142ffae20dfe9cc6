//! The suite that every store must pass. It is a package of its own, one file a topic, and runs over any
//! backend that describes itself as a [`Fixture`]; what the backend says it can do selects the cases.
//!
//! A backend's test is a program without the standard harness:
//!
//! ```no_run
//! use stockroom::memory::MemoryStore;
//! use stockroom_conformance::{Capabilities, Fixture, run};
//!
//! struct Memory;
//!
//! impl Fixture for Memory {
//!     type Place = ();
//!     type Store = MemoryStore;
//!
//!     fn capabilities(&self) -> Capabilities {
//!         Capabilities { durable: false, shared: false }
//!     }
//!
//!     fn create(&self) {}
//!
//!     fn open(&self, (): &()) -> MemoryStore {
//!         MemoryStore::new()
//!     }
//! }
//!
//! fn main() -> std::process::ExitCode {
//!     run(Memory)
//! }
//! ```
//!
//! Every case is an ordinary function. It gets a [`Bench`] with a fresh and empty place, and panics where the
//! store does not do what the port promises. Two kinds of case stand side by side: those that call the
//! store's own methods, and those that go through the engine, because a store is right when the engine is.

#![forbid(unsafe_code)]

mod backorders;
mod bench;
mod case;
pub mod channel_history;
mod concurrency;
mod delivery_runs;
mod digest;
mod direct;
pub mod documents;
mod events;
pub mod exchange;
pub mod expect;
mod failures;
mod fixture;
pub mod history;
mod holds;
mod keys;
mod listing_searches;
mod names;
mod orders;
mod pages;
mod prune;
mod random;
mod record_rows;
pub mod record_samples;
mod record_searches;
mod records;
pub mod scene;
mod searches;
mod stock;
mod subscriptions;
mod supply;
mod twin;
mod units_of_work;
pub mod warehouse_history;

pub use bench::{AnyStore, Bench, Shop};
pub use case::{Case, Needed};
pub use channel_history::ChannelHistory;
pub use fixture::{Capabilities, Fixture};
pub use history::History;
pub use random::Random;
pub use warehouse_history::WarehouseHistory;

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Trial};

/// Every case, topic by topic.
pub fn cases() -> impl Iterator<Item = &'static Case> {
    let topics = [
        units_of_work::CASES,
        failures::CASES,
        supply::CASES,
        searches::CASES,
        records::CASES,
        delivery_runs::CASES,
        record_searches::CASES,
        listing_searches::CASES,
        pages::CASES,
        stock::CASES,
        orders::CASES,
        holds::CASES,
        backorders::CASES,
        keys::CASES,
        names::CASES,
        events::CASES,
        subscriptions::CASES,
        prune::CASES,
        digest::CASES,
        twin::CASES,
        concurrency::CASES,
    ];
    topics.into_iter().flatten()
}

/// Runs the suite over a backend with the command line of the standard harness: names to filter by, `--list`
/// and so on. Returns what `main` should.
pub fn run<F: Fixture>(fixture: F) -> ExitCode {
    let arguments = Arguments::from_args();
    let fixture = Arc::new(fixture);
    let selected = cases().filter(|case| case.needs().met_by(fixture.capabilities()));
    let trials = selected.map(|case| {
        let fixture = Arc::clone(&fixture);
        Trial::test(case.name(), move || {
            case.run(&*fixture);
            Ok(())
        })
    });
    let trials = trials.collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}
