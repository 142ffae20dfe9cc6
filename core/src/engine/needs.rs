//! What a decision needs to see before it can be made. A store answers each need by putting rows into the
//! working set; what is not there is put as "none", so that absence is known too.

use crate::engine::records::RecordKey;
use crate::ids::{LocationNumber, Name, OrderNumber, SkuNumber, StockNumber};
use crate::inventory::Backorder;
use crate::outbox::EventRow;

/// Rows asked of a store, all of which it supplies in one call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Every location, every channel and the counters.
    pub catalog: bool,
    /// SKUs by name.
    pub skus: Vec<String>,
    /// SKUs by number.
    pub sku_numbers: Vec<SkuNumber>,
    /// Stock rows, in rising order without doubles.
    pub stock: Vec<StockNumber>,
    /// Orders by the host's id.
    pub order_ids: Vec<String>,
    /// The numbers of orders by the host's id, where the orders themselves are not needed.
    pub order_numbers: Vec<String>,
    /// Orders by number.
    pub orders: Vec<OrderNumber>,
    /// Live holds by the host's id.
    pub holds: Vec<String>,
    /// Idempotency keys.
    pub keys: Vec<String>,
    /// Subscriptions by name.
    pub subscriptions: Vec<String>,
    /// Records.
    pub records: Vec<RecordKey>,
    /// Rows found by a search. These must see what the batch has written so far.
    pub queries: Vec<Query>,
}

impl Needs {
    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        !self.catalog
            && self.skus.is_empty()
            && self.sku_numbers.is_empty()
            && self.stock.is_empty()
            && self.order_ids.is_empty()
            && self.order_numbers.is_empty()
            && self.orders.is_empty()
            && self.holds.is_empty()
            && self.keys.is_empty()
            && self.subscriptions.is_empty()
            && self.records.is_empty()
            && self.queries.is_empty()
    }

    /// Takes in the needs of another.
    pub(crate) fn append(&mut self, mut other: Needs) {
        self.catalog |= other.catalog;
        self.skus.append(&mut other.skus);
        self.sku_numbers.append(&mut other.sku_numbers);
        self.stock.append(&mut other.stock);
        self.order_ids.append(&mut other.order_ids);
        self.order_numbers.append(&mut other.order_numbers);
        self.orders.append(&mut other.orders);
        self.holds.append(&mut other.holds);
        self.keys.append(&mut other.keys);
        self.subscriptions.append(&mut other.subscriptions);
        self.records.append(&mut other.records);
        self.queries.append(&mut other.queries);
    }

    /// Puts the needs into one fixed order without doubles, so that a store that locks rows locks them in
    /// the order in which everybody does.
    pub(crate) fn tidy(&mut self) {
        fn unique<T: Ord>(list: &mut Vec<T>) {
            list.sort_unstable();
            list.dedup();
        }
        unique(&mut self.skus);
        unique(&mut self.sku_numbers);
        unique(&mut self.stock);
        unique(&mut self.order_ids);
        unique(&mut self.order_numbers);
        unique(&mut self.orders);
        unique(&mut self.holds);
        unique(&mut self.keys);
        unique(&mut self.subscriptions);
        unique(&mut self.records);
    }
}

