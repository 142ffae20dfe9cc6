//! Ports: what the engine asks of the world. Traits only; adapters implement them.

mod clock;
mod store;

pub use clock::Clock;
pub use store::{Finish, Freshness, Mode, Page, Rows, Store, Written};
