//! Stockroom's store in any ordered map from keys to texts: a database of the host's own, which may be asynchronous
//! or a network away. Nothing here does I/O. A [`Step`] runs a call of the engine over what it has been given of the map;
//! where that is not enough it says which keys and ranges it needs, and is run again when it has them. At the
//! end it says what to write, and which one cell must still be as it was read.
//!
//! ```
//! use std::collections::BTreeMap;
//! use stockroom::{RegisterLocation, Stockroom};
//! use stockroom_keyvalue::{Step, Supply, Turn};
//!
//! let mut map = BTreeMap::<String, String>::new(); // any place that keeps keys in the order of their bytes
//! let mut step = Step::new();
//! let decided = loop {
//!     match step.advance(|store| Stockroom::new(store, || 0).execute(RegisterLocation { location: "main".into() }))? {
//!         Turn::Decided(decided) => break decided,
//!         Turn::Needs(needs) => {
//!             let cells = needs.keys.iter().map(|key| map.get(key).cloned()).collect();
//!             let of = |range: &stockroom_keyvalue::Range| {
//!                 let rows = map.range(range.from.clone()..range.before.clone());
//!                 rows.take(range.limit as usize).map(|(key, cell)| (key.clone(), cell.clone())).collect()
//!             };
//!             step.supply(Supply { cells, ranges: needs.ranges.iter().map(of).collect() })?;
//!         }
//!     }
//! };
//! assert!(decided.answer.accepted().is_ok());
//! // In one transaction: all of it if the cell is as it was, else nothing, and a new step.
//! let expects = decided.expects.expect("something was read");
//! assert_eq!(map.get(&expects.key), expects.cell.as_ref());
//! for (key, cell) in decided.writes {
//!     match cell {
//!         Some(cell) => map.insert(key, cell),
//!         None => map.remove(&key),
//!     };
//! }
//! # Ok::<(), stockroom::Error>(())
//! ```

#![forbid(unsafe_code)]

mod cells;
mod key;
mod pages;
mod search;
mod step;
mod store;

pub use cells::{Cells, Needs, Range, View, Writes};
pub use step::{Decided, Expected, Step, Supply, Turn};
pub use store::{FORMAT, KeyValueStore};
