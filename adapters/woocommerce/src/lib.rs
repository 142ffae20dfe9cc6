//! WooCommerce shops for Stockroom. What the quantities of listings and the news of a shipment look like as HTTP
//! ([`WooExchange`]); what a shop says by itself, as Stockroom's commands ([`webhook`]); and the orders that its
//! messages left out ([`Backfill`]).
//!
//! It does no I/O: it opens no connection, asks for no time. A host runs the exchange and the backfill with a client of
//! its own or with the project's, and hands what arrives at its webhook address to the reader. `docs/woocommerce.md`
//! says which facts of WooCommerce this rests on.
//!
//! ```
//! use stockroom::channel::{QuantityToRead, ReadQuantities};
//! use stockroom::outbox::{DeliveryBody, LeasedDelivery};
//! use stockroom::ports::{Exchange, Turn};
//! use stockroom_woocommerce::{WooExchange, WooProfile};
//!
//! let profile: WooProfile = serde_json::from_str(
//!     r#"{ "shop_url": "https://shop.example", "consumer_key": "ck_1", "consumer_secret": "cs_not-shown" }"#,
//! )?;
//! let shop = WooExchange::new(profile)?;
//! let listings = vec![QuantityToRead { sku: "mug-blue".into(), item: "794".into() }];
//! let delivery = LeasedDelivery {
//!     destination: "shop".into(),
//!     number: 1,
//!     key: "web".into(),
//!     attempt: 1,
//!     doubt: false,
//!     lease_until_ms: 0,
//!     body: DeliveryBody::ReadQuantities(ReadQuantities { channel: "web".into(), listings }),
//! };
//! let Turn::Ask { request, .. } = shop.begin(&delivery) else { panic!("it asks") };
//! assert!(request.url.starts_with("https://shop.example/wp-json/wc/v3/products?include=794&"));
//! assert!(!format!("{request:?} {shop:?}").contains("not-shown"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]

mod backfill;
mod dates;
mod decimal;
mod exchange;
mod item;
mod json;
mod orders;
mod profile;
mod quantities;
mod requests;
mod said;
mod shipment;
mod stock;
pub mod webhook;

pub use backfill::{Backfill, Filled, OVERLAP_MS, PAGES_MAX, Page};
pub use exchange::WooExchange;
pub use item::Item;
pub use orders::{LeftOut, OrderOptions, OrderReader, OrderTold, ReadError};
pub use profile::{Completion, ITEMS_MAX, ProfileFault, WooProfile};
pub use said::EXCERPT_BYTES_MAX;
