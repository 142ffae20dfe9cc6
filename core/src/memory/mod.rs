//! The in-memory twin of every port: what the other implementations are tested against, and a store for
//! tests and for hosts that need no durability.

mod store;

pub use store::MemoryStore;
