//! What hosts with an HTTP client and server of their own use: conversations, webhooks, backfills, and the page that
//! tells of them.

#![forbid(unsafe_code)]

mod backfill;
mod conversation;
mod page;
mod support;
mod webhook;
