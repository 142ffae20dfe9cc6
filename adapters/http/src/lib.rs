//! Runs Stockroom's HTTP exchanges: `HttpClient` sends one request and brings back the answer as it came, and
//! [`HttpSink`] holds the conversation about one delivery. Nothing here knows any remote API, decides what an
//! answer means, or repeats a request on its own account.
//!
//! ```no_run
//! # #[cfg(feature = "client")] {
//! use stockroom::ports::{Exchange, Sink};
//! use stockroom_http::{HttpClient, HttpOptions, HttpSink};
//!
//! # fn relay(exchange: impl Exchange, now_ms: impl Fn() -> i64 + Send + Sync) -> Result<(), Box<dyn std::error::Error>> {
//! let client = HttpClient::new(HttpOptions::default())?;
//! let sink = HttpSink::new(exchange, client, now_ms);
//! # let _: &dyn Sink = &sink;
//! # Ok(())
//! # }
//! # }
//! ```
//!
//! What a destination can do to the caller is bounded: in time by the timeouts, in memory by the largest body, in
//! reach because no redirect is followed. What a failure says is bounded too: it names the host and the kind of
//! failure, never a header's value, a path or a query. (ureq itself writes through the `log` crate: without headers
//! that may be secret, but at its level `trace` with paths and queries.)
//!
//! Cargo builds one `ureq` for a whole program. A host that uses it too and turns its feature `cookies` on gives
//! this client cookies as well; without that there are none.
//!
//! Without the feature `client` there is the sink alone, for hosts who send requests in another way: [`SendRequest`].

#![forbid(unsafe_code)]

#[cfg(feature = "client")]
mod agents;
#[cfg(feature = "client")]
mod body;
#[cfg(feature = "client")]
mod client;
#[cfg(feature = "client")]
mod failure;
#[cfg(feature = "client")]
mod lookup;
#[cfg(feature = "client")]
mod options;
#[cfg(feature = "client")]
mod request;
mod sink;
#[cfg(feature = "client")]
mod watch;

#[cfg(feature = "client")]
pub use client::HttpClient;
#[cfg(feature = "client")]
pub use options::{BODY_MAX_BYTES, HttpOptions, HttpSetupError, RootCertificate};
pub use sink::{HttpSink, LEASE_MARGIN_MS, REQUEST_LEAST_MS, SendRequest};
