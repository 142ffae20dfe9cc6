//! Fulfillment: warehouses, and the fulfillment orders that they are handed. It reacts to what happens to orders,
//! in transactions of its own. Owns the rows of warehouses and fulfillment orders and writes no others: stock and
//! orders change by their own modules' rules, deliveries by the outbox's.

mod commands;
mod rows;

pub use commands::{
    CancelRequest, ChangedFulfillment, ComparedStock, Fulfill, Fulfilled, FulfillmentRequest, NoteFulfillment,
    NoteShipment, NoteWarehouseStock, ReassignFulfillment, RegisterWarehouse, RequestedItem, SkuLevel, SkuQuantity,
    StockCheck, StockDrift, WarehouseStatus, WarehouseStock,
};
pub use rows::{
    FulfillmentItem, FulfillmentOrder, FulfillmentState, StockReports, Warehouse, WarehouseShipment, fulfillment_id,
    parse_fulfillment_id,
};
