//! The course of a batch: commands begin, end or are taken back; changes are checked, handed to a store and
//! noted as written; the cache is trimmed or distrusted.

use super::*;
use crate::engine::records::RecordKind;
use crate::planted::planted;
use crate::ports::Freshness;

/// What the step calls around each command and each batch.
impl WorkingSet {
    /// Whether order ids and idempotency keys that are not here are taken for free, so that a new order costs
    /// no look. The store finds out when it writes ([`Written::Taken`](crate::ports::Written)); then decide
    /// again with this off.
    pub fn assume_free(&mut self, assume: bool) {
        self.assume_free = assume;
    }

    /// Begins a command: from here on its changes can be taken back.
    #[cfg_attr(target_family = "wasm", inline)]
    pub(crate) fn begin_command(&mut self) -> Result<(), Stop> {
        self.command = self.command.wrapping_add(1).max(1);
        self.undo.clear();
        self.mark = Mark {
            counters: self.catalog()?.counters,
            stock: self.pending.stock.len(),
            orders: self.pending.orders.len(),
            holds: self.pending.holds.len(),
            backorders: self.pending.backorders.len(),
            movements: self.pending.movements.len(),
            subscriptions: self.pending.subscriptions.len(),
            records: self.pending.records.len(),
        };
        Ok(())
    }

    /// Takes back what the command changed.
    pub(crate) fn take_back(&mut self) {
        while let Some(undo) = self.undo.pop() {
            match undo {
                Undo::Stock(place, stock) => {
                    self.stock[place].now = stock;
                    self.stock[place].command = 0;
                }
                Undo::Order(number, order) => {
                    if let Some(entry) = self.orders.get_mut(&number) {
                        entry.row = order;
                        entry.command = 0;
                    }
                }
                Undo::NewOrder(number, known) => {
                    if let Some(entry) = self.orders.remove(&number) {
                        match known {
                            Some(known) => self.order_ids.insert(entry.row.id.clone(), known),
                            None => self.order_ids.remove(&entry.row.id),
                        };
                    }
                    if let Some(index) = self.pending.orders.iter().rposition(|pending| *pending == number) {
                        self.pending.orders.remove(index);
                    }
                }
                Undo::Hold(id, hold) => {
                    if let Some(entry) = self.holds.get_mut(&id) {
                        entry.row = hold;
                    }
                }
                Undo::Record(key, before) => self.take_back_record(&key, before),
                Undo::Subscription(name, before) => {
                    match before {
                        Some(before) => self.subscriptions.insert(name, before),
                        None => self.subscriptions.remove(&name),
                    };
                }
            }
        }
        // What only this command changed is as it is stored: a search that the command asks for need not wait
        // for it to be written.
        for changed in self.pending.stock.drain(self.mark.stock..) {
            self.stock[changed.place].changed = CLEAN;
        }
        for number in self.pending.orders.drain(self.mark.orders..) {
            if let Some(entry) = self.orders.get_mut(&number) {
                entry.dirty = false;
                entry.stored = StoredOrder::Same;
            }
        }
        for id in self.pending.holds.drain(self.mark.holds..) {
            if let Some(entry) = self.holds.get_mut(&id) {
                entry.dirty = false;
            }
        }
        self.clean_records(self.mark.records);
        self.pending.backorders.truncate(self.mark.backorders);
        self.pending.movements.truncate(self.mark.movements);
        self.pending.subscriptions.truncate(self.mark.subscriptions);
        if let Some(catalog) = &mut self.catalog {
            catalog.counters = self.mark.counters;
        }
    }

    /// The stock rows that the command has touched, with their values before it; one entry a row, from the
    /// given place in the order of touching.
    #[cfg_attr(target_family = "wasm", inline)]
    pub(crate) fn touched_stock(&self, from: usize) -> impl Iterator<Item = (usize, StockNumber, &Stock, &Stock)> {
        self.undo.iter().enumerate().skip(from).filter_map(|(index, undo)| match undo {
            Undo::Stock(place, before) => {
                let entry = &self.stock[*place];
                Some((index, entry.number, before, &entry.now))
            }
            _ => None,
        })
    }

    /// The order lines that the command lets wait for a stock row, in their order.
    pub(crate) fn waiting_since_now(&self, stock: StockNumber) -> Vec<crate::inventory::Backorder> {
        let waits = self.pending.backorders[self.mark.backorders..].iter().filter_map(|change| match change {
            BackorderChange::Waits(backorder) if backorder.stock == stock => Some(*backorder),
            _ => None,
        });
        waits.collect()
    }

