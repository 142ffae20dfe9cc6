//! The working set: the rows that decisions see and change, between a store and the rules. It does no
//! I/O; a store fills it and takes the changes out of it.
//!
//! Rows are changed in place. What a command changed is remembered until the command is finished, so that
//! a rejected one leaves nothing behind; what the batch changed is remembered until it is written.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::channel::Channel;
use crate::engine::command::Answer;
use crate::engine::needs::{Found, Needs, Query};
use crate::error::Error;
use crate::ids::{LocationNumber, Name, OrderNumber, StockNumber};
use crate::inventory::{Backorder, Hold, Location, Movement, Sku, Stock, StockRow};
use crate::order::Order;
use crate::outbox::{EventRow, KeyRow, Subscription};
use crate::{Rejection, StockLevel};

/// Rows kept between batches beyond which the cache is emptied: about 100 bytes each.
const CACHED_STOCK_MAX: usize = 300_000;
const CACHED_SKUS_MAX: usize = 300_000;
/// Orders kept between batches: about 1 KiB each.
const CACHED_ORDERS_MAX: usize = 500;

/// Where stock rows stand in the list. Nearly every lookup is answered by one small entry a SKU, the place of
/// the row asked for last.
#[derive(Debug, Default)]
struct Places {
    /// (location, place) by SKU number; location 0 for none.
    recent: Vec<Cell<(u16, u32)>>,
    all: FxHashMap<StockNumber, u32>,
}

impl Places {
    fn get(&self, number: StockNumber) -> Option<usize> {
        let recent = self.recent.get(number.sku().0 as usize)?;
        let (location, place) = recent.get();
        if u64::from(location) == number.location().0 {
            return Some(place as usize);
        }
        let place = *self.all.get(&number)?;
        recent.set((number.location().0 as u16, place));
        Some(place as usize)
    }

    fn insert(&mut self, number: StockNumber, place: usize) {
        let sku = number.sku().0 as usize;
        if self.recent.len() <= sku {
            self.recent.resize(sku + 1, Cell::new((0, 0)));
        }
        self.recent[sku].set((number.location().0 as u16, place as u32));
        self.all.insert(number, place as u32);
    }
}

/// Why a decision stopped short of an answer.
#[derive(Debug)]
pub(crate) enum Stop {
    /// It must see more rows.
    Needs(Box<Needs>),
    /// A business no.
    Reject(Rejection),
    /// The command was done before; this is the answer it got.
    Repeat(Box<Answer>),
    /// It cannot go on: a bug or a broken store.
    Fail(Error),
}

impl From<Rejection> for Stop {
    fn from(rejection: Rejection) -> Self {
        Stop::Reject(rejection)
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Stop::Fail(error)
    }
}

/// The highest numbers given so far, and the time of the last event. Stores derive them from their rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// The last SKU's number.
    pub sku: u64,
    /// The last order's number.
    pub order: u64,
    /// The last movement's number.
    pub movement: u64,
    /// The last event's number.
    pub event: u64,
    /// The time of the last event.
    pub last_event_at_ms: i64,
}

/// Every location and channel, and the counters.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// Locations by number, from 1 without gaps.
    pub locations: Vec<Location>,
    /// Channels by name.
    pub channels: BTreeMap<Name, Arc<Channel>>,
    /// The counters.
    pub counters: Counters,
    pub(crate) by_name: FxHashMap<Name, LocationNumber>,
}

impl Catalog {
    /// Puts a catalog together. Locations may come in any order.
    pub fn new(mut locations: Vec<Location>, channels: Vec<Channel>, counters: Counters) -> Self {
        locations.sort_unstable_by_key(|location| location.number);
        let by_name = locations.iter().map(|l| (l.location.clone(), l.number)).collect();
        let channels = channels.into_iter().map(|channel| (channel.channel.clone(), Arc::new(channel))).collect();
        Catalog { locations, channels, counters, by_name }
    }

