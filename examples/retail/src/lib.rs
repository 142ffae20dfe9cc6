//! A real shop's orders as Stockroom commands: reads the CSV of UCI's Online Retail data (CC BY 4.0,
//! doi 10.24432/C5BW33), plain or gzipped, groups its rows into invoices, and makes commands of them. What the
//! examples share stands here; it does no commands itself and knows no store.

#![forbid(unsafe_code)]

mod decimal;
mod failure;
mod invoices;
mod rows;

pub use failure::{Failure, Result};
pub use invoices::{CHANNEL, Invoice, Invoices, LOCATION, Part, hex, key};
pub use rows::{open, read, read_file};

/// The orders that are taken where no file is named. `examples/replay/data/README.md` says where they come from.
pub const BUNDLED: &[u8] = include_bytes!("../../replay/data/online-retail-2010-12.csv.gz");

/// What the bundled orders are called in reports.
pub const BUNDLED_NAME: &str = "the bundled month, December 2010";
