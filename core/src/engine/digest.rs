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
                // Kinds that came later leave no trace where there are none, so that digests of before stand.
                let mut named = matches!(kind, Kind::Records(_));
                if !named {
                    hasher.update(kind.name());
                    hasher.update(b"\n");
                }
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
                    Rows::Records(rows) => {
                        if std::mem::take(&mut named) {
                            hasher.update(kind.name());
                            hasher.update(b"\n");
                        }
                        feed(&mut hasher, &rows)
                    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::MemoryStore;
    use crate::{Action, AdjustStock, ReceiveStock, RegisterLocation, RegisterSku, StockLine, TimedCommand};

    #[test]
    fn the_digest_does_not_depend_on_where_batches_are_cut() {
        let receive = |quantity| ReceiveStock {
            location: "main".into(),
            lines: vec![StockLine { sku: "mug".into(), quantity }],
            ..Default::default()
        };
        let adjust = |difference| AdjustStock {
            sku: "mug".into(),
            location: "main".into(),
            difference,
            lost: false,
            reference: None,
        };
        let actions: [Action; 5] = [
            RegisterSku { sku: "mug".into(), components: None }.into(),
            RegisterLocation { location: "main".into() }.into(),
            // Refused: it leaves no stock row in any batch.
            adjust(-1).into(),
            // The row comes into being and goes back to zeros.
            receive(5).into(),
            adjust(-5).into(),
        ];
        let commands = actions.map(|action| TimedCommand { at_ms: 0, command: action.into() });
        let digest = |size: usize, commands: &[TimedCommand]| {
            let shop = Stockroom::new(MemoryStore::new(), || 0);
            for batch in commands.chunks(size) {
                shop.execute_batch_at(batch.to_vec()).unwrap();
            }
            assert!(shop.verify().unwrap().is_ok());
            (shop.digest().unwrap(), shop.verify().unwrap().stock_rows)
        };
        let (alone, rows) = digest(1, &commands);
        assert_eq!(rows, 1);
        for size in 2..=commands.len() {
            assert_eq!(digest(size, &commands), (alone, rows), "batches of {size}");
        }
        assert_eq!(digest(3, &commands[..3]).1, 0);
    }
}
