//! Changing: what rules call. Every change can be taken back until its command ends.

use super::*;

/// What rules call to change.
impl WorkingSet {
    #[cfg_attr(target_family = "wasm", inline)]
    pub(crate) fn stock_mut(&mut self, number: StockNumber) -> Result<&mut Stock, Stop> {
        let Some(place) = self.places.get(number) else {
            return Err(need(|needs| needs.stock.push(number)));
        };
        let entry = &mut self.stock[place];
        if entry.command != self.command {
            entry.command = self.command;
            self.undo.push(Undo::Stock(place, entry.now));
            if entry.changed == CLEAN {
                entry.changed = self.pending.stock.len() as u32;
                self.pending.stock.push(ChangedStock { place, stored: entry.now, appeared: false, sum: [0; 4] });
            }
        }
        Ok(&mut entry.now)
    }

    pub(crate) fn order_mut(&mut self, number: OrderNumber) -> Result<&mut Order, Stop> {
        let entry = self.orders.get_mut(&number).ok_or_else(|| need(|needs| needs.orders.push(number)))?;
        if entry.command != self.command {
            entry.command = self.command;
            self.undo.push(Undo::Order(number, entry.row.clone()));
            if !entry.dirty {
                entry.dirty = true;
                entry.stored = StoredOrder::Claiming(entry.row.claims().collect());
                self.pending.orders.push(number);
            }
        }
        Ok(Arc::make_mut(&mut entry.row))
    }

    #[cfg_attr(target_family = "wasm", inline)]
    pub(crate) fn insert_order(&mut self, order: Order, keyed_by_id: bool) {
        let number = order.number;
        let known = self.order_ids.insert(order.id.clone(), Some(number));
        self.undo.push(Undo::NewOrder(number, known));
        self.pending.orders.push(number);
        let entry = OrderEntry {
            row: Arc::new(order),
            stored: StoredOrder::Nothing,
            keyed_by_id,
            command: self.command,
            dirty: true,
        };
        self.orders.insert(number, entry);
    }

    /// Writes a hold, or takes it away.
    pub(crate) fn set_hold(&mut self, id: &str, hold: Option<Hold>) -> Result<(), Stop> {
        let entry = self.holds.get_mut(id).ok_or_else(|| need(|needs| needs.holds.push(id.to_owned())))?;
        let before = std::mem::replace(&mut entry.row, hold.map(Arc::new));
        self.undo.push(Undo::Hold(id.to_owned(), before));
        if !entry.dirty {
            entry.dirty = true;
            self.pending.holds.push(id.to_owned());
        }
        Ok(())
    }

    pub(crate) fn change_backorder(&mut self, change: BackorderChange) {
        self.pending.backorders.push(change);
    }

    pub(crate) fn push_movement(&mut self, movement: Movement) {
        self.pending.movements.push(movement);
    }

    pub(crate) fn insert_sku(&mut self, sku: Sku) {
        let sku = Arc::new(sku);
        self.number_sku(&sku);
        self.skus.insert(sku.sku.clone(), Some(Arc::clone(&sku)));
        self.pending.skus.push(sku);
    }

    pub(super) fn number_sku(&mut self, sku: &Arc<Sku>) {
        let place = sku.number.0 as usize;
        if self.numbered_skus.len() <= place {
            self.numbered_skus.resize(place + 1, None);
        }
        self.numbered_skus[place] = Some(Arc::clone(sku));
    }

    pub(crate) fn insert_location(&mut self, location: Location) -> Result<(), Stop> {
        let catalog = self.catalog_mut()?;
        catalog.by_name.insert(location.location.clone(), location.number);
        catalog.locations.push(location.clone());
        self.pending.locations.push(location);
        Ok(())
    }

    pub(crate) fn set_channel(&mut self, channel: Channel) -> Result<(), Stop> {
        let channel = Arc::new(channel);
        self.catalog_mut()?.channels.insert(channel.channel.clone(), Arc::clone(&channel));
        self.pending.channels.push(channel);
        Ok(())
    }

    /// Writes a key down; for a refused order, on the condition that the order does not exist.
    pub(crate) fn insert_key(&mut self, row: KeyRow, refused_order: Option<&str>) {
        self.pending.keys.push((row.key.clone(), refused_order.map(str::to_owned)));
        self.keys.insert(row.key.clone(), Some(row));
    }

    pub(crate) fn change_subscription(&mut self, change: SubscriptionChange) {
        let (name, row) = match &change {
            SubscriptionChange::Put(row) => (row.subscription.clone(), Some(row.clone())),
            SubscriptionChange::Closed(name) => (name.clone(), None),
        };
        let before = self.subscriptions.insert(name.clone(), row);
        self.undo.push(Undo::Subscription(name, before));
        self.pending.subscriptions.push(change);
    }

    #[cfg_attr(target_family = "wasm", inline)]
    pub(crate) fn push_event(&mut self, row: EventRow) {
        self.pending.events.push(row);
    }

    pub(crate) fn forget(&mut self, forget: Forget) {
        if let Forget::Keys(keys) = &forget {
            keys.iter().for_each(|key| drop(self.keys.insert(key.clone(), None)));
        }
        self.pending.forget.push(forget);
    }
}
