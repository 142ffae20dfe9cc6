//! Filling the working set: what stores call to answer needs.

use super::*;
use crate::error::ErrorKind;
use crate::inventory::are_sound;

/// What stores call.
impl WorkingSet {
    /// Puts the catalog.
    pub fn put_catalog(&mut self, catalog: Catalog) {
        self.catalog = Some(catalog);
    }

    /// Puts a SKU, or that there is none of this name.
    pub fn put_sku(&mut self, sku: &str, row: Option<Sku>) {
        let row = row.map(|mut row| {
            if row.components.is_empty() {
                // All plain SKUs share one empty list: it is copied into every line of every order.
                row.components = Arc::default();
            }
            Arc::new(row)
        });
        if let Some(row) = &row {
            if row.number.0 > SKU_NUMBER_MAX || !are_sound(&row.components) {
                return self.damage(|| format!("SKU {} has the number {}", row.sku, row.number.0));
            }
            self.number_sku(row);
        }
        self.skus.insert(row.as_ref().map_or_else(|| sku.into(), |row| row.sku.clone()), row);
    }

    /// Puts a stock row; where there is none, one of zeros.
    pub fn put_stock(&mut self, number: StockNumber, stock: Option<Stock>) {
        let absent = stock.is_none();
        let stock = stock.unwrap_or_default();
        if number.sku().0 > SKU_NUMBER_MAX || !stock.is_sound() {
            return self.damage(|| format!("stock row {} is {stock:?}", number.0));
        }
        let entry = StockEntry { number, now: stock, command: 0, changed: CLEAN, absent };
        match self.places.get(number) {
            Some(place) => self.stock[place] = entry,
            None => {
                self.places.insert(number, self.stock.len());
                self.stock.push(entry);
            }
        }
    }

    /// Puts an order.
    pub fn put_order(&mut self, order: impl Into<Arc<Order>>) {
        let order: Arc<Order> = order.into();
        let number = order.number;
        if self.orders.get(&number).is_some_and(|entry| entry.dirty) {
            return;
        }
        if !order.is_sound() {
            return self.damage(|| format!("order {} does not fit together", order.id));
        }
        self.order_ids.insert(order.id.clone(), Some(number));
        let entry = OrderEntry { row: order, stored: StoredOrder::Same, keyed_by_id: false, command: 0, dirty: false };
        self.orders.insert(number, entry);
    }

    /// Puts that there is no order of this id.
    pub fn put_no_order(&mut self, id: &str) {
        self.order_ids.insert(id.into(), None);
    }

    /// Puts the number of the order of this id, or that there is none. What is known of it from the order itself stays.
    pub fn put_order_number(&mut self, id: &str, number: Option<OrderNumber>) {
        if !self.order_ids.contains_key(id) {
            self.order_ids.insert(id.into(), number);
        }
    }

    /// Puts a live hold, or that there is none of this id.
    pub fn put_hold(&mut self, id: &str, hold: Option<Hold>) {
        if self.holds.get(id).is_some_and(|entry| entry.dirty) {
            return;
        }
        if hold.as_ref().is_some_and(|hold| !hold.is_sound()) {
            return self.damage(|| format!("hold {id} does not fit together"));
        }
        let row = hold.map(Arc::new);
        self.holds.insert(id.to_owned(), HoldEntry { row: row.clone(), stored: row, dirty: false });
    }

    /// Puts an idempotency key, or that it is free.
    pub fn put_key(&mut self, key: &str, row: Option<KeyRow>) {
        self.keys.insert(key.to_owned(), row);
    }

    /// Puts a subscription, or that there is none of this name.
    pub fn put_subscription(&mut self, name: &str, row: Option<Subscription>) {
        self.subscriptions.insert(name.to_owned(), row);
    }

    /// Puts what a search found.
    pub fn put_found(&mut self, query: Query, found: Found) {
        self.found.push((query, found));
    }

    /// Notes a row that no rule could have made. Nothing is decided any more until the working set is cleared.
    pub(super) fn damage(&mut self, what: impl FnOnce() -> String) {
        self.damaged.get_or_insert_with(what);
    }

    /// Fails where a row was put that no rule could have made.
    pub(crate) fn check_damage(&self) -> Result<(), Error> {
        match &self.damaged {
            None => Ok(()),
            Some(what) => Err(Error::new(ErrorKind::Corrupt, "engine.supply", format!("a row is damaged: {what}"))),
        }
    }
}
