//! The tests of the adapter, one program. Each module is about one part; `support` makes deliveries and answers, `npm`
//! runs Shopify's own packages.

#![forbid(unsafe_code)]

mod backfill;
mod conformance;
mod fake;
mod npm;
mod orders;
mod random;
mod read;
mod rest;
mod schemas;
mod set;
mod ship;
mod support;
mod webhook;
