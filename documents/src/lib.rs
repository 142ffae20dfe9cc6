//! The engine's calls as JSON documents: what hosts in C, JavaScript and other languages send and get.
//!
//! Commands and their replies are the core's own documents. This crate adds what a host besides needs as text:
//! reads and what they answer, failures, conversations with remote APIs as values, and the readers of webhooks.
//! It does no I/O, knows no store and no foreign ABI. `ffi` and `wasm` put it together with a store.
//!
//! ```
//! use stockroom::Stockroom;
//! use stockroom::memory::MemoryStore;
//!
//! let shop = Stockroom::new(MemoryStore::new(), || 1_700_000_000_000);
//! let reply = stockroom_documents::execute(&shop, br#"{"action": {"register_sku": {"sku": "mug"}}}"#)?;
//! assert_eq!(reply, br#"{"outcome":{"accepted":"done"},"repeated":false}"#);
//! # Ok::<(), stockroom::Error>(())
//! ```

#![forbid(unsafe_code)]

mod backfill;
mod calls;
mod conversation;
mod exchange;
mod exchange_faults;
mod exchange_http;
mod exchange_orders;
mod failure;
mod quick;
mod read;
mod relay_settings;
mod schemas;
mod views;
mod webhook;
mod webhook_settings;

pub use backfill::{Backfill, BackfillDocument, BackfillFailure, BackfillSettings, OrderNote};
pub use calls::{
    BATCH_MAX, CommandDocument, execute, execute_batch, preview, preview_any, replies, reply, reply_document,
};
pub use conversation::{Conversation, EndDocument, LEASE_MARGIN_MS, TurnDocument};
pub use exchange::ExchangeSettings;
pub use exchange_http::{
    ANSWER_MAX_MS, AnswerDocument, BODY_MAX_BYTES, HeaderTexts, HeadersDocument, HttpRequestDocument, IncomingDocument,
    ResponseDocument,
};
pub use exchange_orders::ShopifyOrders;
pub use failure::Failure;
pub use read::*;
pub use relay_settings::{HttpSettings, RelaySettings, RouteSettings};
pub use schemas::{Schema, schemas};
pub use views::*;
pub use webhook::{IgnoredDocument, RefusedDocument, Told, ToldCommands, Webhook};
pub use webhook_settings::{ShipbobWebhook, ShopifyWebhook, WarehouseWebhook, WebhookSettings, WoocommerceWebhook};
