//! The tests of the adapter, one program. Each module is about one part; `support` makes deliveries and answers.

#![forbid(unsafe_code)]

mod conformance;
mod feed;
mod openapi;
mod profile;
mod rest;
mod rest_statuses;
mod shipbob;
mod support;
mod webhook;
mod webhook_shipbob;