    /// The name of a location.
    pub(crate) fn location_name(&self, number: LocationNumber) -> Result<&Name, Error> {
        let index = usize::try_from(number.0).unwrap_or(usize::MAX).wrapping_sub(1);
        let location = self.locations.get(index).map(|location| &location.location);
        location.ok_or_else(|| Error::broken(format!("location {} has no row", number.0)))
    }
}

#[derive(Debug)]
struct StockEntry {
    number: StockNumber,
    now: Stock,
    /// The command that changed it last.
    command: u32,
    /// Its place among the changed rows, or [`CLEAN`].
    changed: u32,
    /// Whether the store has no such row yet.
    absent: bool,
}

const CLEAN: u32 = u32::MAX;

/// A stock row that the batch has changed.
#[derive(Debug)]
struct ChangedStock {
    /// Its place in the list of stock rows.
    place: usize,
    /// As it is stored.
    stored: Stock,
    /// Whether it came into being. Which rows there are may not depend on where batches are cut: a row that is
    /// back at zeros by the end of its batch is written like one that took two batches.
    appeared: bool,
    /// What the papers of the batch say of it, while they are added up: on-hand, allocated, backordered,
    /// held.
    sum: [i64; 4],
}

#[derive(Debug)]
struct OrderEntry {
    row: Box<Order>,
    stored: StoredOrder,
    /// Whether the order's id is its idempotency key.
    keyed_by_id: bool,
    command: u32,
    dirty: bool,
}

/// What a store holds of an order.
#[derive(Debug)]
enum StoredOrder {
    /// Nothing yet.
    Nothing,
    /// The order as it is here.
    Same,
    /// An order that claims this: (stock row, claimed, backordered).
    Claiming(Vec<(StockNumber, i64, i64)>),
}

#[derive(Debug)]
struct HoldEntry {
    row: Option<Arc<Hold>>,
    stored: Option<Arc<Hold>>,
    dirty: bool,
}

#[derive(Debug)]
enum Undo {
    /// The place in the list of stock rows, and the row as it was.
    Stock(usize, Stock),
    Order(OrderNumber, Box<Order>),
    NewOrder(OrderNumber),
    Hold(String, Option<Arc<Hold>>),
}

/// A change of the queue of waiting order lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackorderChange {
    /// A line waits from now on.
    Waits(Backorder),
    /// It waits no longer.
    Done(Backorder),
}

/// A change of a subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubscriptionChange {
    /// It is new, or its cursor moved.
    Put(Subscription),
    /// It was closed.
    Closed(String),
}

/// Rows that pruning forgets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Forget {
    /// All event rows up to and with this number.
    EventsThrough(u64),
    /// These idempotency keys.
    Keys(Vec<String>),
}

/// An order to insert, on the condition that its id is free.
#[derive(Clone, Copy, Debug)]
pub struct NewOrderRow<'w> {
    /// The order.
    pub order: &'w Order,
    /// Whether the key [`ORDER_KEY_PREFIX`](crate::outbox::ORDER_KEY_PREFIX) + id must be free as well: the
    /// order was placed under its own id, and may have been refused under it before.
    pub keyed_by_id: bool,
}

/// An idempotency key to insert, on the condition that it is free.
#[derive(Clone, Copy, Debug)]
pub struct NewKey<'w> {
    /// The row.
    pub row: &'w KeyRow,
    /// The id of an order that must not exist: it was refused on the ground that it does not.
    pub refused_order: Option<&'w str>,
}

/// What a batch changed, as a store writes it: all of it or none.
#[derive(Debug, Default)]
pub struct Changes<'w> {
    /// New SKUs.
    pub skus: Vec<&'w Sku>,
    /// New locations.
    pub locations: Vec<&'w Location>,
    /// New or changed channels.
    pub channels: Vec<&'w Channel>,
    /// New or changed stock rows, in rising order.
    pub stock: Vec<StockRow>,
    /// New orders, in rising order.
    pub new_orders: Vec<NewOrderRow<'w>>,
    /// Changed orders.
    pub changed_orders: Vec<&'w Order>,
    /// New or changed holds.
    pub holds: Vec<&'w Hold>,
    /// Holds that are gone.
    pub gone_holds: Vec<&'w Hold>,
    /// Order lines that wait, or wait no longer; in order.
    pub backorders: &'w [BackorderChange],
    /// New movements, in rising order.
    pub movements: &'w [Movement],
    /// New event rows, in rising order.
    pub events: &'w [EventRow],
    /// New idempotency keys.
    pub keys: Vec<NewKey<'w>>,
    /// Subscriptions; in order.
    pub subscriptions: &'w [SubscriptionChange],
    /// What pruning forgets.
    pub forget: &'w [Forget],
}

