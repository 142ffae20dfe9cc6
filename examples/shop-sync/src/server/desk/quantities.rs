//! Quantities as the API sets them: compared first, all of a request or none.

use std::collections::HashSet;

use super::{Desk, LOCATION, Level, gid};

/// The least and the most that an item can have.
const QUANTITY_MAX: i64 = 1_000_000_000;

/// A quantity to be set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wish {
    pub(crate) item: Option<i64>,
    pub(crate) location: Option<i64>,
    pub(crate) quantity: i64,
    /// What it must be now; absent to set it in any case.
    pub(crate) from: Option<i64>,
}

/// What is wrong with one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct QuantityError {
    /// Which.
    pub(crate) place: usize,
    /// What of it; empty where it is the whole.
    pub(crate) field: &'static str,
    pub(crate) code: &'static str,
    pub(crate) message: &'static str,
}

impl Desk {
    /// Sets what items have available, or says all that is wrong and sets nothing.
    pub(crate) fn set_quantities(
        &mut self,
        wishes: &[Wish],
        stocks_by_itself: bool,
        now_ms: i64,
    ) -> Result<(), Vec<QuantityError>> {
        let mut seen = HashSet::new();
        let mut errors = Vec::new();
        for (place, wish) in wishes.iter().enumerate() {
            if let Err((field, code, message)) = self.judge(wish, stocks_by_itself, &mut seen) {
                errors.push(QuantityError { place, field, code, message });
                self.counts.stale_compares += u64::from(code == "CHANGE_FROM_QUANTITY_STALE");
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        for wish in wishes {
            let Some(id) = wish.item else { continue };
            if stocks_by_itself {
                self.activate(id, now_ms);
            }
            let is_same = self.items.get(&id).and_then(|item| item.level).map(|level| level.available);
            self.counts.quantities_set += 1;
            // Nothing has changed where it is the same, and nobody is told.
            if is_same != Some(wish.quantity) {
                self.change_level(id, now_ms, |level| level.available = wish.quantity);
            }
        }
        Ok(())
    }

    fn judge(
        &self,
        wish: &Wish,
        stocks_by_itself: bool,
        seen: &mut HashSet<i64>,
    ) -> Result<(), (&'static str, &'static str, &'static str)> {
        let Some((id, item)) = wish.item.and_then(|id| Some((id, self.item(id)?))) else {
            let message = "The specified inventory item could not be found.";
            return Err(("inventoryItemId", "INVALID_INVENTORY_ITEM", message));
        };
        if wish.location != Some(LOCATION) {
            return Err(("locationId", "INVALID_LOCATION", "The specified location could not be found."));
        }
        if !seen.insert(id) {
            let message = "The combination of inventoryItemId and locationId must be unique.";
            return Err(("", "NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR", message));
        }
        if wish.quantity < 0 {
            return Err(("quantity", "INVALID_QUANTITY_NEGATIVE", "The quantity can't be negative."));
        }
        if wish.quantity > QUANTITY_MAX {
            let message = "The total quantity can't be higher than 1,000,000,000.";
            return Err(("quantity", "INVALID_QUANTITY_TOO_HIGH", message));
        }
        let available = match item.level {
            Some(level) => level.available,
            None if stocks_by_itself => 0,
            None => {
                let message = "The specified inventory item is not stocked at the location.";
                return Err(("locationId", "ITEM_NOT_STOCKED_AT_LOCATION", message));
            }
        };
        if wish.from.is_some_and(|from| from != available) {
            let message = "The changeFromQuantity value does not match persisted value.";
            return Err(("changeFromQuantity", "CHANGE_FROM_QUANTITY_STALE", message));
        }
        Ok(())
    }

    /// Stocks an item at the location. One that is stocked keeps what it has.
    pub(crate) fn activate(&mut self, id: i64, now_ms: i64) -> bool {
        let Some(item) = self.items.get_mut(&id).filter(|item| !item.deleted) else { return false };
        item.level.get_or_insert(Level { updated_at_ms: now_ms, ..Level::default() });
        true
    }
}

/// A level's id, which is not a number.
pub(crate) fn level_gid(item: i64) -> String {
    format!("{}?inventory_item_id={item}", gid("InventoryLevel", LOCATION))
}