/// A search for rows. Its answer holds for the command that asked and is then dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    /// The live holds that claim units of a stock row.
    HoldsOn(StockNumber),
    /// Live holds that end at or before a time, by time and number, at most `limit`.
    DueHolds {
        /// The time.
        now_ms: i64,
        /// The most to return.
        limit: u32,
    },
    /// Order lines that wait for a stock row, in their order, after a place; with them their orders.
    Backorders {
        /// The stock row.
        stock: StockNumber,
        /// The place to go on after.
        after: Option<Backorder>,
        /// The most to return.
        limit: u32,
    },
    /// The orders in a stock row's claim chain, from one on, as long as they can be needed. They are put as
    /// orders; the answer itself is empty.
    Claims {
        /// The stock row.
        stock: StockNumber,
        /// The order to begin with.
        from: OrderNumber,
    },
    /// The lowest cursor of all subscriptions, and the last event row that may go: within the first
    /// `limit` rows, from before a time, at or below that cursor, and not the last row of all.
    PrunableEvents {
        /// The time.
        before_ms: i64,
        /// Rows to look at.
        limit: u32,
    },
    /// `limit` keys after one, in byte order: those from before a time, and where the search ended.
    PrunableKeys {
        /// The key to go on after.
        after: String,
        /// The time.
        before_ms: i64,
        /// Rows to look at.
        limit: u32,
    },
    /// `limit` orders after one: those closed before a time and not pruned yet, and where the search ended.
    /// The orders found are put as orders.
    PrunableOrders {
        /// The order to go on after.
        after: OrderNumber,
        /// The time.
        before_ms: i64,
        /// Rows to look at.
        limit: u32,
    },
    /// `limit` messages after one, in the order of their keys: those from before a time, and where the search
    /// ended. The messages found are put as records.
    PrunableMessages {
        /// The source and the id to go on after.
        after: (String, String),
        /// The time.
        before_ms: i64,
        /// Rows to look at.
        limit: u32,
    },
    /// Deliveries to a destination that are due, waiting or leased, by the time that they are due since and then
    /// by number, at most `limit`; without those behind another with the same key. They are put as records.
    DueDeliveries {
        /// The destination.
        destination: Name,
        /// The time.
        now_ms: i64,
        /// The most to return.
        limit: u32,
    },
    /// Listings of a channel after a SKU, in the order of the SKUs' numbers, at most `limit`. They are put as records.
    Listings {
        /// The channel.
        channel: Name,
        /// The SKU to go on after.
        after: SkuNumber,
        /// The most to return.
        limit: u32,
    },
    /// Listings that are to be looked at by a time (`due_at_ms` above 0 and at most that), by that time, then by
    /// channel and SKU, at most `limit`. They are put as records.
    DueListings {
        /// The time.
        now_ms: i64,
        /// The most to return.
        limit: u32,
    },
    /// Event rows after a number, at most `limit`.
    EventsAfter {
        /// The number.
        number: u64,
        /// The most to return.
        limit: u32,
    },
    /// The stock rows at a location that have movements from a time on.
    MovedSince {
        /// The location.
        location: LocationNumber,
        /// The time.
        at_ms: i64,
    },
}

/// What a search found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Ids of holds; the holds themselves are put into the working set as well.
    Holds(Vec<String>),
    /// Waiting order lines.
    Backorders(Vec<Backorder>),
    /// Nothing beyond the rows that were put.
    Put,
    /// The events that may go.
    PrunableEvents {
        /// The number of the last event row that may go; `None` where none may.
        through: Option<u64>,
        /// How many events those rows hold.
        events: u64,
        /// Whether the limit, rather than the time or a cursor, ended the search.
        more: bool,
    },
    /// The keys that may go.
    PrunableKeys {
        /// They.
        keys: Vec<String>,
        /// The last key looked at; `None` where the end was reached.
        next: Option<String>,
    },
    /// The orders that may lose their details.
    PrunableOrders {
        /// They.
        orders: Vec<OrderNumber>,
        /// The last order looked at; `None` where the end was reached.
        next: Option<OrderNumber>,
    },
    /// The messages that may go.
    PrunableMessages {
        /// Their keys.
        messages: Vec<RecordKey>,
        /// The last one looked at; `None` where the end was reached.
        next: Option<(String, String)>,
    },
    /// The deliveries that are due.
    DueDeliveries {
        /// Their numbers.
        numbers: Vec<u64>,
        /// When the next one falls due that is not yet, if any waits.
        next_due_at_ms: Option<i64>,
    },
    /// Listings of a channel.
    Listings(Vec<SkuNumber>),
    /// The listings to be looked at.
    DueListings {
        /// Their channels and SKUs.
        listings: Vec<(Name, SkuNumber)>,
        /// When the next one is to be looked at that is not yet, if any is.
        next_due_at_ms: Option<i64>,
    },
    /// Event rows, in the order of their numbers.
    Events(Vec<EventRow>),
    /// Stock rows, in rising order without doubles.
    Moved(Vec<StockNumber>),
}
