//! Inventory: SKUs, locations, stock levels, holds and the ledger of movements. Owns those rows and writes
//! no others; orders ask it for stock within one decision.

mod commands;
mod holds;
mod levels;
mod register;
mod rows;
mod sourcing;

pub use commands::{
    AdjustStock, BundleComponent, CountStock, ExtendHold, HeldStock, HeldUnits, MovedStock, PlaceHold, ReceiveStock,
    RegisterLocation, RegisterSku, ReleaseHold, SetStockPolicy, Source, StockLine, Tick, Ticked, TransferStock,
};
pub(crate) use holds::{
    HoldEnds, end_hold, expire_in_the_way, extend_hold, free_units, place_hold, release_hold, tick, whole_units,
};
pub(crate) use levels::{adjust, count, count_in, policy, receive, transfer};
pub(crate) use register::{register_location, register_sku};
pub use rows::{
    Backorder, Component, Fingerprint, Hold, HoldClaim, HoldLine, Location, Movement, Reason, Sku, Stock, StockRow,
};
pub(crate) use rows::{are_sound, takes};
pub(crate) use sourcing::{Demand, FreeUnits, choose};