/// What the batch appended; one list a kind.
#[derive(Debug, Default)]
struct Pending {
    skus: Vec<Arc<Sku>>,
    locations: Vec<Location>,
    channels: Vec<Arc<Channel>>,
    stock: Vec<ChangedStock>,
    orders: Vec<OrderNumber>,
    holds: Vec<String>,
    backorders: Vec<BackorderChange>,
    movements: Vec<Movement>,
    events: Vec<EventRow>,
    keys: Vec<(String, Option<String>)>,
    subscriptions: Vec<SubscriptionChange>,
    forget: Vec<Forget>,
}

/// The lengths of the lists as a command found them.
#[derive(Clone, Copy, Debug, Default)]
struct Mark {
    counters: Counters,
    stock: usize,
    orders: usize,
    holds: usize,
    backorders: usize,
    movements: usize,
}

/// The rows that decisions see and change.
#[derive(Debug, Default)]
pub struct WorkingSet {
    catalog: Option<Catalog>,
    skus: FxHashMap<Name, Option<Arc<Sku>>>,
    /// The same SKUs, at the place of their number.
    numbered_skus: Vec<Option<Arc<Sku>>>,
    stock: Vec<StockEntry>,
    places: Places,
    orders: FxHashMap<OrderNumber, OrderEntry>,
    order_ids: FxHashMap<Name, Option<OrderNumber>>,
    holds: FxHashMap<String, HoldEntry>,
    keys: FxHashMap<String, Option<KeyRow>>,
    subscriptions: FxHashMap<String, Option<Subscription>>,
    found: Vec<(Query, Found)>,
    pending: Pending,
    undo: Vec<Undo>,
    mark: Mark,
    command: u32,
    /// Whether names that are not here are taken for free: see [`WorkingSet::assume_free`].
    assume_free: bool,
}

fn need(fill: impl FnOnce(&mut Needs)) -> Stop {
    let mut needs = Needs::default();
    fill(&mut needs);
    Stop::Needs(Box::new(needs))
}

/// What stores call.
impl WorkingSet {
    /// Puts the catalog.
    pub fn put_catalog(&mut self, catalog: Catalog) {
        self.catalog = Some(catalog);
    }

    /// Puts a SKU, or that there is none of this name.
    pub fn put_sku(&mut self, sku: &str, row: Option<Sku>) {
        let row = row.map(Arc::new);
        if let Some(row) = &row {
            self.number_sku(row);
        }
        self.skus.insert(row.as_ref().map_or_else(|| sku.into(), |row| row.sku.clone()), row);
    }

