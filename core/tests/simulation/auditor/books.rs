//! The auditor's books: what it believes there is, in its own words and by its own arithmetic. Data only; what is
//! written into it and checked against it stands beside it.

use std::collections::{BTreeMap, HashMap};

use stockroom::{CancelOrder, EditOrder, OrderState, PlacedOrder, StockPolicy, Why};

use crate::shape::{Shape, number_in};

/// The quantities of a SKU at a location.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Level {
    pub(crate) on_hand: i64,
    pub(crate) unavailable: i64,
    pub(crate) safety: i64,
    pub(crate) held: i64,
    pub(crate) allocated: i64,
    pub(crate) backordered: i64,
    pub(crate) limit: i64,
}

impl Level {
    /// Available-to-promise.
    pub(crate) fn available(&self) -> i64 {
        self.on_hand - self.unavailable - self.safety - self.held - self.allocated
    }

    /// What waiting orders could be given.
    pub(crate) fn free_for_waiting(&self) -> i64 {
        self.available() + self.backordered
    }

    /// Claims on stock that there is not.
    pub(crate) fn uncovered(&self) -> i64 {
        let claimed = self.held + self.allocated - self.backordered;
        (claimed - (self.on_hand - self.unavailable)).max(0)
    }
}

/// A hold that lives, or that has expired and was not ended yet.
#[derive(Clone, Debug)]
pub(crate) struct HoldBook {
    pub(crate) expires_at_ms: i64,
    /// Row and units.
    pub(crate) claims: Vec<(usize, i64)>,
}

#[derive(Clone, Debug)]
pub(crate) struct LineBook {
    pub(crate) sku: usize,
    /// Units ordered and not cancelled.
    pub(crate) active: i64,
    pub(crate) unfilled: i64,
    pub(crate) shipped: i64,
    pub(crate) returned: i64,
}

/// Units of a line claimed at a location.
#[derive(Clone, Debug)]
pub(crate) struct ClaimBook {
    pub(crate) line: usize,
    pub(crate) location: usize,
    pub(crate) open: i64,
    pub(crate) waiting: i64,
    /// The event since which they wait.
    pub(crate) since: u64,
    pub(crate) why: Why,
}

/// A fulfillment order.
#[derive(Clone, Debug)]
pub(crate) struct HandedBook {
    pub(crate) name: String,
    pub(crate) location: usize,
    /// Line, SKU, units in one unit of the line, units, units shipped.
    pub(crate) items: Vec<(usize, usize, i64, i64, i64)>,
    pub(crate) over: bool,
    pub(crate) refused: bool,
    /// Whether the warehouse gave it up.
    pub(crate) given_up: bool,
    pub(crate) shipments: Vec<String>,
}

impl HandedBook {
    /// Units by line that left as a whole, and all that were asked for.
    pub(crate) fn lines(&self) -> BTreeMap<usize, (i64, i64)> {
        let mut lines: BTreeMap<usize, (i64, i64)> = BTreeMap::new();
        for (line, _, per, units, shipped) in &self.items {
            let entry = lines.entry(*line).or_insert((i64::MAX, i64::MAX));
            *entry = (entry.0.min(shipped / per), entry.1.min(units / per));
        }
        lines
    }
}

#[derive(Clone, Debug)]
pub(crate) struct OrderBook {
    pub(crate) id: String,
    pub(crate) policy: StockPolicy,
    /// The answer that placing it got.
    pub(crate) placed: PlacedOrder,
    pub(crate) lines: Vec<LineBook>,
    pub(crate) claims: Vec<ClaimBook>,
    pub(crate) handed: Vec<HandedBook>,
    /// Line and location in the order in which units left.
    pub(crate) left: Vec<(usize, usize)>,
    pub(crate) cancel_requested: bool,
    pub(crate) completed: bool,
    pub(crate) closed_at_ms: Option<i64>,
    pub(crate) pruned: bool,
    /// Whether an edit made the same line wait twice at one location: its place in the queue is not followed then.
    pub(crate) blurred: bool,
    /// Whether terminals changed it beside its shop.
    pub(crate) changed_by_hand: bool,
    /// Whether an event says that what its shop did to it cannot be followed.
    pub(crate) conflict_said: bool,
}

impl OrderBook {
    /// The lines' quantities once an edit is done; `None` where it names a line that is not there.
    pub(crate) fn quantities_after(&self, edit: &EditOrder) -> Option<Vec<i64>> {
        let mut quantities: Vec<i64> = self.lines.iter().map(|line| line.active).collect();
        for change in &edit.lines {
            *quantities.get_mut((change.line as usize).checked_sub(1)?)? = change.quantity;
        }
        quantities.extend(edit.add.iter().map(|line| line.quantity));
        Some(quantities)
    }

    /// Lines, from 1, and units that a cancellation takes.
    pub(crate) fn cancelled_by(&self, cancel: &CancelOrder) -> Vec<(u32, i64)> {
        match &cancel.lines {
            Some(lines) => lines.iter().map(|line| (line.line, line.quantity)).collect(),
            None => self.not_shipped(),
        }
    }

