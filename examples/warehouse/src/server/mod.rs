//! A small warehouse as an HTTP server within the process: it takes fulfillment orders, ships them after a while,
//! tells the shop by signed callbacks, and answers wrongly as often as it is asked to. It keeps its own books of what
//! it has really taken, and may not ask the shop for anything: a shop is right when the two agree.

mod books;
mod callbacks;
mod document;
mod faults;
mod floor;
mod http;
mod running;
mod settings;
mod signature;

pub use books::{Books, CallbackCounts, FulfillmentBook, OrderRecord, OrderStatus, SkuQuantity};
pub use faults::{Event, Fault, Faults, Rate, Request};
pub use running::{StartError, WarehouseServer};
pub use settings::{Callbacks, Settings};
pub use signature::{SecretError, WebhookSecret};
