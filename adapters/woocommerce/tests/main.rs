//! The tests of the adapter, one program. Each module is about one part; `support` makes deliveries and holds
//! conversations, `shop` is a shop that answers them.

#![forbid(unsafe_code)]

mod answers;
mod backfill;
mod conformance;
mod orders;
mod profile;
mod quantities;
mod random;
mod shipment;
mod shop;
mod support;
mod webhook;
