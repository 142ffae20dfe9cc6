//! Ports: what the engine asks of the world. Traits only; adapters implement them.

mod clock;
mod exchange;
mod sink;
mod store;

pub use clock::Clock;
pub use exchange::{
    Exchange, HeaderValue, HttpFailure, HttpRequest, HttpResponse, Method, REQUESTS_MAX, Secret, Step, TURNS_MAX, Turn,
};
pub use sink::Sink;
pub use store::{Finish, Freshness, Mode, Page, Rows, Store, Written};

/// The guide to exchanges: its example is compiled and run as a doc test.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/channel.md")]
pub struct ChannelGuide;