    /// Lines, from 1, and units that can still be cancelled.
    pub(crate) fn not_shipped(&self) -> Vec<(u32, i64)> {
        let left = (1..).zip(&self.lines).map(|(number, line)| (number, line.active - line.shipped));
        left.filter(|(_, left)| *left > 0).collect()
    }

    /// The state that follows from the units.
    pub(crate) fn state(&self) -> OrderState {
        if self.completed {
            return OrderState::Completed;
        }
        let open: i64 = self.claims.iter().map(|claim| claim.open).sum();
        let waiting: i64 = self.claims.iter().map(|claim| claim.waiting).sum();
        let shipped = self.lines.iter().any(|line| line.shipped > 0);
        if open + waiting == 0 {
            return if shipped { OrderState::Shipped } else { OrderState::Cancelled };
        }
        if shipped {
            OrderState::PartlyShipped
        } else if self.handed.iter().any(|handed| !handed.over) {
            OrderState::InFulfillment
        } else if waiting > 0 {
            OrderState::Backordered
        } else if self.lines.iter().any(|line| line.unfilled > 0) {
            OrderState::PartlyAllocated
        } else {
            OrderState::Allocated
        }
    }

    /// Open units of a line at a location.
    pub(crate) fn open_at(&self, line: usize, location: usize) -> i64 {
        let here = self.claims.iter().filter(|claim| claim.line == line && claim.location == location);
        here.map(|claim| claim.open).sum()
    }

    /// Open units of a line at a location that no fulfillment order under way covers.
    pub(crate) fn free_at(&self, line: usize, location: usize) -> i64 {
        let under_way = self.handed.iter().filter(|handed| !handed.over && handed.location == location);
        let covered: i64 =
            under_way.filter_map(|handed| handed.lines().get(&line).copied()).map(|(left, all)| all - left).sum();
        self.open_at(line, location) - covered
    }
}

/// One order line that waits at a row: (event since which, order, line).
pub(crate) type Waiting = (u64, usize, usize);

pub(crate) struct Books {
    pub(crate) shape: Shape,
    /// What one unit of each SKU takes.
    pub(crate) takes: Vec<Vec<(usize, i64)>>,
    pub(crate) channels: Vec<Vec<usize>>,
    pub(crate) levels: Vec<Level>,
    pub(crate) holds: BTreeMap<String, HoldBook>,
    pub(crate) orders: Vec<OrderBook>,
    pub(crate) order_ids: HashMap<String, usize>,
    /// The queue at each row.
    pub(crate) queues: Vec<Vec<Waiting>>,
}

impl Books {
    pub(crate) fn new(shape: &Shape) -> Self {
        let rows = shape.plain * shape.locations;
        Books {
            shape: shape.clone(),
            takes: (0..shape.skus()).map(|sku| shape.takes(sku)).collect(),
            channels: shape.channels.iter().map(|channel| channel.locations.clone()).collect(),
            levels: vec![Level::default(); rows],
            holds: BTreeMap::new(),
            orders: Vec::new(),
            order_ids: HashMap::new(),
            queues: vec![Vec::new(); rows],
        }
    }

    pub(crate) fn row(&self, sku: usize, location: usize) -> usize {
        sku * self.shape.locations + location
    }

    pub(crate) fn row_name(&self, row: usize) -> (String, String) {
        (format!("s{}", row / self.shape.locations), format!("l{}", row % self.shape.locations))
    }

    /// The number of a SKU by its name.
    pub(crate) fn sku(&self, name: &str) -> usize {
        if name.starts_with('b') { self.shape.plain + number_in(name) } else { number_in(name) }
    }

    /// The row of a plain SKU's name and a location's.
    pub(crate) fn row_of(&self, sku: &str, location: &str) -> usize {
        self.row(self.sku(sku), number_in(location))
    }

    pub(crate) fn order(&self, id: &str) -> Option<&OrderBook> {
        self.order_ids.get(id).map(|index| &self.orders[*index])
    }

    /// How many whole units of a SKU a location has for sale.
    pub(crate) fn available(&self, sku: usize, location: usize) -> i64 {
        let parts = self.takes[sku].iter();
        let units = parts.map(|(part, per)| self.levels[self.row(*part, location)].available().div_euclid(*per));
        units.min().unwrap_or(0)
    }

    /// Units of a row that expired holds still claim.
    pub(crate) fn expired_at(&self, row: usize, now_ms: i64) -> i64 {
        let expired = self.holds.values().filter(|hold| hold.expires_at_ms <= now_ms);
        expired.flat_map(|hold| &hold.claims).filter(|(at, _)| *at == row).map(|(_, units)| units).sum()
    }

    /// What a listing of a SKU on a channel should show.
    pub(crate) fn should_show(&self, channel: usize, sku: usize, buffer: i64, cap: Option<i64>) -> i64 {
        let places = self.channels[channel].iter();
        let available: i64 = places.map(|location| self.available(sku, *location).max(0)).sum();
        let left = (available - buffer).max(0);
        cap.map_or(left, |cap| left.min(cap))
    }
}
