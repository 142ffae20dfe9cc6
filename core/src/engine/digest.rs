//! The digest of the whole state: SHA-256 over every row in a fixed order and a fixed form, the same on
//! every store and every machine.

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::engine::driver::Stockroom;
use crate::engine::pages::{Kind, each_page};
use crate::error::{Error, Result};
use crate::ports::{Rows, Store};

/// A SHA-256 over the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StateDigest(pub [u8; 32]);

impl std::fmt::Display for StateDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl<S: Store> Stockroom<S> {
    /// The digest of the whole state: equal digests mean equal rows, to the byte. It reads everything.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn digest(&self) -> Result<StateDigest> {
        self.reading(|store| {
            let mut hasher = Sha256::new();
            for kind in Kind::ALL {
                hasher.update(kind.name());
                hasher.update(b"\n");
                each_page(store, *kind, &mut |rows| match rows {
                    Rows::Skus(rows) => feed(&mut hasher, &rows),
                    Rows::Locations(rows) => feed(&mut hasher, &rows),
                    Rows::Channels(rows) => feed(&mut hasher, &rows),
                    Rows::Stock(rows) => feed(&mut hasher, &rows),
                    Rows::Holds(rows) => feed(&mut hasher, &rows),
                    Rows::Backorders(rows) => feed(&mut hasher, &rows),
                    Rows::Movements(rows) => feed(&mut hasher, &rows),
                    Rows::Orders(rows) => feed(&mut hasher, &rows),
                    Rows::Events(rows) => feed(&mut hasher, &rows),
                    Rows::Keys(rows) => feed(&mut hasher, &rows),
                    Rows::Subscriptions(rows) => feed(&mut hasher, &rows),
                })?;
            }
            Ok(StateDigest(hasher.finalize().into()))
        })
    }
}

/// JSON as serde writes it: fields in the order of the types, integers as digits, maps in the order of their
/// keys. No float occurs in any row.
fn feed<T: Serialize>(hasher: &mut Sha256, rows: &[T]) -> Result<()> {
    for row in rows {
        let json = serde_json::to_vec(row)
            .map_err(|error| Error::broken("a row cannot be written as JSON").with_source(error))?;
        hasher.update(&json);
        hasher.update(b"\n");
    }
    Ok(())
}
