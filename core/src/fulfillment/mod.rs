//! Fulfillment: warehouses, and the fulfillment orders that they are handed. It reacts to what happens to orders,
//! in transactions of its own. Owns the rows of warehouses and fulfillment orders and writes no others: stock and
//! orders change by their own modules' rules, deliveries by the outbox's.

mod commands;
mod progress;
mod react;
mod register;
mod rows;
mod stock;
mod view;

pub use commands::{
    CancelRequest, ChangedFulfillment, ComparedStock, Fulfill, Fulfilled, FulfillmentRequest, NoteFulfillment,
    NoteShipment, NoteWarehouseStock, ReassignFulfillment, RegisterWarehouse, RequestedItem, SkuLevel, SkuQuantity,
    StockCheck, StockDrift, WarehouseStatus, WarehouseStock,
};
pub use rows::{
    FULFILLMENTS_MAX, FulfillmentItem, FulfillmentOrder, FulfillmentState, StockReports, Warehouse, WarehouseShipment,
    fulfillment_id, parse_fulfillment_id,
};

pub(crate) use progress::{
    can_be_asked, delivered, foresee, foresee_report, forget, must_be_free, note, note_shipment, reassign,
};
use progress::{changed, finish, of_order};
pub(crate) use react::{can_readdress, fulfill, readdress};
pub(crate) use register::register_warehouse;
use stock::note_checked;
pub(crate) use stock::note_stock;

pub use view::{ItemView, RequestView};

/// The subscription that is the module's place in the events.
pub const SUBSCRIPTION: &str = "fulfillment";
