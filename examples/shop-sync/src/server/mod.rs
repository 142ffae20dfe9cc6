//! A small shop as an HTTP server within the process: two endpoints of Shopify's Admin API, as much of them as
//! quantities, shipments and orders need, and signed webhooks. It has customers and people of its own, and answers
//! wrongly as often as it is asked to. It keeps its own books, and may not ask its host for anything: a host is right
//! when the two agree.

mod body;
mod books;
mod buckets;
mod desk;
mod faults;
mod graphql;
mod http;
mod payloads;
mod rest;
mod running;
mod settings;
mod signature;
mod times;
mod webhooks;

pub use books::{Books, Counts, ItemBook, OrderBook, WebhookCounts};
pub use faults::{DECK, Fault, Faults, Rate};
pub use running::{ShopServer, StartError, Wanted};
pub use settings::{Settings, WebhookSettings};
