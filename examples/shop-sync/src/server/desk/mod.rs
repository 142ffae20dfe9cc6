//! What the shop knows and does: items with their quantities, its customers' orders, and the people in its office. All
//! of it is in one place and changes in one go. It is told the time, and may not send anything: what others are to
//! be told is noted for the courier.

mod keys;
mod orders;
mod quantities;

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::Value;

use super::books::{Books, Counts, ItemBook, OrderBook};
use super::buckets::Bucket;
use super::faults::{Fault, Faults};
use super::settings::Settings;
pub(super) use keys::{Kept, Key};
pub(super) use orders::{FulfillmentLine, Line, Order};
pub(super) use quantities::{Wish, level_gid};

/// The number of the shop's one location.
pub(super) const LOCATION: i64 = 70_000_000_001;
const FIRST_ITEM: i64 = 40_000_000_000_000;
/// An item's variant has the item's number and this.
pub(super) const VARIANT_OFFSET: i64 = 1_000_000_000_000;

/// An item.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) sku: String,
    pub(super) deleted: bool,
    /// What there is of it at the location, where it is stocked there.
    pub(super) level: Option<Level>,
}

/// What there is of an item.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Level {
    pub(super) available: i64,
    pub(super) committed: i64,
    pub(super) updated_at_ms: i64,
}

/// Something that others are to be told.
#[derive(Clone, Debug)]
pub(super) struct Notice {
    pub(super) topic: &'static str,
    /// The item or the order.
    pub(super) about: i64,
    /// What is said; absent for a level, which is said as it is when it is sent.
    pub(super) body: Option<Value>,
    pub(super) at_ms: i64,
}

/// The shop.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) items: BTreeMap<i64, Item>,
    pub(super) orders: BTreeMap<i64, Order>,
    pub(super) counts: Counts,
    pub(super) points: Bucket,
    pub(super) rest: Bucket,
    faults: Faults,
    skus: HashMap<String, i64>,
    keys: HashMap<String, Kept>,
    keys_kept_ms: i64,
    unstocked_every: u64,
    /// Requests that faults were drawn for.
    drawn: u64,
    /// Requests that are still to be throttled.
    throttle_left: u32,
    notices: Vec<Notice>,
    /// Items whose level is to be told and is not under way yet: one webhook tells many changes.
    untold: HashSet<i64>,
    last_number: i64,
}

impl Desk {
    pub(super) fn new(settings: &Settings) -> Self {
        Desk {
            items: BTreeMap::new(),
            orders: BTreeMap::new(),
            counts: Counts::default(),
            points: Bucket::new(settings.points_max, settings.points_per_second),
            rest: Bucket::new(settings.rest_max, settings.rest_per_second),
            faults: settings.faults.clone(),
            skus: HashMap::new(),
            keys: HashMap::new(),
            keys_kept_ms: settings.keys_kept_ms,
            unstocked_every: settings.unstocked_every,
            drawn: 0,
            throttle_left: 0,
            notices: Vec::new(),
            untold: HashSet::new(),
            last_number: 0,
        }
    }

    /// A number that nothing else has.
    fn next_number(&mut self) -> i64 {
        self.last_number += 1;
        self.last_number
    }

    /// Adds an item that shows nothing yet; one that is known is left as it is.
    pub(super) fn add_item(&mut self, sku: &str, now_ms: i64) -> i64 {
        if let Some(id) = self.skus.get(sku) {
            return *id;
        }
        let place = self.items.len() as u64 + 1;
        let id = FIRST_ITEM + self.next_number();
        let stocked = self.unstocked_every == 0 || place % self.unstocked_every != 0;
        let level = stocked.then_some(Level { updated_at_ms: now_ms, ..Level::default() });
        self.items.insert(id, Item { sku: sku.to_owned(), deleted: false, level });
        self.skus.insert(sku.to_owned(), id);
        id
    }

    /// The item of a SKU, where it has not been deleted.
    pub(super) fn item_of(&self, sku: &str) -> Option<i64> {
        self.skus.get(sku).copied().filter(|id| self.item(*id).is_some())
    }

    /// An item that has not been deleted.
    pub(super) fn item(&self, id: i64) -> Option<&Item> {
        self.items.get(&id).filter(|item| !item.deleted)
    }

    fn level_mut(&mut self, id: i64) -> Option<&mut Level> {
        self.items.get_mut(&id).filter(|item| !item.deleted).and_then(|item| item.level.as_mut())
    }

    /// Changes a level, and has it told.
    fn change_level(&mut self, id: i64, now_ms: i64, change: impl FnOnce(&mut Level)) {
        let Some(level) = self.level_mut(id) else { return };
        change(level);
        level.updated_at_ms = level.updated_at_ms.max(now_ms);
        if self.untold.insert(id) {
            self.notices.push(Notice { topic: "inventory_levels/update", about: id, body: None, at_ms: now_ms });
        }
    }

