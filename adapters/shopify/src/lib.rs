//! Shopify for Stockroom. What a quantity, a look at quantities and a shipment look like as HTTP ([`GraphqlExchange`],
//! [`RestExchange`]);
//! what a shop says by itself, as Stockroom's commands ([`webhook`]); and orders that were missed
//! ([`Backfill`]).
//!
//! It does no I/O: it opens no connection, reads no file, asks for no time. A host runs the exchanges with a client of
//! its own or with the project's, and hands what arrives at its webhook address to the readers. `docs/shopify.md` says
//! what becomes of each answer, and where each fact comes from.
//!
//! ```
//! use stockroom::channel::{QuantityToRead, ReadQuantities};
//! use stockroom::outbox::{DeliveryBody, LeasedDelivery};
//! use stockroom::ports::{Exchange, Secret, Turn};
//! use stockroom_shopify::{GraphqlExchange, Shop};
//!
//! let shop = Shop::new("example.myshopify.com", Secret::new("not-shown"), "7");
//! let exchange = GraphqlExchange::new(shop)?;
//! let listings = vec![QuantityToRead { sku: "mug-blue".into(), item: "4711".to_owned() }];
//! let delivery = LeasedDelivery {
//!     destination: "shop".into(),
//!     number: 1,
//!     key: "web".to_owned(),
//!     attempt: 1,
//!     doubt: false,
//!     lease_until_ms: 0,
//!     body: DeliveryBody::ReadQuantities(ReadQuantities { channel: "web".into(), listings }),
//! };
//! let Turn::Ask { request, .. } = exchange.begin(&delivery) else { panic!("it asks") };
//! assert_eq!(request.url, "https://example.myshopify.com/admin/api/2026-07/graphql.json");
//! assert!(!format!("{request:?}").contains("not-shown"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]

pub mod backfill;
mod dates;
pub mod graphql;
mod ids;
mod order;
mod remote;
mod rest;
pub mod settings;
mod turns;
pub mod webhook;

pub use backfill::{Backfill, BackfillPage, BackfillTurn};
pub use graphql::GraphqlExchange;
pub use order::{FindSku, LineSku, MappingFault, OrderError, OrderMapping, PricesIn};
pub use remote::EXCERPT_BYTES_MAX;
pub use rest::{REST_BATCH_MAX, RestExchange};
pub use settings::{Pace, Shop, ShopFault};