    /// Whether the command changed an order, a hold or a fulfillment order.
    #[cfg_attr(target_family = "wasm", inline)]
    pub(crate) fn touched_papers(&self) -> bool {
        self.undo.iter().any(|undo| match undo {
            Undo::Stock(..) | Undo::Subscription(..) => false,
            // The others are bookkeeping of the way out, not facts of the business.
            Undo::Record(key, _) => key.kind() == RecordKind::Fulfillment,
            _ => true,
        })
    }

    /// Notes the stock rows that the command brought into being, and drops what searches found: it holds for
    /// one command.
    #[cfg_attr(target_family = "wasm", inline)]
    pub(crate) fn end_command(&mut self) {
        self.found.clear();
        for undo in self.undo.drain(..) {
            if let Undo::Stock(place, before) = undo {
                let entry = &self.stock[place];
                if entry.absent && entry.now != before {
                    if let Some(changed) = self.pending.stock.get_mut(entry.changed as usize) {
                        changed.appeared = true;
                    }
                }
            }
        }
    }

    /// Whether pruning forgot rows that the store still has.
    pub(crate) fn forgets(&self) -> bool {
        !self.pending.forget.is_empty()
    }

    /// Whether the batch changed anything that is not written yet.
    pub fn is_dirty(&self) -> bool {
        let Pending {
            skus,
            locations,
            channels,
            stock,
            orders,
            holds,
            backorders,
            movements,
            events,
            keys,
            subscriptions,
            forget,
            records,
        } = &self.pending;
        !(skus.is_empty()
            && locations.is_empty()
            && channels.is_empty()
            && stock.is_empty()
            && orders.is_empty()
            && holds.is_empty()
            && backorders.is_empty()
            && movements.is_empty()
            && events.is_empty()
            && keys.is_empty()
            && subscriptions.is_empty()
            && forget.is_empty()
            && records.is_empty())
    }

    /// Takes out what the batch changed, to be written. From here on it counts as what the store holds; where
    /// the write fails or is lost with its transaction, the whole working set must go, see
    /// [`WorkingSet::clear`].
    ///
    /// # Errors
    /// [`ErrorKind::InvariantBroken`](crate::ErrorKind::InvariantBroken) where the changes do not add up:
    /// the check is made anew on the rows themselves, on every commit.
    #[cfg_attr(target_family = "wasm", inline)]
    pub fn take_changes(&mut self) -> Result<Changes, Error> {
        self.check_sums()?;
        let pending = &mut self.pending;
        let mut changes = Changes {
            skus: std::mem::take(&mut pending.skus),
            locations: std::mem::take(&mut pending.locations),
            channels: std::mem::take(&mut pending.channels),
            backorders: std::mem::take(&mut pending.backorders),
            movements: std::mem::take(&mut pending.movements),
            events: std::mem::take(&mut pending.events),
            subscriptions: std::mem::take(&mut pending.subscriptions),
            forget: std::mem::take(&mut pending.forget),
            ..Changes::default()
        };
        changes.stock.reserve(pending.stock.len());
        for changed in pending.stock.drain(..) {
            let entry = &mut self.stock[changed.place];
            entry.changed = CLEAN;
            if entry.now != changed.stored || changed.appeared {
                let rows = if entry.absent { &mut changes.new_stock } else { &mut changes.stock };
                rows.push(StockRow { number: entry.number, stock: entry.now });
                entry.absent = false;
            }
        }
        changes.new_stock.sort_unstable_by_key(|row| row.number);
        changes.stock.sort_unstable_by_key(|row| row.number);
        for number in pending.orders.drain(..) {
            if let Some(entry) = self.orders.get_mut(&number) {
                let order = Arc::clone(&entry.row);
                entry.dirty = false;
                match std::mem::replace(&mut entry.stored, StoredOrder::Same) {
                    StoredOrder::Nothing => {
                        changes.new_orders.push(NewOrderRow { order, keyed_by_id: entry.keyed_by_id });
                    }
                    _ => changes.changed_orders.push(order),
                }
            }
        }
        for id in pending.holds.drain(..) {
            if let Some(entry) = self.holds.get_mut(&id) {
                entry.dirty = false;
                let stored = std::mem::replace(&mut entry.stored, entry.row.clone());
                // The id may have been let go and taken again within the batch.
                let number = entry.row.as_ref().map(|hold| hold.number);
                changes.gone_holds.extend(stored.filter(|stored| Some(stored.number) != number));
                changes.holds.extend(entry.row.clone());
            }
        }
        for (key, refused_order) in pending.keys.drain(..) {
            if let Some(Some(row)) = self.keys.get(&key) {
                changes.keys.push(NewKey { row: row.clone(), refused_order });
            }
        }
        changes.records = self.take_records();
        Ok(changes)
    }

