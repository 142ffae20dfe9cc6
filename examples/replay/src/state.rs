//! What is in the database after a run: the stock of every SKU, and whether the whole holds together.

use std::time::Duration;

use sha2::{Digest, Sha256};
use stockroom::ids::Name;
use stockroom::ports::{Page, Rows};
use stockroom::{StateDigest, Stockroom, Verification};
use stockroom_sqlite::SqliteStore;

use crate::progress::Progress;
use retail::{LOCATION, Result, hex};

/// SKUs read at a time.
const PAGE: u32 = 1_000;

/// How often a bar without steps is drawn.
const TICK: Duration = Duration::from_millis(120);

/// The state of a database.
#[derive(Debug)]
pub(crate) struct State {
    /// Every SKU with its on-hand at the location, in the order of the bytes.
    pub(crate) on_hand: Vec<(Name, i64)>,
    /// The digest of all rows.
    pub(crate) digest: StateDigest,
    /// What `verify` found.
    pub(crate) verification: Verification,
}

impl State {
    /// Whether every invariant holds.
    pub(crate) fn is_sound(&self) -> bool {
        self.verification.is_ok()
    }

    /// Units on hand over all SKUs.
    pub(crate) fn on_hand_units(&self) -> i128 {
        self.on_hand.iter().map(|(_, units)| i128::from(*units)).sum()
    }

    /// SHA-256 over `SKU<TAB>on-hand<LF>`, to compare with any other program that does the same sums.
    pub(crate) fn on_hand_sha256(&self) -> String {
        let mut hasher = Sha256::new();
        self.on_hand.iter().for_each(|(sku, units)| hasher.update(format!("{sku}\t{units}\n")));
        hex(&hasher.finalize())
    }
}

/// Reads and checks everything.
pub(crate) fn examine(shop: &Stockroom<SqliteStore>, progress: &Progress) -> Result<State> {
    let on_hand = on_hand(shop)?;
    let bar = progress.count("rows verified");
    let verification = shop.verify_with(&mut |rows| bar.set_position(rows))?;
    bar.finish_and_clear();
    let bar = progress.count("digest");
    bar.enable_steady_tick(TICK);
    let digest = shop.digest()?;
    bar.finish_and_clear();
    Ok(State { on_hand, digest, verification })
}

fn on_hand(shop: &Stockroom<SqliteStore>) -> Result<Vec<(Name, i64)>> {
    let mut list = Vec::new();
    let mut after = 0;
    // The SKUs come in the order of their numbers.
    while let Rows::Skus(skus) = shop.page(&Page::Skus(after), PAGE)? {
        let Some(last) = skus.last() else {
            break;
        };
        after = last.number.0;
        for sku in skus {
            let level = shop.stock(&sku.sku, LOCATION)?;
            list.push((sku.sku, level.map_or(0, |level| level.on_hand)));
        }
    }
    list.sort_unstable();
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_hand_is_told_by_sku_in_byte_order() {
        let on_hand = vec![("B".into(), 2), ("a".into(), 0), ("é".into(), 40)];
        let state = State { on_hand, digest: StateDigest([0; 32]), verification: Verification::default() };
        assert_eq!(state.on_hand_units(), 42);
        assert_eq!(state.on_hand_sha256(), hex(&Sha256::digest("B\t2\na\t0\né\t40\n")));
        assert!(state.is_sound());
    }
}
