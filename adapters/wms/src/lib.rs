//! Warehouses for Stockroom. What a fulfillment order, its cancellation and a stock check look like as HTTP, for
//! warehouses that follow the contract of `docs/wms.md` ([`RestExchange`]) and for ShipBob ([`ShipBobExchange`]);
//! and what warehouses say by themselves, as Stockroom's commands ([`webhook`], [`feed`]).
//!
//! It does no I/O: it opens no connection, reads no file, asks for no time. A host runs the exchanges with a client
//! of its own or with the project's, and hands what arrives at its webhook address and its feed directory to the
//! readers.
//!
//! ```
//! use stockroom::outbox::{DeliveryBody, LeasedDelivery};
//! use stockroom::fulfillment::CancelRequest;
//! use stockroom::ports::{Exchange, Turn};
//! use stockroom_wms::{Profile, RestExchange};
//!
//! let profile: Profile = serde_json::from_str(
//!     r#"{ "base_url": "https://wms.example/api", "auth": { "bearer": { "token": "not-shown" } } }"#,
//! )?;
//! let warehouse = RestExchange::new(profile)?;
//! let delivery = LeasedDelivery {
//!     destination: "wms".into(),
//!     number: 1,
//!     key: "o-1-1".into(),
//!     attempt: 1,
//!     doubt: false,
//!     lease_until_ms: 0,
//!     body: DeliveryBody::CancelFulfillment(CancelRequest { fulfillment: "o-1-1".into(), reference: None }),
//! };
//! let Turn::Ask { request, .. } = warehouse.begin(&delivery) else { panic!("it asks") };
//! assert_eq!(request.url, "https://wms.example/api/fulfillment-orders/o-1-1/cancel");
//! assert!(!format!("{request:?}").contains("not-shown"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]

mod dates;
pub mod feed;
pub mod profile;
mod remote;
mod rest;
mod said;
mod shipbob;
mod turns;
pub mod webhook;

pub use profile::{Auth, Profile, ProfileFault};
pub use remote::EXCERPT_BYTES_MAX;
pub use rest::RestExchange;
pub use shipbob::{SHIPBOB_REQUESTS_A_MINUTE, SHIPBOB_VERSION, ShipBobExchange, ShipBobProfile};