    /// Puts a stock row; where there is none, one of zeros.
    pub fn put_stock(&mut self, number: StockNumber, stock: Option<Stock>) {
        let absent = stock.is_none();
        let stock = stock.unwrap_or_default();
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
    pub fn put_order(&mut self, order: Order) {
        let number = order.number;
        if self.orders.get(&number).is_some_and(|entry| entry.dirty) {
            return;
        }
        self.order_ids.insert(order.id.clone(), Some(number));
        let entry = OrderEntry {
            row: Box::new(order),
            stored: StoredOrder::Same,
            keyed_by_id: false,
            command: 0,
            dirty: false,
        };
        self.orders.insert(number, entry);
    }

    /// Puts that there is no order of this id.
    pub fn put_no_order(&mut self, id: &str) {
        self.order_ids.insert(id.into(), None);
    }

    /// Puts a live hold, or that there is none of this id.
    pub fn put_hold(&mut self, id: &str, hold: Option<Hold>) {
        if self.holds.get(id).is_some_and(|entry| entry.dirty) {
            return;
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
}

/// What rules call to read.
impl WorkingSet {
    pub(crate) fn catalog(&self) -> Result<&Catalog, Stop> {
        self.catalog.as_ref().ok_or_else(|| need(|needs| needs.catalog = true))
    }

    pub(crate) fn catalog_mut(&mut self) -> Result<&mut Catalog, Stop> {
        self.catalog.as_mut().ok_or_else(|| need(|needs| needs.catalog = true))
    }

    /// Asks for the rows named that are not here yet.
    pub(crate) fn missing(&self, sku: Option<&str>, order_id: Option<&str>, key: Option<&str>, needs: &mut Needs) {
        if let Some(sku) = sku.filter(|sku| !self.skus.contains_key(*sku)) {
            needs.skus.push(sku.to_owned());
        }
        if let Some(id) = order_id.filter(|id| !self.order_ids.contains_key(*id)) {
            needs.order_ids.push(id.to_owned());
        }
        if let Some(key) = key.filter(|key| !self.keys.contains_key(*key)) {
            needs.keys.push(key.to_owned());
        }
    }

    /// Asks for the stock rows of a SKU, or a bundle's components, that are not here yet.
    pub(crate) fn missing_stock(&self, sku: &str, locations: &[LocationNumber], needs: &mut Needs) {
        if let Some(Some(sku)) = self.skus.get(sku) {
            for (number, _) in crate::inventory::takes(sku.number, &sku.components) {
                let rows = locations.iter().map(|location| StockNumber::of(number, *location));
                needs.stock.extend(rows.filter(|number| self.places.get(*number).is_none()));
            }
        }
    }

    pub(crate) fn sku(&self, sku: &str) -> Result<Option<&Arc<Sku>>, Stop> {
        self.skus.get(sku).map(Option::as_ref).ok_or_else(|| need(|needs| needs.skus.push(sku.to_owned())))
    }

    pub(crate) fn stock(&self, number: StockNumber) -> Result<&Stock, Stop> {
        let place = self.places.get(number);
        place.map(|place| &self.stock[place].now).ok_or_else(|| need(|needs| needs.stock.push(number)))
    }

    /// The number of the order that has an id wanted for a new one.
    pub(crate) fn order_in_the_way(&self, id: &str) -> Result<Option<OrderNumber>, Stop> {
        match self.order_ids.get(id) {
            None if self.assume_free => Ok(None),
            _ => self.order_number(id),
        }
    }

    pub(crate) fn order_number(&self, id: &str) -> Result<Option<OrderNumber>, Stop> {
        self.order_ids.get(id).copied().ok_or_else(|| need(|needs| needs.order_ids.push(id.to_owned())))
    }

    pub(crate) fn order(&self, number: OrderNumber) -> Result<&Order, Stop> {
        let entry = self.orders.get(&number);
        entry.map(|entry| &*entry.row).ok_or_else(|| need(|needs| needs.orders.push(number)))
    }

    pub(crate) fn hold(&self, id: &str) -> Result<Option<&Arc<Hold>>, Stop> {
        let entry = self.holds.get(id);
        entry.map(|entry| entry.row.as_ref()).ok_or_else(|| need(|needs| needs.holds.push(id.to_owned())))
    }

    pub(crate) fn key(&self, key: &str) -> Result<Option<&KeyRow>, Stop> {
        match self.keys.get(key) {
            Some(row) => Ok(row.as_ref()),
            None if self.assume_free => Ok(None),
            None => Err(need(|needs| needs.keys.push(key.to_owned()))),
        }
    }

    pub(crate) fn subscription(&self, name: &str) -> Result<Option<&Subscription>, Stop> {
        let row = self.subscriptions.get(name);
        row.map(Option::as_ref).ok_or_else(|| need(|needs| needs.subscriptions.push(name.to_owned())))
    }

    pub(crate) fn found(&self, query: &Query) -> Result<&Found, Stop> {
        let found = self.found.iter().find(|(asked, _)| asked == query).map(|(_, found)| found);
        found.ok_or_else(|| need(|needs| needs.queries.push(query.clone())))
    }

    /// The names of a stock row's SKU and location.
    pub(crate) fn stock_names(&self, number: StockNumber) -> Result<(&Name, &Name), Stop> {
        let sku = self.numbered_skus.get(number.sku().0 as usize).and_then(Option::as_ref).map(|sku| &sku.sku);
        let sku = sku.ok_or_else(|| need(|needs| needs.sku_numbers.push(number.sku())))?;
        Ok((sku, self.catalog()?.location_name(number.location())?))
    }

    pub(crate) fn stock_level(&self, number: StockNumber) -> Result<StockLevel, Stop> {
        let (sku, location) = self.stock_names(number)?;
        Ok(StockLevel::new(sku.clone(), location.clone(), self.stock(number)?))
    }
}

/// What rules call to change.
impl WorkingSet {
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
        Ok(&mut entry.row)
    }

    pub(crate) fn insert_order(&mut self, order: Order, keyed_by_id: bool) {
        let number = order.number;
        self.undo.push(Undo::NewOrder(number));
        self.order_ids.insert(order.id.clone(), Some(number));
        self.pending.orders.push(number);
        let entry = OrderEntry {
            row: Box::new(order),
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

    fn number_sku(&mut self, sku: &Arc<Sku>) {
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
        self.subscriptions.insert(name, row);
        self.pending.subscriptions.push(change);
    }

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

/// What the step calls around each command and each batch.
impl WorkingSet {
    /// Whether order ids and idempotency keys that are not here are taken for free, so that a new order costs
    /// no look. The store finds out when it writes ([`Written::Taken`](crate::ports::Written)); then decide
    /// again with this off.
    pub fn assume_free(&mut self, assume: bool) {
        self.assume_free = assume;
    }

    /// Begins a command: from here on its changes can be taken back.
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
                Undo::NewOrder(number) => {
                    if let Some(entry) = self.orders.remove(&number) {
                        self.order_ids.insert(entry.row.id.clone(), None);
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
        self.pending.backorders.truncate(self.mark.backorders);
        self.pending.movements.truncate(self.mark.movements);
        if let Some(catalog) = &mut self.catalog {
            catalog.counters = self.mark.counters;
        }
    }

    /// The stock rows that the command has touched, with their values before it; one entry a row, from the
    /// given place in the order of touching.
    pub(crate) fn touched_stock(&self, from: usize) -> impl Iterator<Item = (usize, StockNumber, &Stock, &Stock)> {
        self.undo.iter().enumerate().skip(from).filter_map(|(index, undo)| match undo {
            Undo::Stock(place, before) => {
                let entry = &self.stock[*place];
                Some((index, entry.number, before, &entry.now))
            }
            _ => None,
        })
    }

    /// Whether the command changed an order or a hold.
    pub(crate) fn touched_papers(&self) -> bool {
        self.undo.iter().any(|undo| !matches!(undo, Undo::Stock(..)))
    }

    /// Notes the stock rows that the command brought into being, and drops what searches found: it holds for
    /// one command.
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
            && forget.is_empty())
    }

    /// What the batch changed since it was last written.
    ///
    /// # Errors
    /// [`ErrorKind::InvariantBroken`](crate::ErrorKind::InvariantBroken) where the changes do not add up:
    /// the check is made anew on the rows themselves, on every commit.
    pub fn changes(&mut self) -> Result<Changes<'_>, Error> {
        self.check_sums()?;
        let mut changes = Changes {
            skus: self.pending.skus.iter().map(|sku| &**sku).collect(),
            locations: self.pending.locations.iter().collect(),
            channels: self.pending.channels.iter().map(|channel| &**channel).collect(),
            backorders: &self.pending.backorders,
            movements: &self.pending.movements,
            events: &self.pending.events,
            subscriptions: &self.pending.subscriptions,
            forget: &self.pending.forget,
            ..Changes::default()
        };
        changes.stock.reserve(self.pending.stock.len());
        for changed in &self.pending.stock {
            let entry = &self.stock[changed.place];
            if entry.now != changed.stored || changed.appeared {
                changes.stock.push(StockRow { number: entry.number, stock: entry.now });
            }
        }
        changes.stock.sort_unstable_by_key(|row| row.number);
        for number in &self.pending.orders {
            if let Some(entry) = self.orders.get(number) {
                match entry.stored {
                    StoredOrder::Nothing => {
                        changes.new_orders.push(NewOrderRow { order: &entry.row, keyed_by_id: entry.keyed_by_id });
                    }
                    _ => changes.changed_orders.push(&entry.row),
                }
            }
        }
        for id in &self.pending.holds {
            match self.holds.get(id) {
                Some(HoldEntry { row: Some(hold), stored, .. }) => {
                    // The id may have been let go and taken again within the batch.
                    if let Some(stored) = stored.as_ref().filter(|stored| stored.number != hold.number) {
                        changes.gone_holds.push(stored);
                    }
                    changes.holds.push(hold);
                }
                Some(HoldEntry { row: None, stored: Some(stored), .. }) => changes.gone_holds.push(stored),
                _ => {}
            }
        }
        let keys = self.pending.keys.iter().filter_map(|(key, refused_order)| {
            let row = self.keys.get(key)?.as_ref()?;
            Some(NewKey { row, refused_order: refused_order.as_deref() })
        });
        changes.keys = keys.collect();
        Ok(changes)
    }

    /// Checks CONSERVED and CLAIMED for the rows that the batch changed: the differences of the stock rows
    /// against the sums of the movements, orders and holds that changed with them.
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
            for (hold, sign) in entry.row.iter().map(|hold| (hold, 1)).chain(entry.stored.iter().map(|hold| (hold, -1)))
            {
                for (stock, quantity) in hold.claimed() {
                    add(stock, [0, 0, 0, sign * quantity]);
                }
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

    /// Says that the changes are written: they are what the store holds now. They can still be lost with
    /// the transaction; then the whole working set must go, see [`WorkingSet::clear`].
    pub fn written(&mut self) {
        let pending = &mut self.pending;
        for changed in pending.stock.drain(..) {
            let entry = &mut self.stock[changed.place];
            entry.absent &= !(changed.appeared || entry.now != changed.stored);
            entry.changed = CLEAN;
        }
        for number in pending.orders.drain(..) {
            if let Some(entry) = self.orders.get_mut(&number) {
                entry.dirty = false;
                entry.stored = StoredOrder::Same;
            }
        }
        for id in pending.holds.drain(..) {
            if let Some(entry) = self.holds.get_mut(&id) {
                entry.dirty = false;
                entry.stored = entry.row.clone();
            }
        }
        pending.skus.clear();
        pending.locations.clear();
        pending.channels.clear();
        pending.backorders.clear();
        pending.movements.clear();
        pending.events.clear();
        pending.keys.clear();
        pending.subscriptions.clear();
        pending.forget.clear();
    }

    /// Drops the rows that are not worth keeping after a batch, and all of a kind that has grown too large.
    pub(crate) fn trim(&mut self) {
        self.keys.clear();
        self.subscriptions.clear();
        self.holds.clear();
        self.found.clear();
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

    /// Drops what another writer may have changed. SKUs stay: they never change and are never removed.
    pub(crate) fn distrust(&mut self) {
        let skus = std::mem::take(&mut self.skus).into_iter().filter(|(_, row)| row.is_some()).collect();
        let numbered_skus = std::mem::take(&mut self.numbered_skus);
        *self = WorkingSet { skus, numbered_skus, command: self.command, ..WorkingSet::default() };
    }

    /// Drops everything, as after a failed commit.
    pub fn clear(&mut self) {
        *self = WorkingSet { command: self.command, ..WorkingSet::default() };
    }
}
