//! The fake of the shop: that it answers as Shopify does where the two must agree, keeps its books whatever goes wrong,
//! and makes the faults that it is asked for. Nothing of Stockroom is used here.

#![forbid(unsafe_code)]

mod client;
mod faults;
mod graphql;
mod host;
mod orders;
mod rest;
mod webhooks;