    /// Deletes an item, as a person does. Its SKU may be used again.
    pub(super) fn delete_item(&mut self, sku: &str, now_ms: i64) -> bool {
        let Some(id) = self.item_of(sku) else { return false };
        if let Some(item) = self.items.get_mut(&id) {
            item.deleted = true;
        }
        let body = serde_json::json!({
            "id": id,
            "admin_graphql_api_id": gid("InventoryItem", id),
        });
        let topic = "inventory_items/delete";
        self.notices.push(Notice { topic, about: id, body: Some(body), at_ms: now_ms });
        true
    }

    /// Changes what an item shows by so much, but not to less than nothing, as a person does.
    pub(super) fn edit(&mut self, id: i64, by: i64, now_ms: i64) -> bool {
        if self.level_mut(id).is_none() {
            return false;
        }
        self.change_level(id, now_ms, |level| level.available = level.available.saturating_add(by).max(0));
        self.counts.edits += 1;
        true
    }

    /// A person changes one of these items by a little, whichever the seed says.
    pub(super) fn edit_one_of(&mut self, items: &[i64], now_ms: i64) {
        let stocked: Vec<i64> = items.iter().copied().filter(|id| self.level_mut(*id).is_some()).collect();
        if stocked.is_empty() {
            return;
        }
        let number = self.counts.edits;
        let id = stocked[self.faults.choose("edited item", number, stocked.len())];
        let by = [-3, -2, -1, 1, 2, 5][self.faults.choose("edit", number, 6)];
        // Below nothing it would change nothing.
        let by = if self.level_mut(id).is_some_and(|level| level.available + by < 0) { 1 } else { by };
        self.edit(id, by, now_ms);
    }

    /// What goes wrong with the next request.
    pub(super) fn draw(&mut self) -> Option<Fault> {
        let number = self.drawn;
        self.drawn += 1;
        if self.throttle_left > 0 {
            self.throttle_left -= 1;
            return Some(Fault::Throttle);
        }
        let fault = self.faults.of_request(number)?;
        *self.counts.faults.entry(fault).or_default() += 1;
        if fault == Fault::Throttle {
            self.throttle_left = self.faults.throttle_burst.saturating_sub(1);
        }
        Some(fault)
    }

    /// What goes wrong with a webhook.
    pub(super) fn draw_webhook(&mut self, topic: &str, number: u64) -> Option<Fault> {
        let fault = self.faults.of_webhook(topic, number)?;
        *self.counts.faults.entry(fault).or_default() += 1;
        Some(fault)
    }

    pub(super) fn faults(&self) -> &Faults {
        &self.faults
    }

    pub(super) fn set_faults(&mut self, faults: Faults) {
        self.faults = faults;
        self.drawn = 0;
        self.throttle_left = 0;
    }

    /// What others are to be told since this was asked last.
    pub(super) fn take_notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.notices)
    }

    /// What a level's webhook says, at the moment that it is sent: later changes have one of their own.
    pub(super) fn tell_level(&mut self, id: i64) -> Option<Level> {
        self.untold.remove(&id);
        self.item(id).and_then(|item| item.level)
    }

    /// A copy of the books.
    pub(super) fn books(&self) -> Books {
        let items = self.items.iter().map(|(id, item)| {
            let book = ItemBook {
                item: gid("InventoryItem", *id),
                available: item.level.map(|level| level.available),
                committed: item.level.map_or(0, |level| level.committed),
                deleted: item.deleted,
            };
            (item.sku.clone(), book)
        });
        let orders = self.orders.iter().map(|(id, order)| {
            let mut units = BTreeMap::new();
            for line in &order.lines {
                *units.entry(line.sku.clone()).or_insert(0) += line.current_quantity;
            }
            let fulfilled = order.fulfillments.iter().flat_map(|one| &one.parts).map(|part| part.quantity).sum();
            let book =
                OrderBook { order: gid("Order", *id), units, fulfilled, cancelled: order.cancelled_at_ms.is_some() };
            (*id, book)
        });
        Books { items: items.collect(), orders: orders.collect(), counts: self.counts.clone() }
    }
}

/// An id as GraphQL says it.
pub(super) fn gid(kind: &str, number: i64) -> String {
    format!("gid://shopify/{kind}/{number}")
}

/// The number in an id of a kind.
pub(super) fn number_in(gid: &str, kind: &str) -> Option<i64> {
    gid.strip_prefix("gid://shopify/")?.strip_prefix(kind)?.strip_prefix('/')?.parse().ok()
}
