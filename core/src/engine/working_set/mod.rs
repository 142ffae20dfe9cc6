//! The working set: the rows that decisions see and change, between a store and the rules. It does no
//! I/O; a store fills it and takes the changes out of it.
//!
//! Rows are changed in place. What a command changed is remembered until the command is finished, so that
//! a rejected one leaves nothing behind; what the batch changed is remembered until it is written.

mod batch;
mod catalog;
mod change;
mod changes;
mod fill;
mod read;
mod records;

pub use catalog::{Catalog, Counters};
pub use changes::{BackorderChange, Changes, Forget, NewKey, NewOrderRow, RecordChange, SubscriptionChange};

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::channel::Channel;
use crate::engine::command::Answer;
use crate::engine::needs::{Found, Needs, Query};
use crate::engine::records::{Record, RecordKey};
use crate::error::Error;
use crate::ids::{LocationNumber, Name, OrderNumber, StockNumber};
use crate::inventory::{Hold, Location, Movement, Sku, Stock, StockRow};
use crate::order::Order;
use crate::outbox::{EventRow, KeyRow, Subscription};
use crate::{Rejection, StockLevel};

/// Rows kept between batches beyond which the cache is emptied: about 100 bytes each.
const CACHED_STOCK_MAX: usize = 300_000;
const CACHED_SKUS_MAX: usize = 300_000;
/// Orders kept between batches: about 1 KiB each.
const CACHED_ORDERS_MAX: usize = 500;
/// Destinations and warehouses kept between batches: about 200 bytes each.
const CACHED_RECORDS_MAX: usize = 10_000;

/// Where stock rows stand in the list. Nearly every lookup is answered by one small entry a SKU, the place of
/// the row asked for last.
#[derive(Debug, Default)]
struct Places {
    /// (location, place) by SKU number; location 0 for none.
    recent: Vec<Cell<(u16, u32)>>,
    all: FxHashMap<StockNumber, u32>,
}

impl Places {
    #[cfg_attr(target_family = "wasm", inline)]
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
    row: Arc<Order>,
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
    Order(OrderNumber, Arc<Order>),
    /// A new order, and what was known of its id: nothing, where it was taken for free.
    NewOrder(OrderNumber, Option<Option<OrderNumber>>),
    Hold(String, Option<Arc<Hold>>),
    Record(RecordKey, Option<Arc<Record>>),
    /// A subscription by its name, as far as it was known.
    Subscription(String, Option<Option<Subscription>>),
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
    records: Vec<RecordKey>,
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
    subscriptions: usize,
    records: usize,
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
    records: FxHashMap<RecordKey, records::RecordEntry>,
    found: Vec<(Query, Found)>,
    pending: Pending,
    undo: Vec<Undo>,
    mark: Mark,
    command: u32,
    /// Whether names that are not here are taken for free: see [`WorkingSet::assume_free`].
    assume_free: bool,
    /// A row that was put and cannot be right.
    damaged: Option<String>,
}

/// The highest number of a SKU that is taken for one. Rows of SKUs are found by their number in lists.
const SKU_NUMBER_MAX: u64 = 1 << 28;

fn need(fill: impl FnOnce(&mut Needs)) -> Stop {
    let mut needs = Needs::default();
    fill(&mut needs);
    Stop::Needs(Box::new(needs))
}