    /// Checks CONSERVED and CLAIMED for the rows that the batch changed: the differences of the stock rows
    /// against the sums of the movements, orders and holds that changed with them.
    #[cfg_attr(target_family = "wasm", inline)]
    fn check_sums(&mut self) -> Result<(), Error> {
        let WorkingSet { pending, stock, places, orders, holds, .. } = self;
        let changed = &mut pending.stock;
        // Sums for rows that the batch did not change must be zero.
        let mut strays: BTreeMap<StockNumber, [i64; 4]> = BTreeMap::new();
        let mut add = |number: StockNumber, sum: [i64; 4]| {
            let place = places.get(number).map_or(CLEAN, |place| stock[place].changed);
            let total = match changed.get_mut(place as usize) {
                Some(changed) => &mut changed.sum,
                None => strays.entry(number).or_default(),
            };
            (0..4).for_each(|index| total[index] += sum[index]);
        };
        for movement in &pending.movements {
            add(movement.stock, [movement.quantity, 0, 0, 0]);
        }
        for entry in pending.orders.iter().filter_map(|number| orders.get(number)) {
            entry.row.claims().for_each(|(stock, claimed, backordered)| {
                add(stock, [0, claimed, backordered, 0]);
            });
            if let StoredOrder::Claiming(claims) = &entry.stored {
                for (stock, claimed, backordered) in claims {
                    add(*stock, [0, -claimed, -backordered, 0]);
                }
            }
        }
        for entry in pending.holds.iter().filter_map(|id| holds.get(id)) {
            for (hold, sign) in [(&entry.row, 1), (&entry.stored, -1)] {
                let claimed = hold.iter().flat_map(|hold| hold.claimed());
                claimed.for_each(|(stock, quantity)| add(stock, [0, 0, 0, sign * quantity]));
            }
        }
        for ChangedStock { place, stored, sum, .. } in changed {
            let StockEntry { number, now, .. } = &stock[*place];
            let differences = [
                now.on_hand - stored.on_hand,
                now.allocated - stored.allocated,
                now.backordered - stored.backordered,
                now.held - stored.held,
            ];
            let sum = std::mem::take(sum);
            if differences != sum {
                return Err(Error::broken(format!(
                    "CONSERVED or CLAIMED: stock row {} changed by {differences:?} where movements, orders and holds say {sum:?}",
                    number.0
                )));
            }
        }
        if strays.values().any(|sum| *sum != [0; 4]) {
            return Err(Error::broken("CLAIMED: orders or holds changed without their stock rows"));
        }
        Ok(())
    }

    /// Drops the rows that are not worth keeping after a batch, and all of a kind that has grown too large.
    pub fn trim(&mut self) {
        self.keys.clear();
        self.subscriptions.clear();
        self.holds.clear();
        self.found.clear();
        self.trim_records();
        if self.orders.len() > CACHED_ORDERS_MAX || self.order_ids.len() > 2 * CACHED_ORDERS_MAX {
            self.orders.clear();
            self.order_ids.clear();
        }
        if self.stock.len() > CACHED_STOCK_MAX {
            self.stock.clear();
            self.places = Places::default();
        }
        if self.skus.len() > CACHED_SKUS_MAX {
            self.skus.clear();
            self.numbered_skus.clear();
        }
    }

    /// Drops what cannot be trusted any more.
    pub(crate) fn trust(&mut self, freshness: Freshness) {
        match freshness {
            Freshness::Unchanged => {}
            Freshness::Foreign if planted!(StaleCache) => {}
            Freshness::Foreign => self.distrust(),
            Freshness::TakenBack => self.clear(),
        }
    }

    /// Drops what another writer may have changed. SKUs stay: they never change and are never removed.
    fn distrust(&mut self) {
        let skus = std::mem::take(&mut self.skus).into_iter().filter(|(_, row)| row.is_some()).collect();
        let numbered_skus = std::mem::take(&mut self.numbered_skus);
        *self = WorkingSet { skus, numbered_skus, command: self.command, ..WorkingSet::default() };
    }

    /// Drops everything, as after a failed commit.
    pub fn clear(&mut self) {
        *self = WorkingSet { command: self.command, ..WorkingSet::default() };
    }
}
