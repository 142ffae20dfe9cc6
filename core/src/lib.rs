//! Stockroom's core: an engine for orders and stock that never oversells, without any I/O.
//!
//! The core reads no clock, opens no file, draws no random number and starts no thread. Hosts hand in a
//! [`Store`](ports::Store) and a [`Clock`](ports::Clock); adapters for SQLite and others are crates of their
//! own. Inside, every command is decided by pure functions over a [`WorkingSet`](engine::WorkingSet).
//!
//! ```
//! use stockroom::memory::MemoryStore;
//! use stockroom::{NewLine, NewOrder, ReceiveStock, RegisterChannel, RegisterLocation, RegisterSku, StockLine, Stockroom};
//!
//! let shop = Stockroom::new(MemoryStore::new(), || 1_700_000_000_000);
//! shop.execute(RegisterSku { sku: "mug".into(), components: None })?;
//! shop.execute(RegisterLocation { location: "main".into() })?;
//! shop.execute(RegisterChannel { channel: "web".into(), locations: vec!["main".into()], ..Default::default() })?;
//! shop.execute(ReceiveStock {
//!     location: "main".into(),
//!     lines: vec![StockLine { sku: "mug".into(), quantity: 1 }],
//!     ..Default::default()
//! })?;
//!
//! let order = |id: &str| NewOrder {
//!     id: id.into(),
//!     channel: "web".into(),
//!     currency: "EUR".into(),
//!     lines: vec![NewLine { sku: "mug".into(), quantity: 1, unit_price_minor: 1250 }],
//!     ..Default::default()
//! };
//! assert!(shop.execute(order("o-1"))?.accepted().is_ok());
//! // The last unit is sold once.
//! let second = shop.execute(order("o-2"))?;
//! assert_eq!(second.rejection().unwrap().code.name(), "insufficient_stock");
//! // A retry is the same effect, not another.
//! assert!(shop.execute(order("o-1"))?.repeated);
//! assert!(shop.verify()?.is_ok());
//! # Ok::<(), stockroom::Error>(())
//! ```
//!
//! # Invariants
//!
//! Asserted on every commit for the rows that it touches, in release builds too; checked in full by
//! [`Stockroom::verify`].
//!
//! | name | says |
//! |---|---|
//! | CONSERVED | on-hand at a place = the sum of its movements |
//! | CLAIMED | held = the sum of live holds; allocated = the sum of open allocations |
//! | NOT-OVERSOLD | no order or hold makes held + allocated exceed on-hand − unavailable − safety stock + backorder limit |
//! | SHORTFALL-SAID | where a count or loss leaves claims uncovered, an event says so, with the orders it touches |
//! | ONE-EFFECT | one idempotency key has one effect; the same key again gets the same answer; the same key with other content is refused |
//! | EVENT-IFF | a change has its event and an event its change, in one transaction |
//! | HANDED-ONCE | a fulfillment order is created at the warehouse once if the warehouse honours our key; if it does not, the engine looks it up before it tries again |
//! | IN-ORDER | the events of one order, or of one SKU at one location, reach a subscription in their order, none left out |
//! | SETTLED | after the relay has caught up and the remotes are healthy, every listing's acknowledged quantity is its desired one |
//!
//! SETTLED is about what the outside shows, so that no commit can promise it: [`Stockroom::settled`] says whether it
//! holds now, and `verify` that every listing is found by what brings it in step.

#![forbid(unsafe_code)]

pub mod channel;
mod code;
pub mod engine;
mod error;
pub mod fulfillment;
pub mod ids;
pub mod inventory;
mod json;
mod json_reader;
pub mod memory;
pub mod money;
pub mod order;
pub mod outbox;
#[cfg(feature = "planted-bugs")]
pub mod planted;
#[cfg(not(feature = "planted-bugs"))]
mod planted;
pub mod ports;
pub mod quantity;
pub mod time;

pub use channel::{
    ChangedListing, ChannelConnection, ChannelLine, ChannelOrder, ChannelPolicy, ConflictingOrder, ConnectChannel,
    DisconnectChannel, DriftPolicy, DriftedListing, NoteListings, NoteOrdersThrough, NotedListings, NoticedLine,
    QuantityToRead, QuantityToSet, ReadQuantities, ReconcileChannel, ReconciledChannel, RefusedShipment,
    RegisterChannel, RemoveListing, SeenListing, SetListing, SetQuantities, Settlement, ShipmentNotice, Shown,
    ShownQuantities, ShownQuantity, Sourcing, TakeChannelOrder, UnsettledListing, UpdateListings, UpdatedListings,
};
pub use code::{Code, FAULTS_MAX, Fault, Faults, Rejection};
pub use engine::{
    Action, Answer, Command, Outcome, Problem, PrunedTotal, Reply, StateDigest, Stockroom, Ticket, TimedCommand,
    Verification,
};
pub use error::{Error, ErrorKind, Result};
pub use fulfillment::{
    CancelRequest, ChangedFulfillment, ComparedStock, Fulfill, Fulfilled, FulfillmentRequest, FulfillmentState,
    NoteFulfillment, NoteShipment, NoteWarehouseStock, ReassignFulfillment, RegisterWarehouse, RequestedItem, SkuLevel,
    SkuQuantity, StockCheck, StockDrift, StockReports, WarehouseStatus, WarehouseStock,
};
pub use ids::{LocationNumber, Name, OrderNumber, SkuNumber, StockNumber};
pub use inventory::{
    AdjustStock, BundleComponent, CountStock, ExtendHold, HeldStock, HeldUnits, MovedStock, PlaceHold, ReceiveStock,
    RegisterLocation, RegisterSku, ReleaseHold, SetStockPolicy, Source, StockLine, Tick, Ticked, TransferStock,
};
pub use json_reader::{read_json, read_json_bytes};
pub use order::{
    Allocated, CancelOrder, ChangedOrder, CompleteOrder, Disposition, EditOrder, LineQuantity, NewLine, NewOrder,
    OrderState, OrderedLine, PlacedOrder, ReturnLine, ReturnOrder, ShipOrder, ShipTo, StockPolicy, Totals, Tracking,
    Why,
};
pub use outbox::{
    Acknowledge, DeliveryAnswer, DeliveryBody, DeliveryResult, DeliveryState, DropDelivery, Event, EventData,
    EventKind, LeasedDelivery, MessageId, Patience, Prune, PruneFrom, Pruned, RegisterDestination, ReportDelivery,
    RequeueDelivery, Retry, RetryCause, StockLevel, Subscribe, SubscribeFrom, TakeDeliveries, TakenDeliveries,
    Unsubscribe,
};
